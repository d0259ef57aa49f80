"""Several mesas on one crystal: what linear heat flow, symmetry and distance say about them exactly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from helpers.devices import normal_law
from mpi4py import MPI
from verification.cases import Case

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Branch, Crystal, FurtherMesa, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.runs.crosstalk import crosstalk

GROUP = "Several mesas"
END_MA = 0.3
FAR_UM = 60.0
"""Between the middles of mesas on a crystal through which heat spreads over some 5 µm."""
EQUAL = {"width_um": 10.0, "depth_um": 10.0}
LEFT, RIGHT = {"name": "left", "x_um": -15.0, **EQUAL}, {"name": "right", "x_um": 15.0, **EQUAL}
ROUND = {"name": "right", "x_um": 15.0, "shape": "disc", "radius_um": 3.0}
UNLIKE = ({**LEFT, "width_um": 6.0, "y_um": 3.0}, ROUND)
GLASS = Material(in_plane_W_per_mK=0.9, out_of_plane_W_per_mK=0.15)
FILM = Material(in_plane_W_per_mK=30.0, out_of_plane_W_per_mK=30.0)


def device(
    mesas: tuple[dict[str, object], ...], refine: float, crystal: Material = GLASS, width: float = 60.0, **parts: object
) -> Scenario:
    """Return mesas on a crystal of 3 µm whose bottom has the temperature of the bath."""
    values = {
        "name": "stacks",
        "mesa": Mesa(junctions=19),
        "mesas": tuple(FurtherMesa(**mesa) for mesa in mesas),
        "crystal": Crystal(width_um=width, depth_um=30.0),
        "layers": (
            Layer(name="film", material="film", region="mesa", thickness_um=0.04),
            Layer(name="mesa", material="crystal", region="mesa", junctions=True),
            Layer(name="crystal", material="crystal", thickness_um=3.0, sublayers=2),
        ),
        "materials": {"film": FILM, "crystal": crystal},
        "branch": Branch(end_current_mA=END_MA, min_points=4),
        "mesh": Mesh(size_um=2.5, rim_size_um=5.0, refine=refine),
        "numerics": Numerics(estimate_error=False),
    }
    return Scenario(**(values | parts))


def _model(scenario: Scenario) -> Model:
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def _end(scenario: Scenario) -> dict[str, float | int | str]:
    """Return the last point of a branch."""
    return [point.row for point in branch_points(_model(scenario))][-1]


def reciprocity(refine: float) -> float:
    """Return the largest relative difference between alpha_ij and alpha_ji, of unlike mesas at rest, with kappa(T)."""
    model = _model(device(UNLIKE, refine, Material(base="bi2212")))
    assert model.stacks is not None
    alpha = crosstalk(model, model.stacks, model.evaluate(*model.cold(), 0.0))
    return float(np.abs((alpha - alpha.T) / alpha).max())


def superposition(refine: float) -> float:
    """Return the largest miss of T_i - T_B = sum alpha_ij P_j over T_i - T_B: ohmic mesas, constant conductivities."""
    own = ({**UNLIKE[0], "source": "series"}, {**UNLIKE[1], "source": "current", "current_mA": 0.1})
    model = _model(device(own, refine, law=normal_law()))
    row, names = _end(model.scenario), ("first", "left", "right")
    assert model.stacks is not None
    alpha = crosstalk(model, model.stacks, model.evaluate(*model.cold(), 0.0))
    P = np.array([float(row[f"P_mesa_{name}_mW"]) for name in names])
    rise = np.array([float(row[f"T_mesa_{name}_K"]) for name in names]) - model.bath
    return float(np.abs((alpha @ P - rise) / rise).max())


def asymmetry(refine: float) -> float:
    """Return the difference (K) between equal mesas in series on either side of the first one."""
    row = _end(device(({**LEFT, "source": "series"}, {**RIGHT, "source": "series"}), refine))
    return float(row["T_mesa_left_K"]) - float(row["T_mesa_right_K"])


def far(kind: str, refine: float) -> float:
    """Return by how much the voltage of each of two far mesas differs from that of one alone, at equal current."""
    width = 2.0 * FAR_UM + 60.0
    alone = _end(device((), refine, width=width))
    factor = 2.0 if kind == "parallel" else 1.0
    further = {"name": "other", "x_um": FAR_UM, **EQUAL, "source": kind}
    branch = Branch(end_current_mA=factor * END_MA, min_points=4)
    both = _end(device((further,), refine, width=width, branch=branch))
    return float(both["V_mV"]) / float(alone["V_mV"]) * (0.5 if kind == "series" else 1.0) - 1.0


def _case(name: str, source: str, compute: Callable[[float], float], tolerance: float) -> Case:
    meshes = (0.5, 1.0, 2.0)
    return Case(name, GROUP, 0.0, "", source, compute, meshes, tolerance, "absolute", quick=(0.5, 1.0))


CASES = (
    _case(
        "crosstalk of unlike mesas at rest: largest relative difference of α_ij and α_ji",
        "reciprocity of linear heat flow; the tolerance is that of the linear solver",
        reciprocity,
        1e-7,
    ),
    _case(
        "ohmic mesas, one in series and one with a current of its own: largest relative miss of T_i − T_B = Σ α_ij P_j",
        "linear heat flow; the tolerance is that of the linear solver",
        superposition,
        1e-7,
    ),
    _case(
        "equal mesas in series beside the first one: difference of their temperatures (K)",
        "mirror symmetry of device and mesh",
        asymmetry,
        1e-8,
    ),
    *(
        _case(
            f"two far mesas, {words}: relative difference of the voltage of each from that of one alone",
            "heat spreads over a few thicknesses of the crystal, a tenth of the distance; the meshes differ",
            partial(far, kind),
            2e-3,
        )
        for kind, words in (("series", "in series"), ("parallel", "parallel"))
    ),
)
