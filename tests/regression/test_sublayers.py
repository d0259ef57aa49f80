"""What sublayers of bundled large mesas leave of V, as comments and pages say, and which leave less than 0.3 %."""

from __future__ import annotations

import pytest

import hotmesa as hm
from hotmesa.scenarios import load_scenario
from hotmesa.solver.runs.accuracy import Estimator
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state

COARSE = ("mode=branch", "mesh.size_um=8", "branch.min_points=12", "stability.points=none")
"""Elements of 8 µm: sublayers leave a tenth more or less on those of the scenarios."""
THZ_FINE = ("layers.1.sublayers=3", "layers.2.sublayers=20", "layers.2.first_sublayer_um=0.05")
HAO_FINE = ("layers.1.sublayers=2", "layers.2.sublayers=14", "layers.2.first_sublayer_um=0.2")


def layer_error_percent(name: str, I_mA: float, *changes: str) -> float:
    """The estimated error of V by sublayers at a current, on the branch from rest."""
    scenario = load_scenario(name, [*COARSE, *changes])
    model = hm.Model(scenario, hm.build_mesh(scenario))
    return Estimator(model).errors("layer", solve_steady(model, Bias.current(), I_mA)).V_percent


@pytest.mark.parametrize(
    ("name", "I_mA", "told"),
    [("thz-300x60", 17.0, -1.8), ("thz-300x60", 40.0, -0.9), ("hao2015", 2.0, -1.3), ("hao2015", 15.0, -1.9)],
)
def test_sublayers_of_a_scenario_leave_what_its_comment_says(name: str, I_mA: float, told: float) -> None:
    assert layer_error_percent(name, I_mA) == pytest.approx(told, rel=0.15)


def test_more_of_them_in_the_condensed_crystal_alone_leave_half_a_percent() -> None:
    finer = ("layers.2.sublayers=16", "layers.2.first_sublayer_um=0.08")
    assert layer_error_percent("thz-300x60", 17.0, *finer) == pytest.approx(-0.5, rel=0.15)


@pytest.mark.parametrize(
    ("name", "I_mA", "changes"),
    [
        ("thz-300x60", 17.0, THZ_FINE), ("thz-300x60", 40.0, THZ_FINE),
        ("hao2015", 2.0, HAO_FINE), ("hao2015", 15.0, HAO_FINE),
    ],
)  # fmt: skip
def test_more_of_them_leave_less_than_a_third_of_a_percent(name: str, I_mA: float, changes: tuple[str, ...]) -> None:
    assert -0.3 <= layer_error_percent(name, I_mA, *changes) < 0.0


def test_sweep_of_the_pristine_mesa_on_a_grid_of_its_own() -> None:
    """A seventh of the time on the grid of pristine-n28; both errors are those of the comments."""
    scenario = load_scenario("sweep-pristine-n28", ["mode=branch", "stability.points=none"])
    model = hm.Model(scenario, hm.build_mesh(scenario))
    problem, estimator = ThermalBranch(model, Bias.current()), Estimator(model)
    low, high = solve_steady_state(problem, 2.14), solve_steady_state(problem, 3.7)
    assert estimator.errors("layer", low).V_percent == pytest.approx(-0.6, abs=0.05)
    assert estimator.errors("layer", high).V_percent == pytest.approx(-1.0, abs=0.05)
    assert [estimator.errors("mesh", e).V_percent for e in (low, high)] == pytest.approx([0.4, 0.4], abs=0.05)
