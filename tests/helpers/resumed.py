"""A run that is killed in the middle and goes on, and what two runs must have in common."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from hotmesa.postprocess.results import Run

KILLED = """
import os, signal, sys
from pathlib import Path
import hotmesa.runner as runner
from hotmesa.scenarios import load_scenario

runner.FIRST_S, runner.SHARE = 0.0, float("inf")  # every point is put down
take = runner._Work._take

def take_and_die(self, point):
    take(self, point)
    taken.append(point)
    if len(taken) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

def die(self, *words):
    os.kill(os.getpid(), signal.SIGKILL)

taken = []
runner._Work._take = take_and_die
runner._Work.finish = die
runner.compute(load_scenario(sys.argv[3], sys.argv[4:]), Path(sys.argv[2]), resume=True, figures=False)
"""
COMPARED = ("V_mV", "I_mA", "P_mW", "T_max_K", "n", "leg", "t_us", "asked", "arclength", "rows", "images")


def kill(folder: Path, after: int, asked: tuple[str, ...]) -> None:
    """Compute in a process of its own and kill it after some points, or at its last one."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(after), str(folder), *asked], check=False)
    assert done.returncode == -9


def same_runs(found: Run, whole: Run) -> bool:
    """Compare tables and fields of two runs."""
    for name, expected in whole.tables.items():
        assert list(found.tables[name]) == list(expected)
        for column in COMPARED:
            if column in expected:
                scale = np.abs(expected[column]).max(initial=0.0)
                np.testing.assert_allclose(found.tables[name][column], expected[column], rtol=1e-8, atol=1e-8 * scale)
        for column in ("fold", "origin", "end", "kind", "change", "jump_cause", "unstable_modes_current_bias"):
            if column in expected:
                np.testing.assert_array_equal(found.tables[name][column], expected[column])
    assert (whole.states is None) == (found.states is None)
    if whole.states is not None and found.states is not None:
        np.testing.assert_array_equal(found.states.row, whole.states.row)
        np.testing.assert_allclose(found.states.T_K, whole.states.T_K, rtol=1e-8)
    return True
