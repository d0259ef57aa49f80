"""Rankings of studies and runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from unit.postprocess.conftest import scenario_text, write_csv

from hotmesa.postprocess import ResultError
from hotmesa.postprocess.compare import Order, compare, plot_comparison
from hotmesa.postprocess.fit import over_measured, plot_fit
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.values import observe

STUDY = """
name = "sinks"
title = "Sinks"
scenario = "kurter2010-n19"
rank_by = "T_max_K"
best = "smallest"
[[vary]]
label = "place"
keys = ["contacts.0.x_um", "contacts.0.y_um"]
rows = [[0.0, 0.0], [3.0, 3.0]]
names = ["centre", "corner"]
[[vary]]
key = "contacts.0.radius_um"
values = [1.0, 2.0]
"""
ROWS = (
    ("centre_1", "ok", "centre", "0.0", "0.0", "1.0", "60.0", "0.2"),
    ("centre_2", "ok", "centre", "0.0", "0.0", "2.0", "50.0", "0.1"),
    ("corner_1", "ok", "corner", "3.0", "3.0", "1.0", "80.0", "0.4"),
    ("corner_2", "failed", "corner", "3.0", "3.0", "2.0", "", ""),
)
HEADER = ("case", "status", "place", "contacts.0.x_um", "contacts.0.y_um", "contacts.0.radius_um", "T_max_K", "beta")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY)
    with (tmp_path / "table.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *ROWS])
    return tmp_path


def names(folder: Path, order: Order) -> list[str]:
    return [row["case"] for row in compare((folder,), order).rows]


def test_the_study_says_what_is_best(folder: Path):
    ranking = compare((folder,), Order())
    assert [row["case"] for row in ranking.rows] == ["centre_2", "centre_1", "corner_1", "corner_2"]
    assert (ranking.by, ranking.rule) == ("T_max_K", "smallest")
    assert dict(ranking.varied) == {"place": ("centre", "corner"), "contacts.0.radius_um": ("1.0", "2.0")}
    assert {file.name for file in ranking.files} == {"ranking.csv", "compare.png"}
    with (folder / "ranking.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[-1]["T_max_K"] == "failed"


def test_other_orders(folder: Path):
    assert names(folder, Order("beta")) == ["corner_1", "centre_1", "centre_2", "corner_2"]
    assert names(folder, Order(largest=True))[0] == "corner_1"
    assert names(folder, Order("T_max_K", target=62.0)) == ["centre_1", "centre_2", "corner_1", "corner_2"]


def test_text_shows_the_best_and_counts_the_rest(folder: Path):
    text = compare((folder,), Order()).text(2)
    assert text.splitlines()[1].split() == ["1", "centre_2", "50"]
    assert "and 2 more" in text


def case(folder: Path, name: str, summary: dict[str, object]) -> Path:
    """A finished branch to 60 mA in a folder, unstable from 30 to 40 mA."""
    place = folder / "cases" / name
    place.mkdir(parents=True)
    common = {"stability": "computed", "first_unstable_I_mA": 30.0, "end": {"I_mA": 60.0, "stable": True}}
    (place / "summary.json").write_text(json.dumps(common | summary))
    (place / "scenario.toml").write_text(scenario_text("plan", False))
    current = np.linspace(0.0, 60.0, 61)
    columns = {"I_mA": current, "V_mV": current, "T_max_K": 20.0 + current, "dV_dI_ohm": np.ones(61)}
    columns |= {"unstable_modes_current_bias": ((current >= 30) & (current <= 40)).astype(int)}
    columns |= {"V_per_junction_mV": current, "P_mW": current}
    write_csv(place / "iv.csv", columns)
    return place


def table(folder: Path, by: str, rows: list[tuple[str, str, str]]) -> None:
    (folder / "study.toml").write_text(f'name = "x"\nrank_by = "{by}"\n')
    with (folder / "table.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("case", "status", by), *rows])


def test_never_lies_beyond_the_end_and_is_not_what_failed_or_was_not_asked(tmp_path: Path):
    by = "nucleation.I_mA"
    case(tmp_path, "early", {"nucleation": {"I_mA": 12.0, "stable": True}})
    case(tmp_path, "late", {"nucleation": {"I_mA": 50.0, "stable": True}})
    case(tmp_path, "cold", {"nucleation": None})
    table(tmp_path, by, [
        ("broken", "failed", "failed"), ("waiting", "not computed", ""), ("early", "ok", "12.0"),
        ("late", "ok", "50.0"), ("cold", "ok", "never"),
    ])  # fmt: skip
    largest = compare((tmp_path,), Order())
    assert [row["case"] for row in largest.rows] == ["cold", "late", "early", "broken", "waiting"]
    assert [word for word, _ in largest.words] == ["never", "", "", "failed", ""]
    assert largest.text(0).splitlines()[1].split()[1:3] == ["cold", "never"]
    assert "up to 60 mA" in largest.text(0).splitlines()[1]
    with (tmp_path / "ranking.csv").open(newline="") as stream:
        assert next(iter(csv.DictReader(stream)))[by] == "never"
    axes = plot_comparison(largest).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cold", "late", "early"]
    assert names(tmp_path, Order(smallest=True)) == ["early", "late", "cold", "broken", "waiting"]
    assert names(tmp_path, Order(target=55.0)) == ["late", "early", "cold", "broken", "waiting"]


def test_only_stable_states_are_ranked_where_that_is_asked(tmp_path: Path):
    folders = tuple(case(tmp_path, name, {
        "nucleation": {"I_mA": at, "stable": stable}, "T_max_K": 80.0, "first_unstable_I_mA": None if stable else 30.0,
    }) for name, at, stable in (("a", 35.0, False), ("b", 20.0, True)))  # fmt: skip
    out = tmp_path / "out"
    plain = compare(folders, Order("nucleation.I_mA"), out)
    held = compare(folders, Order("nucleation.I_mA", stable=True), out)
    assert [row["case"] for row in plain.rows] == ["a", "b"]
    assert [row["case"] for row in held.rows] == ["b", "a"] and held.words[1][0] == "unstable"
    assert [value for value in held.values if np.isfinite(value)] == [20.0]
    whole = compare(folders, Order("T_max_K", stable=True), out)  # of a branch with unstable states in between
    assert [(row["case"], word) for row, (word, _) in zip(whole.rows, whole.words, strict=True)] == [
        ("b", ""), ("a", "unstable"),
    ]  # fmt: skip


def test_numbers_at_a_place_are_those_of_stable_states(tmp_path: Path):
    folder = case(tmp_path, "a", {})
    for current, word in ((20.0, ""), (35.0, "unstable"), (50.0, ""), (70.0, "not asked")):
        assert observe(folder, [name := f"T_max_K@I_mA={current}"], stable=True)[name].word == word
    assert observe(folder, ["I_mA@T_max_K=90"])["I_mA@T_max_K=90"].word == "never"
    (folder / "summary.json").write_text(json.dumps({"stability": "not computed", "end": {"I_mA": 60.0}}))
    for name in ("first_unstable_I_mA", "stable_ranges.current_bias.0.0", "stable_at_I_mA=20"):
        assert observe(folder, [name])[name].word in ("not asked", "")
        assert observe(folder, [name])[name].number is None


def test_bad_input(folder: Path, tmp_path: Path):
    with pytest.raises(ResultError, match="unknown observable T_mx_K; did you mean T_max_K"):
        compare((folder,), Order("T_mx_K"))
    with pytest.raises(ResultError, match="no case has a number in place"):
        compare((folder,), Order("place"))
    (folder / "study.toml").unlink()
    with pytest.raises(ResultError, match="--by is missing"):
        compare((folder,), Order())
    with pytest.raises(ResultError, match="no such folder"):
        compare((tmp_path / "none",), Order("beta"))


def write_fit(folder: Path) -> None:
    x = np.linspace(0.1, 1.0, 8)
    rows = [["iv", "V-at-I", value, 30 * value, 0.5, 30 * value + 0.1, 0.2] for value in x]
    rows.append(["peak", "V_peak_mV_per_junction", "", 28.0, 0.5, 28.4, 0.8])
    with (folder / "residuals.csv").open("w", newline="") as stream:
        header = ["data", "quantity", "at", "measured", "sigma", "model", "residual"]
        csv.writer(stream).writerows([header, *rows])
    found = {"value": 110.0, "uncertainty": 2.0}
    about = {"name": "x", "parameters": {"alpha": found}, "chi_squared": 1.0, "chi_squared_reduced": 0.2}
    (folder / "fit.json").write_text(json.dumps(about))


def test_the_picture_of_a_fit(tmp_path: Path):
    write_fit(tmp_path)
    picture = save_picture(lambda: plot_fit(tmp_path), tmp_path / "fit.png")
    assert picture is not None and picture.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(ResultError, match=r"fit.json: cannot be read"):
        plot_fit(tmp_path)


def test_kept_limits_are_drawn_at_the_limit():
    part = {
        "measured": np.array([2.0, 0.01, 0.01]),
        "model": np.array([2.2, 0.5, 0.005]),
        "residual": np.array([0.2, 0.0, -1.0]),
    }
    model, kept = over_measured(part)
    np.testing.assert_allclose(model, [1.1, 1.0, 0.5])
    assert kept.tolist() == [False, True, False]
