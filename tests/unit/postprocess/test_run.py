"""A run as data: made in Python, saved, read back, and damaged in every way."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotmesa.postprocess import ResultError, Run, load_run, render, summarise
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.states import States
from hotmesa.postprocess.tables import rows_of

TRIALS = 120
"""Corruptions tried; each kind of file meets some forty of them."""


def again(source: Run, kept: Callable[[int], bool] = lambda row: True) -> Run:
    """The same run put together point by point, with single states."""
    run, states = Run(source.scenario), source.states
    assert states is not None
    number = {int(row): k for k, row in enumerate(states.row)}
    for k, row in enumerate(rows_of(source.rows)):
        state = single(states, number[k]) if k in number else None
        run.append(Point(row, state, kept(k)))
    return run


def single(states: States, k: int) -> States:
    """One of several states."""
    names = ("T_K", "J_mA_per_um2", "heating_uW_per_um2", "row", "V_mV", "I_mA", "wire_T_K")
    values = {name: getattr(states, name) for name in states.__dataclass_fields__}
    return States(**values | {name: values[name][[k]] for name in names})


def test_a_point_costs_the_same_however_many_there_are(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = load_run(make_run(crystal=True).folder)
    calls = []
    monkeypatch.setattr("hotmesa.postprocess.results.rows_of", lambda table: calls.append(table) or rows_of(table))
    run = Run(source.scenario)
    for row in rows_of(source.rows) * 5:
        run.append(Point(row))
    assert len(run) == 5 * len(source)
    assert len(calls) <= 1


def test_a_run_made_in_python_comes_back(make_run: Callable[..., Any], tmp_path: Path) -> None:
    run = again(load_run(make_run(crystal=True).folder))
    run.save(tmp_path / "out" / "n12")
    names = {file.name for file in (tmp_path / "out" / "n12").iterdir()}
    assert names == {"iv.csv", "states.npz", "scenario.toml", "provenance.json"}
    back = load_run(tmp_path / "out" / "n12")
    assert back == run
    assert back.provenance == run.provenance and back.provenance["status"] == "saved"
    assert "hotmesa" in back.provenance["versions"]
    assert back.normal_resistance_ohm == run.normal_resistance_ohm
    assert summarise(back) | {"wall_s": 0} == summarise(run) | {"wall_s": 0}
    back.save(tmp_path / "copy")
    assert load_run(tmp_path / "copy") == run
    assert {path.name for path in render(tmp_path / "copy")} >= {"iv.png", "map.png", "summary.json"}


def test_equality_sees_every_part(make_run: Callable[..., Any]) -> None:
    whole = load_run(make_run().folder)
    assert again(whole) == whole
    rows = rows_of(whole.rows)
    changed, short = Run(whole.scenario), Run(whole.scenario)
    for row in rows:
        changed.append(Point(row | {"I_mA": np.nextafter(row["I_mA"], 9.0)}))
    for row in rows[:-1]:
        short.append(Point(row))
    assert changed != whole and short != whole and whole != "run"
    assert again(whole, lambda row: row != 8) != whole  # a state less
    other = Run(whole.scenario.model_copy(update={"title": "another"}))
    assert other != Run(whole.scenario) and Run(whole.scenario) == Run(whole.scenario)
    with pytest.raises(ResultError, match="no points"):
        other.save("nowhere")


def test_fields_of_the_last_point_are_kept_whatever_it_is(make_run: Callable[..., Any]) -> None:
    whole = load_run(make_run(points=10, every=1).folder)
    run = again(whole, lambda row: row == 0)
    assert run.states is not None and run.states.row.tolist() == [0, 9]
    run.append(Point(rows_of(whole.rows)[-1]))
    assert run.states.row.tolist() == [0, 9]  # the new one has none
    assert whole.states is not None
    run.append(Point(rows_of(whole.rows)[-1], single(whole.states, 9), saved=False))
    assert run.states.row.tolist() == [0, 11]


def test_where_a_run_goes_on_costs_the_same_whatever_is_before_it(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for at every point: a sweep of thousands would spend its time on counting their states."""
    run, asked = again(load_run(make_run().folder)), list[States]()
    count = len(run.states or ())
    length = States.__len__
    monkeypatch.setattr(States, "__len__", lambda self: asked.append(self) or length(self))
    assert run.checkpoint({}).states == {"": count} and count > 1
    assert not asked


