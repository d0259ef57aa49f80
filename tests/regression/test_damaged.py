"""Files of results in which a bit has flipped or whose end is missing: made anew, or one clear message.

Nightly 300 damaged copies of each kind of file, else a few.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from regression.contract import GOLDEN

import hotmesa
from hotmesa.cli import main
from hotmesa.postprocess import render
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.runs import results_of
from hotmesa.resuming import Place
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.solver.law.table import load_grid, store_grid

MANY, FEW = 300, 12
SMALL = {"mesh.refine": 0.3, "numerics.estimate_error": True}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run, and in the folder `cut` beside it the same as a killed process leaves it."""
    folder = tmp_path_factory.mktemp("damaged")
    run = hotmesa.run(GOLDEN / "strip.toml", SMALL)
    checkpoint = run.checkpoint({"u": np.arange(3.0)})
    for name in ("run", "cut"):
        run.save(folder / name)
    render(folder / "run", pictures=False)
    run.journal(folder / "cut")
    checkpoint.save(folder / "cut")
    return folder


def damaged(file: Path, number: int) -> Path:
    """Flip one to three bits of a file, or cut it off."""
    chance = random.Random(f"{file.name} {number}")
    data = bytearray(file.read_bytes())
    if number % 3:
        for _ in range(chance.choice((1, 1, 3))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    else:
        del data[chance.randrange(len(data)) :]
    file.write_bytes(data)
    return file


def look(folder: Path) -> Run:
    """Read everything of a run, and make its numbers."""
    run = load_run(folder)
    assert run.states is None or run.junction_T_K is not None
    results_of(run.kind.name).summarise(run)
    return run


def resume(folder: Path) -> None:
    """Look where a run goes on, without computing."""
    place = Place(folder, load_scenario(GOLDEN / "strip.toml", SMALL, complete=True), "", resume=True, overwrite=False)
    assert not place.complete()
    place.goes_on()


def answers(source: Path, name: str, count: int, act: Callable[[Path], object]) -> int:
    """Return how many of the damaged copies were told as such; any other error than ours ends the test."""
    told = 0
    for number in range(count):
        folder = source.with_name("copy")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        damaged(folder / name, number)
        try:
            act(folder)
        except HotmesaError as error:
            assert str(folder) in str(error)  # a scenario that became another one is told by the fields of the run
            told += 1
    return told


FILES = ("states.npz", "iv.csv", "uniform.csv", "accuracy.csv", "summary.json", "scenario.toml")


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_run_is_read_or_told(made: Path, name: str, nightly: bool) -> None:
    count = MANY if nightly else FEW
    assert answers(made / "run", name, count, look) > count // 4


@pytest.mark.parametrize("name", ["journal.bin", "resume.npz", "iv.csv"])
def test_a_damaged_run_goes_on_or_is_told(made: Path, name: str, nightly: bool) -> None:
    count = MANY if nightly else FEW
    assert answers(made / "cut", name, count, resume) > 0


def test_fields_with_a_flipped_bit_are_never_taken(made: Path, nightly: bool) -> None:
    whole = load_run(made / "run")
    for number in range(MANY if nightly else FEW):
        folder = made / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made / "run", folder)
        damaged(folder / "states.npz", number)
        try:
            assert load_run(folder).states == whole.states
        except HotmesaError as error:
            assert "states.npz" in str(error)


def test_a_damaged_table_of_a_law_is_computed_again(tmp_path: Path, nightly: bool) -> None:
    T, v = np.linspace(4.0, 300.0, 12), np.linspace(0.0, 90.0, 20)
    grid = np.random.default_rng(1).normal(size=(12, 20))
    for number in range(MANY if nightly else 10 * FEW):
        store_grid(tmp_path, "key", T, v, grid)
        damaged(tmp_path / "key.npz", number)
        found = load_grid(tmp_path, "key", T, v)
        assert found is None or np.array_equal(found, grid)


STUDY = f"""
name = "one"
scenario = "{GOLDEN / 'uniform.toml'}"
[[vary]]
key = "mesa.junctions"
values = [6]
"""


@pytest.mark.parametrize("name", ["summary.json", "case.json", "uniform.csv", "provenance.json", "scenario.toml"])
def test_a_damaged_case_of_a_study_is_computed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    words = ["study", str(tmp_path / "study.toml"), "--workers", "0", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(words) == 0
    table = (tmp_path / "out" / "table.csv").read_text()
    (case,) = (tmp_path / "out" / "cases").iterdir()
    for number in range(6):
        damaged(case / name, 3 * (number // 2) + number % 2)
        assert main(words) == 0, capsys.readouterr().err
        assert numbers(tmp_path / "out" / "table.csv") == numbers_in(table)


def numbers(path: Path) -> list[str]:
    """The rows of a table of a study without the times."""
    return numbers_in(path.read_text())


def numbers_in(text: str) -> list[str]:
    """The columns up to the times, which differ between two computations."""
    head, *rows = text.splitlines()
    place = head.split(",").index("wall_s")
    return [",".join(row.split(",")[:place]) for row in (head, *rows)]
