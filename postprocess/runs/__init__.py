"""What is made of a run? Numbers and figure, one module a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess.map import plot_map
from hotmesa.postprocess.report import BRANCH_NUMBERS, summarise
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import family, sweep_summary, transient_summary
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.postprocess.runs.diagram import plot_diagram
from hotmesa.postprocess.runs.sweep import plot_sweep
from hotmesa.postprocess.runs.transient import plot_transient

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = Callable[[Run], "Figure | None"]


@dataclass(frozen=True)
class Results:
    """What is made of a kind of run.

    Attributes:
        summarise: returns the numbers of summary.json.
        numbers: their meaning by name; the ending of a name is its unit. Lists are counted, "jumps.0.leg": <n> in a
            name stands for any number.
        figures: by file name the functions that return the figures; None where the run has nothing to show. `render`
            saves them, a run with --overwrite removes them, and a figure is added by one more line.
    """

    summarise: Callable[[Run], dict[str, Any]]
    numbers: Mapping[str, str]
    figures: dict[str, Plot]


RESULTS: dict[str, Results] = {
    "branch": Results(summarise, BRANCH_NUMBERS, {"iv.png": plot_iv, "map.png": plot_map}),
    "uniform": Results(summarise, BRANCH_NUMBERS, {"iv.png": plot_iv}),
    "sweep": Results(
        sweep_summary.summarise_sweep, sweep_summary.NUMBERS, {"sweep.png": plot_sweep, "map.png": plot_map}
    ),
    "transient": Results(
        transient_summary.summarise_transient,
        transient_summary.NUMBERS,
        {"transient.png": plot_transient, "map.png": plot_map},
    ),
    "diagram": Results(
        summarise, BRANCH_NUMBERS, {"iv.png": plot_iv, "diagram.png": plot_diagram, "map.png": plot_map}
    ),
    "family": Results(family.summarise_family, family.NUMBERS, {"family.png": family.plot_family}),
}
"""What is made of each kind of run, by the word after `mode`."""


def numbers_of(mode: str) -> Mapping[str, str]:
    """Return the meaning of every number that summary.json may hold in a mode; see `Results.numbers`."""
    return RESULTS[mode].numbers


def picture_files() -> tuple[str, ...]:
    """Return the names of the pictures that a run of any kind may have."""
    return (*dict.fromkeys(name for results in RESULTS.values() for name in results.figures), "scene.png")
