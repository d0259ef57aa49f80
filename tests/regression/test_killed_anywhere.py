"""A run that is killed between any two changes of its folder goes on, and ends as if it had not been killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.resumed import kill, same_runs
from regression.contract import GOLDEN

from hotmesa.postprocess import load_run
from hotmesa.runner import compute
from hotmesa.scenarios import load_scenario

COARSE = ("output.every=2", "stability.points=none", "mesh.refine=0.25", "branch.min_points=5")
STRIP = (str(GOLDEN / "strip.toml"), *COARSE, "numerics.estimate_error=false")
CHOOSES = (str(GOLDEN / "strip.toml"), *COARSE, "mesh.accuracy_percent=2.0", "branch.end_current_mA=0.4")
EVERY = 23
"""Of the changes by default; `--nightly` takes all."""

CHILD = """
import os, shutil, signal, sys, traceback
from pathlib import Path
import hotmesa.runner as runner
from hotmesa.scenarios import load_scenario

runner.FIRST_S, runner.SHARE = 0.0, float("inf")  # every point is put down
begun, folder, first, every, asked = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]
scenario = load_scenario(asked[0], asked[1:])

def go_on():
    return runner.compute(scenario, Path(folder), resume=True, figures=False).status

def killed_before(number):
    left = number
    def look(event, words):
        nonlocal left
        if event not in ("open", "os.rename", "os.remove") or not str(words[0]).startswith(folder):
            return
        if event == "open" and not words[2] & (os.O_WRONLY | os.O_RDWR):
            return
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(look)
    return go_on()

def apart(action, *words):
    child = os.fork()
    if not child:
        status = 99
        try:
            status = action(*words)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

runner.compute(scenario, None)  # what all of them need is loaded before they part
for number in range(first, 10000, every):
    shutil.rmtree(folder, ignore_errors=True)
    if begun.exists():
        shutil.copytree(begun, folder)
    cut = apart(killed_before, number)
    if cut == 0:
        break  # it came to its end before
    assert cut == -signal.SIGKILL, (number, cut)
    assert apart(go_on) == 0, number
    shutil.copytree(folder, f"{folder}-{number}")
"""


@pytest.mark.parametrize("asked", [STRIP, CHOOSES], ids=["branch", "one that chooses its elements"])
@pytest.mark.parametrize("after", [0, 7], ids=["from its beginning", "that goes on"])
def test_a_run_killed_between_any_two_changes_of_its_folder_goes_on(
    tmp_path: Path, asked: tuple[str, ...], after: int, nightly: bool
) -> None:
    whole = compute(load_scenario(asked[0], asked[1:]), tmp_path / "whole", figures=False).run
    files = {path.name for path in (tmp_path / "whole").iterdir()}
    begun, folder = tmp_path / "begun", tmp_path / "cut"
    if after:
        kill(begun, after, asked)
    first, every = (0, 1) if nightly else (1, EVERY)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(begun), str(folder), str(first), str(every), *asked],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ended = list(tmp_path.glob("cut-*"))
    assert len(ended) >= 3
    for place in ended:
        found = load_run(place)
        assert found.provenance["status"] == "complete" and found.summary, place
        assert same_runs(found, whole), place
        for name in ("mesh_error_V_percent", "layer_error_T_K"):  # of states before the kill too
            if "accuracy.csv" in whole.tables:
                errors, expected = (run.tables["accuracy.csv"][name] for run in (found, whole))
                np.testing.assert_allclose(errors, expected, rtol=1e-4)
        assert {path.name for path in place.iterdir()} == files, place
