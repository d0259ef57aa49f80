"""Every kind of run as a figure: no text on another or cut off, axes with quantity and unit, colours for every eye."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.legible import clipped, confused, difference, overlapping, raw_names, without_unit
from matplotlib.figure import Figure
from matplotlib.text import Text

import hotmesa as hm
from hotmesa.postprocess import style
from hotmesa.postprocess.cuts import ON_REQUEST
from hotmesa.postprocess.page import on_page
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import results_of

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"
LEAST = 20.0
"""Difference of two colours of lines (CIE 1976), for normal sight and two kinds of colour blindness."""
SMALLEST = 4.8
"""Points: the smallest texts beside those of 7 points on a page."""
PURE = ("uniform heating",)
KINDS = ("uniform", "strip", "disc", "sweep", "transient", "diagram", "family", "plan")
CHANGES: dict[str, dict[str, Any]] = {
    "family": {"mode": "family", "family.junctions": [4, 12, 19], "mesh.size_um": 2.5, "branch.min_points": 8},
    "plan": {"mesh.size_um": 2.0, "branch.min_points": 12},
}
DEVICES = {"family": "kurter2010-partial", "plan": "kurter2010-n19"}


@pytest.fixture(scope="module", params=KINDS)
def run(request: pytest.FixtureRequest) -> Run:
    """A small run of each kind."""
    name = request.param
    return hm.run(DEVICES.get(name, GOLDEN / f"{name}.toml"), CHANGES.get(name, {}))


def assert_legible(figure: Figure, pure: tuple[str, ...] = ()) -> None:
    """A figure that a reader can read."""
    assert overlapping(figure) == []
    assert clipped(figure) == []
    assert without_unit(figure, pure) == []
    assert raw_names(figure) == []
    assert [pair for axes in figure.axes for pair in confused(axes, LEAST)] == []


@pytest.mark.parametrize("width_mm", [None, 86.0, 178.0])
def test_figures_of_every_kind_of_run(run: Run, width_mm: float | None) -> None:
    own = results_of(run.kind.name).figures | (ON_REQUEST if run.kind.spatial and run.states is not None else {})
    plots = {name: plot for name, plot in own.items() if name != "scene.png"}
    for name, plot in plots.items():  # the scene is drawn by VTK, not by matplotlib
        with on_page(width_mm):
            figure = plot(run)
            if name == "spot.png" and not np.isfinite(run.rows["hot_x_um"]).any():
                assert figure is None
                continue
            assert figure is not None, name
            with style.own_settings():
                assert_legible(figure)
                assert width_mm is None or figure.get_size_inches()[0] == pytest.approx(width_mm / 25.4)
                assert min(text.get_fontsize() for text in figure.findobj(Text)) > SMALLEST


def test_colours_of_lines_are_told_apart_by_everybody() -> None:
    colours = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.YELLOW, style.SKY, "#000000")
    pairs = {pair: difference(*pair) for pair in combinations(colours, 2)}
    assert min(pairs.values()) > 8
    assert difference("#d62728", "#2ca02c") < 20 < difference(style.BLUE, style.ORANGE)


def test_what_the_tests_look_for_is_found() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#d62728")
    axes.plot([0, 1], [1, 0], color="#7a8a00")
    axes.set(xlabel="voltage", ylabel="T_max_K")
    axes.text(0.5, 0.5, "one word")
    axes.text(0.52, 0.5, "another")
    axes.text(1.5, 0.5, "outside")
    assert ("one word", "another") in overlapping(figure)
    assert clipped(figure) == ["outside"]
    assert set(without_unit(figure)) == {"voltage", "T_max_K"}
    assert "T_max_K" in raw_names(figure)
    assert len(confused(axes, LEAST)) == 1
