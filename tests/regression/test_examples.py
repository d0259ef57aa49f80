"""The examples of docs/examples run as they stand, and say what their pages show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("ex*.py"))
SAYS = {
    "ex01": r"points, hottest \d+\.\d K, V at the end \d+\.\d mV",
    "ex02": r"unknowns, \d+ points, V up to",
    "ex03": r"(?s)2\.5 µm.*1\.5 µm.*0\.8 µm",
    "ex04": r"V = \d+\.\d\d mV",
    "ex05": r"(?s)helium takes 0\.000.*helium takes 0\.[0-9]*[1-9]",
    "ex06": r"spread at the end: \d",
    "ex07": r"(?s)current: 0 growing.*voltage: 1 growing",
    "ex08": r"(?s)V_mV.*states of",
}


def test_there_are_eight():
    assert [path.name[:4] for path in EXAMPLES] == list(SAYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[path.name[:4]], done.stdout), done.stdout
