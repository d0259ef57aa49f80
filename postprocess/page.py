"""How a figure comes to the width of a page: panels below each other where there is no room, texts that stay legible.

A figure function asks for its natural size. On a page it is drawn at the size at which it is printed: texts are scaled
with its width down to `SMALLEST_PT` and not further; what needs more room then stands below instead of beside.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "svg")
ANIMATION = "animation.gif"
ANY_PAGE = "-[0-9]*mm"
"""In the pattern of the name of a picture: for a page of any width, as iv-86mm.png."""
NATURAL_PT, SMALLEST_PT = 10.0, 7.0
"""Size of the texts of a figure at its natural width, and the least on a page."""
MM = 1.0 / 25.4
DPI = 150
STACKED = 0.55
"""Width of a panel below another, as part of that of both beside each other."""
_WHOLE = re.compile(r"(?<=\d) (?=[^\W\d]+\b)| (?=[=±])|(?<=[=±]) ")
"""Spaces where no line is broken: between a number and its unit, its name or its uncertainty."""
_CHARACTER = 0.0075
"""Mean width of a character in inches for each point of its size."""


@dataclass
class Page:
    """The width of a page, and by how much the figure on it is smaller than its natural size."""

    width_in: float
    scale: float = 1.0

    @property
    def room_in(self) -> float:
        """Return the largest natural width of a figure whose texts stay legible."""
        return self.width_in * NATURAL_PT / SMALLEST_PT


_PAGE: ContextVar[Page | None] = ContextVar("page", default=None)


@contextmanager
def on_page(width_mm: float | None) -> Iterator[None]:
    """Draw and save figures for a page of this width; None: at their natural size."""
    token = _PAGE.set(None if width_mm is None else Page(width_mm * MM))
    try:
        yield
    finally:
        _PAGE.reset(token)


def settings() -> dict[str, Any]:
    """Return the settings of matplotlib that the page changes; a figure is as wide as the page."""
    page = _PAGE.get()
    if page is None:
        return {}
    thin = {name: 0.8 * page.scale for name in ("axes.linewidth", "xtick.major.width", "ytick.major.width")}
    sizes = {"font.size": NATURAL_PT * page.scale, "figure.titlesize": NATURAL_PT * page.scale}
    return {**sizes, **thin, "savefig.bbox": None}


def room_in(width_in: float) -> float:
    """Return how wide a figure may be, in inches of its natural size, if it would like to be that wide."""
    page = _PAGE.get()
    return width_in if page is None else min(width_in, page.room_in)


def new_figure(
    width_in: float,
    height_in: float,
    layout: Literal["constrained", "compressed"] | None = "constrained",
    dpi: int = DPI,
) -> Figure:
    """Return an empty figure that needs neither a screen nor pyplot's global state.

    Args:
        width_in: natural width in inches, with texts of 10 points.
        height_in: natural height; on a page that is narrower the figure gets slimmer rather than lower.
        layout: as of matplotlib; None for pixels, which keep their shape.
        dpi: dots per inch of a PNG at the natural size.
    """
    import matplotlib as mpl

    from hotmesa.postprocess.picture import Picture

    page = _PAGE.get()
    if page is None:
        return Picture(figsize=(width_in, height_in), dpi=dpi, layout=layout)
    width = room_in(width_in)
    page.scale = page.width_in / width
    mpl.rcParams.update(settings())
    slimmer = 1.0 if layout is None else (width / width_in) ** -0.5
    size = (page.width_in, height_in * width / width_in * slimmer * page.scale)
    return Picture(figsize=size, dpi=2 * dpi, layout=layout)


def pair(width_in: float, height_in: float, ratios: Sequence[float] = (1.0, 1.0)) -> tuple[Figure, Axes, Axes]:
    """Return a figure with two panels: beside each other, or below where the page is too narrow for that."""
    if is_narrow(width_in):
        figure = new_figure(STACKED * width_in, 1.8 * height_in)
        axes = figure.subplots(2, 1)
    else:
        figure = new_figure(width_in, height_in)
        axes = figure.subplots(1, 2, width_ratios=list(ratios))
    return figure, axes[0], axes[1]


def is_narrow(width_in: float) -> bool:
    """Return whether the page has no room for a figure of this natural width."""
    return room_in(width_in) < 0.8 * width_in


def columns(wanted: int) -> int:
    """Return the number of columns of a legend."""
    page = _PAGE.get()
    return wanted if page is None or page.room_in > 3.0 * wanted else 1


def heading(figure: Figure, *lines: str, **look: Any) -> None:
    """Write the lines that are not empty over a figure, broken where they are wider than it."""
    size = settings().get("figure.titlesize", 1.2 * NATURAL_PT)
    figure.suptitle(wrapped(lines, figure.get_size_inches()[0], float(look.get("fontsize", size))), **look)


def title(axes: Axes, *lines: str) -> None:
    """Write the lines that are not empty over the only panel of a figure, broken where they are wider than it."""
    figure = axes.figure
    size = settings().get("font.size", NATURAL_PT)
    axes.set_title(wrapped(lines, figure.bbox.width / figure.dpi, size))


def wrapped(lines: Sequence[str], width_in: float, size_pt: float) -> str:
    """Return the lines that are not empty, broken to a width."""
    most = max(int(width_in / (_CHARACTER * size_pt)), 20)
    whole = (_WHOLE.sub("\xa0", line) for line in filter(None, lines))
    return "\n".join(textwrap.fill(line, most, break_long_words=False) for line in whole).replace("\xa0", " ")


def thin_lines(figure: Figure) -> None:
    """Make lines and marks of a figure as thin as its texts are small."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D

    page = _PAGE.get()
    scale = 1.0 if page is None else page.scale
    if np.isclose(scale, 1.0):
        return
    for drawn in figure.findobj():
        if isinstance(drawn, Line2D):
            drawn.set_linewidth(scale * drawn.get_linewidth())
            drawn.set_markersize(scale * drawn.get_markersize())
        elif isinstance(drawn, Collection):
            drawn.set_linewidth(list(scale * np.atleast_1d(np.asarray(drawn.get_linewidth(), dtype=np.float64))))
