"""A family: the quasiparticle branches of a mesa with n = 1, 2, ... resistive junctions, its numbers and figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.merit import DEVICE_NUMBERS, curve_of, run_numbers
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDS = ("V_mV", "V_per_junction_mV", "I_mA", "T_max_K")
COLOURS = "viridis"
LOWEST_DECADES = 4.0
MARKS = {"switch": ("o", "one more junction switches"), "retrap": ("v", "a junction retraps")}


NUMBERS = {
    "members.<n>.n": "number of junctions that carry voltage",
    "members.<n>.points": "points of that branch",
    "members.<n>.V_mV": "voltage at its end",
    "members.<n>.V_per_junction_mV": "V/n at its end",
    "members.<n>.I_mA": "current at its end",
    "members.<n>.T_max_K": "T_max at its end",
    "changes.<n>.n": "number of junctions on the branch of a mark",
    **{f"changes.<n>.{name}": f"{name.split('_')[0]} at that mark" for name in ENDS},
    "heat_balance_error": "largest magnitude along all branches",
    "T_max_K": "largest temperature of all branches",
    **DEVICE_NUMBERS,
}
"""Numbers in summary.json of a family."""


def summarise(run: Run) -> dict[str, Any]:
    """Return the numbers of a family: the ends of its branches and the marks on them."""
    counts = column(run.rows, "n")
    ends = [int(np.flatnonzero(counts == n)[-1]) for n in np.unique(counts)]
    members = [
        {"n": int(counts[row]), "points": int(np.sum(counts == counts[row]))}
        | {name: float(column(run.rows, name)[row]) for name in ENDS}
        for row in ends
    ]
    marks = run.tables.get("changes.csv", {})
    return run_numbers(run) | {
        "members": members,
        "changes": [{name: row[name] for name in ("n", "kind", *ENDS)} for row in rows_of(marks)],
        "T_max_K": float(column(run.rows, "T_max_K").max()),
        "heat_balance_error": float(column(run.rows, "heat_balance_error").max()),
    }


@style.styled
def plot_family(run: Run) -> Figure:
    """Return a figure of the branches of a family.

    V to the right, I upwards (logarithmic on request), a line for each n: thick where all junctions keep their state,
    thin where one would have changed it (by the columns I_c_mA and I_r_mA), with marks where it does.
    """
    from matplotlib import colormaps

    scenario, table = run.scenario, run.rows
    counts = np.unique(column(table, "n"))
    figure = page.new_figure(7.4, 5.2)
    axes = figure.subplots()
    colours = colormaps[COLOURS](np.linspace(0.0, 0.88, len(counts)))
    for colour, n in zip(colours, counts, strict=True):
        member = {name: values[column(table, "n") == n] for name, values in table.items()}
        _draw_member(axes, member, colour, n == scenario.mesa.junctions)
    _label(axes, table, counts, colours)
    changes = run.tables.get("changes.csv")
    if changes is not None:
        _draw_changes(axes, changes)
        figure.legend(loc="outside lower center", ncols=page.columns(2))
    _finish(axes, table, scenario.family.logarithmic)
    page.title(axes, title_of(scenario), f"n of {scenario.mesa.junctions} junctions carry voltage")
    return figure


def _draw_member(axes: Axes, member: Table, colour: Any, whole: bool) -> None:
    V, I = column(member, "V_mV"), column(member, "I_mA")  # noqa: E741
    switching, retrapping = column(member, "I_c_mA"), column(member, "I_r_mA")
    curve = curve_of(member, float(V.max() / I.max())) if I.max() > 0 else None
    if curve is not None:
        s = curve.dense()
        switching, retrapping = (
            curve.along(limit)(s) if np.isfinite(limit).all() else np.full(len(s), np.nan)
            for limit in (switching, retrapping)
        )
        V, I = curve.V_mV(s), curve.I_mA(s)  # noqa: E741
    leaves = (I < retrapping) | ((I > switching) & (not whole))
    axes.plot(V, I, color=colour, linewidth=0.9, zorder=2)
    axes.plot(np.where(leaves, np.nan, V), I, color=colour, linewidth=2.2, zorder=3)


def _label(axes: Axes, table: Table, counts: Any, colours: Any) -> None:
    """Write n at the ends of at most ten branches."""
    for k in np.unique(np.linspace(0, len(counts) - 1, min(len(counts), 10)).astype(int)):
        here = column(table, "n") == counts[k]
        V, I = column(table, "V_mV")[here], column(table, "I_mA")[here]  # noqa: E741
        end = float(V[-1]), float(I[-1])
        axes.annotate(
            f"{counts[k]:.0f}", end, xytext=(0, 4), textcoords="offset points", ha="center", fontsize="small",
            color=colours[k],
        )  # fmt: skip


def _draw_changes(axes: Axes, changes: Table) -> None:
    kinds = np.asarray(changes["kind"])
    for kind, (marker, label) in MARKS.items():
        here = kinds == kind
        axes.plot(
            column(changes, "V_mV")[here], column(changes, "I_mA")[here], marker, color="white", markersize=6,
            markeredgecolor=style.HOT_COLOUR, markeredgewidth=1.5, zorder=5, linestyle="none",
            label=f"{label} (outside the thermal model)" if np.any(here) else None,
        )  # fmt: skip


def _finish(axes: Axes, table: Table, logarithmic: bool) -> None:
    top = float(column(table, "I_mA").max())
    axes.set_xlim(0.0, 1.03 * float(column(table, "V_mV").max()))
    if logarithmic:
        positive = column(table, "I_mA")[column(table, "I_mA") > 0.0]
        axes.set_yscale("log")
        axes.set_ylim(max(float(positive.min()), top * 10.0**-LOWEST_DECADES), 1.3 * top)
    else:
        axes.set_ylim(0.0, 1.06 * top)
    axes.set_xlabel("voltage V (mV)")
    axes.set_ylabel("current I (mA)")
    style.tidy(axes)


FIGURES = {"family.png": plot_family}
"""Figures by file name; a figure is added by a function and an entry here."""
