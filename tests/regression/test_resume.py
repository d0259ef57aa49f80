"""Nothing that was computed is lost: a run killed in the middle goes on, and ends as if it had not been killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.resumed import kill, same_runs

from hotmesa.cli import main
from hotmesa.postprocess import load_run
from hotmesa.runner import compute
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.kinds import KINDS

BRANCH = ("kurter2010-n12", "mesh.size_um=3", "branch.end_current_mA=0.3", "output.every=3")
SWEEP = ("sweep-poor-film", "mesh.size_um=3", "bias.points_per_leg=15")
# Elements so large that their rows make folds and growing modes which the device does not have.
WALLS = (
    "thz-300x60", "geometry=strip", "crystal.depth_um=60", "mesh.rim_size_um=25", "mesh.size_um=24",
    "mesh.refine_for_walls=false",
)  # fmt: skip
# Name, changes, points after which the process is killed: in turn.
CASES = {
    "branch": (BRANCH, [3, 15]),
    "family": (("kurter2010-n12", *BRANCH[1:], "mode=family", "family.junctions=[2,7,12]"), [25, 20]),
    "sweep, and the curve behind it": (SWEEP, [9, 35]),
    "transient": (("transient-step", "mesh.size_um=2.5", "transient.end_us=1.0"), [40, 50]),
    "diagram": (("diagram-strip", "mesh.size_um=4", "output.every=10"), [30, 45]),
    "diagram that ends early, with walls": (
        (*WALLS, "mode=diagram", "branch.end_current_mA=25", "branch.min_points=24", "diagram.max_branches=1"),
        [19, 7],
    ),
    "sweep with walls, and the curve behind it": (
        (*WALLS, "mode=sweep", "bias.legs_mA=[0,18]", "bias.points_per_leg=24"),
        [18, 4],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_goes_on_as_if_nothing_had_been(case: str, tmp_path: Path) -> None:
    asked, kills = CASES[case]
    scenario = load_scenario(asked[0], asked[1:])
    whole = compute(scenario, tmp_path / "whole", figures=False).run
    cut = tmp_path / "cut"
    for after in kills:
        kill(cut, after, asked)
        left = load_run(cut)
        assert left.provenance["status"] == "running"
    # At most the point at work is lost, and one before a fold is computed again.
    tables = [left.rows, left.tables.get("iv.csv", {}) if case.startswith("sweep") else {}]
    tables += [part.rows for part in left.parts.values()]
    assert sum(kills) - 3 <= sum(len(table["V_mV"]) for table in tables if table) <= sum(kills)
    # What somebody's editor or the system has left of a line is no row.
    table = cut / KINDS[scenario.mode].table
    table.write_bytes(table.read_bytes() + b"1,2.5,0.0")
    assert len(load_run(cut)) == len(left)
    compute(scenario, cut, resume=True, figures=False)
    found = load_run(cut)
    assert found.provenance["status"] == "complete"
    assert not (cut / "resume.npz").exists()
    assert not (cut / "journal.bin").exists()
    assert whole.parts or case != "diagram"
    assert same_runs(found, whole)
    assert found.parts.keys() == whole.parts.keys()
    assert all(same_runs(found.parts[name], part) for name, part in whole.parts.items())


@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_its_last_point_ends_there(case: str, tmp_path: Path) -> None:
    """It went on beyond its end current once: the state there has it up to rounding only."""
    short = {"family": "family.junctions=[2]", "branch": "branch.at_mA=[0.1,0.2]", "diagram": "diagram.max_branches=2"}
    asked = (*CASES[case][0], *([short[case]] if case in short else []))
    cut = tmp_path / "cut"
    kill(cut, 10**6, asked)
    before = load_run(cut)
    assert [run.states for run in (before, *before.parts.values())]  # read as long as the journal is there
    lengths = {name: len(rows["V_mV"]) for name, rows in before.tables.items() if "V_mV" in rows}
    ending = compute(load_scenario(asked[0], asked[1:]), cut, resume=True, figures=False)
    assert ending.status == 0
    found = load_run(cut)
    assert found.provenance["status"] == "complete" and same_runs(found, before)
    assert {name: len(found.tables[name]["V_mV"]) for name in lengths} == lengths


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch that was killed."""
    folder = tmp_path_factory.mktemp("killed") / "cut"
    kill(folder, 6, BRANCH)
    return folder


