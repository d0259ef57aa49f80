"""A chopped beam on several processes answers as on one."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from parallel.test_solver_parallel import SMALL, run

Runner = Callable[..., subprocess.CompletedProcess[str]]


def test_a_chopped_beam_answers_alike_on_two_processes(run_mpi: Runner, tmp_path: Path) -> None:
    quick = (*SMALL, "numerics.estimate_error=false", "stability.points=none")
    run(run_mpi, 1, tmp_path / "run", changes=quick)
    tables = []
    for ranks in (1, 2):
        out = tmp_path / str(ranks)
        words = ("--current", "1", "--frequency-kHz", "10,1000", "--beam-um", "1", "--out", str(out))
        done = run_mpi(ranks, "-m", "hotmesa", "ltslm", str(tmp_path / "run"), *words)
        assert done.returncode == 0, done.stderr
        tables.append(list(csv.DictReader((out / "chopped.csv").read_text().splitlines())))
    for alone, shared in zip(*tables, strict=True):
        # 1e-7: solved to 1e-11 of the right-hand side, on a matrix that is ordered in another way.
        expected = pytest.approx([float(value) for value in alone.values()], rel=1e-7, abs=1e-9)
        assert [float(value) for value in shared.values()] == expected
