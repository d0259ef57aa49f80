"""Phase diagrams: hot spots where everybody knows them to be, what no source holds, going on after a kill."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hotmesa import case as study_case
from hotmesa.cli import main
from hotmesa.postprocess.phase_picture import FILLS, LETTERS, seconds
from hotmesa.postprocess.phases import COLUMNS, is_resolved
from hotmesa.postprocess.place import PLACES
from hotmesa.runner import Ending
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.plans.study import load_study

GOLDEN = Path(__file__).parents[2] / "regression" / "golden" / "strip.toml"
FAST = '[fixed]\n"numerics.estimate_error" = false\n"stability.points" = "counts"\n'
STRIPS = f"""
name = "strips"
scenario = "{GOLDEN}"
observables = ["nucleation.I_mA"]
[phases]
currents_mA = [0.2, 1.2, 3.2]
{FAST}
[[vary]]
label = "device"
[vary.cases.end]
"contacts.0.x_um" = -3.4
[vary.cases.middle]
contacts = [
  {{ name = "left", x_um = -3.4, radius_um = 1.5, contact_K_per_mW = 3.0, wire_K_per_mW = 2.0 }},
  {{ name = "right", x_um = 3.4, radius_um = 1.5, contact_K_per_mW = 3.0, wire_K_per_mW = 2.0 }},
]
[vary.cases.warm]
"bath.temperature_K" = 73.0
"""
LOST = """
name = "lost"
scenario = "diagram-strip"
observables = ["first_unstable_I_mA"]
[phases]
currents_mA = [0.7, 0.9, 1.3]
[fixed]
mode = "branch"
"contacts.0" = "none"
"numerics.estimate_error" = false
"mesh.size_um" = 0.5
[[vary]]
key = "bath.temperature_K"
values = [4.2]
"""


def study(folder: Path, text: str) -> int:
    (folder / "s.toml").write_text(text)
    return main(["study", str(folder / "s.toml"), "--out", str(folder / "out"), "--workers", "0", "--quiet"])


def phases(folder: Path) -> list[dict[str, str]]:
    with (folder / "out" / "phases.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_hot_spots_are_where_they_must_be(tmp_path: Path) -> None:
    assert study(tmp_path, STRIPS) == 0
    found: dict[str, list[str]] = {}
    for row in phases(tmp_path):
        assert row["place"] == row["branch_place"] and row["branch_stable"] == "1" and row["spots"] in ("0", "1")
        found.setdefault(row["device"], []).append(row["place"])
    # A contact at one end: the other end is hot. Contacts at both ends: the middle. A bath near T_c: never a spot.
    assert found == {
        "end": ["none", "end", "end"], "middle": ["none", "none", "middle"], "warm": ["none", "all hot", "all hot"],
    }  # fmt: skip
    assert (tmp_path / "out" / "phases.png").read_bytes().startswith(b"\x89PNG")
    ends = [float(row["x_um"]) for row in phases(tmp_path) if row["place"] == "end"]
    assert min(ends) > 2.5  # on the side away from the contact


def test_what_the_source_loses_is_swept_and_goes_on_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str]] = []
    original = study_case.compute

    def compute(scenario: Scenario, folder: Path, **options: Any) -> Ending:
        calls.append((folder.name, scenario.mode))
        if scenario.mode == "sweep" and len(calls) == 2:
            raise KeyboardInterrupt
        return original(scenario, folder, **options)

    monkeypatch.setattr(study_case, "compute", compute)
    assert study(tmp_path, LOST) == 130
    assert [row["place"] for row in phases(tmp_path)] == ["", "", ""]
    assert study(tmp_path, LOST) == 0
    assert calls == [("temperature-4.2", "branch"), ("sweep", "sweep"), ("sweep", "sweep")]
    assert study(tmp_path, LOST) == 0 and len(calls) == 3
    cold, spot, hot = phases(tmp_path)
    # The uniform state of a strip with insulated ends breaks up into a hot and a cold half (docs/bifurcations.md).
    assert [row["place"] for row in (cold, spot, hot)] == ["none", "end", "all hot"]
    assert (spot["branch_place"], spot["branch_stable"], spot["jumps"]) == ("none", "0", "1")
    assert 0.7 < float(spot["jump_I_mA"]) < 0.9 and float(spot["jump_dV_mV"]) < 0 < float(spot["settling_us"])


def test_two_keys_at_one_current(tmp_path: Path) -> None:
    axes = '[[vary]]\nkey = "contacts.0.x_um"\nvalues = [-3.4]\n'
    axes += '[[vary]]\nkey = "bath.temperature_K"\nvalues = [4.2, 73]\n'
    text = f'name = "two"\nscenario = "{GOLDEN}"\nobservables = []\n[phases]\ncurrents_mA = [1.2]\n{FAST}{axes}'
    assert study(tmp_path, text) == 0
    found = [(row["contacts.0.x_um"], row["bath.temperature_K"], row["place"]) for row in phases(tmp_path)]
    assert found == [("-3.4", "4.2", "end"), ("-3.4", "73.0", "all hot")]
    assert (tmp_path / "out" / "phases.png").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("currents_mA = [0.7, 0.9, 1.3]", "currents_mA = [0.9, 0.7]", "must be above zero and increase"),
        ("currents_mA = [0.7, 0.9, 1.3]", "currents_mA = [0.9]", "1 axes [[vary]] and 1 currents"),
        ("currents_mA = [0.7, 0.9, 1.3]", "", "give either currents_mA or range"),
        ('mode = "branch"', 'mode = "uniform"', 'need mode = "branch"'),
        ('mode = "branch"', 'mode = "branch"\n"branch.end_current_mA" = 2.0', "is set by [phases]"),
    ],
)
def test_contradictions_have_status_2_and_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, words: str
) -> None:
    assert study(tmp_path, LOST.replace(old, new)) == 2
    assert words in capsys.readouterr().err


def test_a_spot_that_moves_by_less_than_an_element_is_not_resolved() -> None:
    row = {"place": "middle", "branch_place": "middle", "element_um": 8.5}
    assert [is_resolved(row | {"moved_um": moved}) for moved in (2.7, "9.0", None)] == [False, True, True]
    assert is_resolved(row | {"place": "off-centre", "moved_um": 2.7})


def test_bundled_diagrams_are_valid() -> None:
    for name in ("study-thz-crystal", "study-thz-phases"):
        plan = load_study(name)
        assert plan.study.phases is not None and all(case.sweep is not None for case in plan.cases)
    with pytest.raises(ScenarioError, match="no bundled study"):
        load_study("study-thz-phase")


def test_the_page_tells_every_column() -> None:
    text = (Path(__file__).parents[3] / "docs" / "phases.md").read_text(encoding="utf-8")
    assert [name for name in COLUMNS if f"`{name}`" not in text] == ["case", "status", "I_mA"]


def test_fills_are_told_apart_in_grey() -> None:
    parts = ((0.299, 1), (0.587, 3), (0.114, 5))
    grey = sorted(sum(part * int(FILLS[place][k : k + 2], 16) for part, k in parts) / 255 for place in PLACES)
    assert min(b - a for a, b in pairwise(grey)) > 0.07
    assert len(set(LETTERS.values())) == len(PLACES)


def test_times_in_words() -> None:
    found = [seconds(value) for value in (12.0, 3400.0, 397617.0, 1.8e6)]
    assert found == ["12 µs", "3.4 ms", "400 ms", "1.8 s"]
