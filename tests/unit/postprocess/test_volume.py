"""A run in three dimensions for ParaView, read back by VTK, and shown by ParaView where there is one."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

import hotmesa as hm
from hotmesa.folder import own_files
from hotmesa.plotting import to_paraview
from hotmesa.postprocess import load_run
from hotmesa.postprocess.paraview import series_times
from hotmesa.postprocess.tables import ResultError
from hotmesa.postprocess.volume import TEMPLATE, write_volume
from hotmesa.solver.errors import RequestError

pyvista = pytest.importorskip("pyvista")
GOLDEN = Path(__file__).parents[2] / "regression" / "golden"


def parts_of(folder: Path, state: int) -> dict[str, Any]:
    """Return the layers of a state by name, as the reader of VTK gives them."""
    reader = pyvista.PVDReader(str(folder / "volume.pvd"))
    reader.set_active_time_value(reader.time_values[state])
    return {d.path.split("/")[-1].rsplit("_", 1)[0]: block
            for d, block in zip(reader.active_datasets, reader.read(), strict=True)}  # fmt: skip


def integral_of_J(part: Any) -> float:
    """Return the integral of J over a horizontal slice through the junctions, as Slice and Integrate Variables do."""
    middle = 0.5 * (part.bounds[4] + part.bounds[5])
    cut = part.slice(normal="z", origin=(0.0, 0.0, middle + 1e-3 * (part.bounds[5] - middle)))
    return float(cut.integrate_data()["J_mA_per_um2"][0])


@pytest.fixture
def plan(make_run: Callable[..., Any]) -> Any:
    run = load_run(make_run(crystal=True).folder)
    write_volume(run)
    return run


def test_layers_are_solids_with_true_volumes(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    write_volume(run, z_scale=1.0)
    layers = parts_of(run.folder, 5)
    assert list(layers) == ["film", "mesa", "crystal"]
    assert {name: part.volume for name, part in layers.items()} == pytest.approx(
        {"film": 100.0 * 0.04, "mesa": 100.0 * 19 * 2.151e-3, "crystal": 900.0 * 10.0}, rel=1e-5
    )
    assert set(np.unique(np.concatenate([part.celltypes for part in layers.values()]))) == {pyvista.CellType.WEDGE}
    arrays = [v for part in layers.values() for v in (*part.point_data.values(), *part.cell_data.values())]
    assert len(arrays) == 7 and all(np.isfinite(values).all() for values in arrays)
    assert all("T_K" in part.point_data for part in layers.values())
    assert [name for name, part in layers.items() if "T_junctions_K" in part.point_data] == ["mesa"]


def test_the_heights_of_film_and_mesa_are_a_choice(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    tops = []
    for scale in (1.0, 7.0):
        write_volume(run, z_scale=scale)
        layers = parts_of(run.folder, 0)
        assert layers["film"].field_data["z_scale"][0] == scale
        tops.append((layers["film"].bounds[5], layers["crystal"].bounds[4]))
    assert tops[1][0] == pytest.approx(7.0 * tops[0][0], rel=1e-6) and tops[0][1] == tops[1][1] == -10.0


def test_a_plan_passes_its_current(plan: Any) -> None:
    for state in (2, 9, 14):
        part = parts_of(plan.folder, state)["mesa"]
        assert integral_of_J(part) == pytest.approx(part.field_data["I_mA"][0], rel=2e-6)  # single precision


@pytest.mark.parametrize(("name", "error"), [("strip", 2e-6), ("disc", 2e-3)])
def test_a_computed_run_passes_its_current(tmp_path: Path, name: str, error: float) -> None:
    # A disc is drawn with 72 sides, which hold 0.13 % less, and the mean of the ends of a ring is not that of its area.
    run = hm.run(GOLDEN / f"{name}.toml")
    run.save(tmp_path / name)
    write_volume(run)
    states = run.states
    assert states is not None
    for state in (0, len(states) - 1):
        part = parts_of(run.folder, state)["mesa"]
        assert part.field_data["I_mA"][0] == states.I_mA[state]
        assert integral_of_J(part) == pytest.approx(states.I_mA[state], rel=error)


@pytest.mark.parametrize(("name", "words"), [("sweep", "way of the source (mV)"), ("transient", "time t (us)")])
def test_series_over_sweeps_and_time_say_what_their_time_is(tmp_path: Path, name: str, words: str) -> None:
    run = hm.run(GOLDEN / f"{name}.toml")
    run.save(tmp_path / name)
    write_volume(run)
    states = run.states
    assert states is not None
    reader = pyvista.PVDReader(str(run.folder / "volume.pvd"))
    assert reader.time_values == sorted({float(t) for t in series_times(run, states).values})
    part = parts_of(run.folder, -1)["mesa"]
    assert str(part.field_data["time_name"][0]) == words
    assert any("uW/um^2" in str(unit) for unit in part.field_data["units"])
    x, y = ("t_us", "T_max_K") if name == "transient" else ("V_mV", "I_mA")
    assert part.field_data[x][0] == run.rows[x][states.row[-1]] and part.field_data[y][0] == run.rows[y][states.row[-1]]


def test_the_filters_of_paraview_give_numbers(plan: Any) -> None:
    states, T = plan.states, plan.junction_T_K
    assert states is not None and T is not None
    layers = parts_of(plan.folder, 9)
    mesa, crystal = layers["mesa"], layers["crystal"]
    middle = 0.5 * (mesa.bounds[4] + mesa.bounds[5])
    line = mesa.sample_over_line((-4, 0.3, middle), (4, 0.1, middle), resolution=1000)
    assert int(line["vtkValidPointMask"].sum()) == 1001
    hot = mesa.threshold(0.5, scalars="hot_spot")
    in_cells = T[9][states.mesa_cells].mean(axis=1) > plan.hot_temperature_K  # of triangles of equal size
    assert 0.0 < in_cells.mean() < 1.0
    assert hot.volume / mesa.volume == pytest.approx(in_cells.mean(), rel=1e-5)
    isotherm = mesa.contour([plan.hot_temperature_K], scalars="T_K")
    assert isotherm.n_points and np.allclose(isotherm["T_K"], plan.hot_temperature_K, atol=1e-3)
    assert crystal.clip("x", origin=(0, 0, 0)).volume == pytest.approx(4500.0, rel=1e-5)
    assert (mesa["T_junctions_K"].min(), mesa["T_junctions_K"].max()) == pytest.approx(
        (np.nanmin(T[9]), np.nanmax(T[9])), rel=2e-7
    )


def test_contacts_and_wires_stand_on_the_film(plan: Any) -> None:
    reader = pyvista.PVDReader(str(plan.folder / "contacts.pvd"))
    wires = reader.read()[0]
    film = parts_of(plan.folder, 0)["film"]
    patch = wires.extract_cells(wires["wire"] == 0)
    assert patch.bounds == pytest.approx((-3.5, -0.5, -3.5, -0.5, film.bounds[5], film.bounds[5]), abs=1e-5)
    assert wires.bounds[5] == pytest.approx(1.5 * film.bounds[5])
    assert np.all(wires["wire_T_K"] == 5.0)
    assert [str(name) for name in wires.field_data["contact_names"]] == ["wire"]


def test_an_ordinary_run_writes_none_of_it_and_overwriting_removes_it(plan: Any) -> None:
    from hotmesa.postprocess import render

    files = {file for file in own_files(plan.folder) if file.name.startswith(("volume", "contacts", "view"))
             or file.parent.name == "volume"}  # fmt: skip
    assert len(files) == 3 + 4 * len(plan.states)
    for file in files:
        file.unlink()
    assert not {file.name for file in render(plan.folder)} & {"volume.pvd", "view.py"}


def test_view_py_is_a_script_with_the_numbers_of_the_run(plan: Any) -> None:
    script = (plan.folder / "view.py").read_text()
    tree = ast.parse(script)
    settings = next(node.value for node in tree.body if isinstance(node, ast.AnnAssign))
    values = ast.literal_eval(settings)
    assert values["folder"] == str(plan.folder.resolve()) and values["hot_temperature_K"] == 74.0
    assert values["table"] == "iv.csv" and values["cut_point"][:2] == [-2.0, -2.0]
    reader = pyvista.PVDReader(str(plan.folder / "volume.pvd"))
    assert values["first_time"] in reader.time_values
    rest = script.replace(ast.get_source_segment(script, settings) or "", "{}")
    assert rest == TEMPLATE.read_text().replace("{}  # `hotmesa paraview` fills it in", "{}")


PARAVIEW = [word for word in (shutil.which("xvfb-run"), shutil.which("pvpython")) if word]


@pytest.mark.skipif(len(PARAVIEW) < 2, reason="no ParaView (apt-get install paraview python3-paraview xvfb)")
def test_paraview_shows_it(plan: Any, tmp_path: Path) -> None:
    pictures = []
    for state in (3, 12):
        file = tmp_path / f"{state}.png"
        time = str(series_times(plan, plan.states).values[state])
        command = [PARAVIEW[0], "-a", PARAVIEW[1], str(plan.folder / "view.py"), "--picture", str(file), "--time", time]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0 and "Traceback" not in done.stderr and "ERR|" not in done.stderr, done.stderr
        pictures.append(imread(file))
    assert pictures[0].shape == pictures[1].shape
    height, width = pictures[0].shape[:2]
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 0.05
    # All three views move: the clip, the mesa enlarged and the point on the curve.
    right = changed[:, width // 2 + 100 :]
    assert all(view.sum() > 100 for view in (changed[:, : width // 2], right[: height // 2], right[height // 2 + 20 :]))


def test_what_cannot_be_shown_is_told(
    tmp_path: Path, make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run().folder
    with pytest.raises(RequestError, match=r"--z-scale 0: must be 0\.01 to 10000; 1 draws true heights"):
        to_paraview(folder, 0.0)
    with pytest.raises(ResultError, match="no such folder"):
        to_paraview(tmp_path / "nowhere")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("pyvista", "vtkmodules")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyvista", None)
    with pytest.raises(RequestError, match="needs pyvista, which is missing: pip install pyvista"):
        to_paraview(folder)
    assert not (folder / "volume.pvd").exists() and not (folder / "view.py").exists()
    (folder / "states.npz").unlink()
    with pytest.raises(ResultError, match="no stored states"):
        to_paraview(folder)


def test_the_command_says_how_it_is_opened(make_run: Callable[..., Any]) -> None:
    folder = make_run(crystal=True).folder
    command = [sys.executable, "-P", "-m", "hotmesa", "paraview", str(folder), "--z-scale", "10"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert "view.py, volume.pvd, contacts.pvd" in done.stdout and f"pvpython {folder / 'view.py'}" in done.stdout
    assert parts_of(folder, 0)["film"].field_data["z_scale"].tolist() == [10.0]


def test_the_example_of_the_page_runs(make_run: Callable[..., Any], tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "paraview.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    run = load_run(make_run(crystal=True).folder)
    write_volume(run)
    (tmp_path / "out").mkdir()
    run.folder.rename(tmp_path / "out" / "n19")
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    integral, current, hottest = map(float, done.stdout.split())
    assert integral == pytest.approx(current, rel=2e-6) and current == pytest.approx(run.rows["I_mA"][-4]), done.stderr
    assert hottest > 74.0
