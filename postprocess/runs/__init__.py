"""What is made of a run? Numbers and figure, one module a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hotmesa.postprocess.map import plot_map
from hotmesa.postprocess.report import BRANCH_NUMBERS
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import sweep_summary, transient_summary
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.postprocess.runs.diagram import plot_diagram
from hotmesa.postprocess.runs.sweep import plot_sweep
from hotmesa.postprocess.runs.transient import plot_transient

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = Callable[[Run], "Figure | None"]

FIGURES: dict[str, dict[str, Plot]] = {
    "branch": {"iv.png": plot_iv, "map.png": plot_map},
    "uniform": {"iv.png": plot_iv},
    "sweep": {"sweep.png": plot_sweep, "map.png": plot_map},
    "transient": {"transient.png": plot_transient, "map.png": plot_map},
    "diagram": {"iv.png": plot_iv, "diagram.png": plot_diagram, "map.png": plot_map},
}
"""By mode and file name the functions that return the figures of a run; None where it has nothing to show.

`render` saves them, a run with --overwrite removes them, and a figure is added by one more line.
"""


def numbers_of(mode: str) -> Mapping[str, str]:
    """Return the meaning of every number that summary.json may hold in a mode; the ending of a name is its unit.

    Lists are counted, "jumps.0.leg": <n> in a name stands for any number.
    """
    return {"sweep": sweep_summary.NUMBERS, "transient": transient_summary.NUMBERS}.get(mode, BRANCH_NUMBERS)


def picture_files() -> tuple[str, ...]:
    """Return the names of the pictures that a run of any mode may have."""
    return tuple(dict.fromkeys(name for figures in FIGURES.values() for name in figures))
