"""A transient gives the same on one process and on two."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

RUN = ("-m", "mpi4py", "-m", "hotmesa", "run", "transient-pulse", "--quiet")
CHANGES = (
    "transient.noise_K=0.05",
    "mesh.size_um=2.5",
    "crystal.width_um=20.0",
    "crystal.depth_um=20.0",
    "layers.2.sublayers=4",
    "transient.end_us=0.1",
    "transient.save_at_us=[0.03, 0.082]",
)
SETS = tuple(part for change in CHANGES for part in ("--set", change))


def table(folder: Path) -> dict[str, np.ndarray]:
    with (folder / "transient.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {key: np.array([float(row[key] or "nan") for row in rows]) for key in rows[0]}


def test_same_on_two_processes(run_mpi: Callable, tmp_path: Path) -> None:
    for ranks in (1, 2):
        done = run_mpi(ranks, *RUN, *SETS, "--out", str(tmp_path / str(ranks)))
        assert done.returncode == 0, done.stderr
    one, two = table(tmp_path / "1"), table(tmp_path / "2")
    assert len(one["t_us"]) == len(two["t_us"])
    assert np.array_equal(one["asked"], two["asked"])
    for key in ("t_us", "V_mV", "I_mA", "T_max_K", "T_mean_K", "E_stored_nJ"):
        # Every step is the same: what is left is where linear solvers stop, of values that may be zero.
        np.testing.assert_allclose(one[key], two[key], rtol=1e-8, atol=1e-8 * np.abs(one[key]).max(), err_msg=key)


def test_restart_on_other_numbers_of_processes(run_mpi: Callable, tmp_path: Path) -> None:
    first = run_mpi(2, *RUN, *SETS, "--out", str(tmp_path / "a"))
    assert first.returncode == 0, first.stderr
    changes = (f"transient.start={tmp_path / 'a'}", "transient.end_us=0.15", "transient.noise_K=0.0")
    more = tuple(part for change in changes for part in ("--set", change))
    done = run_mpi(1, *RUN, *SETS, *more, "--out", str(tmp_path / "b"))
    assert done.returncode == 0, done.stderr
    before, after = table(tmp_path / "a"), table(tmp_path / "b")
    assert before["t_us"][-1] == after["t_us"][0] == 0.1
    # The state is stored with all digits; only sums are taken in another order.
    assert after["T_mean_K"][0] == pytest.approx(before["T_mean_K"][-1], rel=1e-12)
    refused = run_mpi(2, *RUN, *SETS, *more, "--set", "mesa.junctions=18", "--out", str(tmp_path / "c"))
    assert refused.returncode == 2
    assert refused.stderr.count("another device") == 1
