"""Random runs give the same numbers on one process and on two."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import rank_runs
from helpers.random_runs import random_run

from hotmesa.scenarios import to_toml

FEW, NIGHTLY = (2, 3, 4), range(60)  # a sweep, a family and a branch
COMPARED = ("V_mV", "I_mA", "P_mW", "T_max_K", "T_mean_K", "arclength", "t_us", "leg", "n")
FAR = 1e-7
"""Of the largest value in a column: what is left of 1e-10 of the heat where a curve turns."""


def test_random_runs_are_the_same_on_two_processes(
    run_mpi: Callable[..., Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seeds = NIGHTLY if request.config.getoption("--nightly") else FEW
    files = []
    for seed in seeds:
        file = tmp_path / f"{seed}.toml"
        file.write_text(to_toml(random_run(seed, tmp_path, points=15)), encoding="utf-8")
        files.append(str(file))
    results = []
    for ranks in (1, 2):
        done = run_mpi(ranks, rank_runs.__file__, str(tmp_path / f"{ranks}.json"), *files, timeout=100 * len(files))
        assert done.returncode == 0, done.stderr
        results.append(json.loads((tmp_path / f"{ranks}.json").read_text(encoding="utf-8")))
    assert len(results[0]) == len(seeds)
    assert not [*differences(*results)]


def differences(one: dict[str, Any], two: dict[str, Any]) -> Iterator[str]:
    """Yield what is not the same, run by run."""
    for name, here in one.items():
        there = two[name]
        if here["status"] != there["status"]:
            yield f"{name}: status {here['status']} and {there['status']}: {here['problem']} / {there['problem']}"
            continue
        for table, columns in here["tables"].items():
            for key in sorted({*COMPARED} & {*columns}):
                a, b = np.array(columns[key], dtype=float), np.array(there["tables"][table][key], dtype=float)
                if a.shape != b.shape:
                    yield f"{name}: {table} has {a.size} and {b.size} rows"
                    break
                off = np.abs(a - b).max(initial=0.0)
                if off > FAR * np.abs(a).max(initial=0.0):
                    row = int(np.argmax(np.abs(a - b)))
                    yield f"{name}: {table}: {key} differs by {off:.3g} of {np.abs(a).max():.4g} in row {row}"
