"""A kind of run that is brought along from Python, by registration: check, runs, studies and --overwrite follow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hotmesa import kinds
from hotmesa.cli import main
from hotmesa.folder import run_files
from hotmesa.postprocess import Run, load_run, page
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.runs import results_of
from hotmesa.scenarios import Scenario, keys
from hotmesa.scenarios.kinds import KINDS, Kind


def levels(scenario: Scenario, law: object) -> Iterator[Point]:
    """The points of a resistor of 460 Ω: what solver/runs/levels.py would hold."""
    for current in np.linspace(0.1, scenario.branch.end_current_mA, 10):
        row = {"V_mV": 460.0 * current, "V_per_junction_mV": 24.2 * current, "I_mA": float(current)}
        yield Point(row | {"P_mW": 0.46 * current**2, "T_max_K": 4.2 + current})


def summarise_levels(run: Run) -> dict[str, Any]:
    """Its numbers: what postprocess/runs/levels.py would hold."""
    return {"name": run.scenario.name, "points": len(run), "largest_V_mV": float(run.column("V_mV").max())}


def plot_levels(run: Run) -> Any:
    """And its figure."""
    figure = page.new_figure(3.0, 2.0)
    figure.subplots().plot(run.column("I_mA"), run.column("V_mV"))
    return figure


LEVELS = Kind(
    "levels", "levels.csv", "the resistor at ten currents", points="levels", columns=("V_mV", "I_mA"), spatial=False
)
SOLVER = SimpleNamespace(points=levels, control=lambda scenario: ("I_mA", 1.6))
RESULTS = SimpleNamespace(
    summarise=summarise_levels, NUMBERS={"largest_V_mV": "largest voltage"}, FIGURES={"levels.png": plot_levels}
)


@pytest.fixture
def registered() -> Iterator[None]:
    """The kind while a test runs."""
    kinds.register(LEVELS, SOLVER, RESULTS)
    yield
    KINDS.remove("levels")
    keys.forget()


@pytest.mark.usefixtures("registered")
def test_a_kind_of_run_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    level = ("--set", "mode=levels")
    assert main(["check", "kurter2010-uniform", *level]) == 0
    assert "the resistor at ten currents" in capsys.readouterr().out
    assert main(["check", "--schema"]) == 0
    assert '"levels"' in capsys.readouterr().out
    assert main(["check", "kurter2010-uniform", "--set", "mode=levls"]) == 2
    assert 'did you mean "levels"' in capsys.readouterr().err
    out = tmp_path / "out"
    assert main(["run", "kurter2010-uniform", *level, "--out", str(out)]) == 0
    assert "10 levels, 0 Newton steps" in capsys.readouterr().out
    names = {path.name for path in out.iterdir()}
    assert names == {
        *("levels.csv", "levels.png", "summary.json", "scenario.toml", "provenance.json", "run.log"),
    }
    run = load_run(out)
    assert run.kind is LEVELS and run.column("V_mV")[-1] == pytest.approx(736.0)
    # Another kind of run removes every file of this one, and this one every file of the other.
    assert main(["run", "kurter2010-uniform", "--out", str(out), "--overwrite", "--quiet"]) == 0
    assert not {"levels.csv", "levels.png"} & {path.name for path in out.iterdir()}
    assert main(["run", "kurter2010-uniform", *level, "--out", str(out), "--overwrite", "--quiet"]) == 0
    assert {path.name for path in out.iterdir()} == names


@pytest.mark.usefixtures("registered")
def test_a_study_knows_the_numbers_of_a_new_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'name = "s"\nscenario = "kurter2010-uniform"\nobservables = ["largest_V_mV", "V_mV@I_mA=0.4"]\n'
    text += '[fixed]\nmode = "levels"\n[[vary]]\nkey = "branch.end_current_mA"\nvalues = [1.0, 2.0]\n'
    (tmp_path / "s.toml").write_text(text)
    command = ["study", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out"), "--workers", "0", "--quiet"]
    assert main(command) == 0, capsys.readouterr().err
    with (tmp_path / "out" / "table.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["largest_V_mV"]) for row in rows] == pytest.approx([460.0, 920.0])
    assert [float(row["V_mV@I_mA=0.4"]) for row in rows] == pytest.approx([184.0, 184.0])
    (tmp_path / "s.toml").write_text(text.replace("largest_V_mV", "largst_V_mV"))
    assert main(command) == 2
    assert "did you mean largest_V_mV" in capsys.readouterr().err


def test_every_kind_has_its_place_in_every_table() -> None:
    for word, kind in KINDS.items():
        assert kind.name == word and callable(kinds.solver_of(word).points)
        assert {kind.table, *kind.beside, *results_of(word).figures} <= set(run_files())


@pytest.mark.usefixtures("registered")
def test_what_a_kind_of_run_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(SOLVER, "control")
    with pytest.raises(NotImplementedError, match=r"needs control in solver/runs/levels.py"):
        kinds.solver_of("levels")
    monkeypatch.delattr(RESULTS, "NUMBERS")
    with pytest.raises(NotImplementedError, match=r"needs NUMBERS in postprocess/runs/levels.py"):
        results_of("levels")
