"""A run that was killed on one process goes on on two, and that on two goes on on one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hotmesa.postprocess import load_run
from hotmesa.runner import compute
from hotmesa.scenarios import load_scenario

CUT_SHORT = """
import sys
from pathlib import Path
import hotmesa.runner as runner
from hotmesa.scenarios import load_scenario

runner.FIRST_S, runner.SHARE = 0.0, float("inf")  # every point is put down
end, folder, *asked = sys.argv[1:]
take, taken = runner._Work._take, []

def take_and_stop(self, point):
    take(self, point)
    taken.append(point)
    if len(taken) == int(end):
        raise KeyboardInterrupt

runner._Work._take = take_and_stop
runner.compute(load_scenario(asked[0], asked[1:]), Path(folder), resume=True, figures=False)
"""
CASES = {
    "branch": ("diagram-strip", "mode=branch", "mesh.size_um=4", "numerics.path=sparse"),
    "diagram": ("diagram-strip", "mesh.size_um=4", "output.every=10"),
}
EVER = "1000000"


@pytest.mark.parametrize("case", CASES)
def test_one_goes_on_as_two_and_two_as_one(
    run_mpi: Callable[..., subprocess.CompletedProcess[str]], case: str, tmp_path: Path
) -> None:
    asked = CASES[case]
    whole = compute(load_scenario(asked[0], asked[1:]), tmp_path / "whole", figures=False).run
    for ranks, end in ((2, "12"), (1, "9"), (2, EVER)):
        done = run_mpi(ranks, "-c", CUT_SHORT, end, str(tmp_path / "cut"), *asked, timeout=300)
        assert done.returncode == 0, done.stderr
    found = load_run(tmp_path / "cut")
    assert found.provenance["status"] == "complete"
    pairs = [(found, whole), *((found.parts[name], part) for name, part in whole.parts.items())]
    for run, expected in pairs:
        for column in ("V_mV", "I_mA", "T_max_K"):
            np.testing.assert_allclose(run.column(column), expected.column(column), rtol=1e-7, atol=1e-9)
