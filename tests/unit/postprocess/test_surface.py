"""The surface of a state: along a line, as a camera sees it, and the command."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.cli import main
from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.postprocess import Run, load_run
from hotmesa.postprocess.blur import node_areas
from hotmesa.postprocess.surface import surface_of
from hotmesa.solver.model import Model


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the small device."""
    scenario = on_crystal(end_mA=0.3, output={"every": 1, "probes_um": [[1.0, 2.0]]})
    run = Run(scenario)
    for point in trace(Model(scenario, build_mesh(scenario))):
        run.append(point)
    folder = tmp_path_factory.mktemp("runs") / "small"
    run.save(folder)
    return folder


def test_areas_add_up_to_those_of_the_cells(result: Path) -> None:
    states = load_run(result).states
    assert states is not None
    assert node_areas(states.node_xy, states.cells).sum() == pytest.approx(30.0 * 30.0, rel=1e-9)
    assert node_areas(states.node_xy, states.mesa_cells).sum() == pytest.approx(states.mesa_triangles_area_um2())


def test_a_line_passes_the_temperatures_of_probe_film_and_crystal(result: Path) -> None:
    run = load_run(result)
    line = surface_of(run, -1, (-14.0, 2.0, 14.0, 2.0)).line
    at = np.interp(1.0, line["x_um"], line["T_K"])
    # Both are linear in the same elements; 401 samples of a line cut their corners.
    assert at == pytest.approx(float(run.column("T_probe_0_K")[-1]), abs=0.02)
    assert np.isfinite(line["T_K"]).all()
    states = run.states
    assert states is not None
    node = int(np.argmin(np.hypot(*(states.node_xy - [9.0, 0.0]).T)))
    x, y = map(float, states.node_xy[node])
    crystal = states.T_K[-1, list(states.layer_names).index("crystal_01"), node]
    # Lines are sampled in single precision.
    assert surface_of(run, -1, (x, y, x + 1.0, y)).line["T_K"][0] == pytest.approx(float(crystal), rel=1e-6)
    assert line["distance_um"][-1] == pytest.approx(28.0)
    outside = surface_of(run, -1, (0.0, 0.0, 40.0, 0.0)).line
    assert np.isnan(outside["T_K"][outside["x_um"] > 15.1]).all()


def test_blur_keeps_what_is_even_and_lowers_what_is_hottest(result: Path) -> None:
    run = load_run(result)
    sharp, seen, wide = (surface_of(run, -1, blur_um=width) for width in (0.0, 1e-3, 4.0))
    np.testing.assert_allclose(seen.T_K, sharp.T_K, rtol=1e-9)  # narrower than any element
    assert wide.T_K.max() < sharp.T_K.max() - 0.1
    assert "T_sharp_K" in wide.line and "T_sharp_K" not in sharp.line
    cold = surface_of(run, 0, blur_um=4.0)
    np.testing.assert_allclose(cold.T_K, run.scenario.bath.temperature_K, rtol=1e-12)


def test_command_writes_table_and_picture(result: Path, tmp_path: Path) -> None:
    out = tmp_path / "surface"
    words = ["surface", str(result), "--current", "0.2", "--blur-um", "1", "--line=-5,0,5,0", "--out", str(out)]
    assert main(words) == 0
    assert {file.name for file in out.iterdir()} == {"surface.csv", "surface.png"}
    rows = list(csv.DictReader((out / "surface.csv").read_text().splitlines()))
    assert float(rows[0]["x_um"]) == -5.0 and float(rows[-1]["x_um"]) == 5.0
    assert main(["surface", str(result), "--quiet"]) == 0
    assert len(list(result.glob("surface-row*/surface.csv"))) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--current", "0.1", "--row", "1"], "give one of them"),
        (["--blur-um", "-1"], "--blur-um -1: the width"),
        (["--line=1,1,1,1"], "two different places"),
        (["--line=100,100,120,100"], r"lies outside the device (|x| <= 15 µm"),
    ],
)
def test_bad_requests_are_refused(
    result: Path, words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["surface", str(result), *words, "--out", str(tmp_path / "none")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
