"""How figures look and how they are saved; matplotlib is imported inside functions: reading results needs none."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import page
from hotmesa.postprocess.tables import ResultError, Table, column
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.mesas import mesas_of
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.writing import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe and Ito: told apart by every kind of colour vision.
BLUE, ORANGE, GREEN, PINK, YELLOW, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
TOGETHER = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, "#000000")
"""Of curves in one figure, in their order."""
MARKERS = ("o", "s", "D", "^", "P", "X", "*")
"""Of the same, for those who see no colours: in grey, lines of several runs are alike."""
MARKED: dict[str, Any] = {"markevery": 0.12, "markersize": 5.0}
"""Distance of markers, as part of the diagonal of the axes, and their size in points."""
BRANCH_COLOUR = BLUE
UNIFORM_COLOUR = "#7f7f7f"
HOT_COLOUR = ORANGE
NORMAL_COLOUR = GREEN
SHEET = Path(__file__).with_name("hotmesa.mplstyle")

P = ParamSpec("P")
R = TypeVar("R")


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

    with style.context([str(SHEET), page.settings()], after_reset=True):
        yield


def import_matplotlib() -> None:
    """Import matplotlib, also where a backend of a notebook (MPLBACKEND) or a broken matplotlibrc keeps it from it."""
    try:
        import matplotlib
    except Exception:  # a value that is none, a backend that is not here, bytes that are no text
        before = {name: os.environ.pop(name, None) for name in ("MPLBACKEND", "MATPLOTLIBRC")}
        for part in [module for module in sys.modules if module.partition(".")[0] == "matplotlib"]:
            del sys.modules[part]  # what the first attempt left is not whole
        os.environ["MATPLOTLIBRC"] = str(SHEET)
        try:
            import matplotlib  # noqa: F401
        finally:
            del os.environ["MATPLOTLIBRC"]
            os.environ.update({name: value for name, value in before.items() if value is not None})


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


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure, whole or not at all, and return its path; its ending, .png, .pdf or .svg, is the format.

    Raises:
        OSError: it cannot be written.
    """
    kind = path.suffix[1:]
    page.thin_lines(figure)
    with own_settings(), whole_file(path) as stream:
        # Pixels alone stay as they are; the date of a picture is that of its run.
        box = None if any(axes.axison for axes in figure.axes) else figure.bbox_inches
        figure.savefig(stream, format=kind, bbox_inches=box, metadata=_NO_DATE.get(kind))
    return path


_NO_DATE: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


BATH = "bath.temperature_K"


def title_of(scenario: Scenario, varied: str = "") -> str:
    """Return what a device is: "kurter2010-n19: 19 junctions, 10 µm × 10 µm, bath 4.2 K".

    Args:
        scenario: of the device.
        varied: key that a picture varies; a bath temperature is then not told.
    """
    mesa = scenario.mesa
    count = resistive_junctions(scenario)
    junctions = f"{count}" if count == mesa.junctions else f"{count} resistive of {mesa.junctions}"
    device = f"{scenario.name}: {junctions} junctions, {mesa.describe()}"
    device += f" and {len(mesas_of(scenario)) - 1} further mesas" if scenario.mesas else ""
    return device if varied == BATH else f"{device}, bath {scenario.bath.temperature_K:g} K"


STABLE, UNSTABLE_UNDER_VOLTAGE, UNSTABLE_UNDER_CURRENT = 0, 1, 2
LOOKS: dict[int, dict[str, Any]] = {
    STABLE: {"linestyle": "-", "linewidth": 2.0},
    UNSTABLE_UNDER_VOLTAGE: {"linestyle": (0, (5, 1.6)), "linewidth": 1.6},
    UNSTABLE_UNDER_CURRENT: {"linestyle": (0, (1, 1.4)), "linewidth": 1.4},
}
NAMES = {
    STABLE: "stable",
    UNSTABLE_UNDER_VOLTAGE: "unstable under voltage bias only",
    UNSTABLE_UNDER_CURRENT: "unstable under current bias",
}


def told_apart(runs: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return a colour and a marker for the curve of each run in one figure, by its name.

    Raises:
        ResultError: there are more runs than everybody tells apart.
    """
    if len(runs) > len(TOGETHER):
        raise ResultError(f"{len(runs)} results: at most {len(TOGETHER)} curves can be told apart in one figure")
    return dict(zip(runs, zip(TOGETHER, MARKERS, strict=True), strict=False))


@dataclass(frozen=True)
class Segment:
    """Rows `first` to `last` (included) of a branch that are drawn with one kind of line."""

    answer: int
    first: int
    last: int


def answers(rows: Table) -> NDArray[np.int64]:
    """Return the answer of every row, shape (rows,); a row whose stability was not computed has that before it.

    A branch without any answer passes as stable: nothing is known against it.
    """
    nothing = np.full(len(rows["V_mV"]), np.nan)
    voltage, current = (
        column(rows, name) if name in rows else nothing
        for name in ("unstable_modes_voltage_bias", "unstable_modes_current_bias")
    )
    result = np.where(current > 0, UNSTABLE_UNDER_CURRENT, np.where(voltage > 0, UNSTABLE_UNDER_VOLTAGE, STABLE))
    known = np.flatnonzero(np.isfinite(voltage) | np.isfinite(current))
    if known.size == 0:
        return np.full(len(result), STABLE)
    latest = np.searchsorted(known, np.arange(len(result)), side="right") - 1
    return np.asarray(result[known[np.maximum(latest, 0)]], dtype=np.int64)


def segments(answer: NDArray[np.int64]) -> Iterator[Segment]:
    """Yield the stretches of equal answers; each begins at the last row of the one before, so that no gap shows."""
    edges = [0, *(np.flatnonzero(np.diff(answer)) + 1), len(answer)]
    for first, end in pairwise(edges):
        if end > first:
            yield Segment(int(answer[first]), max(int(first) - 1, 0), int(end) - 1)


LOG = logging.getLogger(__name__)


def save_picture(plot: Callable[[], Figure | None], path: Path) -> Path | None:
    """Save the figure that a function returns as PNG and return its path; None where there is nothing to draw.

    A fault while drawing (a fault of matplotlib, of its installation or of this package) is logged as a warning, and an
    older picture is removed, so that it does not pass for one of these results.

    Raises:
        HotmesaError: the results that are drawn are missing or damaged.
        OSError: the file cannot be written.
    """
    try:
        figure = plot()
        if figure is not None:
            return save_figure(figure, path)
    except HotmesaError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename == str(path):  # not a font that cannot be read
            raise
        LOG.warning("%s could not be drawn: %s: %s", path.name, type(error).__name__, error)
    if path.is_file():  # no device
        path.unlink()
    return None
