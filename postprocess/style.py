"""How figures look, in one place; matplotlib is imported inside functions so that reading results needs none."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from hotmesa.scenarios.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito: told apart by every kind of colour vision.
BLUE, ORANGE, GREEN, PINK, YELLOW, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
BRANCH_COLOUR = BLUE
UNIFORM_COLOUR = "#7f7f7f"
HOT_COLOUR = ORANGE
NORMAL_COLOUR = GREEN
DPI = 150
SHEET = Path(__file__).with_name("hotmesa.mplstyle")

P = ParamSpec("P")
R = TypeVar("R")


def new_figure(
    width_in: float, height_in: float, layout: Literal["constrained", "compressed"] = "constrained", dpi: int = DPI
) -> Figure:
    """Return an empty figure that needs neither a screen nor pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=dpi, layout=layout)


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that axes belong to."""
    from matplotlib.figure import Figure

    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise ValueError("the axes belong to no figure")
    return figure


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with the settings of this package alone: no matplotlibrc, no style of a notebook, no TeX."""
    import_matplotlib()
    from matplotlib import style

    with style.context(str(SHEET), after_reset=True):
        yield


def import_matplotlib() -> None:
    """Import matplotlib, also where MPLBACKEND names a backend (of a notebook) that this Python does not have."""
    try:
        import matplotlib
    except ValueError:
        name = os.environ.pop("MPLBACKEND", None)
        for part in [module for module in sys.modules if module.partition(".")[0] == "matplotlib"]:
            del sys.modules[part]  # what the first attempt left is not whole
        try:
            import matplotlib  # noqa: F401
        finally:
            if name is not None:
                os.environ["MPLBACKEND"] = name


def styled(plot: Callable[P, R]) -> Callable[P, R]:
    """Return a function that draws with the settings of this package."""

    @functools.wraps(plot)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with own_settings():
            return plot(*args, **kwargs)

    return inside


def tidy(axes: Axes) -> None:
    """Give axes light grid lines and no upper and right frame."""
    axes.grid(True, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all, and return its path.

    Raises:
        OSError: it cannot be written.
    """
    with own_settings(), whole_file(path) as stream:
        figure.savefig(stream, format="png")
    return path
