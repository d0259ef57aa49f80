"""Studies: cases computed once, side by side, whatever happens to one of them."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.studies import HEAD, THREE, TWO, Write, study, table

from hotmesa import case as study_case
from hotmesa.case import Task, known_outcome
from hotmesa.cli import main
from hotmesa.pool import Processes
from hotmesa.postprocess.values import At, value_at
from hotmesa.runner import Ending
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.scenarios.plans.study import load_study
from hotmesa.solver.errors import SolveError


def test_the_table_has_one_row_for_each_case(write: Write):
    file = write('observables = ["end.V_mV", "I_mA@V_mV=10.0", "beta"]' + THREE)
    assert study(file) == 0
    rows = table(file)
    assert list(rows[0]) == [
        "case", "status", "mesa.junctions", "bath.temperature_K", "end.V_mV", "I_mA@V_mV=10.0", "beta", "wall_s",
        "cpu_s", "reason",
    ]  # fmt: skip
    assert [row["status"] for row in rows] == ["ok"] * 6
    assert all(float(row["end.V_mV"]) > 0 for row in rows)
    assert rows[0]["beta"] == "" and "beta: " in rows[0]["reason"]
    # The same current through twice the junctions at nearly the same temperature needs about twice the voltage.
    assert float(rows[3]["I_mA@V_mV=10.0"]) == pytest.approx(float(rows[0]["I_mA@V_mV=10.0"]) / 2, rel=0.05)


def test_every_case_of_a_branch_tells_its_errors_and_the_last_line_counts(
    write: Write, capsys: pytest.CaptureFixture[str]
):
    golden = Path(__file__).parents[2] / "regression" / "golden" / "strip.toml"
    file = write(
        f'name = "small"\nscenario = "{golden}"\n'
        'observables = ["first_unstable_I_mA", "stable_ranges.current_bias.0.1", "folds.0.I_mA", "nucleation.I_mA", '
        '"V_mV@I_mA=0.9", "stable_at_I_mA=0.5"]\n'
        '[[vary]]\nlabel = "layers"\n[vary.cases.fine]\n"layers.2.sublayers" = 20\n'
        '"layers.2.first_sublayer_um" = 0.05\n'
        '[vary.cases.coarse]\n"layers.2.sublayers" = 3\n"layers.2.first_sublayer_um" = 3.0\n'
        '[vary.cases.none]\n"numerics.estimate_error" = false\n'
    )
    assert main(["study", str(file), "--out", str(file.parent / "out"), "--workers", "0"]) == 0
    rows = {row["case"]: row for row in table(file)}
    assert abs(float(rows["fine"]["layer_error_V_percent"])) < 0.3 < abs(float(rows["coarse"]["layer_error_V_percent"]))
    assert "the sublayers alone change V" in rows["coarse"]["warning"] and rows["fine"]["warning"] == ""
    for row in rows.values():
        assert row["first_unstable_I_mA"] == row["folds.0.I_mA"] == row["nucleation.I_mA"] == "never"
        assert float(row["stable_ranges.current_bias.0.1"]) == pytest.approx(0.8)
        assert row["V_mV@I_mA=0.9"] == "not asked" and row["stable_at_I_mA=0.5"] == "1.0"
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("3 cases: 0 failed, 1 not converged") and "1 without an estimate" in last


def test_a_study_tells_what_the_source_loses_and_ranks_what_it_holds(write: Write):
    """A strip whose uniform state breaks up into a hot and a cold half, and the same too warm for that."""
    file = write(
        'name = "held"\nscenario = "diagram-strip"\n'
        'rank_by = "T_max_K@I_mA=0.8"\nbest = "smallest"\nrank_stable = true\n'
        'observables = ["first_unstable_I_mA", "stable_at_I_mA=0.8", "folds.0.I_mA", "V_mV@I_mA=0.8"]\n'
        '[fixed]\nmode = "branch"\n"contacts.0" = "none"\n"mesh.size_um" = 0.5\n"numerics.estimate_error" = false\n'
        '[[vary]]\nkey = "bath.temperature_K"\nvalues = [4.2, 73.0]\n'
    )
    assert study(file) == 0
    cold, warm = table(file)
    lost = float(cold["first_unstable_I_mA"])
    assert 0.5 < lost < 0.8 and cold["stable_at_I_mA=0.8"] == "0.0"
    # The break-up lies behind the fold in V, of which a current source takes no notice.
    assert 0.0 < float(cold["folds.0.I_mA"]) < lost
    assert (warm["first_unstable_I_mA"], warm["stable_at_I_mA=0.8"], warm["folds.0.I_mA"]) == ("never", "1.0", "never")
    with (file.parent / "out" / "ranking.csv").open(newline="") as stream:
        ranking = list(csv.DictReader(stream))
    assert [(row["case"], row["T_max_K@I_mA=0.8"] == "unstable") for row in ranking] == [
        (warm["case"], False), (cold["case"], True),
    ]  # fmt: skip


def test_parquet_holds_the_same(write: Write):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = write(THREE)
    assert study(file) == 0
    read = parquet.read_table(file.parent / "out" / "table.parquet").to_pydict()
    assert read["case"] == [row["case"] for row in table(file)]
    assert read["end.V_mV"] == [float(row["end.V_mV"]) for row in table(file)]


def test_without_pyarrow_there_is_a_csv_and_a_word(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    file = write(TWO)
    assert main(["study", str(file), "--out", str(file.parent / "out"), "--workers", "0"]) == 0
    assert "pyarrow is missing" in capsys.readouterr().out
    assert not (file.parent / "out" / "table.parquet").exists()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    original = study_case.compute

    def compute(scenario: Scenario, folder: Path, **options: Any) -> Ending:
        calls.append(folder.name)
        return original(scenario, folder, **options)

    monkeypatch.setattr(study_case, "compute", compute)
    return calls


def test_nothing_is_computed_twice(write: Write, monkeypatch: pytest.MonkeyPatch):
    calls, file = counted(monkeypatch), write(TWO)
    assert study(file) == 0
    before = table(file)
    assert study(file) == 0
    assert calls == ["junctions-6", "junctions-12"]
    assert table(file) == before
    file.write_text(TWO.replace("[6, 12]", "[6, 12, 18]"))
    assert study(file) == 0
    assert calls[2:] == ["junctions-18"]


def test_an_interrupted_case_and_a_changed_scenario_are_computed_again(write: Write, monkeypatch: pytest.MonkeyPatch):
    calls, file = counted(monkeypatch), write(TWO)
    assert study(file) == 0
    record = file.parent / "out" / "cases" / "junctions-6" / "provenance.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"status": "running"}))
    assert study(file) == 0
    assert calls[2:] == ["junctions-6"]
    file.write_text(TWO.replace("values = [200.0, 20.0]", "values = [200.0, 30.0]"))
    assert study(file) == 0
    assert calls[3:] == ["junctions-6", "junctions-12"]


def test_a_run_without_its_summary_is_summarised_not_computed(write: Write, monkeypatch: pytest.MonkeyPatch):
    calls, file = counted(monkeypatch), write(TWO)
    assert study(file) == 0
    summary = file.parent / "out" / "cases" / "junctions-6" / "summary.json"
    before = json.loads(summary.read_text())
    summary.unlink()
    assert study(file) == 0
    assert len(calls) == 2
    assert json.loads(summary.read_text())["end"] == before["end"]


def test_a_failure_is_recorded_and_the_rest_goes_on(write: Write, monkeypatch: pytest.MonkeyPatch):
    original = study_case.compute

    def compute(scenario: Scenario, folder: Path, **options: Any) -> Ending:
        if folder.name == "junctions-6":
            raise SolveError("no convergence, on purpose")
        return original(scenario, folder, **options)

    file = write(TWO)
    with monkeypatch.context() as patch:
        patch.setattr(study_case, "compute", compute)
        assert study(file) == 3
        assert [(row["status"], row["reason"]) for row in table(file)] == [
            ("failed", "SolveError: no convergence, on purpose"),
            ("ok", ""),
        ]
    assert study(file) == 3  # known to fail: not tried again
    assert study(file, "--retry") == 0
    assert [row["status"] for row in table(file)] == ["ok", "ok"]


def test_ctrl_c_ends_the_study_and_the_table_tells_what_is_missing(write: Write, monkeypatch: pytest.MonkeyPatch):
    def compute(scenario: Scenario, folder: Path, **options: Any) -> Ending:
        raise KeyboardInterrupt

    file = write(TWO)
    with monkeypatch.context() as patch:
        patch.setattr(study_case, "compute", compute)
        assert study(file) == 130
    assert [row["status"] for row in table(file)] == ["interrupted", "not computed"]
    assert study(file) == 0
    assert [row["status"] for row in table(file)] == ["ok", "ok"]


def test_invalid_combinations_can_be_skipped(write: Write):
    file = write('invalid = "skip"' + TWO.replace("[6, 12]", "[6, 0]"))
    assert study(file) == 0
    rows = table(file)
    assert [row["status"] for row in rows] == ["ok", "invalid"]
    assert "mesa.junctions" in rows[1]["reason"]


def test_single_cases_and_collecting(write: Write, capsys: pytest.CaptureFixture[str]):
    file = write(TWO)
    assert main(["study", str(file), "--list"]) == 0
    assert capsys.readouterr().out.split() == ["junctions-6", "junctions-12"]
    assert study(file, "--case", "junctions-12") == 0
    assert not (file.parent / "out" / "table.csv").exists()
    assert study(file, "--collect") == 0
    assert [row["status"] for row in table(file)] == ["not computed", "ok"]


class Deadly(Scenario):
    """A scenario that ends the process that receives it."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (9,)


