"""Whole runs on one, two and three processes give the same table and the same fields."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Runner = Callable[..., subprocess.CompletedProcess[str]]

# A small device on the sparse path, which is the one that several processes take.
SMALL = (
    "numerics.path=sparse",
    "mesh.refine=0.35",
    "layers.2.sublayers=3",
    "layers.1.sublayers=2",
    "branch.end_current_mA=1.2",
    "branch.min_points=4",
    "output.every=1",
)
# The difference of nearly equal numbers is rounding; Newton's method may need a step more with other linear algebra.
NOISE = {"heat_balance_error", "newton_steps"}


def run(
    run_mpi: Runner, ranks: int, folder: Path, scenario: str = "kurter2010-n19", changes: tuple[str, ...] = SMALL
) -> list[dict[str, str]]:
    settings = [word for text in changes for word in ("--set", text)]
    done = run_mpi(ranks, "-m", "hotmesa", "run", scenario, "--out", str(folder), *settings)
    assert done.returncode == 0, done.stderr
    with (folder / "iv.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def estimates(folder: Path) -> np.ndarray:
    with (folder / "accuracy.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = ("mesh_error_V_percent", "mesh_error_T_K", "layer_error_V_percent", "layer_error_T_K")
    return np.array([[float(rows[0][name]) for name in names]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


def test_any_number_of_processes_gives_the_same_run(run_mpi: Runner, folder: Path):
    tables = {ranks: run(run_mpi, ranks, folder / str(ranks)) for ranks in (1, 2, 3)}
    alone = tables[1]
    assert len(alone) > 6
    for ranks in (2, 3):
        assert [list(row) for row in tables[ranks]] == [list(row) for row in alone]
        for row, expected in zip(tables[ranks], alone, strict=True):
            for name in set(expected) - NOISE:
                if name == "fold" or "" in (expected[name], row[name]):
                    assert row[name] == expected[name], name
                else:
                    # The linear algebra stops at 1e-10 of the power; currents are landed on more closely.
                    assert float(row[name]) == pytest.approx(float(expected[name]), rel=1e-8, abs=1e-12), name
            assert float(row["heat_balance_error"]) < 1e-8
    errors = {ranks: estimates(folder / str(ranks)) for ranks in (1, 2, 3)}
    assert np.abs(errors[1]).min() > 1e-3  # % and K
    for ranks in (2, 3):
        # States on finer meshes are found to 1e-6 of the power, so that their differences are known to about 1e-5.
        np.testing.assert_allclose(errors[ranks], errors[1], rtol=1e-2, atol=1e-4)
    with np.load(folder / "1" / "states.npz") as one:
        for ranks in (2, 3):
            with np.load(folder / str(ranks) / "states.npz") as other:
                assert np.array_equal(other["cells"], one["cells"])
                for name in ("node_xy", "T_K", "J_mA_per_um2", "heating_uW_per_um2", "wire_T_K", "V_mV"):
                    np.testing.assert_allclose(other[name], one[name], rtol=1e-8, atol=1e-12, err_msg=name)


def test_the_condensed_path_of_one_process_places_the_same_points_as_two_processes(run_mpi: Runner, folder: Path):
    finer = (*SMALL[1:-2], "branch.min_points=40")
    alone = run(run_mpi, 1, folder / "condensed", changes=finer)
    together = run(run_mpi, 2, folder / "together", changes=finer)
    assert len(together) == len(alone) > 40
    for row, expected in zip(together, alone, strict=True):
        for name in ("V_mV", "I_mA", "P_mW", "T_max_K", "T_mean_K", "T_min_K", "dV_dI_ohm", "arclength"):
            # Different linear algebra, tangents to about 1e-9: the place of a point depends on those before it.
            assert float(row[name]) == pytest.approx(float(expected[name]), rel=1e-8, abs=1e-12), name


def test_a_run_that_cannot_go_on_ends_all_processes_with_status_3_and_one_message(run_mpi: Runner, tmp_path: Path):
    out = tmp_path / "out"
    changes = [word for text in (*SMALL, "branch.max_points=5") for word in ("--set", text)]
    done = run_mpi(2, "-m", "hotmesa", "run", "kurter2010-n19", "--out", str(out), *changes)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("5 points did not reach the end of the branch; raise branch.max_points") == 1
    assert "Traceback" not in done.stderr
    assert json.loads((out / "provenance.json").read_text())["status"] == "stopped"
    with (out / "iv.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 5
