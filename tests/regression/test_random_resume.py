"""Random runs that are killed at a random point and go on end as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.random_runs import random_run
from helpers.resumed import kill, same_runs

from hotmesa.postprocess import load_run
from hotmesa.runner import compute
from hotmesa.scenarios import load_scenario, to_toml

FEW, NIGHTLY = range(1, 4), range(100, 140)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the size that is asked for."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", NIGHTLY if metafunc.config.getoption("--nightly") else FEW)


def test_a_random_run_goes_on_where_it_was_killed(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "random.toml"
    file.write_text(to_toml(random_run(seed, tmp_path, points=20)), encoding="utf-8")
    scenario = load_scenario(file)
    whole = compute(scenario, tmp_path / "whole", figures=False)
    points = len(whole.run) + sum(len(part) for part in whole.run.parts.values())
    if scenario.mode == "uniform" or points < 3:
        return
    kill(tmp_path / "cut", int(np.random.default_rng(seed).integers(1, points)), (str(file),))
    assert load_run(tmp_path / "cut").provenance["status"] == "running"
    ending = compute(scenario, tmp_path / "cut", resume=True, figures=False)
    assert (ending.status, ending.problem) == (whole.status, whole.problem)
    found, expected = load_run(tmp_path / "cut"), load_run(tmp_path / "whole")
    assert found.parts.keys() == expected.parts.keys()
    assert same_runs(found, expected)
    assert all(same_runs(found.parts[name], part) for name, part in expected.parts.items())
