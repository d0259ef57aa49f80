"""Several mesas: voltages and currents of every circuit, and what the branch and its stability make of them."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Branch, Crystal, FurtherMesa, Layer, Material, Mesa, Mesh, Numerics, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states import bias as biases
from hotmesa.solver.states.problem import ThermalBranch

SHAPE = {"width_um": 10.0, "depth_um": 10.0}
LEFT, RIGHT = {"name": "left", "x_um": -14.0, **SHAPE}, {"name": "right", "x_um": 14.0, **SHAPE}


def device(*mesas: dict[str, object], end_mA: float = 0.3, **parts: object) -> Scenario:
    """Return mesas on one crystal of constant conductivities."""
    values = {
        "name": "stacks",
        "mesa": Mesa(junctions=19),
        "mesas": tuple(FurtherMesa(**mesa) for mesa in mesas),
        "crystal": Crystal(width_um=50.0, depth_um=24.0),
        "layers": (
            Layer(name="film", material="film", region="mesa", thickness_um=0.04),
            Layer(name="mesa", material="crystal", region="mesa", junctions=True),
            Layer(name="crystal", material="crystal", thickness_um=6.0, sublayers=2),
        ),
        "materials": {
            "film": Material(in_plane_W_per_mK=30.0, out_of_plane_W_per_mK=30.0, heat_capacity_J_per_m3K=1e5),
            "crystal": Material(in_plane_W_per_mK=0.9, out_of_plane_W_per_mK=0.15, heat_capacity_J_per_m3K=1e5),
        },
        "branch": Branch(end_current_mA=end_mA, min_points=4),
        "mesh": Mesh(size_um=3.0, rim_size_um=6.0),
        "numerics": Numerics(estimate_error=False),
    }
    return Scenario(**(values | parts))


def model_of(*mesas: dict[str, object], **parts: object) -> Model:
    scenario = device(*mesas, **parts)
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def warm(model: Model) -> np.ndarray:
    """Return temperatures between 20 and 60 K that differ from place to place."""
    return 40.0 + 20.0 * np.sin(np.arange(model.layout.size))


@pytest.mark.parametrize("V", [250.0, -250.0])
def test_voltages_of_every_circuit(V):
    model = model_of({**LEFT, "source": "parallel"}, {**RIGHT, "source": "current", "current_mA": -0.2})
    e = model.evaluate(warm(model), np.zeros(0), V)
    first, left, right = range(3)
    assert e.stacks is not None
    assert e.stacks.U[first] == e.stacks.U[left] == V
    assert e.I == pytest.approx(e.stacks.currents[first] + e.stacks.currents[left], rel=1e-14)
    assert e.stacks.currents[right] == pytest.approx(-0.2, rel=1e-12)
    assert e.P == pytest.approx(float(e.stacks.U @ e.stacks.currents), rel=1e-14)
    assert float(model.made(e.junctions, e.stacks).sum()) == pytest.approx(e.P, rel=1e-12)


@pytest.mark.parametrize("V", [500.0, -500.0])
def test_mesas_in_series_have_one_current_and_share_the_voltage(V):
    model = model_of({**LEFT, "source": "series"}, {**RIGHT, "source": "series", "width_um": 6.0})
    e = model.evaluate(warm(model), np.zeros(0), V)
    assert e.stacks is not None
    assert e.stacks.U.sum() == pytest.approx(V, rel=1e-14)
    assert np.ptp(e.stacks.currents) < 1e-12 * abs(e.I)
    assert np.ptp(np.abs(e.stacks.U)) > 1.0  # the narrow mesa takes more
    assert model.circuit.junctions_in_series == 57


def test_idle_and_leading():
    model = model_of({**LEFT, "source": "leading", "mesa_current_mA": 0.1}, RIGHT)
    e = model.evaluate(warm(model), np.zeros(0), 300.0)
    assert e.stacks is not None
    assert e.stacks.currents == pytest.approx([0.1, e.I, 0.0], rel=1e-12, abs=1e-300)
    assert e.stacks.U[1:].tolist() == [300.0, 0.0]


def test_the_branch_goes_on_with_the_current_that_is_chosen():
    # The mesas beside the middle one are alike: following either gives one curve, mirrored.
    curves = []
    for leads, keeps in ((LEFT, RIGHT), (RIGHT, LEFT)):
        model = model_of({**leads, "source": "leading"}, {**keeps, "source": "current", "current_mA": 0.05})
        row = [point.row for point in branch_points(model)][-1]
        curves.append([row["V_mV"], row["I_mA"], row[f"T_mesa_{leads['name']}_K"], row[f"T_mesa_{keeps['name']}_K"]])
        assert row["heat_balance_error"] < 1e-8
    assert curves[0] == pytest.approx(curves[1], rel=1e-8)


def test_own_sources_heat_the_device_before_the_first_current():
    model = model_of({**RIGHT, "source": "voltage", "voltage_mV": 400.0})
    first = next(iter(branch_points(model))).row
    assert first["V_mV"] == first["I_mA"] == 0.0
    assert first["T_mesa_right_K"] > first["T_mesa_first_K"] > model.bath + 1.0


@pytest.mark.parametrize(
    "mesas",
    [
        ({**LEFT, "source": "series"}, {**RIGHT, "source": "current", "current_mA": 0.3}),
        ({**LEFT, "source": "parallel"}, {**RIGHT, "source": "idle"}),
    ],
)
@pytest.mark.parametrize("bias", [biases.Bias.voltage(), biases.Bias.current()], ids=lambda bias: bias.name)
def test_growth_rates_are_those_of_the_whole_matrix(mesas, bias):
    """All eigenvalues of the dense problem, its Jacobian taken column by column with the bias eliminated."""
    model = model_of(*mesas, end_mA=1.0, numerics=Numerics(path="sparse", estimate_error=False))
    e = [point.curve.evaluation for point in branch_points(model)][-1]
    lin, problem = model.linearise(e), ThermalBranch(model)
    n = model.layout.size
    J = np.column_stack([model.conduction.apply(lin.kappa * row) + lin.at_nodes(row) for row in np.eye(n)])
    closing = problem.bias_constraint(lin, bias)
    J -= np.outer(lin.columns[:, -1], closing.by_T) / closing.by_V
    stability = Stability(model, tolerance=1e-8)
    exact = np.sort(np.linalg.eigvals(-J / stability.heat_capacity(e)[:, None]).real)[::-1]
    modes = stability.modes(e, bias, count=3)
    assert modes.rates[:3] == pytest.approx(exact[:3], rel=1e-5)
    assert modes.unstable == int((exact > 0.0).sum())

