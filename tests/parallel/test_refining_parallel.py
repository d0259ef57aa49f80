"""Elements and sublayers that a run chooses are the same on one and on two processes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.devices import WIRE, on_crystal

from hotmesa.scenarios import to_toml
from hotmesa.scenarios.schema import Branch


def test_two_processes_choose_the_same(run_mpi: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path):
    wire = WIRE.model_copy(update={"y_um": 0.0})
    device = on_crystal(geometry="strip", contacts=(wire,), branch=Branch(end_current_mA=1.0, min_points=4))
    mesh = device.mesh.model_copy(update={"refine": 0.25, "accuracy_percent": 0.3})
    stability = device.stability.model_copy(update={"points": "none"})
    file = tmp_path / "device.toml"
    file.write_text(to_toml(device.model_copy(update={"mesh": mesh, "stability": stability})), encoding="utf-8")
    for ranks in (1, 2):
        done = run_mpi(ranks, "-m", "hotmesa", "run", str(file), "--out", str(tmp_path / str(ranks)), "--quiet")
        assert done.returncode == 0, done.stderr
    one, two = ((tmp_path / ranks / "scenario.toml").read_text() for ranks in ("1", "2"))
    assert "chosen = true" in one
    assert one == two
    errors = [json.loads((tmp_path / ranks / "provenance.json").read_text()) for ranks in ("1", "2")]
    first, second = (found["chosen_error_V_percent"] for found in errors)
    assert second == pytest.approx(first, rel=1e-2)
    assert first < 0.3
    assert one != file.read_text().replace("chosen = false", "chosen = true")  # it had to refine
