"""spot.png: where the hot spot sits against the current, of one run or of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, stable, style
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_place(run: Run) -> Figure | None:
    """Return a figure of the place of the hot spot along x (µm) against the current (mA); None without a hot spot.

    A band is as long as the hot spot, around its centroid; what the source does not hold is drawn as in I(V).
    """
    return plot_places({"hot spot": run})


@style.styled
def plot_places(runs: Mapping[str, Run]) -> Figure | None:
    """Return a figure of the places of the hot spots of several runs, each with its name, a colour and a marker.

    Args:
        runs: with fields, by name; the mesa and the contacts drawn are those of the first.

    Raises:
        ResultError: there are more runs than everybody tells apart.
    """
    looks = style.told_apart(runs)
    seen = {name: run for name, run in runs.items() if _has_place(run)}
    if not seen:
        return None
    first = next(iter(seen.values()))
    figure = page.new_figure(7.0, 4.8)
    axes = figure.subplots()
    alone = len(seen) == 1
    for name, run in seen.items():
        colour, marker = looks[name]
        _draw(axes, run, name, colour, "" if alone else marker, band=alone)
    _explain_lines(axes, seen.values())
    for number, contact in enumerate(first.scenario.contacts):
        x = [corner[0] for corner in contact.patch.corners]
        label = None if number else "contact"
        axes.axhspan(min(x), max(x), color=style.UNIFORM_COLOUR, alpha=0.5, linewidth=0, label=label)
    half = first.scenario.mesa.extent_um[0] / 2
    along = "t (µs)" if "t_us" in first.rows else "current I (mA)"
    axes.set(ylim=(-half, half), xlabel=along, ylabel="place of the hot spot x (µm)")
    axes.margins(x=0.02)
    style.tidy(axes)
    figure.legend(loc="outside lower center", ncols=page.columns(2))
    told = dict.fromkeys(stable.sentence(run) for run in seen.values())
    page.heading(figure, style.title_of(first.scenario), *(told if len(told) == 1 else ()))
    return figure


def _has_place(run: Run) -> bool:
    """Return whether there is a hot spot that can be anywhere along x: in a disc it is around the centre."""
    return run.scenario.geometry != "disc" and bool(np.isfinite(_number(run, "hot_x_um")).any())


def _number(run: Run, name: str) -> Array:
    """Return a column; NaN where the table has none."""
    return column(run.rows, name) if name in run.rows else np.full(len(run), np.nan)


def _draw(axes: Axes, run: Run, name: str, colour: str, marker: str, band: bool) -> None:
    """Draw the centroid against I or t, with a kind of line for what each source holds, and the length of the spot."""
    rows = run.rows
    along = _number(run, "t_us" if "t_us" in rows else "I_mA")
    x, length = _number(run, "hot_x_um"), _number(run, "hot_length_um")
    if band and run.scenario.geometry == "strip":
        low, high = x - length / 2, x + length / 2
        axes.fill_between(along, low, high, color=colour, alpha=0.2, linewidth=0, label="its length")
    marked: dict[str, Any] = {"color": colour, "marker": marker, **style.MARKED}
    axes.plot([], [], label=name, **marked, **style.LOOKS[style.STABLE])
    for segment in style.segments(style.answers(rows)):
        part = slice(segment.first, segment.last + 1)
        if np.isfinite(x[part]).any():
            axes.plot(along[part], x[part], zorder=3, **marked, **style.LOOKS[segment.answer])


def _explain_lines(axes: Axes, runs: Iterable[Run]) -> None:
    """Name in the legend the kinds of line that are no stable states."""
    seen = {int(answer) for run in runs for answer in style.answers(run.rows)[np.isfinite(_number(run, "hot_x_um"))]}
    for answer in sorted(seen - {style.STABLE}):
        axes.plot([], [], color="black", label=style.NAMES[answer], **style.LOOKS[answer])
