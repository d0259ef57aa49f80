"""An observable is one function: tables of all kinds of runs, studies, the page of results follow."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal
from helpers.results_page import page

from hotmesa.cli import main
from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.plans.observables import is_among
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.columns import columns_of
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.runs.transient import points as moments
from hotmesa.solver.runs.transient import prepare
from hotmesa.solver.states import observables
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.vocabulary import VOCABULARY

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "tests" / "regression" / "golden"
ADDED = '''
from hotmesa.solver.states.observables import junction_temperatures, observable


@observable(T_range_K="largest minus smallest temperature of the junctions")
def contrast(model, e):
    T = junction_temperatures(model, e)
    return {"T_range_K": float(T.max() - T.min())}
'''


@pytest.fixture
def added(tmp_path: Path) -> Iterator[None]:
    """A module of somebody's with one more observable."""
    file = tmp_path / "added.py"
    file.write_text(ADDED)
    spec = importlib.util.spec_from_file_location("added", file)
    assert spec is not None and spec.loader is not None
    before = list(observables.OBSERVABLES)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    yield
    observables.OBSERVABLES[:] = before


def header(file: Path) -> list[str]:
    with file.open(newline="", encoding="utf-8") as stream:
        return next(csv.reader(stream))


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize(("name", "table"), [("strip", "iv.csv"), ("transient", "transient.csv")])
def test_one_function_fills_a_column_of_every_kind_of_run(name: str, table: str, tmp_path: Path) -> None:
    assert main(["run", str(GOLDEN / f"{name}.toml"), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    with (tmp_path / "out" / table).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        assert float(row["T_range_K"]) == pytest.approx(float(row["T_max_K"]) - float(row["T_min_K"]), abs=1e-12)
    assert float(rows[-1]["T_range_K"]) > 0.1


@pytest.mark.usefixtures("added")
def test_studies_know_an_added_observable(tmp_path: Path) -> None:
    study = tmp_path / "small.toml"
    text = f'name = "small"\nscenario = "{GOLDEN / "strip.toml"}"\nobservables = ["T_range_K@I_mA=0.3"]\n'
    study.write_text(text + '[[vary]]\nkey = "mesa.junctions"\nvalues = [10]\n')
    assert main(["study", str(study), "--out", str(tmp_path / "out"), "--quiet", "--workers", "0"]) == 0
    with (tmp_path / "out" / "table.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["T_range_K@I_mA=0.3"]) > 0.1


@pytest.mark.usefixtures("added")
def test_the_page_of_results_is_seen_to_lack_an_added_observable() -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert page(text) != text
    assert "| `T_range_K` | K | largest minus smallest temperature of the junctions |" in page(text)


def test_an_observable_that_nobody_added_is_unknown() -> None:
    problem = VOCABULARY.problem_with("T_range_K@I_mA=0.3", ["branch"])
    assert problem is not None and "unknown column T_range_K" in problem


def test_the_page_of_results_is_in_step() -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert page(text) == text, "run: make results"


@pytest.mark.parametrize(
    ("page_name", "mode"), [("transients.md", "transient"), ("bias-and-sweeps.md", "sweep"), ("results.md", "branch")]
)
def test_every_column_of_a_kind_is_explained_on_its_page(page_name: str, mode: str) -> None:
    text = (ROOT / "docs" / page_name).read_text(encoding="utf-8")
    own = [name for name in columns_of(mode) if mode == "branch" or name not in columns_of("branch")]
    assert own
    said = {name for name in own if f"`{name}`" in text or (name.startswith("travel_") and "`travel_…`" in text)}
    assert set(own) == said


@pytest.mark.parametrize(("name", "mode"), [("strip", "branch"), ("sweep", "sweep"), ("transient", "transient")])
def test_the_columns_of_a_run_are_those_declared(name: str, mode: str) -> None:
    declared = columns_of(mode)
    found = header(GOLDEN / f"{name}.csv")
    assert [column for column in found if not is_among(column, declared)] == []
    never = [c for c in declared if "<" not in c and c not in found]
    # Of the two sources a run has one; how a jump settled, what is cold and the ellipse of a hot spot are told since
    # the golden tables were kept; their devices have no heaters and no electrode.
    since = {"settling_by", "f_THz", "df_dI_THz_per_mA", "hot_length_um", "hot_width_um", "hot_angle_deg"}
    since |= {c for c in declared if c.startswith(("cold_", "cavity_"))}
    absent = {c for c in declared if "heaters" in c or "electrode" in c}
    assert set(never) <= {"source_mA", "source_mV", "travel_mA", "travel_mV"} | since | absent


def test_names_are_asked_for_without_finite_elements() -> None:
    code = "import sys; import hotmesa.vocabulary; sys.exit(any(name in sys.modules for name in ('dolfinx', 'mpi4py')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def own(model: Model, e: State) -> dict[str, float]:
    return {"T_rms_K": float(np.std(junction_temperatures(model, e)))}


def test_a_function_of_the_caller_becomes_a_column() -> None:
    scenario = on_crystal()
    model = Model(scenario, build_mesh(scenario))
    *_, last = trace(model, observables=[own])
    T = last.state.T_K[0, 1]  # the mesa is the second layer
    assert last.row["T_rms_K"] == pytest.approx(np.nanstd(T), rel=1e-12)
    for name, moving, ready in (("transient", moments, prepare), ("sweep", sweep, lambda scenario: scenario)):
        scenario = load_scenario(GOLDEN / f"{name}.toml")
        points = list(islice(moving(Model(ready(scenario), build_mesh(scenario)), observables=[own]), 3))
        assert float(points[-1].row["T_rms_K"]) > 0.0


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        (lambda model, e: {"T_max_K": 1.0}, "the column T_max_K exists"),
        (lambda model, e: {"Q_other_mW": 1.0}, "the column Q_other_mW exists"),
        (lambda model, e: 1.0, "returns float; return {name: number}"),
    ],
)
def test_a_function_of_the_caller_that_does_not_fit_is_refused(measure: observables.Measure, text: str) -> None:
    scenario = on_crystal()
    with pytest.raises(RequestError, match=text):
        next(trace(Model(scenario, build_mesh(scenario)), observables=[measure]))
