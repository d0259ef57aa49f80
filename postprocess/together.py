"""Several runs in one figure: their I(V) curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hotmesa.postprocess import page, stable, style
from hotmesa.postprocess.merit import curve_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs.branch import Shown, Voltage, draw_branch, finish_current

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.styled
def plot_together(runs: Mapping[str, Run], voltage: Voltage = "junction") -> Figure:
    """Return a figure of the I(V) curves of several runs, each with name, colour and marker; unstable parts are dashed.

    Args:
        runs: of any kind whose table has V_mV and I_mA, by name.
        voltage: whether they are drawn over the voltage per junction or that of the stack.

    Raises:
        ResultError: a table lacks a column.
        ResultError: there are more runs than everybody tells apart.
    """
    looks = style.told_apart(runs)
    figure = page.new_figure(7.4, 5.2)
    axes = figure.subplots()
    for name, run in runs.items():
        shown = Shown(run.junctions, voltage)
        draw_branch(axes, run, curve_of(run.rows, run.normal_resistance_ohm), shown, name, *looks[name])
    finish_current(axes, list(runs.values()), shown)
    told = {name: stable.sentence(run) for name, run in runs.items()}
    same = len(set(told.values())) == 1
    lines = [words if same or not words else f"{name}: {words}" for name, words in told.items()]
    page.heading(figure, *dict.fromkeys(lines))
    return figure
