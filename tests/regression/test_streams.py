"""Readers that go away: a run whose output nobody takes goes on to its end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from regression.contract import GOLDEN, rows


@pytest.mark.parametrize("path", ["auto", "sparse"])
def test_a_reader_that_goes_away_ends_no_run(tmp_path: Path, path: str):
    out = tmp_path / "out"
    command = [shutil.which("hotmesa") or "hotmesa", "run", str(GOLDEN / "strip.toml"), "--out", str(out)]
    reader, writer = os.pipe()
    process = subprocess.Popen([*command, "--set", f"numerics.path={path}"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    os.close(reader)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors == b""
    assert json.loads((out / "provenance.json").read_text())["status"] == "complete"
    assert len(rows(out / "iv.csv")) == len(rows(GOLDEN / "strip.csv"))