def test_points_can_be_added_to_a_run_read_back(make_run: Callable[..., Any], tmp_path: Path) -> None:
    whole = load_run(make_run().folder)
    half = Run(whole.scenario)
    points = again(whole)
    assert whole.states is not None
    number = {int(row): k for k, row in enumerate(whole.states.row)}
    for k, row in enumerate(rows_of(whole.rows)):
        if k == 30:
            half.save(tmp_path / "half")
            half = load_run(tmp_path / "half")
        half.append(Point(row, single(whole.states, number[k]) if k in number else None))
    assert half == points == whole


def test_tables_and_parts_beside(make_run: Callable[..., Any], tmp_path: Path) -> None:
    source = load_run(make_run().folder)
    rows = rows_of(source.rows)
    run = Run(source.scenario.model_copy(update={"mode": "diagram"}))
    asked: list[int] = []

    def beside() -> dict[str, Any]:
        asked.append(len(run))
        return {"diagram.csv": [{"branch": 0, "kind": "uniform", "folder": "."}], "bifurcations.csv": []}

    for row in rows[:3]:
        run.append(Point(row, beside=beside))
    for row in rows[3:5]:
        run.append(Point(row, part="branch_01"))
    assert asked == [] and len(run) == 3 and len(run.parts["branch_01"]) == 2
    run.save(tmp_path / "out")
    assert asked == [3]
    assert not (tmp_path / "out" / "bifurcations.csv").exists()
    back = load_run(tmp_path / "out")
    assert back == run
    assert back.parts["branch_01"].scenario.title.endswith(", branch 1")
    assert back.tables["diagram.csv"]["kind"].tolist() == ["uniform"]


def test_tables_beside_are_those_of_the_end(make_run: Callable[..., Any], tmp_path: Path) -> None:
    run = load_run(make_run().folder)
    kinds = {"branch": 0, "kind": "unknown", "folder": "."}
    again = Run(run.scenario.model_copy(update={"mode": "diagram"}))
    again.append(Point(rows_of(run.rows)[0], beside=lambda: {"diagram.csv": [dict(kinds)]}))
    again.ask_beside()  # what is put down along the way
    kinds["kind"] = "corner"
    again.save(tmp_path / "again")
    assert "corner" in (tmp_path / "again" / "diagram.csv").read_text()


