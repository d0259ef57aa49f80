"""A hot domain that grows from the insulated end of a strip towards a contact at the other end.

Heating is q where T > T_c and s q elsewhere (q = V^2/r of an ohmic junction), the film conducts K, the contact at the
near end g, nothing else cools. A domain of length d in a strip of length L has T_c - T_B = q D(d) at its edge with

    D(d) = [d + s (L - d)]/g + [d (L - d) + s (L - d)^2/2]/K,

so V is proportional to D^(-1/2). As D' (0) = (1 - s)(1/g + L/K) > 0, the voltage always falls where such a domain
begins, however good the contact, and rises only beyond d = (1 - s)(K/g + L)/(2 - s).
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case
from verification.exact_step import StepLaw

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Contact, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.law.table import LawValues
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

GROUP = "Hot domain that grows towards a contact"
LENGTH, SHEET, CONTACT = 40.0, 2.0, 0.05
"""L (µm), K (µW µm/K for a depth of 1 µm) and g (µW/K)."""
SHARE = 0.5
RISE, BATH, RESISTANCE = 50.0, 10.0, 1000.0
PATCH = 0.4
"""Length (µm) of the contact on the coarsest mesh; it shrinks with the elements towards the point of the formula."""
DOMAINS = (12.0, 26.0, 36.0)


class Shared(StepLaw):
    """Ohmic above T_c; below it carries the part s of that current."""

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Return current and derivatives element by element."""
        step = super().at(v_mV, T_K)
        cold = 1.0 - SHARE
        return LawValues(SHARE * v_mV + cold * step.i, SHARE + cold * step.di_dv, cold * step.di_dT)


def resistance(d: float) -> float:
    """Return D(d) in K µm/µW."""
    cold = LENGTH - d
    return (d + SHARE * cold) / CONTACT + (d * cold + 0.5 * SHARE * cold**2) / SHEET


def scenario(refine: float) -> Scenario:
    """Return the strip: film, junctions, and a contact at its left end."""
    half = 0.5 * PATCH / refine
    return Scenario(
        name="domain",
        geometry="strip",
        mesa=Mesa(
            width_um=LENGTH, depth_um=1.0, junctions=1, spacing_nm=1.0, specific_resistance_ohm_um2=RESISTANCE
        ),
        layers=(
            Layer(name="film", material="film", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
        ),
        materials={
            "film": Material(in_plane_W_per_mK=SHEET / 0.04, out_of_plane_W_per_mK=100.0),
            "mesa": Material(in_plane_W_per_mK=1e-6, out_of_plane_W_per_mK=10.0),
        },
        contacts=(
            Contact(x_um=half - 0.5 * LENGTH, radius_um=half, contact_K_per_mW=1e3 / CONTACT),
        ),
        bath=Bath(temperature_K=BATH, bottom="insulated"),
        law=normal_law(RESISTANCE, 1.0),
        mesh=Mesh(size_um=0.1, contact_size_um=0.1, refine=refine),
        numerics=Numerics(tolerance=1e-9),
    )


@cache
def computed(d: float, refine: float) -> float:
    """Return D(d) as computed: (T_c - T_B) r/V^2 at the current of a domain of length d."""
    device = scenario(refine)
    model = Model(device, build_mesh(device, MPI.COMM_SELF), Shared(BATH + RISE, 0.02 * RISE / refine))
    heating = RISE / resistance(d)
    voltage = math.sqrt(heating * RESISTANCE)
    y = model.operators.xy[model.layout.mesa_nodes, 0] + 0.5 * LENGTH
    guess = np.concatenate([np.tile(profile(y, d, heating), len(model.layout.sublayers)), [voltage]])
    current = voltage / RESISTANCE * (d + SHARE * (LENGTH - d))
    e = solve_steady(model, Bias.current(), current, guess)
    return RISE * RESISTANCE / e.V**2


def profile(y: Array, d: float, heating: float) -> Array:
    """Return the temperature (K) at distances y from the contact: every place carries the heat made beyond it."""
    edge = LENGTH - d
    cold = d * np.minimum(y, edge) + SHARE * (edge * np.minimum(y, edge) - 0.5 * np.minimum(y, edge) ** 2)
    hot = np.maximum(y - edge, 0.0)
    return BATH + heating * ((d + SHARE * edge) / CONTACT + (cold + d * hot - 0.5 * hot**2) / SHEET)


def fold(refine: float) -> float:
    """Return the length of the domain at the fold: the vertex of the parabola D through three computed values."""
    a, b, c = np.polyfit(DOMAINS, [computed(d, refine) for d in DOMAINS], 2)
    del c
    return float(-b / (2.0 * a))


def _case(name: str, exact: float, unit: str, source: str, compute: partial[float], tolerance: float) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=exact,
        unit=unit,
        source=source,
        compute=compute,
        resolutions=(1.0, 2.0, 4.0),
        tolerance=tolerance,
        judge="relative",
        quick=(1.0, 2.0),
        quick_tolerance=2.0 * tolerance,
    )


CASES: tuple[Case, ...] = (
    *(
        _case(
            f"(T_c - T_B)/q of a domain of {d:g} in a strip of {LENGTH:g} µm",
            resistance(d),
            "K µm/µW",
            "D(d); the contact has a length, which enters in first order",
            partial(computed, d),
            5e-3,
        )
        for d in DOMAINS
    ),
    _case(
        "length of the domain where V stops falling",
        (1.0 - SHARE) * (SHEET / CONTACT + LENGTH) / (2.0 - SHARE),
        "µm",
        "(1 - s)(K/g + L)/(2 - s)",
        partial(fold),
        1e-2,
    ),
)
