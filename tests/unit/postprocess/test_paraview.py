"""The ParaView series, read back by VTK itself (in a child process: VTK can end the interpreter)."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotmesa.postprocess import load_run
from hotmesa.postprocess.paraview import mesa_height_um, write_fields

READER = """
import json, sys
import numpy as np
import pyvista
reader = pyvista.PVDReader(sys.argv[1])
found = {"times": reader.time_values, "parts": []}
reader.set_active_time_value(reader.time_values[int(sys.argv[2])])
for block in reader.read():
    found["parts"].append({
        "cells": block.n_cells, "bounds": list(block.bounds),
        "arrays": {name: [float(np.min(v)), float(np.max(v)), len(v)] for name, v in block.point_data.items()},
    })
print(json.dumps(found))
"""

needs_vtk = pytest.mark.skipif(importlib.util.find_spec("pyvista") is None, reason="pyvista is not installed")


def read_with_vtk(path: Path, state: int) -> dict[str, Any]:
    command = [sys.executable, "-c", READER, str(path), str(state)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@needs_vtk
def test_vtk_reads_the_series_with_both_parts(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    write_fields(run)
    found = read_with_vtk(run.folder / "fields.pvd", 9)
    states = run.states
    assert states is not None
    assert found["times"] == pytest.approx(states.I_mA.tolist(), rel=1e-12)
    mesa, crystal = found["parts"]
    temperatures = {"T_film_K", "T_mesa_K", "T_junctions_K"}
    assert set(mesa["arrays"]) == temperatures | {"J_mA_per_um2", "heating_uW_per_um2", "hot_spot"}
    assert mesa["arrays"]["T_junctions_K"] == mesa["arrays"]["T_mesa_K"]
    assert set(crystal["arrays"]) == {"T_crystal_01_K"}
    assert (mesa["cells"], crystal["cells"]) == (800, 7200)
    T = run.junction_T_K
    assert T is not None
    # Single precision in the file: 1.2e-7 relative.
    assert mesa["arrays"]["T_mesa_K"][:2] == pytest.approx([np.nanmin(T[9]), np.nanmax(T[9])], rel=2e-7)
    assert mesa["arrays"]["hot_spot"][:2] == [0.0, 1.0]
    assert mesa["bounds"] == pytest.approx([-5, 5, -5, 5, mesa_height_um(run), mesa_height_um(run)], rel=1e-6)
    assert crystal["bounds"] == pytest.approx([-15, 15, -15, 15, 0, 0])
    assert all(np.isfinite(values).all() for part in found["parts"] for values in part["arrays"].values())


@needs_vtk
@pytest.mark.parametrize("geometry", ["strip", "disc"])
def test_vtk_reads_lines(make_run: Callable[..., Any], geometry: str) -> None:
    run = load_run(make_run(geometry=geometry).folder)
    write_fields(run)
    (part,) = read_with_vtk(run.folder / "fields.pvd", 0)["parts"]
    assert part["cells"] == 60
    assert part["arrays"]["T_mesa_K"][2] == 61


def test_time_is_arc_length_where_the_current_turns_back(make_run: Callable[..., Any]) -> None:
    folder = make_run().folder
    with np.load(folder / "states.npz") as archive:
        values = dict(archive)
    values["I_mA"][5] = values["I_mA"][3]
    np.savez(folder / "states.npz", **values)
    run = load_run(folder)
    text = write_fields(run)[0].read_text()
    assert f'timestep="{float(run.rows["arclength"][4])!r}"' in text


def test_files_of_an_earlier_longer_run_are_removed(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(points=60).folder)
    long = write_fields(run)
    short = write_fields(load_run(make_run(points=20).folder))
    assert len(short) < len(long)
    assert sorted(path.name for path in run.folder.glob("*.vtu")) == sorted(path.name for path in short[1:])


@needs_vtk
def test_a_line_over_the_mesa_finds_every_point(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    write_fields(run)
    code = (
        "import sys, pyvista; z = float(sys.argv[2]); mesa = pyvista.read(sys.argv[1]);"
        "line = mesa.sample_over_line((-4, 0.3, z), (4, 0.1, z), resolution=1000);"
        "print(int(line['vtkValidPointMask'].sum()))"
    )
    height = mesa_height_um(run)
    assert height == 83 / 1024  # 0.0809 µm: of which 0 points of 1001 were found
    command = [sys.executable, "-c", code, str(run.folder / "fields_0003.vtu"), repr(height)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split()[-1] == "1001", done.stderr


def test_no_time_is_repeated(make_run: Callable[..., Any]) -> None:
    folder = make_run(crystal=True).folder
    with np.load(folder / "states.npz") as archive:
        values = dict(archive)
    values["row"][5] = values["row"][4]
    values["I_mA"][5] = values["I_mA"][4]
    np.savez(folder / "states.npz", **values)
    run = load_run(folder)
    assert run.states is not None
    run.rows["t_us"] = np.arange(len(run.rows["V_mV"]), dtype=float)
    text = write_fields(run)[0].read_text()
    assert text.count('timestep="16.0"') == 2  # mesa and crystal of one state
    assert 'file="fields_0004.vtu"' not in text and 'file="fields_0005.vtu"' in text
