"""Conservation: what is made as Joule heat leaves through the sinks, and one current runs through all junctions."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from mpi4py import MPI
from verification.cases import Case

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.schema import Contact, Crystal, Law, Layer, Material, Mesh, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

GROUP = "Conservation"
# These need the sparse path, or many elements: half a minute and more on their own meshes.
COARSER = {
    "pristine-n28": ("layers.2.sublayers=4", "branch.min_points=20"),
    **dict.fromkeys(
        ("thz-300x60", "thz-curves"),
        ("mesh.size_um=8", "mesh.rim_size_um=40", "branch.min_points=10", "numerics.path=sparse"),
    ),
}
SUBLAYERS = 4
LEAST_POWER_NW = 1.0
"""Below a nanowatt the last digits of the temperatures, times the conductances, reach 1e-8 of the Joule heat."""
STIFF_NW = {"kapitza-strip": 1000.0}
"""The same where something conducts far better than the device: sapphire of 100 µm, 1000 times the film."""


def branches() -> tuple[str, ...]:
    """Return the bundled scenarios whose result is a branch of steady states.

    Sweeps run along the states of the same devices or of one more, which is followed as a branch.
    """
    return (*(name for name in available_scenarios() if load_scenario(name).mode == "branch"), "sweep-poor-film")


def least_nW(name: str) -> float:
    """Return the Joule power above which the heat of a bundled scenario is balanced to more than rounding."""
    return STIFF_NW.get(name, LEAST_POWER_NW)


@cache
def imbalance(name: str, refine: float) -> float:
    """Return the largest |sum of the heat into all sinks / (V I) - 1| on the branch of a bundled scenario.

    Sinks, V and I are read from the table of the run, as a user would do it.
    """
    changes = ("mode=branch", "stability.points=none", f"mesh.refine={refine}", *COARSER.get(name, ()))
    scenario = load_scenario(name, changes)
    model = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    worst = 0.0
    for point in trace(model):
        row = point.row
        power = float(row["V_mV"]) * float(row["I_mA"]) * 1e-3
        sinks = sum(float(q) for key, q in row.items() if key.startswith("Q_"))
        if 1e6 * power > least_nW(name):
            worst = max(worst, abs(sinks / power - 1.0), float(row["heat_balance_error"]))
    return worst


def tall_mesa(refine: float) -> Scenario:
    """Return a mesa whose sublayers differ by several kelvin."""
    return Scenario(
        name="tall",
        crystal=Crystal(width_um=30.0, depth_um=30.0),
        layers=(
            Layer(name="film", material="gold", thickness_um=0.04, region="mesa"),
            Layer(name="mesa", material="crystal", region="mesa", junctions=True, sublayers=SUBLAYERS),
            Layer(name="crystal", material="crystal", thickness_um=20.0, sublayers=6, first_sublayer_um=0.3),
        ),
        materials={
            "gold": Material(base="gold-film"),
            "crystal": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02),
        },
        contacts=(Contact(x_um=-2.0, y_um=-2.0, radius_um=1.5, contact_K_per_mW=3.0, wire_K_per_mW=2.0),),
        law=Law(set=1),
        mesh=Mesh(refine=0.5 * refine),
    )


@cache
def discontinuity(refine: float) -> tuple[float, float, float]:
    """Return three relative errors of a mesa of four sublayers at 0.7 mA, and check that the sublayers differ.

    The voltages of the sublayers follow from their heating, v_k = Q_k / (n_k J). At every node sum n_k v_k = V, every
    sublayer carries J by the law, and the integral of J is I.
    """
    model = Model(tall_mesa(refine), build_mesh(tall_mesa(refine), MPI.COMM_SELF))
    e = solve_steady(model, Bias.current(), 0.7)
    n = model.junctions.counts[:, None]
    T = e.T[model.layout.junction_rows].reshape(SUBLAYERS, -1)
    if np.ptp(T, axis=0).max() < 1.0:
        raise ValueError("the sublayers hardly differ")
    J = e.junctions.J
    v = e.junctions.Q / (n * J)
    voltage = np.abs((n * v).sum(axis=0) / e.V - 1.0).max()
    current = np.abs(model.junctions.law.at(v, T).i / model.junctions.resistance / J - 1.0).max()
    total = abs(float(model.junction_mass @ J) / 0.7 - 1.0)
    return float(voltage), float(current), total


def _discontinuity(which: int, refine: float) -> float:
    return discontinuity(refine)[which]


CASES: tuple[Case, ...] = (
    *(
        Case(
            name=f"{name}: heat into all sinks over Joule power, minus 1, worst point above {least_nW(name):g} nW",
            group=GROUP,
            exact=0.0,
            unit="",
            source="steady state; the solver stops at 1e-10 of the power",
            compute=partial(imbalance, name),
            resolutions=(0.35, 0.5, 0.7),
            tolerance=1e-8,
            judge="absolute",
            quick=(0.5,),
        )
        for name in branches()
    ),
    *(
        Case(
            name=f"mesa of {SUBLAYERS} sublayers: {what}, minus 1, worst node",
            group=GROUP,
            exact=0.0,
            unit="",
            source="junctions in series",
            compute=partial(_discontinuity, which),
            resolutions=(0.5, 1.0, 2.0),
            tolerance=1e-9,
            judge="absolute",
            quick=(1.0,),
        )
        for which, what in enumerate(("sum of voltages over V", "current by the law over J", "integral of J over I"))
    ),
)
