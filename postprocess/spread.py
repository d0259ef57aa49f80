"""uncertainty.png: I(V) with the bands that assumed numbers leave, and what each of them makes of the variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.uncertainty import HIGH, LOW, Spread
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.labels import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.YELLOW, style.SKY)
REST = "#b0b0b0"


@style.styled
def plot_uncertainty(bands: Sequence[Row], spreads: Sequence[Spread], names: Sequence[str], title: str) -> Figure:
    """Return a figure: bands of I(V) on the left, first-order shares of every number on the right.

    Args:
        bands: of `band_rows`.
        spreads: of the numbers, in order.
        names: of what is assumed.
        title: of the figure.
    """
    figure = page.new_figure(11.5, 5.4)
    left, right = figure.subplots(1, 2)
    _draw_bands(left, bands)
    _draw_shares(right, spreads, names)
    page.heading(figure, title, f"bands hold {100 * (HIGH - LOW):.0f} % of all devices")
    return figure


def _draw_bands(axes: Axes, bands: Sequence[Row]) -> None:
    def column(name: str) -> Array:
        return np.array([float(row[name]) for row in bands])

    I = column("I_mA")  # noqa: E741
    low, high = column("sampled_low_mV"), column("sampled_high_mV")
    axes.fill_betweenx(I, low, high, color=style.BRANCH_COLOUR, alpha=0.3, linewidth=0.0, label="whole runs")
    for name, label in (("linear_low_mV", "by derivatives"), ("linear_high_mV", None)):
        axes.plot(column(name), I, color=style.ORANGE, linestyle="--", linewidth=1.2, label=label)
    axes.plot(column("V_mV"), I, color="black", linewidth=1.4, label="the scenario")
    axes.set_xlabel("voltage V (mV)")
    axes.set_ylabel("current I (mA)")
    style.tidy(axes)
    axes.legend(loc="upper left")


def _draw_shares(axes: Axes, spreads: Sequence[Spread], names: Sequence[str]) -> None:
    """Draw two stacked bars for each number, of whole runs above and of derivatives below."""
    every = np.array([[one.shares, one.linear_shares] for one in spreads]).reshape(-1, len(names))
    all_shares = np.nan_to_num(every).sum(axis=0)
    first = np.argsort(-all_shares)[: len(COLOURS)]
    others = [k for k in range(len(names)) if k not in first]
    for row, one in enumerate(spreads):
        for shift, shares, alpha in ((-0.2, one.shares, 1.0), (0.2, one.linear_shares, 0.5)):
            if not np.isfinite(shares).all():
                continue
            start = 0.0
            parts = [(shares[k], COLOURS[place]) for place, k in enumerate(first)]
            for part, colour in [*parts, (shares[others].sum(), REST)]:
                axes.barh(row + shift, part, left=start, height=0.36, color=colour, alpha=alpha)
                start += float(part)
    for place, k in enumerate(first):
        axes.barh(0.0, 0.0, color=COLOURS[place], label=names[k])
    if others:
        axes.barh(0.0, 0.0, color=REST, label="all others")
    axes.set_yticks(range(len(spreads)), [label_of(one.name) for one in spreads])
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.02)
    axes.set_xlabel("part of the variance (1): whole runs above, derivatives (pale) below")
    style.tidy(axes)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
