"""Which states of a branch its source holds: ranges, first loss, words."""

from __future__ import annotations

import pytest

from hotmesa.postprocess.results import Point, Run
from hotmesa.postprocess.stable import sentence, stability_figures, stable_at
from hotmesa.scenarios import load_scenario


def run(counts: list[object], folds: list[str]) -> Run:
    """A branch with I = 0, 1, 2 ... mA."""
    found = Run(load_scenario("diagram-strip", ["mode=branch"]))
    for k, (count, fold) in enumerate(zip(counts, folds, strict=True)):
        row = {"V_mV": 1.0 * k, "V_per_junction_mV": 1.0 * k, "I_mA": 1.0 * k, "fold": fold}
        found.append(Point(row | {"unstable_modes_current_bias": count, "unstable_modes_voltage_bias": count}))
    return found


def test_ranges_end_at_folds_and_unknown_rows_are_as_those_before() -> None:
    found = stability_figures(run([0, 0, 0, 1, "", 1, 0], ["", "", "I", "", "", "", ""]))
    assert found["stable_ranges"]["current_bias"] == [[0.0, 2.0], [6.0, 6.0]]
    assert found["first_unstable_I_mA"] == 2.0
    assert stability_figures(run([0, 0, 1], ["", "", ""]))["first_unstable_I_mA"] == 2.0


def test_a_current_is_held_where_a_range_contains_it() -> None:
    ranges = {"current_bias": [[0.0, 2.0], [7.0, 5.0]]}
    assert [stable_at(ranges, "current_bias", at) for at in (1.0, 3.0, 6.0)] == [True, False, True]
    assert stable_at(ranges, "load_line", 1.0) is None


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (["", "", ""], "stability not computed"),
        ([0, 0, 0], "the current source holds every state"),
        ([0, 1, 1], "unstable under the current source: 1 to 2 mA"),
    ],
)
def test_words(counts: list[object], words: str) -> None:
    assert sentence(run(counts, [""] * 3)) == words
