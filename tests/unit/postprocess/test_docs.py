"""Every Python example of docs/results.md runs on a result folder, each in its own process."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotmesa.postprocess import render

TEXT = (Path(__file__).parents[3] / "docs" / "results.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs(make_run: Callable[..., Any], tmp_path: Path, number: int) -> None:
    code = EXAMPLES[number]
    if "import pyvista" in code and importlib.util.find_spec("pyvista") is None:
        pytest.skip("pyvista is not installed")
    folder = make_run(crystal=True).folder
    render(folder)
    (tmp_path / "out").mkdir()
    os.rename(folder, tmp_path / "out" / "n19")
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_every_key_of_the_summary_is_explained(make_run: Callable[..., Any]) -> None:
    from hotmesa.postprocess import load_run, summarise

    figures = summarise(load_run(make_run().folder))
    missing = [key for key in figures if f"`{key}`" not in TEXT and f"`{key}." not in TEXT]
    assert missing == ["name"]
