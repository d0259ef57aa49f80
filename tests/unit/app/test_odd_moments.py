"""Ends at odd moments: while figures are drawn, where the disk is full, in the folder of something else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from regression.contract import GOLDEN

from hotmesa import case, runner
from hotmesa.cli import main
from hotmesa.postprocess.checkpoint import FILE as CHECKPOINT

STUDY = f"""
name = "two"
scenario = "{GOLDEN / "uniform.toml"}"
[[vary]]
key = "mesa.junctions"
values = [6, 12]
"""
PROGRAM = shutil.which("hotmesa") or "hotmesa"
FEW = ["mesh.refine=0.25", "branch.min_points=5", "stability.points=none", "numerics.estimate_error=false"]
STRIP = ["run", str(GOLDEN / "strip.toml"), *(word for change in FEW for word in ("--set", change)), "--out"]


def status(folder: Path) -> str:
    return str(json.loads((folder / "provenance.json").read_text())["status"])


def test_ctrl_c_twice_while_figures_are_drawn_leaves_a_complete_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*words: object, **options: object) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second signal must interrupt")

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(runner, "_render", stopped)
        patch.setattr(runner, "FIRST_S", 0.0)
        assert main([*STRIP, str(out)]) == 130
    assert status(out) == "complete" and not (out / "iv.png").exists()
    points = (out / "iv.csv").read_bytes()
    (out / "states.npz.part").write_bytes(b"a draft")
    capsys.readouterr()
    assert main([*STRIP, str(out), "--resume"]) == 0
    assert "is complete already" in capsys.readouterr().out
    assert {"iv.png", "map.png", "summary.json"} <= {path.name for path in out.iterdir()}
    assert not (out / CHECKPOINT).exists() and not list(out.glob("*.part"))
    assert (out / "iv.csv").read_bytes() == points


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_request_during_the_figures_of_a_case_begins_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    original = runner._render

    def asked(*words: object, **options: object) -> str:
        os.kill(os.getpid(), number)
        return original(*words, **options)  # type: ignore[arg-type]

    (tmp_path / "two.toml").write_text(STUDY)
    monkeypatch.setattr(runner, "_render", asked)
    assert main(["study", str(tmp_path / "two.toml"), "--workers", "0", "--out", str(tmp_path / "out")]) == 130
    table = (tmp_path / "out" / "table.csv").read_text()
    assert table.count(",ok,") == 1 and table.count(",not computed,") == 1


@pytest.mark.parametrize("moment", ["rows_of", "write_tables", "_record"])
def test_a_request_while_the_table_of_a_study_is_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from hotmesa import studies

    original = getattr(studies, moment)

    def asked(*words: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return original(*words)

    (tmp_path / "two.toml").write_text(STUDY)
    monkeypatch.setattr(studies, moment, asked)
    assert main(["study", str(tmp_path / "two.toml"), "--workers", "0", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "table.csv").read_text().count(",ok,") == 2
    assert status(tmp_path / "out") == "complete"


def test_a_run_leaves_the_folder_of_a_study_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    (tmp_path / "two.toml").write_text(STUDY)
    assert main(["study", str(tmp_path / "two.toml"), "--workers", "0", "--out", str(out), "--quiet"]) == 0
    before = (out / "provenance.json").read_bytes()
    assert main(["run", str(GOLDEN / "uniform.toml"), "--out", str(out), "--overwrite"]) == 2
    assert "holds other results (study.toml); choose another folder with --out" in capsys.readouterr().err
    assert (out / "provenance.json").read_bytes() == before and not (out / "scenario.toml").exists()
    assert case.OK in (out / "table.csv").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["list"], ["check", "kurter2010-uniform"], ["study", "two.toml", "--list"]])
def test_words_for_a_full_disk_are_told_in_one_line(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "two.toml").write_text(STUDY)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert (done.returncode, done.stderr) == (2, "hotmesa: [Errno 28] No space left on device\n")


def test_a_run_whose_words_nobody_can_keep_goes_on(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, *STRIP, str(tmp_path / "out")], stdout=full, stderr=full, check=False)
    assert done.returncode == 0 and status(tmp_path / "out") == "complete"
