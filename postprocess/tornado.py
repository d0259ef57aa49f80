"""tornado.png: by how much each number of a scenario changes each figure of merit, the strongest on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.labels import label_of, label_of_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BARS = 12
"""The strongest that are drawn of each observable."""
ACROSS = 3
"""Observables side by side."""


@style.styled
def plot_tornado(rows: Sequence[Row], title: str) -> Figure | None:
    """Return a figure with a panel for each observable; None where nothing has a logarithmic derivative.

    A bar is d ln(observable)/d ln(parameter): the change of the observable in percent for each percent of the
    parameter, to the right where both grow together.

    Args:
        rows: of `sensitivity_rows`.
        title: of the figure.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["dln_dln"] != "" and np.isfinite(float(row["dln_dln"])):
            groups.setdefault(str(row["observable"]), []).append(row)
    if not groups:
        return None
    across = min(ACROSS, len(groups))
    down = -(-len(groups) // across)
    figure = page.new_figure(5.6 * across, 0.9 + 3.9 * down)
    panels = np.atleast_1d(figure.subplots(down, across, squeeze=False)).ravel()
    for axes, (name, own) in zip(panels, groups.items(), strict=False):
        _draw(axes, name, own[:BARS])
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    page.heading(figure, title, "change in percent for each percent of a parameter")
    return figure


def _draw(axes: Axes, name: str, rows: Sequence[Row]) -> None:
    """Draw the bars of one observable, the first on top."""
    values = np.array([float(row["dln_dln"]) for row in rows])
    places = np.arange(len(rows))[::-1]
    colours = [style.ORANGE if value > 0.0 else style.BLUE for value in values]
    axes.barh(places, values, color=colours, height=0.7, zorder=2)
    axes.set_yticks(places, [label_of_key(str(row["parameter"])) for row in rows])
    style.tidy(axes)
    axes.tick_params(axis="y", labelsize="small")
    axes.axvline(0.0, color="black", linewidth=0.9, zorder=3)
    reach = 1.45 * float(np.abs(values).max()) or 1.0
    axes.set_xlim(-reach, reach)
    for place, value in zip(places, values, strict=True):
        side = 3 if value > 0.0 else -3
        axes.annotate(
            f"{value:+.2g}".replace("-", "−"), (value, place), (side, 0), textcoords="offset points", va="center",
            ha="left" if value > 0.0 else "right", fontsize="small",
        )  # fmt: skip
    axes.set_xlabel("d ln(observable) / d ln(parameter)")
    axes.set_title(f"{label_of(name)} = {float(rows[0]['value']):.4g}")
