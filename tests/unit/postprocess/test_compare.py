"""Rankings of studies and runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from hotmesa.postprocess import ResultError
from hotmesa.postprocess.compare import Order, compare
from hotmesa.postprocess.fit import over_measured, plot_fit
from hotmesa.postprocess.style import save_picture

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
    assert rows[-1]["T_max_K"] == ""


def test_other_orders(folder: Path):
    assert names(folder, Order("beta")) == ["corner_1", "centre_1", "centre_2", "corner_2"]
    assert names(folder, Order(largest=True))[0] == "corner_1"
    assert names(folder, Order("T_max_K", target=62.0)) == ["centre_1", "centre_2", "corner_1", "corner_2"]


def test_text_shows_the_best_and_counts_the_rest(folder: Path):
    text = compare((folder,), Order()).text(2)
    assert text.splitlines()[1].split() == ["1", "centre_2", "50"]
    assert "and 2 more" in text


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
