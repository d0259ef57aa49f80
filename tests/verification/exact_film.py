"""A film cooled from below everywhere and in its centre by a perfect contact."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Literal

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from scipy.special import i0, i1, k0, k1
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Contact, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

RADIUS, SINK = 5.64, 2.5
"""Of film and contact (µm)."""
SHEET = 2.0
"""G = 2e-6 W/K in µW/K."""
COOLING_W_PER_M2K = 9.0909e4
POWER = 1e3
"""µW, made uniformly over the whole film."""
GROUP = "Film with a central sink"


@cache
def exact() -> dict[str, float]:
    """Return theta at the rim (K), its mean over the whole film (K), and the heat into the sink (mW).

    Annulus: theta = q/h + A I0(r/lam) + B K0(r/lam), lam = sqrt(G/h), theta(r0) = 0, theta'(R) = 0. The mean counts
    theta = 0 over the contact; of the heat into it the part made above it never crosses r0.
    """
    h = COOLING_W_PER_M2K * 1e-6
    lam, q = math.sqrt(SHEET / h), POWER / (math.pi * RADIUS**2)
    a, b = SINK / lam, RADIUS / lam
    matrix = [[i0(a), k0(a)], [i1(b), -k1(b)]]
    A, B = np.linalg.solve(matrix, [-q / h, 0.0])
    rim = q / h + A * i0(b) + B * k0(b)
    crossing = 2.0 * math.pi * SINK * SHEET * (A * i1(a) - B * k1(a)) / lam
    above = q * math.pi * SINK**2
    cooled = POWER - above - crossing
    return {
        "rim (K)": float(rim),
        "mean (K)": float(cooled / (h * math.pi * RADIUS**2)),
        "crossing (mW)": float(crossing * 1e-3),
        "sink (mW)": float((crossing + above) * 1e-3),
    }


def device(geometry: Literal["disc", "plan"], refine: float) -> Scenario:
    """Return the film: ohmic junctions that hardly conduct along the layers, in perfect thermal touch with it."""
    return Scenario(
        name="film",
        geometry=geometry,
        mesa=Mesa(shape="disc", radius_um=RADIUS, junctions=1, spacing_nm=1.0, specific_resistance_ohm_um2=1000.0),
        layers=(
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        ),
        materials={
            "film": Material(in_plane_W_per_mK=SHEET / 0.04, out_of_plane_W_per_mK=100.0),
            "mesa": Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=10.0),
        },
        contacts=(Contact(name="sink", radius_um=SINK, contact_K_per_mW=0.0),),
        bath=Bath(bottom="conductance", bottom_W_per_m2K=COOLING_W_PER_M2K),
        law=normal_law(1000.0, 1.0),
        mesh=Mesh(refine=refine),
    )


@cache
def computed(geometry: Literal["disc", "plan"], refine: float) -> dict[str, float]:
    """Return the same numbers from a solution at 1 mW."""
    model = Model(device(geometry, refine), build_mesh(device(geometry, refine), MPI.COMM_SELF))
    voltage = math.sqrt(POWER * 1000.0 / model.area)
    e = solve_steady(model, Bias.voltage(), voltage, np.append(model.cold()[0], voltage))
    row = observe(model, e)
    area = model.operators.patches["sink"].sum()
    return {
        "rim (K)": float(row["T_max_K"]) - model.bath,
        "mean (K)": float(row["alpha_mean_K_per_mW"]) * e.P * 1e-3,
        "crossing (mW)": float(row["Q_sink_mW"]) - e.P * 1e-3 * area / model.area,
        "sink (mW)": float(row["Q_sink_mW"]),
    }


def _case(geometry: Literal["disc", "plan"], key: str) -> Case:
    name, unit = key[:-1].split(" (")
    what = {
        "rim": "temperature rise at the rim",
        "mean": "mean temperature rise",
        "crossing": "heat through the edge of the sink",
        "sink": "heat into the sink",
    }[name]
    disc = geometry == "disc"
    return Case(
        name=f"{what}, {'radius' if disc else 'plan'}",
        group=GROUP,
        exact=exact()[key],
        unit=unit,
        source="annulus, I0 and K0 of r/lambda",
        compute=partial(_compute, geometry, key),
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1e-3 if disc else 3e-3,
        judge="relative",
        quick=() if disc else (0.5, 1.0),
        quick_tolerance=2e-2,
    )


def _compute(geometry: Literal["disc", "plan"], key: str, refine: float) -> float:
    return computed(geometry, refine)[key]


CASES: tuple[Case, ...] = tuple(_case(geometry, key) for geometry in ("disc", "plan") for key in exact())
