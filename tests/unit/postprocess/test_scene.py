"""The stack in three dimensions: solids that hold the volumes of the layers, and a picture that never ends a run."""

from __future__ import annotations

import ctypes.util
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from hotmesa.postprocess import Run, load_run, render, scene
from hotmesa.postprocess.scene import plot_scene, scene_picture
from hotmesa.postprocess.solids import DEPTH, TURNS, build_stack, plan_of, round_number

pytest.importorskip("pyvista")
WITHOUT_SCREEN = ctypes.util.find_library("EGL") is not None


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTMESA_SCENE", raising=False)


def stack_of(run: Run, state: int) -> Any:
    assert run.states is not None
    return build_stack(run, run.states, state, plan_of(run, run.states))


def test_solids_hold_the_volumes_of_the_layers(make_run: Callable[..., Any]) -> None:
    stack = stack_of(load_run(make_run(crystal=True).folder), 5)
    # Square mesa of 10 µm; film 0.04 µm, 19 junctions of 2.151 nm.
    factor = stack.mesa_factor
    assert factor == 20.0  # 0.22 of 10 µm over 0.0809 µm are 27, the round one below is 20
    assert stack.solids["film"].volume == pytest.approx(100.0 * 0.04 * factor, rel=1e-6)  # points in single precision
    assert stack.solids["mesa"].volume == pytest.approx(100.0 * 19 * 2.151e-3 * factor, rel=1e-6)
    assert (stack.depth_um, stack.whole_depth_um) == pytest.approx((DEPTH * 10.0, 10.0), rel=1e-12)
    assert stack.solids["crystal"].volume == pytest.approx(900.0 * 6.0, rel=1e-6)
    assert stack.solids["crystal"].points[:, 2].max() == 0.0


def test_temperatures_are_those_of_the_layers(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    states = run.states
    assert states is not None
    stack = stack_of(run, 5)
    for layer, name in enumerate(("film", "mesa", "crystal")):
        values = stack.solids[name]["T_K"]
        inside = states.T_K[5, layer][states.mesa_nodes if layer < 2 else slice(None)]
        assert (values.min(), values.max()) == (pytest.approx(inside.min()), pytest.approx(inside.max()))


@pytest.mark.parametrize(("geometry", "area"), [("strip", 10.0 * 10.0), ("disc", 100.0)])
def test_strips_are_extended_and_discs_turned(make_run: Callable[..., Any], geometry: str, area: float) -> None:
    stack = stack_of(load_run(make_run(geometry=geometry).folder), 3)
    part = 2.0 * np.pi / TURNS
    whole = area * (np.sin(part) / part if geometry == "disc" else 1.0)  # the polygon inside the circle
    assert stack.solids["film"].volume == pytest.approx(whole * 0.04 * stack.mesa_factor, rel=1e-5)


def test_factors_are_round() -> None:
    assert [round_number(value) for value in (0.2, 1.0, 1.9, 2.0, 33.0, 70.0, 999.0)] == [0.2, 1, 1, 2, 20, 50, 500]


@pytest.mark.skipif(not WITHOUT_SCREEN, reason="nothing here draws without a screen")
@pytest.mark.parametrize("geometry", ["plan", "strip", "disc"])
def test_the_picture_shows_the_device(make_run: Callable[..., Any], geometry: str) -> None:
    folder = make_run(geometry=geometry, crystal=geometry == "plan").folder
    assert folder / "scene.png" in render(folder)
    picture = imread(folder / "scene.png")
    assert picture.shape[:2] == (1100, 1500)
    # The device, in the colours of the scale, fills a good part of the picture.
    assert 0.1 < np.mean(np.ptp(picture[..., :3], axis=2) > 0.1) < 0.7


@pytest.mark.skipif(not WITHOUT_SCREEN, reason="nothing here draws without a screen")
def test_a_plotter_is_returned_on_request(make_run: Callable[..., Any]) -> None:
    plotter = plot_scene(load_run(make_run(crystal=True).folder), state=2, off_screen=True)
    assert {"temperature T (K)"} == set(plotter.scalar_bars.keys())
    plotter.close()


def test_a_crash_of_vtk_is_told(
    make_run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_run().folder
    (folder / "scene.png").write_bytes(b"of an earlier run")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -SEGV $$\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert folder / "scene.png" not in render(folder)
    assert "scene.png is left out: VTK cannot draw without a screen here (it ended by SIGSEGV)" in caplog.text
    assert not (folder / "scene.png").exists()


def test_a_missing_pyvista_is_told(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert scene_picture(load_run(make_run().folder)) is None
    assert "scene.png is left out: pyvista is missing; pip install pyvista" in caplog.text


def test_a_run_without_fields_has_no_scene(make_run: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    folder = make_run().folder
    (folder / "states.npz").unlink()
    assert scene_picture(load_run(folder)) is None
    assert not caplog.text
    with pytest.raises(ValueError, match="no fields"):
        scene.plot_scene(load_run(folder), off_screen=True)
