"""The front door: what `import hotmesa` exports, lazily and typed, and that it computes."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hotmesa as hm

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "regression" / "golden"


def rooms_for_types() -> dict[str, set[str]]:
    """What app/__init__.py imports for type checkers, by module."""
    tree = ast.parse((ROOT / "app" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {str(node.module): {name.name for name in node.names} for node in imports}


def test_the_import_is_light() -> None:
    code = (
        "import sys, time; before = set(sys.modules); t = time.process_time(); import hotmesa; "
        "print(time.process_time() - t, *(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *loaded = done.stdout.split()
    assert float(seconds) < 0.2
    heavy = {"numpy", "scipy", "pydantic", "matplotlib", "dolfinx", "mpi4py"}
    assert not {name.split(".")[0] for name in loaded} & heavy


def test_types_and_run_time_export_the_same() -> None:
    assert {room: set(names.split()) for room, names in hm._ROOMS.items()} == rooms_for_types()
    assert set().union(*rooms_for_types().values()) | {"__version__"} == set(hm.__all__)
    assert dir(hm) == sorted(hm.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        hm.nonsense  # noqa: B018


def test_no_module_hides_an_exported_name() -> None:
    assert not {path.stem for path in (ROOT / "app").iterdir()} & set(hm.__all__)


def test_there_is_one_version_number() -> None:
    assert hm.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {hm.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("name", sorted(set(hm.__all__) - {"__version__"}))
def test_every_exported_name_is_documented_and_typed(name: str) -> None:
    thing = getattr(hm, name)
    words = inspect.getdoc(thing) or ""
    assert words.split("\n")[0].endswith((".", ":"))
    if inspect.isclass(thing):
        return
    signature = inspect.signature(thing)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert f"{parameter.name}: " in words, f"{name} does not explain {parameter.name}"
    assert "Raises:" in words or not signature.parameters


def device(name: str, changes: Mapping[str, object] | None = None) -> hm.Model:
    scenario = hm.load_scenario(GOLDEN / f"{name}.toml", changes or {})
    return hm.Model(scenario, hm.build_mesh(scenario))


def spread(model: hm.Model, e: object) -> dict[str, float]:
    """An observable of a user: the spread of all temperatures."""
    return {"T_spread_K": float(np.ptp(e.T))}  # type: ignore[attr-defined]


def test_states_modes_and_images_of_one_device() -> None:
    model = device("strip")
    state = hm.steady(model, hm.Bias.current(), 0.4)
    assert pytest.approx(0.4, rel=1e-8) == state.I
    again = hm.steady(model, hm.Bias.voltage(), state.V, state.u)
    assert pytest.approx(state.I, rel=1e-8) == again.I
    found = hm.modes(model, state, hm.Bias.current())
    assert found.rates.shape == (2,)
    assert found.unstable == 0
    image = hm.laser_image(model, state)
    assert image is not None
    assert image.extremum()[0] < 0.0  # a warm junction carries its current at a lower voltage


def test_what_a_notebook_shows_of_scenario_model_and_run_is_a_line() -> None:
    scenario = hm.load_scenario(GOLDEN / "strip.toml", {"mesa.junctions": 7})
    assert repr(scenario) == "<Scenario strip: branch, 7 junctions, 10 µm × 10 µm, 3 layers, 1 contact, bath 4.2 K>"
    model = hm.Model(scenario, hm.build_mesh(scenario))
    assert repr(model) == f"<Model strip: {model.unknowns:,} unknowns, {model.parts.path} path>"
    run = hm.run(GOLDEN / "uniform.toml")
    assert repr(run).startswith("<Run uniform: uniform, ")
    assert "\n" not in repr(run)


def test_a_run_in_memory_is_the_run_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {"mesa.junctions": 12, "stability.points": "none"}
    inside = hm.run(GOLDEN / "strip.toml", changes, observables=[spread])
    assert inside.folder is None
    assert inside.column("I_mA")[-1] == pytest.approx(0.8)
    assert inside.column("T_spread_K").max() > 1.0
    assert inside.states is not None
    figures = {"spread.png": lambda run: hm.plot_iv(run)}
    written = hm.run(GOLDEN / "strip.toml", changes, tmp_path / "n12", observables=[spread], figures=figures)
    assert written == inside == hm.load_run(tmp_path / "n12")
    assert written.summary["end"]["I_mA"] == pytest.approx(0.8)
    assert {"iv.png", "map.png", "spread.png", "run.log"} <= {path.name for path in (tmp_path / "n12").iterdir()}
    with pytest.raises(hm.HotmesaError, match="already holds results"):
        hm.run(GOLDEN / "strip.toml", changes, tmp_path / "n12")
    assert capsys.readouterr() == ("", "")


def test_points_of_a_user_make_the_same_run(tmp_path: Path) -> None:
    changes = {"stability.points": "none"}
    model = device("strip", changes)
    run = hm.Run(model.scenario)
    for point in hm.trace(model):
        run.append(point)
    run.save(tmp_path)
    assert hm.load_run(tmp_path) == run
    assert run.column("V_mV") == pytest.approx(hm.run(model.scenario).column("V_mV"), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("kurter2010-n91",), {}, "did you mean kurter2010-n19"),
        (("kurter2010-n19", {"mesa.junctionz": 3}), {}, "did you mean junctions"),
        (("kurter2010-n19", ["mesa.junctions=0"]), {}, "must be a whole number >= 1"),
        (("kurter2010-uniform",), {"observables": [spread]}, '"uniform" has neither layers nor places'),
    ],
)
def test_bad_input_is_told_as_on_the_command_line(
    arguments: tuple[Any, ...], options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(hm.HotmesaError, match=words) as caught:
        hm.run(*arguments, out=tmp_path / "x", **options)
    assert caught.value.status == 2
    assert not (tmp_path / "x").exists()


def test_changes_of_a_loaded_scenario_are_refused() -> None:
    with pytest.raises(hm.HotmesaError, match="give them to load_scenario"):
        hm.run(hm.load_scenario("kurter2010-uniform"), {"mesa.junctions": 3})


def test_a_run_that_cannot_go_on_raises_and_keeps_what_was_reached(tmp_path: Path) -> None:
    changes = {"stability.points": "none", "branch.min_points": 4, "branch.max_points": 5}
    with pytest.raises(hm.SolveError, match="stopped after 5 points"):
        hm.run(GOLDEN / "strip.toml", changes, tmp_path)
    assert len(hm.load_run(tmp_path)) == 5


def test_runs_are_iterators_over_points_with_columns_of_the_user() -> None:
    for name, points in (("strip", hm.trace), ("sweep", hm.sweep)):
        rows = [point.row for point, _ in zip(points(device(name), [spread]), range(3), strict=False)]
        assert [row["T_spread_K"] >= 0.0 for row in rows] == [True] * 3
    first = next(iter(hm.find_branches(device("diagram"), [spread])))
    assert "T_spread_K" in first.row


def test_a_condensed_crystal_is_unfolded_in_time() -> None:
    changes = {"geometry": "plan", "contacts.0.y_um": -2.0, "mesh.refine": 0.3}
    rows = []
    for path in ("auto", "sparse"):
        model = device("transient", {**changes, "numerics.path": path})
        assert model.parts.path == {"auto": "condensed", "sparse": "sparse"}[path]
        points = hm.evolve(model, [spread])
        rows.append([next(points).row, next(points).row])
    assert rows[0][0]["T_spread_K"] == 0.0  # at rest
    assert float(rows[0][1]["T_spread_K"]) > 0.0
    assert rows[0][1]["T_max_K"] == pytest.approx(rows[1][1]["T_max_K"], rel=1e-9)


def test_the_uniform_curve_of_a_device() -> None:
    curve = hm.uniform_curve(hm.load_scenario("kurter2010-uniform"))
    assert curve.V_mV[0] == curve.I_mA[0] == 0.0
    assert np.all(np.diff(curve.T_K) > 0)
