"""What is made of a run? Numbers and figure, one module a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess.cuts import ON_REQUEST
from hotmesa.postprocess.page import ANIMATION, ANY_PAGE, FORMATS
from hotmesa.postprocess.results import Run
from hotmesa.scenarios.kinds import KINDS

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
        sentences: returns what a person is told at the end of a run, in lines.
    """

    summarise: Callable[[Run], dict[str, Any]]
    numbers: Mapping[str, str]
    figures: Mapping[str, Plot]
    sentences: Callable[[Run], list[str]]


def _none(run: Run) -> list[str]:
    return []


def results_of(word: str) -> Results:
    """Return what is made of a kind of run, from its module in postprocess/runs.

    The module holds `summarise`, `NUMBERS` and `FIGURES` as in `Results`, and may hold `sentences`.

    Raises:
        NotImplementedError: the module or one of the three is missing.
    """
    module = KINDS.on("postprocess", word)
    missing = [name for name in ("summarise", "NUMBERS", "FIGURES") if not hasattr(module, name)]
    if missing:
        names = " and ".join(missing)
        raise NotImplementedError(f'the kind of run "{word}" needs {names} in postprocess/runs/{word}.py')
    return Results(module.summarise, module.NUMBERS, module.FIGURES, getattr(module, "sentences", _none))


def numbers_of(word: str) -> Mapping[str, str]:
    """Return the meaning of every number that summary.json may hold in a kind of run; see `Results.numbers`."""
    return results_of(word).numbers


def picture_files() -> tuple[str, ...]:
    """Return the patterns of the pictures that a run of any kind may have, in any format and for any page."""
    names = dict.fromkeys((*(name for word in KINDS for name in results_of(word).figures), *ON_REQUEST))
    stems = [name.removesuffix(".png") for name in names]
    variants = (f"{stem}{size}.{kind}" for stem in stems for size in ("", ANY_PAGE) for kind in FORMATS)
    return (*names, ANIMATION, *variants)
