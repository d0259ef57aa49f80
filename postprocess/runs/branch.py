"""iv.png: the current-voltage curve and the differential conductance of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import stability_lines, style
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.report import curve_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A conductance peak beyond this is drawn as running out of the figure.
LARGEST_CONDUCTANCE = 12.0


def draw_iv(run: Run, figures: dict[str, Any], path: Path) -> Path:
    """Draw iv.png from the rows of a run and its summary and return the path.

    Left I against V per junction (stable solid, unstable under voltage bias only dashed, under current bias dotted,
    uniform model dashed grey, folds, onset of the hot spot, whole mesa hot); right R_N dI/dV against V per junction.
    """
    figure = style.new_figure(11.0, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
    curve = curve_of(run.rows, run.normal_resistance_ohm)
    if run.uniform is not None and run.uniform is not run.rows:
        _draw_uniform(left, right, run)
    _draw_branch(left, run, curve)
    if curve is not None:
        _draw_conductance(right, curve, run.junctions, color=style.BRANCH_COLOUR, linewidth=1.8)
    _draw_marks(left, figures)
    _finish(left, right, run, curve)
    figure.suptitle(run.scenario.title or run.scenario.name, fontsize=12)
    return style.save_figure(figure, path)


def uniform_label(run: Run) -> str:
    """Return the name of the uniform model in a legend."""
    return f"uniform heating, {run.scenario.uniform.thermal_resistance_K_per_mW:g} K/mW"


def _draw_branch(axes: Axes, run: Run, curve: IVCurve | None) -> None:
    rows = run.rows
    v, I = column(rows, "V_per_junction_mV"), column(rows, "I_mA")  # noqa: E741
    name = uniform_label(run) if run.scenario.mode == "uniform" else "this device"
    names = stability_lines.NAMES | {stability_lines.STABLE: name}
    for stretch in stability_lines.stretches(stability_lines.answers(rows)):
        x, y = v[stretch.first : stretch.last + 1], I[stretch.first : stretch.last + 1]
        if curve is not None:
            x, y = _between(curve, run.junctions, stretch.first, stretch.last)
        look = stability_lines.LOOKS[stretch.answer]
        axes.plot(x, y, color=style.BRANCH_COLOUR, label=names.pop(stretch.answer, None), zorder=3, **look)


def _between(curve: IVCurve, junctions: int, first: int, last: int) -> tuple[Array, Array]:
    """Return V per junction and I of the curve from one row to another, densely."""
    ends = np.searchsorted(curve.index, [first, last])
    low, high = curve.s[np.clip(ends, 0, len(curve.s) - 1)]
    s = curve.dense()
    s = s[(s >= low) & (s <= high)]
    return curve.V_mV(s) / junctions, curve.I_mA(s)


def _draw_uniform(left: Axes, right: Axes, run: Run) -> None:
    table: Table = run.uniform or {}
    look: dict[str, Any] = {"color": style.UNIFORM_COLOUR, "linestyle": "--", "linewidth": 1.4}
    label = uniform_label(run)
    left.plot(column(table, "V_per_junction_mV"), column(table, "I_mA"), label=label, zorder=2, **look)
    curve = curve_of(table, run.normal_resistance_ohm)
    if curve is not None:
        _draw_conductance(right, curve, run.junctions, **look)


def _draw_conductance(axes: Axes, curve: IVCurve, junctions: int, **look: Any) -> None:
    """Draw R_N dI/dV; the line is broken where V falls (dI/dV jumps from +infinity to -infinity)."""
    s = curve.dense(24)
    conductance = curve.conductance(s)
    conductance[(np.cos(curve.angle(s)) <= 0) | (conductance > 4 * LARGEST_CONDUCTANCE)] = np.nan
    axes.plot(curve.V_mV(s) / junctions, conductance, **look)


def _draw_marks(axes: Axes, figures: dict[str, Any]) -> None:
    labels = {"V": "fold in V", "I": "fold in I"}
    for fold in figures.get("folds", []):
        marker = "^" if fold["kind"] == "V" else ">"
        axes.plot(
            fold["V_per_junction_mV"], fold["I_mA"], marker, color="black", markersize=6, zorder=5,
            label=labels.pop(fold["kind"], None), linestyle="none",
        )  # fmt: skip
    marks = (("nucleation", "hot spot appears", style.HOT_COLOUR), ("full_normality", "all hot", style.NORMAL_COLOUR))
    for key, label, colour in marks:
        if figures.get(key):
            place = figures[key]
            axes.plot(
                place["V_per_junction_mV"], place["I_mA"], "o", markerfacecolor="white", markeredgecolor=colour,
                markeredgewidth=2, markersize=8, zorder=6, label=label, linestyle="none",
            )  # fmt: skip


def _finish(left: Axes, right: Axes, run: Run, curve: IVCurve | None) -> None:
    v, I = column(run.rows, "V_per_junction_mV"), column(run.rows, "I_mA")  # noqa: E741
    v_end, I_end = _limit(v), _limit(I)
    junction_ohm = run.normal_resistance_ohm / run.junctions
    ohmic = np.array([0.0, min(v_end, I_end * junction_ohm)])
    left.plot(ohmic, ohmic / junction_ohm, ":", color="black", linewidth=1.0, label="normal state", zorder=1)
    left.set(xlim=(0, v_end), ylim=(0, I_end))
    right.axhline(1.0, color="black", linestyle=":", linewidth=1.0, zorder=1)
    right.set(xlim=(0, v_end), ylim=(0, _conductance_limit(curve)))
    for axes, label in ((left, "current I (mA)"), (right, r"$R_N\,\mathrm{d}I/\mathrm{d}V$  (normal state = 1)")):
        axes.set_xlabel("voltage per junction V/n (mV)", fontsize=11)
        axes.set_ylabel(label, fontsize=11)
        style.tidy(axes)
    left.legend(fontsize=9, frameon=False, loc="upper left")


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