def command(folder: Path, *more: str) -> list[str]:
    changes = [word for change in BRANCH[1:] for word in ("--set", change)]
    return ["run", BRANCH[0], *changes, "--out", str(folder), "--quiet", *more]


def test_a_killed_run_does_not_look_like_results(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(cut)) == 2
    assert "holds a run that was interrupted; add --resume to go on with it, --overwrite to replace it" in (
        capsys.readouterr().err
    )


def test_another_scenario_does_not_go_on(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(cut, "--resume", "--set", "mesa.junctions=13", "--set", "output.every=1")) == 2
    told = capsys.readouterr().err
    assert "mesa.junctions is 12 there and 13 here" in told
    assert "output.every is 3 there and 1 here" in told
    assert len(load_run(cut)) == 6  # nothing was touched


def test_changed_input_files_do_not_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gap = tmp_path / "gap.csv"
    gap.write_text("T_K,gap_meV\n4,25\n40,24\n60,21\n80,10\n90,0\n")
    changes = ("mesh.size_um=3", "branch.end_current_mA=0.3", f"law.gap_table={gap}")
    kill(tmp_path / "cut", 4, ("kurter2010-n12", *changes))
    gap.write_text("T_K,gap_meV\n4,25\n40,24\n60,22\n80,10\n90,0\n")
    words = [word for change in changes for word in ("--set", change)]
    assert main(["run", "kurter2010-n12", *words, "--out", str(tmp_path / "cut"), "--quiet", "--resume"]) == 2
    assert f"{gap}: not what the run in" in capsys.readouterr().err
    assert len(load_run(tmp_path / "cut")) == 4


def test_resume_with_overwrite_is_refused(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(cut, "--resume", "--overwrite")) == 2
    assert "resume goes on with the run of a folder" in capsys.readouterr().err


def test_what_is_complete_is_left_alone(tmp_path: Path) -> None:
    asked = ["run", "kurter2010-uniform", "--out", str(tmp_path / "x"), "--quiet", "--resume"]
    assert main(asked) == 0  # where nothing is, it begins
    before = (tmp_path / "x" / "provenance.json").stat().st_mtime_ns
    assert main(asked) == 0
    assert (tmp_path / "x" / "provenance.json").stat().st_mtime_ns == before
    assert json.loads((tmp_path / "x" / "provenance.json").read_text())["status"] == "complete"


FULL = """
import resource, signal, sys
from hotmesa.cli import main

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("room", [6_000, 60_000, 400_000])
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(tmp_path: Path, room: int) -> None:
    folder = tmp_path / "cut"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(room), *command(folder)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert f"File too large: '{folder}/" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("*.part"))
    load_run(folder)  # nothing is damaged
    assert main(command(folder, "--resume")) == 0
    found = load_run(folder)
    assert found.provenance["status"] == "complete"
    assert found.summary


def test_links_in_the_folder_are_replaced_and_never_followed(tmp_path: Path) -> None:
    folder, mine = tmp_path / "x", tmp_path / "mine.txt"
    folder.mkdir()
    mine.write_text("mine")
    for name in ("uniform.csv", "uniform.csv.part", "provenance.json.part", "scenario.toml.part"):
        (folder / name).symlink_to(mine)
    (folder / "run.log").symlink_to(tmp_path / "nowhere.txt")
    assert main(["run", "kurter2010-uniform", "--out", str(folder), "--quiet", "--overwrite"]) == 0
    assert mine.read_text() == "mine"
    assert not (tmp_path / "nowhere.txt").exists()
    assert not (folder / "uniform.csv").is_symlink()


def test_the_lock_of_a_study_follows_no_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").symlink_to(mine)
    assert main(["study", "study-heat-sinks", "--out", str(tmp_path / "out"), "--collect"]) == 2
    assert "cannot write results to" in capsys.readouterr().err
    assert mine.read_text() == "mine"
