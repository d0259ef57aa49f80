"""folds.png: folds of a curve over a second number, and where they meet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.tables import Table, column, read_table
from hotmesa.scenarios.labels import label_of_key
from hotmesa.scenarios.units import unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE_IN = 11.0
COLOURS = {"V": style.BLUE, "I": style.ORANGE}
ROWS = (
    ("V_per_junction_mV", "voltage per junction (mV)"),
    ("I_mA", "current I (mA)"),
    ("T_max_K", "hottest place of the junctions (K)"),
)


@style.styled
def plot_folds(path: Path, key: str, title: str) -> Figure:
    """Return a figure of folds.csv: voltage per junction, current and temperature of folds over a number.

    Raises:
        ResultError: the file is missing or damaged.
    """
    table = read_table(path, (key, "V_per_junction_mV", "I_mA", "T_max_K"), ("curve", "fold"))
    if page.is_narrow(WIDE_IN):
        figure = page.new_figure(WIDE_IN / 2, 9.0)
        panels = figure.subplots(len(ROWS), 1)
    else:
        figure = page.new_figure(WIDE_IN, 4.0)
        panels = figure.subplots(1, len(ROWS))
    for axes, (name, label) in zip(panels, ROWS, strict=True):
        _draw(axes, table, key, name)
        axes.set_xlabel(_with_unit(key))
        axes.set_ylabel(label)
        style.tidy(axes)
    panels[0].legend()
    page.heading(figure, title)
    return figure


def _with_unit(key: str) -> str:
    """Return a key in words, with its unit where it has one."""
    return f"{label_of_key(key)} ({unit_of(key)})" if unit_of(key) else label_of_key(key)


def _draw(axes: Any, table: Table, key: str, name: str) -> None:
    curves, kinds = (np.asarray(table[word], dtype=np.str_) for word in ("curve", "fold"))
    x, y, cusp = column(table, key), column(table, name), column(table, "cusp") == 1.0
    told: set[str] = set()
    for curve in dict.fromkeys(curves):
        use = curves == curve
        kind = str(kinds[use][0])
        label = None if kind in told else f"fold in {kind}"
        told.add(kind)
        axes.plot(x[use], y[use], color=COLOURS[kind], linewidth=1.6, label=label)
    if cusp.any():
        axes.plot(x[cusp], y[cusp], "o", color="black", markersize=6, label=_where(x[cusp], unit_of(key)), zorder=3)


def _where(places: Any, unit: str) -> str:
    """Return where folds meet, for the legend: beside the points there is no room between the curves."""
    return f"two folds meet at {', '.join(dict.fromkeys(f'{place:.4g}' for place in sorted(places)))} {unit}".rstrip()
