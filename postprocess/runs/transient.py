"""transient.png: voltage, current and temperatures of a transient against time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A response that is half over within this part of the run is drawn on a logarithmic axis of time.
EARLY = 0.02
SHORTEST = 1e-5
SMALLEST_SPAN = 0.02
MEAN_COLOUR = style.YELLOW


@style.styled
def plot_transient(run: Run) -> Figure:
    """Return a figure of a transient: V, I with the source, and T_max, T_mean, T_min of the junctions against time.

    Time is logarithmic, counted from the step, where the response to a step is half over within 2 % of the run.
    """
    rows = run.rows
    t, label, logarithmic = time_axis(rows, run.scenario.transient.waveform, run.scenario.transient.change_us)
    figure = style.new_figure(7.5, 7.6)
    panels = figure.subplots(3, 1, sharex=True, height_ratios=[1.0, 1.0, 1.3])
    _draw_voltage(panels[0], run, t)
    _draw_current(panels[1], rows, t)
    _draw_temperatures(panels[2], run, t)
    for axes in panels:
        style.tidy(axes)
        if logarithmic:
            axes.set_xscale("log")
        axes.set_xlim(*_limits(t, logarithmic))
        _mark_states(axes, run, t)
    panels[2].set_xlabel(label, fontsize=11)
    panels[0].set_title(title_of(run.scenario), fontsize=12)
    return figure


def time_axis(rows: Table, waveform: str, at_us: float) -> tuple[Array, str, bool]:
    """Return times to draw (µs), the label of their axis, and whether it is logarithmic."""
    t, T = column(rows, "t_us"), column(rows, "T_mean_K")
    since = t - max(at_us, float(t[0]))
    if waveform == "step" and len(t) > 2 and np.ptp(T) > 0:
        after = since >= 0
        way = np.abs(T[after] - T[after][0])
        half = since[after][np.argmax(way >= 0.5 * way.max())]
        if half < EARLY * since[-1]:
            return since, "time after the step (µs)" if at_us > 0 else "time (µs)", True
    return t, "time (µs)", False


def _limits(t: Array, logarithmic: bool) -> tuple[float, float]:
    if not logarithmic:
        return float(t[0]), float(t[-1]) if t[-1] > t[0] else float(t[0]) + 1.0
    positive = t[t > 0]
    return max(float(positive[0]), SHORTEST * float(t[-1])), float(t[-1])


def _draw_voltage(axes: Axes, run: Run, t: Array) -> None:
    rows = run.rows
    axes.plot(t, column(rows, "V_mV"), color=style.BRANCH_COLOUR, linewidth=1.8, label="V")
    if "source_mV" in rows and run.scenario.bias.kind == "load-line":
        axes.plot(t, column(rows, "source_mV"), color=style.UNIFORM_COLOUR, linestyle="--", label="source")
        axes.legend(fontsize=9, frameon=False)
    axes.set_ylabel("V (mV)", fontsize=11)
    n = float(run.junctions)
    other = axes.secondary_yaxis("right", functions=(partial(np.multiply, 1.0 / n), partial(np.multiply, n)))
    other.set_ylabel("V/n (mV)", fontsize=10)


def _draw_current(axes: Axes, rows: Table, t: Array) -> None:
    axes.plot(t, column(rows, "I_mA"), color=style.NORMAL_COLOUR, linewidth=1.8, label="mesa")
    if "source_mA" in rows:
        axes.plot(t, column(rows, "source_mA"), color=style.UNIFORM_COLOUR, linestyle="--", label="source")
        axes.legend(fontsize=9, frameon=False)
    axes.set_ylabel("I (mA)", fontsize=11)
    low, high = axes.get_ylim()
    if high - low < SMALLEST_SPAN * abs(high):  # a constant current, whose rounding is no news
        axes.set_ylim(0.0, 1.2 * high)


def _draw_temperatures(axes: Axes, run: Run, t: Array) -> None:
    rows, level = run.rows, run.hot_temperature_K
    axes.fill_between(t, column(rows, "T_min_K"), column(rows, "T_max_K"), color=style.HOT_COLOUR, alpha=0.12)
    axes.plot(t, column(rows, "T_max_K"), color=style.HOT_COLOUR, linewidth=1.8, label="largest")
    axes.plot(t, column(rows, "T_min_K"), color=style.BRANCH_COLOUR, linewidth=1.8, label="smallest")
    axes.plot(t, column(rows, "T_mean_K"), color=MEAN_COLOUR, linewidth=1.5, linestyle=(0, (4, 2)), label="mean")
    if float(np.max(column(rows, "T_max_K"))) > 0.6 * level:
        axes.axhline(level, color="black", linestyle="--", linewidth=1.0, label=f"{level:g} K")
    axes.set_ylabel("junction temperature (K)", fontsize=11)
    axes.legend(fontsize=9, frameon=False, ncols=2)


def _mark_states(axes: Axes, run: Run, t: Array) -> None:
    """Mark the times of the stored fields by small triangles on the axis of time."""
    if run.states is not None:
        kept = t[run.states.row]
        kept = kept[kept > 0] if axes.get_xscale() == "log" else kept
        axes.plot(
            kept, np.zeros(len(kept)), "^", color="black", markersize=4, clip_on=False,
            transform=axes.get_xaxis_transform(), zorder=5,
        )  # fmt: skip
