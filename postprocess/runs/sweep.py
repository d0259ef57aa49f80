"""sweep.png: the current-voltage curve as a sweep records it, legs apart, with its jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.report import curve_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs.sweep_summary import Jump, jumps, source_column
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UP_COLOUR = style.BRANCH_COLOUR
DOWN_COLOUR = style.HOT_COLOUR
CURVE_COLOUR = "#b5b5b5"


@style.styled
def plot_sweep(run: Run, ax: Axes | None = None) -> Figure:
    """Return a figure of a sweep: left I(V), right the hottest temperature over the source.

    Legs that lead away from zero are solid, those towards it dashed, jumps are dashed arrows, continuous transitions
    circles, and the curve of steady states connected to rest, stable or not, lies grey behind them.

    Args:
        run: a sweep.
        ax: axes for I(V) alone, in a figure of the caller.
    """
    V, I, T = (column(run.rows, name) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741
    if ax is not None:
        _draw_current(ax, run, V, I)
        return style.figure_of(ax)
    figure = style.new_figure(11.0, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    _draw_current(left, run, V, I)
    _draw_curve(None, right, run)
    _draw_states(right, run, column(run.rows, source_column(run.rows)), T)
    right.set(xlabel=_source_label(run), ylabel="hottest place of the junctions (K)")
    figure.suptitle(title_of(run.scenario))
    return figure


def _draw_current(axes: Axes, run: Run, V: Array, I: Array) -> None:  # noqa: E741
    _draw_curve(axes, None, run)
    _draw_states(axes, run, V, I)
    axes.set(xlabel="voltage V (mV)", ylabel="current I (mA)")
    axes.legend(loc="upper left")


def _draw_states(axes: Axes, run: Run, x: Array, y: Array) -> None:
    found = jumps(run.rows)
    _draw_legs(axes, run, x, y, found)
    for number, jump in enumerate(found):
        _draw_jump(axes, x, y, jump, first=all(not other.continuous for other in found[:number]))
    style.tidy(axes)


def _source_label(run: Run) -> str:
    bias = run.scenario.bias
    if bias.kind == "load-line":
        return f"source V + {bias.series_ohm:g} Ω · I (mV)"
    return "current of the source (mA)" if bias.kind == "current" else "voltage of the source (mV)"


def _draw_curve(left: Axes | None, right: Axes | None, run: Run) -> None:
    """Draw the curve of all steady states where the run has it, mirrored where the sweep goes below zero."""
    table = run.tables.get("iv.csv")
    if table is None:
        return
    V, I, T = (column(table, name) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741
    curve = curve_of(table, run.normal_resistance_ohm)
    bias = run.scenario.bias
    held = I if bias.unit == "mA" else V + bias.series_ohm * I
    x, y = (V, I) if curve is None else (curve.V_mV(curve.dense()), curve.I_mA(curve.dense()))
    sources = column(run.rows, source_column(run.rows))
    signs = [sign for sign in (1.0, -1.0) if np.any(sign * sources > 0)]
    look: dict[str, Any] = {"color": CURVE_COLOUR, "linewidth": 4.0, "zorder": 1, "solid_capstyle": "round"}
    for number, sign in enumerate(signs):
        label = "curve of steady states from rest" if number == 0 else None
        if left is not None:
            left.plot(sign * x, sign * y, label=label, **look)
        if right is not None:
            right.plot(sign * held, T, **look)


def _draw_legs(axes: Axes, run: Run, x: Array, y: Array, found: tuple[Jump, ...]) -> None:
    """Draw the stable states between jumps; both directions keep their label once."""
    legs = column(run.rows, "leg")
    source = column(run.rows, source_column(run.rows))
    labels = {True: "source goes up", False: "source goes down"}
    broken = {jump.after for jump in found}
    for first, last in _stretches(legs, broken):
        up = bool(abs(source[last]) >= abs(source[first]))
        axes.plot(
            x[first : last + 1], y[first : last + 1], marker=".", markersize=4.5, linewidth=1.3, zorder=3 if up else 4,
            color=UP_COLOUR if up else DOWN_COLOUR, linestyle="-" if up else (0, (5, 2)), label=labels.pop(up, None),
        )  # fmt: skip


def _stretches(legs: Array, broken: set[int]) -> list[tuple[int, int]]:
    """Return first and last row of each stretch: a leg begins at the last row of the one before, a jump breaks it."""
    stretches, first = [], 0
    for row in range(1, len(legs)):
        if row in broken or legs[row] != legs[row - 1]:
            if row - 1 > first or row in broken:
                stretches.append((first, row - 1))
            first = row if row in broken else row - 1
    return [*stretches, (first, len(legs) - 1)]


def _draw_jump(axes: Axes, x: Array, y: Array, jump: Jump, first: bool) -> None:
    if jump.continuous:
        label = "continuous transition" if first else None
        axes.plot(
            x[jump.before], y[jump.before], marker="o", linestyle="none", markerfacecolor="white",
            markeredgecolor="black", zorder=5, label=label,
        )  # fmt: skip
        return
    look = {"arrowstyle": "-|>", "linestyle": (0, (3, 2)), "color": "black", "linewidth": 1.2}
    look |= {"shrinkA": 0, "shrinkB": 0}
    ends = (x[jump.before], y[jump.before]), (x[jump.after], y[jump.after])
    axes.annotate("", xy=ends[1], xytext=ends[0], arrowprops=look, zorder=5)
