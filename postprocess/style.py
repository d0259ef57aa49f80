"""How figures look, in one place; matplotlib is imported inside functions so that reading results needs none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hotmesa.scenarios.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BRANCH_COLOUR = "#1f4e9c"
UNIFORM_COLOUR = "#8a8a8a"
HOT_COLOUR = "#c4361d"
NORMAL_COLOUR = "#2a7f3f"
DPI = 150


def new_figure(
    width_in: float, height_in: float, layout: Literal["constrained", "compressed"] = "constrained", dpi: int = DPI
) -> Figure:
    """Return an empty figure that needs neither a screen nor pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=dpi, layout=layout)


def tidy(axes: Axes) -> None:
    """Give axes light grid lines and no upper and right frame."""
    axes.grid(True, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a PNG whole or not at all and return its path."""
    with whole_file(path) as stream:
        figure.savefig(stream, format="png", bbox_inches="tight", pad_inches=0.12)
    return path
