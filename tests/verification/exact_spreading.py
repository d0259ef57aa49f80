"""Spreading of heat from a mesa into a half-space: layered crystals against the classical constants.

The crystal is a slab with kappa_ab != kappa_c. Stretching the depth by sqrt(kappa_ab/kappa_c) makes it isotropic with
kappa = sqrt(kappa_ab kappa_c). The slab has the depth D = 20 a (stretched) above the bath, a half-space none: the
images of the heat source in bath and surface cool the mesa by P ln 2 / (2 pi kappa D), which is added; the next image
term is smaller by (a/D)^2 and below 2e-5 of every constant. The insulated rim, 2 D away, changes less than that.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import Literal

import numpy as np
import scipy.linalg as la
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case
from verification.exact_meshes import disc_line, disc_quarter, graded_line, serial, square_quarter

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Crystal, Layer, Material, Mesa, Mesh, Scenario
from hotmesa.solver.linear.condensed import CondensedConduction
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

Plan = Literal["disc, radius", "disc, plan", "square, plan"]
HALF = 5.0
"""Radius of the disc, half side of the square (µm)."""
ALONG, ACROSS = 2.0, 0.5
KAPPA = math.sqrt(ALONG * ACROSS)
STRETCH = math.sqrt(ALONG / ACROSS)
DEPTH, RIM = 10.0 * HALF, 40.0 * HALF
SUBLAYERS, FIRST = 30, 0.003 * HALF
GROWTH = 1.5
BATH_DEFICIT = math.log(2.0) / (2.0 * math.pi * KAPPA * DEPTH * STRETCH)
GROUP = "Spreading of heat into a half-space"

# Mean, centre and edge (corner) under uniform flux, and the isothermal mesa; in 1/(kappa a), squares in 1/(kappa s).
DISC = {"mean": 0.270190, "centre": 0.318310, "edge": 0.202642, "isothermal": 0.25}
# Isothermal square: 1/(2 pi C) with the capacitance C = 0.36679 of a square plate of side 1 (4 pi eps0 s).
SQUARE = {"mean": 0.473201, "centre": 0.561100, "edge": 0.280550, "isothermal": 1.0 / (2.0 * math.pi * 0.36679)}


def device(plan: Plan, refine: float) -> Scenario:
    """Return a mesa of one thin junction layer on the slab; the junctions are ohmic, so they heat uniformly."""
    disc = plan != "square, plan"
    junctions = {"junctions": 1, "spacing_nm": 1.0, "specific_resistance_ohm_um2": 1000.0}
    outline = {"shape": "disc", "radius_um": HALF} if disc else {"width_um": 2 * HALF, "depth_um": 2 * HALF}
    crystal = {"shape": "disc", "radius_um": RIM} if disc else {"width_um": 2 * RIM, "depth_um": 2 * RIM}
    slab = {"thickness_um": DEPTH, "sublayers": round(SUBLAYERS * refine), "first_sublayer_um": FIRST / refine**2}
    return Scenario(
        name="spreading",
        geometry="disc" if plan == "disc, radius" else "plan",
        mesa=Mesa(**junctions, **outline),
        crystal=Crystal(**crystal),
        layers=(
            Layer(name="mesa", material="mesa", region="mesa", junctions=True),
            Layer(name="crystal", material="crystal", **slab),
        ),
        # A thin mesa with next to no conduction along it, and next to no resistance across it.
        materials={
            "mesa": Material(in_plane_W_per_mK=1e-7, out_of_plane_W_per_mK=1e6),
            "crystal": Material(in_plane_W_per_mK=ALONG, out_of_plane_W_per_mK=ACROSS),
        },
        law=normal_law(1000.0, 1.0),
        mesh=Mesh(refine=refine, size_um=HALF / 6, rim_size_um=RIM / 5),
    )


@cache
def constants(plan: Plan, refine: float) -> dict[str, float]:
    """Return all constants of one plan from the response of the layered crystal to heat at each footprint node."""
    x = graded_line(HALF, RIM, (12 if plan == "disc, radius" else 8) * refine, GROWTH ** (1.0 / refine))
    if plan == "disc, radius":
        mesh, parts = serial(disc_line(x, HALF), "disc"), 1
    elif plan == "disc, plan":
        mesh, parts = serial(disc_quarter(x, HALF, round(6 * refine)), "plan"), 4
    else:
        mesh, parts = serial(square_quarter(x, HALF), "plan"), 4
    model = Model(device(plan, refine), mesh)
    if not isinstance(model.conduction, CondensedConduction):
        raise ValueError("the crystal was not condensed")
    area = model.junction_mass
    # From the middle of the first sublayer to its surface the heat of a node passes half of it.
    half = 0.5 * model.layout.crystal_layers[0].thickness / (ACROSS * area)
    response = la.inv(model.conduction.crystal.operator) / ACROSS + np.diag(half)
    T = response @ (area / area.sum())
    distance = np.hypot(*model.operators.xy[model.layout.mesa_nodes].T)
    edge = distance >= distance.max() * (1.0 - 1e-9)
    isothermal = 1.0 / la.solve(response, np.ones(area.size), assume_a="pos").sum()
    found = {
        "mean": float(area @ T / area.sum()),
        "centre": float(T[distance.argmin()]),
        "edge": float(np.average(T[edge], weights=area[edge])),
        "isothermal": float(isothermal),
    }
    length = HALF if plan != "square, plan" else 2 * HALF
    return {name: (value / parts + BATH_DEFICIT) * KAPPA * length for name, value in found.items()}


@cache
def heated_mean(plan: Plan, refine: float) -> float:
    """Return the mean under uniform Joule heat on a mesh as every user gets it, from the observable alpha."""
    scenario = device(plan, refine)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    start = np.append(model.cold()[0], 60.0)
    row = observe(model, solve_steady(model, Bias.voltage(), 60.0, start))
    alpha = float(row["alpha_mean_K_per_mW"]) * 1e-3
    return (alpha + BATH_DEFICIT) * KAPPA * (HALF if plan != "square, plan" else 2 * HALF)


def _case(plan: Plan, name: str, exact: float) -> Case:
    source = "Carslaw and Jaeger, Conduction of Heat in Solids" if "square" not in plan else "potential of a square"
    what = name if name == "isothermal" else f"uniform flux, {name}"
    if plan == "square, plan":
        what = what.replace("edge", "corner")
        source = "capacitance of a square plate" if name == "isothermal" else "integral of 1/r over the square"
    return Case(
        name=f"{plan}: {what}",
        group=GROUP,
        exact=exact,
        unit="",
        source=f"{source}; in 1/(kappa a), 1/(kappa s) for the square",
        compute=lambda r: constants(plan, r)[name],
        resolutions=(1.0, 2.0, 4.0),
        tolerance=1e-3,
        judge="relative",
        quick=(1.0, 2.0),
        quick_tolerance=5e-3,
    )


CASES: tuple[Case, ...] = (
    *(_case(plan, name, exact) for plan in ("disc, radius", "disc, plan") for name, exact in DISC.items()),
    *(_case("square, plan", name, exact) for name, exact in SQUARE.items()),
    *(
        Case(
            name=f"{plan}: uniform flux, mean, Joule heat on the default mesh",
            group=GROUP,
            exact=exact,
            unit="",
            source="as above, computed as in a run: law, Newton's method, observables",
            compute=partial(heated_mean, plan),
            resolutions=(0.5, 1.0, 2.0),
            tolerance=5e-3,
            judge="relative",
            quick=(0.5, 1.0),
            quick_tolerance=1e-2,
        )
        for plan, exact in (("disc, plan", DISC["mean"]), ("square, plan", SQUARE["mean"]))
    ),
)
