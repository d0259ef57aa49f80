"""A branch: its figures of merit, and iv.png, its current-voltage curve and differential conductance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import accuracy, page, scene, stable, style
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.map import plot_map
from hotmesa.postprocess.merit import (
    CURVE_NUMBERS,
    DEVICE_NUMBERS,
    curve_figures,
    curve_of,
    full_normality,
    nucleation,
    run_numbers,
)
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A conductance peak beyond this is drawn as running out of the figure.
LARGEST_CONDUCTANCE = 12.0
_PLACES = {"I_mA": "current", "V_per_junction_mV": "V/n", "P_mW": "power"}
_ENDS = {"I_mA": "current", "V_mV": "voltage", "V_per_junction_mV": "V/n", "P_mW": "power", "T_max_K": "T_max"}
NUMBERS = {
    **CURVE_NUMBERS,
    **{f"nucleation.{name}": f"{text} where T_max passes the hot temperature" for name, text in _PLACES.items()},
    "nucleation.x_um": "x of the centroid at the first point with a hot spot",
    "nucleation.y_um": "y of the centroid at the first point with a hot spot",
    "nucleation.contact_distance_um": "its distance from the nearest contact",
    "nucleation.row": "row of that point",
    **stable.NUMBERS,
    **{f"folds.<n>.{name}": f"fold n: {text}" for name, text in _ENDS.items() if name != "P_mW"},
    **{f"full_normality.{name}": f"{text} where all of the mesa is hot" for name, text in _PLACES.items()},
    "full_normality.row": "row of that point",
    **{f"end.{name}": f"{text} at the last point" for name, text in _ENDS.items()},
    "alpha_mean_K_per_mW": "at the last point of the branch",
    "alpha_mean_at_I_mA": "current of that point",
    "heat_balance_error": "largest magnitude along the branch",
    "T_max_K": "largest temperature along the branch",
    **accuracy.NUMBERS,
    **DEVICE_NUMBERS,
    **{f"uniform.{name}": f"`{name}` of the uniform model" for name in CURVE_NUMBERS},
}
"""Numbers in summary.json of a branch, a diagram and the uniform model."""


def summarise(run: Run) -> dict[str, Any]:
    """Return all figures of merit of a run; numbers that do not exist are None and say why under `reasons`.

    Keys that the run itself wrote to summary.json (wall time, counters) are kept.
    """
    rows, n = run.rows, run.junctions
    curve = curve_of(rows, run.normal_resistance_ohm)
    values = run_numbers(run) | curve_figures(rows, curve, n)
    values |= {
        "nucleation": nucleation(rows, curve, run.hot_temperature_K),
        "full_normality": full_normality(rows),
        "alpha_mean_K_per_mW": _last(rows, "alpha_mean_K_per_mW"),
        "alpha_mean_at_I_mA": _last(rows, "I_mA"),
        "heat_balance_error": _largest(rows, "heat_balance_error"),
        "T_max_K": _largest(rows, "T_max_K"),
        "end": {name: _last(rows, name) for name in ("I_mA", "V_mV", "V_per_junction_mV", "P_mW", "T_max_K")},
    }
    if run.kind.spatial:
        exact = accuracy.accuracy(run)
        values["reasons"] |= exact.pop("reasons")
        values |= exact
        _add_stability(values, run)
    if run.uniform is not None and run.kind.spatial:
        uniform = curve_of(run.uniform, run.normal_resistance_ohm)
        values["uniform"] = curve_figures(run.uniform, uniform, n)
    return values


def _add_stability(values: dict[str, Any], run: Run) -> None:
    """Add what the source of the run can hold: ranges, and whether it holds what the other numbers speak of."""
    values |= stable.stability_figures(run)
    stable_row = stable.stable_rows(run.rows, stable.source_of(run.scenario))
    if stable_row is None:
        return
    values["end"]["stable"] = bool(stable_row[-1])
    for place in (values["nucleation"], values["full_normality"]):
        if place is not None:
            place["stable"] = bool(stable_row[place["row"]])
    peak = values.get("V_peak_mV_per_junction")
    if peak is not None:
        values["V_peak_stable"] = bool(stable_row[np.nanargmin(np.abs(column(run.rows, "V_per_junction_mV") - peak))])


def _last(table: Table, name: str) -> float | None:
    values = column(table, name)
    return float(values[-1]) if len(values) and np.isfinite(values[-1]) else None


def _largest(table: Table, name: str) -> float | None:
    values = np.abs(column(table, name))
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else None


@style.styled
def plot_iv(run: Run, ax: Axes | None = None, voltage: Voltage = "junction") -> Figure:
    """Return a figure of the current-voltage curve of a run.

    Left I against V per junction (stable solid, unstable under voltage bias only dashed, under current bias dotted,
    uniform model dashed grey, folds, onset of the hot spot, whole mesa hot); right R_N dI/dV against V per junction.

    Args:
        run: a branch, a diagram or a uniform curve.
        ax: axes for I(V) alone, in a figure of the caller.
        voltage: whether it is drawn over the voltage per junction or that of the stack.

    Raises:
        ResultError: the table of the run lacks a column.
    """
    curve, shown = curve_of(run.rows, run.normal_resistance_ohm), Shown(run.junctions, voltage)
    if ax is not None:
        _draw_current(ax, run, curve, shown)
        return style.figure_of(ax)
    figure, left, right = page.pair(11.0, 5.2, ratios=(1.15, 1.0))
    _draw_current(left, run, curve, shown)
    _draw_conductances(right, run, curve, shown)
    right.set_xlim(left.get_xlim())
    page.heading(figure, title_of(run.scenario), stable.sentence(run), accuracy.remark(run))
    return figure


Voltage = Literal["junction", "stack"]


class Shown(NamedTuple):
    """The voltage over which a curve is drawn."""

    junctions: int
    voltage: Voltage

    @property
    def label(self) -> str:
        """Return the label of its axis."""
        return "voltage per junction V/n (mV)" if self.voltage == "junction" else "voltage V (mV)"

    @property
    def of_stack(self) -> float:
        """Return it as part of the voltage of the stack."""
        return 1.0 / self.junctions if self.voltage == "junction" else 1.0

    @property
    def of_junction(self) -> float:
        """Return it as part of the voltage per junction."""
        return self.junctions * self.of_stack


def uniform_label(run: Run) -> str:
    """Return the name of the uniform model in a legend: its thermal resistance, and that of the device beside it."""
    own = column(run.rows, "alpha_mean_K_per_mW") if "alpha_mean_K_per_mW" in run.rows else np.array([np.nan])
    if not run.scenario.uniform.given and run.kind.spatial:
        return f"uniform heating, {own[-1]:.3g} K/mW as this device at its end"
    text = f"uniform heating, {run.scenario.uniform.alone().describe()}"
    return f"{text} (this device: {own[-1]:.3g})" if np.isfinite(own[-1]) else text


def draw_branch(
    axes: Axes, run: Run, curve: IVCurve | None, shown: Shown, name: str = "this device",
    colour: str = style.BRANCH_COLOUR, marker: str = "",
) -> None:  # fmt: skip
    """Draw a branch, dense between its points, with a kind of line for what each source holds, and markers if asked."""
    rows = run.rows
    v, I = shown.of_stack * column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    name = name if run.kind.spatial else uniform_label(run)
    names = style.NAMES | {style.STABLE: name}
    for segment in style.segments(style.answers(rows)):
        x, y = v[segment.first : segment.last + 1], I[segment.first : segment.last + 1]
        if curve is not None:
            x, y = between(curve, 1.0 / shown.of_stack, segment.first, segment.last)
        look = style.LOOKS[segment.answer]
        label = names.pop(segment.answer, None)
        axes.plot(x, y, color=colour, marker=marker, label=label, zorder=3, **style.MARKED, **look)


def between(curve: IVCurve, junctions: float, first: int, last: int) -> tuple[Array, Array]:
    """Return V per junction and I of the curve from one row to another, densely."""
    ends = np.searchsorted(curve.index, [first, last])
    low, high = curve.s[np.clip(ends, 0, len(curve.s) - 1)]
    s = curve.dense()
    s = s[(s >= low) & (s <= high)]
    return curve.V_mV(s) / junctions, curve.I_mA(s)


_UNIFORM_LOOK: dict[str, Any] = {"color": style.UNIFORM_COLOUR, "linestyle": "--", "linewidth": 1.4}


def _draw_current(axes: Axes, run: Run, curve: IVCurve | None, shown: Shown) -> None:
    """Draw I against V per junction or of the stack."""
    uniform = _uniform_beside(run)
    if uniform is not None:
        v, current = shown.of_junction * column(uniform, "V_per_junction_mV"), column(uniform, "I_mA")
        axes.plot(v, current, label=uniform_label(run), zorder=2, **_UNIFORM_LOOK)
    draw_branch(axes, run, curve, shown)
    _draw_marks(axes, summarise(run), shown)
    finish_current(axes, [run], shown)


def finish_current(axes: Axes, runs: Sequence[Run], shown: Shown) -> None:
    """Draw the normal state of the first of several runs, and name the axes."""
    v_end = max(_limit(shown.of_stack * column(run.rows, "V_mV")) for run in runs)
    I_end = max(_limit(column(run.rows, "I_mA")) for run in runs)
    drawn_ohm = runs[0].normal_resistance_ohm * shown.of_stack
    ohmic = np.array([0.0, min(v_end, I_end * drawn_ohm)])
    axes.plot(ohmic, ohmic / drawn_ohm, ":", color="black", linewidth=1.0, label="normal state", zorder=1)
    axes.set(xlim=(0, v_end), ylim=(0, I_end), xlabel=shown.label, ylabel="current I (mA)")
    style.tidy(axes)
    axes.legend(loc="upper left")


def _draw_conductances(axes: Axes, run: Run, curve: IVCurve | None, shown: Shown) -> None:
    """Draw R_N dI/dV of the device and of the uniform model against V per junction or of the stack."""
    uniform = _uniform_beside(run)
    beside = None if uniform is None else curve_of(uniform, run.normal_resistance_ohm)
    if beside is not None:
        _draw_conductance(axes, beside, shown, **_UNIFORM_LOOK)
    if curve is not None:
        _draw_conductance(axes, curve, shown, color=style.BRANCH_COLOUR, linewidth=1.8)
    axes.axhline(1.0, color="black", linestyle=":", linewidth=1.0, zorder=1)
    axes.set_ylim(0, _conductance_limit(curve))
    axes.set_xlabel(shown.label)
    axes.set_ylabel(r"$R_N\,\mathrm{d}I/\mathrm{d}V$  (normal state = 1)")
    style.tidy(axes)


def _uniform_beside(run: Run) -> Table | None:
    """Return the curve of the uniform model that is drawn beside a device."""
    return run.uniform if run.kind.spatial else None


def _draw_conductance(axes: Axes, curve: IVCurve, shown: Shown, **look: Any) -> None:
    """Draw R_N dI/dV; the line is broken where V falls (dI/dV jumps from +infinity to -infinity)."""
    s = curve.dense(24)
    conductance = curve.conductance(s)
    conductance[(np.cos(curve.angle(s)) <= 0) | (conductance > 4 * LARGEST_CONDUCTANCE)] = np.nan
    axes.plot(shown.of_stack * curve.V_mV(s), conductance, **look)


def _draw_marks(axes: Axes, figures: dict[str, Any], shown: Shown) -> None:
    labels = {"V": "fold in V", "I": "fold in I"}
    for fold in figures.get("folds", []):
        marker = "^" if fold["kind"] == "V" else ">"
        axes.plot(
            shown.of_junction * fold["V_per_junction_mV"], fold["I_mA"], marker, color="black", markersize=6, zorder=5,
            label=labels.pop(fold["kind"], None), linestyle="none",
        )  # fmt: skip
    marks = (("nucleation", "hot spot appears", style.HOT_COLOUR), ("full_normality", "all hot", style.NORMAL_COLOUR))
    for key, label, colour in marks:
        if figures.get(key):
            place = figures[key]
            axes.plot(
                shown.of_junction * place["V_per_junction_mV"], place["I_mA"], "o", markerfacecolor="white",
                markeredgecolor=colour, markeredgewidth=2, markersize=8, zorder=6, label=label, linestyle="none",
            )  # fmt: skip


def _limit(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if len(finite) else 0.0
    return 1.06 * top if top > 0 else 1.0


def _conductance_limit(curve: IVCurve | None) -> float:
    if curve is None:
        return 2.0
    s = curve.dense()
    conductance = curve.conductance(s)[np.cos(curve.angle(s)) > 0]
    top = float(conductance.max()) if len(conductance) else 2.0
    return float(np.clip(1.12 * top, 2.0, LARGEST_CONDUCTANCE))


FIGURES = {"iv.png": plot_iv, "map.png": plot_map, **scene.FIGURE}
"""Figures by file name; a figure is added by a function and an entry here."""
sentences = accuracy.accuracy_words
