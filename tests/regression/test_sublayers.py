"""What sublayers of bundled large mesas leave of V, as comments and pages say, and which leave less than 0.3 %."""

from __future__ import annotations

import pytest

import hotmesa as hm
from hotmesa.scenarios import load_scenario
from hotmesa.solver.runs.accuracy import Estimator
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

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


@pytest.mark.parametrize(
    ("name", "I_mA", "changes"),
    [
        ("thz-300x60", 17.0, THZ_FINE), ("thz-300x60", 40.0, THZ_FINE),
        ("hao2015", 2.0, HAO_FINE), ("hao2015", 15.0, HAO_FINE),
    ],
)  # fmt: skip
def test_more_of_them_leave_less_than_a_third_of_a_percent(name: str, I_mA: float, changes: tuple[str, ...]) -> None:
    assert -0.3 <= layer_error_percent(name, I_mA, *changes) < 0.0
