from __future__ import annotations

from pathlib import Path

import pytest

from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.describe import summary

STEP, PULSE = "transient-step", "transient-pulse"
TABLE = ("transient.waveform=table", "transient.level_mA=none")


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (PULSE, ("transient.end_us=0.05",), "the pulse is longer than the run"),
        (PULSE, ("transient.pulses=3",), "3 pulses need the time from one to the next"),
        (PULSE, ("transient.pulses=2", "transient.period_us=0.01"), "is shorter than one pulse"),
        (PULSE, ("transient.pulses=4", "transient.period_us=0.1"), "before a corner of the source"),
        (PULSE, ("transient.width_us=none",), "needs time that a pulse stays at its top"),
        (STEP, ("transient.at_us=50.0",), "before a corner of the source: the step is at 50"),
        (STEP, ("transient.waveform=ramp",), "needs duration of the ramp"),
        (STEP, ("transient.waveform=ramp", "transient.rise_us=90.0"), "the end of the ramp is at 90"),
        (STEP, ("transient.level_mA=none",), "level_mA: is missing"),
        (STEP, ("transient.level_mV=3.0",), "is in the wrong unit"),
        (STEP, ("transient.width_us=3.0",), 'has no effect with waveform = "step"'),
        (STEP, (*TABLE, "transient.table_us=[0.0,2.0,1.0]", "transient.table_mA=[0.0,1.0,1.0]"), "times must increase"),
        (STEP, (*TABLE, "transient.table_us=[0.0,1.0]", "transient.table_mA=[0.0]"), "1 values for 2 times"),
        (STEP, (*TABLE, "transient.table_us=[0.0,99.0]", "transient.table_mA=[0.0,1.0]"), "last time of the table"),
        (STEP, (*TABLE, "transient.table=missing.csv"), "no such file"),
        (STEP, ("numerics.path=condensed",), "a condensed crystal has no heat capacity"),
        (STEP, ("transient.start=nowhere",), "is no folder of a run with states.npz"),
        (STEP, ("transient.start_at_us=3.0",), "it chooses among the states of another run"),
        (STEP, ("transient.save_at_us=[99.0]",), "lies outside the run"),
        (STEP, ("transient.begin_us=40.0",), "must be before transient.end_us"),
        (STEP, ("transient.max_step_us=1e-6",), "is below transient.first_step_us"),
    ],
)
def test_contradictions_are_refused(name: str, changes: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name, changes)
    assert any(reason in problem for problem in caught.value.problems), caught.value.problems


def test_the_same_file_still_gives_the_branch() -> None:
    # Rules of transients count in their mode only.
    load_scenario(PULSE, ("mode=branch", "transient.end_us=0.05", "numerics.path=condensed"))


def test_start_is_a_file_name_only_where_it_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "states.npz").touch()
    (tmp_path / "a.toml").write_text(f'base = "{STEP}"\n[transient]\nstart = "run"\n', encoding="utf-8")
    assert load_scenario(tmp_path / "a.toml").transient.start == str((tmp_path / "run").resolve())
    assert load_scenario(STEP, ("transient.start=steady",)).transient.start == "steady"


def test_summary_tells_the_source() -> None:
    assert "step of the source up to 1.5 mA, from rest to 40 µs" in summary(load_scenario(STEP))
