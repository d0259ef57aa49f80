"""What is made of a run? Numbers and figure, one module a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import branch, diagram, family, sweep, transient

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
            saves them and a run with --overwrite removes them; FIGURES in the module of a kind.
    """

    summarise: Callable[[Run], dict[str, Any]]
    numbers: Mapping[str, str]
    figures: Mapping[str, Plot]


RESULTS: dict[str, Results] = {
    "branch": Results(branch.summarise, branch.NUMBERS, branch.FIGURES),
    "uniform": Results(branch.summarise, branch.NUMBERS, {"iv.png": branch.plot_iv}),
    "sweep": Results(sweep.summarise, sweep.NUMBERS, sweep.FIGURES),
    "transient": Results(transient.summarise, transient.NUMBERS, transient.FIGURES),
    "diagram": Results(branch.summarise, branch.NUMBERS, diagram.FIGURES),
    "family": Results(family.summarise, family.NUMBERS, family.FIGURES),
}
"""What is made of each kind of run, by the word after `mode`."""


def numbers_of(mode: str) -> Mapping[str, str]:
    """Return the meaning of every number that summary.json may hold in a mode; see `Results.numbers`."""
    return RESULTS[mode].numbers


def picture_files() -> tuple[str, ...]:
    """Return the names of the pictures that a run of any kind may have."""
    return (*dict.fromkeys(name for results in RESULTS.values() for name in results.figures), "scene.png")
