"""Currents that a branch is asked to land on."""

from __future__ import annotations

import pytest
from helpers.sheets import sheet, sheet_model

from hotmesa import trace
from hotmesa.scenarios import ScenarioError, load_scenario


def test_a_branch_lands_on_currents_and_keeps_their_states() -> None:
    scenario = sheet(1.5e-7)
    asked = (0.123456, 0.7, 1.1)
    with_stops = scenario.model_copy(update={"branch": scenario.branch.model_copy(update={"at_mA": asked})})
    points = list(trace(sheet_model(with_stops)))
    for current in asked:
        there = [p for p in points if abs(p.row["I_mA"] - current) < 1e-9]
        assert len(there) == 1 and there[0].state is not None
    without = [p.row["I_mA"] for p in trace(sheet_model(scenario))]
    # The other points are the same.
    assert [p.row["I_mA"] for p in points if p.curve.control not in asked] == pytest.approx(without, rel=1e-9)


def test_a_current_beyond_the_end_is_refused() -> None:
    with pytest.raises(ScenarioError, match="lies beyond the end of the branch"):
        load_scenario("diagram-strip", ["mode=branch", "branch.at_mA=[9.0]"])
