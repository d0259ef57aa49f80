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


STUDY = """
name = "some"
scenario = "{scenario}"
fixed = {{ "branch.min_points" = {points}, "branch.max_points" = 100000 }}
[[vary]]
key = "bath.temperature_K"
values = [4.0, 4.2, 4.4, 4.6]
"""


def study(tmp_path: Path, points: int) -> list[str]:
    """A study of strips, in two processes."""
    text = STUDY.format(scenario=GOLDEN / "strip.toml", points=points)
    (tmp_path / "study.toml").write_text(text)
    hotmesa = shutil.which("hotmesa") or "hotmesa"
    return [hotmesa, "study", str(tmp_path / "study.toml"), "--workers", "2", "--out", str(tmp_path / "out")]


def test_a_reader_that_goes_away_ends_no_study(tmp_path: Path):
    reader, writer = os.pipe()
    process = subprocess.Popen(study(tmp_path, 10), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    os.close(reader)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert [row["status"] for row in rows(tmp_path / "out" / "table.csv")] == ["ok"] * 4