def test_a_process_that_dies_takes_no_other_case_with_it(write: Write, tmp_path: Path):
    plan = load_study(write(TWO))
    good = [Task(case.name, tmp_path / case.name, case.scenario) for case in plan.cases if case.scenario]
    bad = replace(
        good[0], name="bad", folder=tmp_path / "bad", scenario=Deadly.model_construct(**dict(good[0].scenario))
    )
    with Processes(2) as workers:
        outcomes = {outcome.name: outcome for outcome in workers.outcomes([good[0], bad, good[1]])}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "junctions-6": "ok", "junctions-12": "ok", "bad": "failed",
    }  # fmt: skip
    assert "died" in outcomes["bad"].reason
    assert known_outcome(good[0]) is not None


def test_a_killed_study_leaves_no_process_and_goes_on(tmp_path: Path):
    file = tmp_path / "many.toml"
    file.write_text(HEAD + '[[vary]]\nkey = "mesa.junctions"\nrange = {first = 1, last = 400, step = 1}\n')
    command = [
        sys.executable,
        "-m",
        "hotmesa",
        "study",
        str(file),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        printed = process.stdout.read()
    assert process.returncode == 130, printed
    done = len(list((tmp_path / "out" / "cases").glob("*/case.json")))
    assert 0 < done < 400
    with (tmp_path / "out" / "table.csv").open(newline="") as stream:
        states = [row["status"] for row in csv.DictReader(stream)]
    assert states.count("ok") >= 1
    assert states.count("not computed") > 0


def test_two_studies_in_one_folder_are_refused(write: Write, capsys: pytest.CaptureFixture[str]):
    from hotmesa.folder import locked

    file = write(TWO)
    with locked(file.parent / "out", "cases"):
        assert study(file) == 2
    assert "another command computes" in capsys.readouterr().err


@pytest.mark.parametrize(("file", "text"), [("scenario.toml", ""), ("fit.toml", ""), ("study.toml", 'name = "other"')])
def test_a_folder_of_other_results_is_left_alone(
    write: Write, capsys: pytest.CaptureFixture[str], file: str, text: str
):
    path = write(TWO)
    folder = path.parent / "out"
    folder.mkdir()
    (folder / file).write_text(text)
    assert study(path) == 2
    assert "choose another" in capsys.readouterr().err
    assert [item.name for item in folder.iterdir()] == [file]


def test_a_spatial_case_keeps_tables_alone(tmp_path: Path):
    scenario = load_scenario(
        "sweep-poor-film", ("mode=branch", "mesh.size_um=2.5", "law.kind=ohmic", "law.set=none",
                            "law.resistivity_ohm_cm=100.0", "branch.min_points=4"),
    )  # fmt: skip
    outcome = study_case.compute_case(Task("sheet", tmp_path / "sheet", scenario))
    assert (outcome.status, outcome.reason) == ("ok", "")
    names = {file.name for file in (tmp_path / "sheet").iterdir()}
    assert {"iv.csv", "summary.json", "case.json"} <= names
    assert not names & {"states.npz", "iv.png", "fields.pvd"}


def test_mpi_ranks_share_the_cases(run_mpi: Callable[..., subprocess.CompletedProcess[str]], write: Write):
    file = write(TWO)
    out = file.parent / "out"
    done = run_mpi(
        2, "-m", "mpi4py", "-m", "hotmesa", "study", str(file), "--mpi", "--out", str(out), timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in table(file)] == ["ok", "ok"]


def test_values_between_the_points_follow_the_branch():
    import numpy as np

    s = np.linspace(0.0, 3.0, 31)
    curve = {"I_mA": s - 0.4 * s**2 + 0.06 * s**3, "T_max_K": 4.0 + s**2, "dV_dI_ohm": np.full(31, np.inf)}
    exact = np.roots([0.06, -0.4, 1.0, -0.5])
    place = float(exact[np.isreal(exact)].real.min())
    found = value_at(curve, At("T_max_K", "I_mA", 0.5)).number
    # PCHIP is of third order in the step of 0.1 here; 1e-3 K of 4.5 K.
    assert found == pytest.approx(4.0 + place**2, abs=1e-3)
    assert "goes from" in value_at(curve, At("T_max_K", "I_mA", 50.0)).reason
    assert "fewer" in value_at(curve, At("dV_dI_ohm", "I_mA", 0.5)).reason
