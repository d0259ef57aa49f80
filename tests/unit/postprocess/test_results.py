"""Reading a run folder, whole, incomplete and damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotmesa.postprocess import ResultError, load_run, read_table
from hotmesa.scenarios.schema import Scenario


def test_a_run_is_read_back(make_run: Callable[..., Any]) -> None:
    made = make_run(crystal=True, uniform_a=1.3)
    run = load_run(made.folder)
    assert np.array_equal(run.rows["I_mA"], made.y / 24.21)  # 17 digits: not one bit is lost
    assert run.scenario.mesa.junctions == 19
    assert run.uniform is not None and len(run.uniform["V_mV"]) == 400
    assert run.provenance["hotmesa"] == "0.1.0"
    assert np.isnan(run.rows["unstable_modes_current_bias"]).all()
    states = run.states
    assert states is not None and states is run.states
    assert states.geometry == "plan"
    assert run.area_um2 == pytest.approx(100.0, rel=1e-12)


def test_missing_files_are_named(make_run: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no such folder"):
        load_run(tmp_path / "nowhere")
    folder = make_run().folder
    for name in ("states.npz", "provenance.json", "summary.json"):
        (folder / name).unlink()
    run = load_run(folder)
    assert run.states is None and run.junction_T_K is None
    assert run.provenance == {} == run.summary
    for name in ("iv.csv", "scenario.toml"):
        (folder / name).rename(folder / "away")
        with pytest.raises(ResultError, match=rf"{name}: no such file"):
            load_run(folder)
        (folder / "away").rename(folder / name)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("iv.csv", lambda text: text[: len(text) - 40], "line 61 has"),
        ("iv.csv", lambda text: "", "is empty"),
        ("iv.csv", lambda text: text.replace("I_mA", "current"), "no column I_mA"),
        ("scenario.toml", lambda text: text + "[[[", "is damaged"),
        ("scenario.toml", lambda text: text.replace("junctions = 19", "junctions = 0"), "is damaged"),
        ("provenance.json", lambda text: text[:-1], "is damaged"),
        ("summary.json", lambda text: "[1]", "holds a list"),
    ],
)
def test_damaged_text_files(
    make_run: Callable[..., Any], name: str, damage: Callable[[str], str], message: str
) -> None:
    path = make_run().folder / name
    path.write_text(damage(path.read_text()))
    with pytest.raises(ResultError, match=message) as caught:
        load_run(path.parent)
    assert name in str(caught.value)


def test_a_word_in_a_column_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("V_mV,fold\n1,V\nmuch,\n")
    with pytest.raises(ResultError, match="line 3, column V_mV: 'much'"):
        read_table(path)
    path.write_text("V_mV,fold\n1,V\n,\ninf,I\n")
    table = read_table(path)
    assert table["fold"].tolist() == ["V", "", "I"]
    assert np.array_equal(table["V_mV"], [1.0, np.nan, np.inf], equal_nan=True)


def rewrite(path: Path, **changed: Any) -> None:
    with np.load(path) as archive:
        values = dict(archive)
    values.update(changed)
    np.savez(path, **{name: value for name, value in values.items() if value is not None})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"T_K": None}, "lacks T_K"),
        ({"V_mV": np.zeros(3)}, r"V_mV has shape \(3,\)"),
        ({"row": np.arange(15) + 50}, "row 64 of iv.csv, which has 60"),
        ({"layer_names": np.array(["film", "x"])}, "junction layer"),
    ],
)
def test_states_that_do_not_fit(make_run: Callable[..., Any], changed: dict[str, Any], message: str) -> None:
    folder = make_run().folder
    rewrite(folder / "states.npz", **changed)
    run = load_run(folder)
    with pytest.raises(ResultError, match=message):
        _ = run.junction_T_K


def test_cut_off_states(make_run: Callable[..., Any]) -> None:
    path = make_run().folder / "states.npz"
    path.write_bytes(path.read_bytes()[:5000])
    run = load_run(path.parent)  # the tables are still good
    with pytest.raises(ResultError, match=r"states\.npz: is damaged"):
        _ = run.states


def test_uniform_scenario_has_its_curve_as_rows(make_run: Callable[..., Any]) -> None:
    folder = make_run(uniform_a=1.3).folder
    (folder / "iv.csv").unlink()
    text = (folder / "scenario.toml").read_text()
    (folder / "scenario.toml").write_text(text.replace('geometry = "plan"', 'mode = "uniform"'))
    run = load_run(folder)
    assert len(run.rows["V_mV"]) == 400


@pytest.mark.parametrize(
    ("mesa", "area"),
    [
        ({"width_um": 3.0, "depth_um": 4.0}, 12.0),
        ({"shape": "disc", "radius_um": 2.0}, 4 * np.pi),
        ({"shape": "polygon", "vertices_um": [(0, 0), (0, 2), (3, 0)]}, 3.0),
    ],
)
def test_area_of_the_outline(mesa: dict[str, Any], area: float) -> None:
    scenario = Scenario.model_validate({"name": "x", "mesa": mesa})
    assert scenario.mesa.area_um2 == pytest.approx(area, rel=1e-14)
