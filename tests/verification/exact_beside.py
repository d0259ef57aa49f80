"""A contact on the crystal beside the mesa: heat runs along the crystal and into the contact as into a fin."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Contact, Crystal, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

GROUP = "Contact on the crystal"
MESA, ACROSS, CRYSTAL = 10.0, 8.0, 60.0
"""Widths of a mesa and of its crystal along a strip, and depth of the strip (µm)."""
FROM, TO = 12.0, 24.0
"""Ends of the contact (µm from the middle)."""
THICKNESS, CONDUCTIVITY, RESISTANCE = 0.5, 2.0, 200.0
"""µm, W/(m K) of the crystal, K/mW of the contact."""
V = 10.0
"""mV."""


def device(refine: float) -> Scenario:
    """Return ohmic junctions on a thin crystal that loses heat through the contact alone."""
    place = {"x_um": (FROM + TO) / 2, "radius_um": (TO - FROM) / 2}
    return Scenario(
        name="beside",
        geometry="strip",
        mesa=Mesa(width_um=MESA, depth_um=ACROSS, junctions=1, spacing_nm=10.0, specific_resistance_ohm_um2=800.0),
        crystal=Crystal(width_um=CRYSTAL, depth_um=ACROSS),
        layers=(
            Layer(name="mesa", material="any", region="mesa", junctions=True),
            Layer(name="crystal", material="any", thickness_um=THICKNESS),
        ),
        materials={"any": Material(in_plane_W_per_mK=CONDUCTIVITY, out_of_plane_W_per_mK=CONDUCTIVITY)},
        contacts=(Contact(name="plate", on="crystal", contact_K_per_mW=RESISTANCE, **place),),
        bath=Bath(temperature_K=10.0, bottom="insulated"),
        law=normal_law(800.0, 10.0),
        mesh=Mesh(size_um=1.0, contact_size_um=1.0, rim_size_um=4.0, refine=refine),
        numerics=Numerics(tolerance=1e-11),
    )


def exact_edge() -> float:
    """Return the rise of the crystal at the edge of the mesa over the heat (K/mW).

    (x_0 - w/2)/G + (lambda/G) coth(l/lambda), G = kappa d b, lambda = sqrt(G R l): way to the contact, then a fin of
    length l that gives off 1/(R l) for each length, with no heat beyond it.
    """
    G = 1e-3 * CONDUCTIVITY * THICKNESS * ACROSS  # mW µm/K
    length = TO - FROM
    decay = math.sqrt(G * RESISTANCE * length)
    return (FROM - MESA / 2) / G + decay / (G * math.tanh(length / decay))


@cache
def solved(refine: float) -> tuple[float, float]:
    """Return the same as computed, and the heat into the contact over the Joule power."""
    scenario = device(refine)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    e = solve_steady(model, Bias.voltage(), V, np.append(np.concatenate(model.cold()), V))
    crystal = model.layout.on_plan(e.T)[1]
    edge = int(np.argmin(np.abs(model.operators.xy[:, 0] - MESA / 2)))
    return float(crystal[edge] - model.bath) / (1e-3 * e.P), 1e3 * float(observe(model, e)["Q_plate_mW"]) / e.P


CASES: tuple[Case, ...] = (
    Case(
        "strip, contact on the crystal: rise at the edge of the mesa over the heat",
        GROUP,
        exact_edge(),
        "K/mW",
        "way along the crystal, then a fin: lambda/G coth(l/lambda)",
        lambda refine: solved(refine)[0],
        (0.5, 1.0, 2.0),
        1e-3,
        "relative",
    ),
    Case(
        "strip, contact on the crystal: heat into it over the Joule power, minus 1",
        GROUP,
        0.0,
        "",
        "there is no other way out; tolerance of the solution",
        lambda refine: solved(refine)[1] - 1.0,
        (0.5, 1.0, 2.0),
        1e-9,
        "absolute",
    ),
)