def test_other_ranks_write_nothing(make_run: Callable[..., Any], tmp_path: Path) -> None:
    run = Run(load_run(make_run().folder).scenario)
    run.append(Point({"V_mV": 1.0, "I_mA": 1.0}, leads=False))
    run.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_shows_itself(make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(make_run(crystal=True).folder)
    assert repr(run).startswith("<Run synthetic: branch, 60 points, 15 states in ")
    page = run._repr_html_()
    assert "last T_max_K" in page and "data:image/png;base64," in page
    assert "no points" in Run(run.scenario)._repr_html_()
    record = run.record
    assert record.I_mA[-1] == run.rows["I_mA"][-1] and record[0]["fold"] == ""
    assert len(record) == len(run) == 60
    with pytest.raises(ResultError, match=r"iv\.csv has no column I; its columns are V_mV"):
        run.column("I")


def test_the_table_is_a_pandas_frame(make_run: Callable[..., Any]) -> None:
    import pandas

    run = load_run(make_run().folder)
    assert isinstance(run.table, pandas.DataFrame)
    assert list(run.table.columns) == list(run.rows) and len(run.table) == len(run) == 60
    for name, values in run.rows.items():
        np.testing.assert_array_equal(run.table[name].to_numpy(), values)
    assert run.table["I_mA"].dtype == np.float64


def test_without_pandas_the_table_says_what_to_do(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = load_run(make_run().folder)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install pandas.*Run\.record"):
        _ = run.table


@pytest.mark.parametrize("geometry", ["plan", "strip"])
def test_a_state_is_a_pyvista_mesh(make_run: Callable[..., Any], geometry: str) -> None:
    pytest.importorskip("pyvista")
    run = load_run(make_run(geometry=geometry).folder)
    mesh, states = run.mesh(-1), run.states
    assert states is not None
    assert mesh.n_cells == len(states.cells)
    np.testing.assert_array_equal(mesh.point_data["T_mesa_K"], states.T_K[-1, 1])
    if geometry == "plan":
        assert mesh.area == pytest.approx(100.0, rel=1e-6)  # pyvista adds up in single precision
    with pytest.raises(ResultError, match="no state 15, the run has 15"):
        run.mesh(15)


def test_another_version_is_named(make_run: Callable[..., Any]) -> None:
    folder = make_run().folder
    (folder / "provenance.json").write_text(json.dumps({"versions": {"hotmesa": "0.0.3"}}))
    assert len(load_run(folder)) == 60  # it can be read all the same
    text = (folder / "scenario.toml").read_text()
    (folder / "scenario.toml").write_text(text.replace("junctions = 19", "junctionz = 19"))
    with pytest.raises(ResultError, match=r"scenario\.toml.*written by hotmesa 0\.0\.3, this is "):
        load_run(folder)


def corrupt(path: Path, random: np.random.Generator) -> None:
    """Flip bits, cut off, or blank a stretch."""
    data = bytearray(path.read_bytes())
    kind = random.integers(3)
    if kind == 0:
        for place in random.integers(len(data), size=random.integers(1, 6)):
            data[place] ^= 1 << int(random.integers(8))
    elif kind == 1:
        del data[int(random.integers(len(data))) :]
    else:
        start = int(random.integers(len(data)))
        data[start : start + 64] = bytes(len(data[start : start + 64]))
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["states.npz", "iv.csv", "scenario.toml", "provenance.json", "summary.json"])
def test_every_corruption_gives_a_run_or_one_clear_message(make_run: Callable[..., Any], name: str) -> None:
    folder = make_run(points=12, geometry="strip").folder
    path, refused = folder / name, 0
    if name == "states.npz":  # compressed, as a run writes it
        load_run(folder).save(folder)
    good = path.read_bytes()
    for trial in range(TRIALS if name == "states.npz" else TRIALS // 3):
        path.write_bytes(good)
        corrupt(path, np.random.default_rng(trial))
        try:
            run = load_run(folder)
            _ = run.states, run.junction_T_K
        except ResultError as error:
            refused += 1
            assert str(folder) in str(error) and len(str(error).splitlines()[0]) > 20
    assert refused > 5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"T_K": np.zeros((15, 2, 961), dtype="S4")}, "T_K holds values of type"),
        ({"cells": np.zeros((1800, 3))}, "cells holds values of type float64"),
        ({"cells": np.full((1800, 3), 10**6)}, "refers to node 1000000"),
        ({"geometry": np.array("strip")}, r"cells has shape \(1800, 3\) instead of \(1800, 2\)"),
        ({"modes_voltage_bias": np.zeros((3, 2))}, "modes_voltage_bias has shape"),
        ({"row": np.arange(15) * 1.0}, "row holds values of type float64"),
    ],
)
def test_arrays_of_another_type_or_shape(make_run: Callable[..., Any], changed: dict[str, Any], message: str) -> None:
    folder = make_run().folder
    with np.load(folder / "states.npz") as archive:
        values = dict(archive)
    np.savez(folder / "states.npz", **values | changed)
    with pytest.raises(ResultError, match=message):
        _ = load_run(folder).states


def test_pickled_objects_are_never_loaded(make_run: Callable[..., Any]) -> None:
    folder = make_run().folder
    with np.load(folder / "states.npz") as archive:
        values = dict(archive)
    values["layer_names"] = np.array([["film"], None], dtype=object)
    np.savez(folder / "states.npz", **values)
    with pytest.raises(ResultError, match="is damaged"):
        _ = load_run(folder).states
    with zipfile.ZipFile(folder / "states.npz", "w") as archive:
        archive.writestr("T_K.npy", b"\x93NUMPY")
    with pytest.raises(ResultError, match="is damaged"):
        _ = load_run(folder).states
