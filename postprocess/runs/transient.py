"""A transient: its figures of merit, each defined in the docstring of its function, and transient.png."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from hotmesa.postprocess import page, scene, style
from hotmesa.postprocess.map import NOISE, plot_map
from hotmesa.postprocess.merit import DEVICE_NUMBERS, Finding, run_numbers
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


NUMBERS = {
    "time_constant_V_us": "time after a step in which V makes 1 − 1/e of its way",
    "time_constant_T_us": "the same of T_mean",
    "hot_at_us": "first time at which T_max reaches the hot temperature",
    "T_max_K": "largest temperature of the run",
    "T_max_at_us": "its time",
    "energy_balance_error": "(Joule energy − heat into the sinks − stored heat)/largest Joule energy, at the end",
    "end.t_us": "last time",
    "end.V_mV": "voltage at the end",
    "end.I_mA": "current at the end",
    "end.P_mW": "power at the end",
    "end.T_max_K": "T_max at the end",
    "hot_spots.<n>.t_us": "time of stored state n",
    "hot_spots.<n>.count": "number of separate hot spots in it",
    **DEVICE_NUMBERS,
}
"""Numbers in summary.json of a transient."""
# Changes below this, in K or mV, are no response that a time constant could belong to.
SMALLEST_CHANGE = 1e-3


def summarise(run: Run) -> dict[str, Any]:
    """Return all figures of merit of a transient; numbers that do not exist are None and say why under `reasons`.

    Keys that the run itself wrote to summary.json are kept.
    """
    rows = run.rows
    t = column(rows, "t_us")
    T = column(rows, "T_max_K")
    hottest = int(np.argmax(T))
    spec = run.scenario.transient
    findings = {
        "time_constant_V_us": time_constant(rows, "V_mV", spec.waveform, spec.change_us),
        "time_constant_T_us": time_constant(rows, "T_mean_K", spec.waveform, spec.change_us),
    }
    findings["hot_at_us"] = first_time(t, T, run.hot_temperature_K)
    values = {key: finding.value for key, finding in findings.items()}
    return run_numbers(run) | values | {
        "T_max_K": float(T[hottest]),
        "T_max_at_us": float(t[hottest]),
        "energy_balance_error": energy_error(rows),
        "hot_spots": spots_in_time(run),
        "end": {name: float(column(rows, name)[-1]) for name in ("t_us", "V_mV", "I_mA", "P_mW", "T_max_K")},
        "reasons": {key: finding.reason for key, finding in findings.items() if finding.reason},
    }


def time_constant(rows: Table, name: str, waveform: str, at_us: float) -> Finding:
    """Return the time in µs after a step of the source at which a column has made 1 - 1/e of its way to the end.

    The way is that from right after the step to the last moment, which should be steady. Linear between moments.
    """
    if waveform != "step":
        return Finding(None, f'waveform = "{waveform}" has no single step')
    t, values = column(rows, "t_us"), column(rows, name)
    after = np.flatnonzero(t >= at_us)
    # At the time of the step there are two moments, before and after it.
    after = after[np.flatnonzero(t[after] == at_us)[-1] :] if np.any(t == at_us) else after
    if len(after) < 2:
        return Finding(None, "the run ends before the step")
    t, values = t[after], values[after]
    change = values[-1] - values[0]
    if abs(change) < SMALLEST_CHANGE:
        return Finding(None, f"{name} does not change")
    way = (values - values[0]) / change
    passed = int(np.argmax(way >= 1.0 - np.exp(-1.0)))
    part = (1.0 - np.exp(-1.0) - way[passed - 1]) / (way[passed] - way[passed - 1])
    return Finding(float(t[passed - 1] + part * (t[passed] - t[passed - 1]) - at_us))


def first_time(t: Array, T: Array, level_K: float) -> Finding:
    """Return the first time in µs at which a temperature reaches a level, linear between moments."""
    above = np.flatnonzero(T >= level_K)
    if len(above) == 0:
        return Finding(None, f"no place reaches {level_K:g} K")
    k = int(above[0])
    if k == 0 or T[k] == T[k - 1]:
        return Finding(float(t[k]))
    return Finding(float(t[k - 1] + (level_K - T[k - 1]) / (T[k] - T[k - 1]) * (t[k] - t[k - 1])))


def energy_error(rows: Table) -> float | None:
    """Return (Joule energy - heat into the sinks - stored heat) at the end over the largest Joule energy."""
    joule, sinks, stored = (column(rows, f"E_{name}_nJ") for name in ("joule", "sinks", "stored"))
    largest = float(np.max(np.abs(joule), initial=0.0))
    return float((joule[-1] - sinks[-1] - stored[-1]) / largest) if largest > 0 else None


def spots_in_time(run: Run) -> list[dict[str, Any]]:
    """Return t_us and count of the separate hot spots at every stored state; see `count_spots`."""
    states, junction = run.states, run.junction_T_K
    if states is None or junction is None:
        return []
    t = column(run.rows, "t_us")[states.row]
    counts = [count_spots(states.mesa_cells, T > run.hot_temperature_K) for T in junction]
    return [{"t_us": float(time), "count": count} for time, count in zip(t, counts, strict=True)]


def count_spots(cells: NDArray[np.int64], hot: NDArray[np.bool_]) -> int:
    """Return the number of connected regions of hot nodes; nodes are neighbours if a cell of the mesa holds both."""
    corners = cells.shape[1]
    pairs = [(i, j) for i in range(corners) for j in range(i)]
    edges = np.concatenate([cells[:, pair] for pair in pairs])
    edges = edges[hot[edges].all(axis=1)]
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(hot), len(hot)))
    _, label = connected_components(graph, directed=False)
    return len(np.unique(label[hot]))


# A response that is half over within this part of the run is drawn on a logarithmic axis of time.
EARLY = 0.02
SHORTEST = 1e-5
SMALLEST_SPAN = 0.02
NO_SPAN = 1e-6
"""Voltages and temperatures that change by less than this part of themselves are constant."""
MEAN_COLOUR = style.YELLOW


@style.styled
def plot_transient(run: Run) -> Figure:
    """Return a figure of a transient: V, I with the source, and T_max, T_mean, T_min of the junctions against time.

    Time is logarithmic, counted from the step, where the response to a step is half over within 2 % of the run.
    """
    rows = run.rows
    t, label, logarithmic = time_axis(rows, run.scenario.transient.waveform, run.scenario.transient.change_us)
    figure = page.new_figure(7.5, 7.6)
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
        if not logarithmic:
            _mark_heaters(axes, run)
    if not logarithmic and panels[0].get_legend_handles_labels()[1] != ["V"]:
        panels[0].legend()
    panels[2].set_xlabel(label)
    page.title(panels[0], title_of(run.scenario))
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
    if "source_mV" in rows and run.scenario.bias.series_ohm:
        axes.plot(t, column(rows, "source_mV"), color=style.UNIFORM_COLOUR, linestyle="--", label="source")
        axes.legend()
    axes.set_ylabel("V (mV)")
    quieten(axes, NO_SPAN)
    n = float(run.junctions)
    other = axes.secondary_yaxis("right", functions=(partial(np.multiply, 1.0 / n), partial(np.multiply, n)))
    other.set_ylabel("V/n (mV)")


def _draw_current(axes: Axes, rows: Table, t: Array) -> None:
    axes.plot(t, column(rows, "I_mA"), color=style.NORMAL_COLOUR, linewidth=1.8, label="mesa")
    if "source_mA" in rows:
        axes.plot(t, column(rows, "source_mA"), color=style.UNIFORM_COLOUR, linestyle="--", label="source")
        axes.legend()
    axes.set_ylabel("I (mA)")
    quieten(axes, SMALLEST_SPAN)


def quieten(axes: Axes, span: float) -> None:
    """Let an axis begin at zero where what is drawn changes by less than a part of itself: no rounding errors."""
    low, high = axes.get_ylim()
    largest = max(abs(low), abs(high))
    if largest < NOISE:
        axes.set_ylim(-1.0, 1.0)
    elif high - low < span * largest:
        axes.set_ylim(*sorted((0.0, 1.2 * (high if high > 0.0 else low))))


def _draw_temperatures(axes: Axes, run: Run, t: Array) -> None:
    rows, level = run.rows, run.hot_temperature_K
    axes.fill_between(t, column(rows, "T_min_K"), column(rows, "T_max_K"), color=style.HOT_COLOUR, alpha=0.12)
    axes.plot(t, column(rows, "T_max_K"), color=style.HOT_COLOUR, linewidth=1.8, label="largest")
    axes.plot(t, column(rows, "T_min_K"), color=style.BRANCH_COLOUR, linewidth=1.8, label="smallest")
    axes.plot(t, column(rows, "T_mean_K"), color=MEAN_COLOUR, linewidth=1.5, linestyle=(0, (4, 2)), label="mean")
    if float(np.max(column(rows, "T_max_K"))) > 0.6 * level:
        axes.axhline(level, color="black", linestyle="--", linewidth=1.0, label=f"{level:g} K")
    axes.set_ylabel("junction temperature (K)")
    quieten(axes, NO_SPAN)
    axes.legend(ncols=page.columns(2))


def _mark_heaters(axes: Axes, run: Run) -> None:
    """Shade the times in which heaters that are switched are on."""
    low, high = axes.get_xlim()
    for heater in run.scenario.heaters:
        if heater.from_us is not None or heater.to_us is not None:
            begin = low if heater.from_us is None else max(heater.from_us, low)
            end = high if heater.to_us is None else min(heater.to_us, high)
            look: dict[str, Any] = {"color": style.SKY, "alpha": 0.2, "linewidth": 0, "zorder": 0}
            axes.axvspan(begin, end, label=f"{heater.name.replace('_', ' ')} on", **look)


def _mark_states(axes: Axes, run: Run, t: Array) -> None:
    """Mark the times of the stored fields by small triangles on the axis of time."""
    if run.states is not None:
        saved = t[run.states.row]
        saved = saved[saved > 0] if axes.get_xscale() == "log" else saved
        axes.plot(
            saved, np.zeros(len(saved)), "^", color="black", markersize=4, clip_on=False,
            transform=axes.get_xaxis_transform(), zorder=5,
        )  # fmt: skip


FIGURES = {"transient.png": plot_transient, "map.png": plot_map, **scene.FIGURE}
"""Figures by file name; a figure is added by a function and an entry here."""
