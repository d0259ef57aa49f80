"""What is assumed of a scenario as bands of its branch and figures of merit: what `hotmesa uncertainty` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from hotmesa.case import OK
from hotmesa.pool import workers_of
from hotmesa.postprocess.derivatives import Kept, load
from hotmesa.postprocess.sensitivity import USUAL, needs_state, problems_with
from hotmesa.postprocess.spread import plot_uncertainty
from hotmesa.postprocess.style import save_picture, title_of
from hotmesa.postprocess.tables import ResultError
from hotmesa.postprocess.uncertainty import (
    OF_BAND,
    Spread,
    band_rows,
    share_rows,
    spread_of,
    uncertainty_rows,
    words,
)
from hotmesa.postprocess.values import observe
from hotmesa.progress import tell
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.uncertainty import CENTRE, UncertaintyPlan, load_uncertainty
from hotmesa.scenarios.writing import write_table
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.studies import StudyResult, Work, compute_cases
from hotmesa.vocabulary import VOCABULARY


@dataclass(frozen=True)
class UncertaintyResult:
    """What was found.

    Attributes:
        study: the cases, the scenario itself and one for each sample, and where they are.
        spreads: how the figures of merit are spread.
        bands: how V is spread at constant currents.
        files: what was written.
        status: 0, or 3 if a sample failed.
    """

    study: StudyResult
    spreads: tuple[Spread, ...]
    bands: tuple[Spread, ...]
    files: tuple[Path, ...]

    @property
    def status(self) -> int:
        """Exit status."""
        return self.study.status


def uncertainty(
    name_or_file: str | Path, *, out: str | Path | None = None, workers: int | None = None, mpi: bool = False,
    collect: bool = False, retry: bool = False, overwrite: bool = False, quiet: bool = True, command: str = "",
) -> UncertaintyResult | None:  # fmt: skip
    """Compute what assumed numbers leave open of a branch: linearised, and by samples over their distributions.

    The branch of the scenario is computed with its derivatives, and one more for each Sobol point of the distributions.
    What was computed before is taken from the folder.

    Args:
        name_or_file: a bundled file, or a TOML file with [[assumed]].
        out: folder for the results; None for out/NAME.
        workers: processes; None for as many as there are processors, 0 for this one.
        mpi: let the processes of mpirun compute.
        collect: make the tables of what there is, compute nothing.
        retry: compute failed samples again.
        overwrite: compute all again.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Returns:
        The distributions; None on processes of mpirun that compute for the first one.

    Raises:
        StudyError, ScenarioError, RequestError, FolderError: bad input.
        SolveError: the branch of the scenario itself could not be computed.
        KeyboardInterrupt: it was interrupted; the same command goes on.
        OSError: results cannot be written.
    """
    plan = load_uncertainty(name_or_file, VOCABULARY)
    given = plan.uncertainty
    asked = given.observables or ()
    if problems := problems_with(asked):
        raise RequestError("\n".join(problems))
    folder = Path(out) if out is not None else Path("out") / given.name
    work = Work(plan.cases(needs_state(asked)), folder, command=command, quiet=quiet, kind="uncertainty")
    done = compute_cases(work, workers_of(0 if collect else workers, mpi), collect, retry, overwrite)
    if done is None:
        return None
    kept = _centre(done)
    spreads = _spreads(plan, done, kept, _known(asked, done, kept))
    places = plan.scenario.branch.end_current_mA * np.arange(1, given.currents + 1) / given.currents
    bands = _spreads(plan, done, kept, [f"{OF_BAND}{place:.10g}" for place in places])
    if not quiet:
        tell(sys.stdout, words(plan, spreads))
    return UncertaintyResult(done, spreads, bands, (*done.files, *_written(plan, folder, spreads, bands)))


def _centre(done: StudyResult) -> Kept:
    """Return the branch of the scenario with its derivatives.

    Raises:
        SolveError: there is none.
        RequestError: a number that is assumed cannot be varied.
    """
    ending = done.cases[CENTRE]
    if ending.status != OK:
        raise SolveError(f"the branch of the scenario itself: {ending.reason or ending.status}")
    kept = load(done.folder / "cases" / CENTRE)
    if kept is None or kept.branch is None:
        reasons = "" if kept is None else "; ".join(dict.fromkeys(kept.refused.values()))
        raise SolveError(f"the branch of the scenario itself has no derivatives: {reasons}")
    if kept.refused:
        raise RequestError("\n".join(f"{key}: {reason}" for key, reason in kept.refused.items()))
    return kept


def _known(asked: Sequence[str], done: StudyResult, kept: Kept) -> list[str]:
    """Return the numbers that get bands.

    Raises:
        ResultError: one that is asked for has no derivative on this branch.
    """
    if not asked:
        values = observe(done.folder / "cases" / CENTRE, USUAL)
        return [name for name in USUAL if values[name].number is not None and kept.knows(name)]
    wrong = [name for name in asked if not kept.knows(name)]
    if wrong:
        raise ResultError("\n".join(f"{name}: the scenario itself does not have it" for name in wrong))
    return list(asked)


def _spreads(plan: UncertaintyPlan, done: StudyResult, kept: Kept, names: Sequence[str]) -> tuple[Spread, ...]:
    """Return how numbers are spread over the cases that were computed."""
    values = np.array([_values(done, name, names) for name in done.cases])
    order = {name: row for row, name in enumerate(done.cases)}
    samples = [order[case.name] for case in done.plan.cases if case.name != CENTRE]
    centre = values[order[CENTRE]]
    computed = sum(ending.status == OK for name, ending in done.cases.items() if name != CENTRE)
    return tuple(
        spread_of(plan, name, float(centre[k]), _slopes(plan, kept, name), values[samples, k], computed)
        for k, name in enumerate(names)
        if np.isfinite(centre[k])
    )


def _values(done: StudyResult, case: str, names: Sequence[str]) -> list[float]:
    """Return numbers of a case, NaN for what it does not have."""
    if done.cases[case].status != OK:
        return [float("nan")] * len(names)
    found = observe(done.folder / "cases" / case, names)
    return [float("nan") if (number := found[name].number) is None else number for name in names]


def _slopes(plan: UncertaintyPlan, kept: Kept, name: str) -> Array:
    """Return the derivatives of a number by what is assumed, in the inner scales."""
    found = []
    for one in plan.uncertainty.assumed:
        scale = plan.values[one.key] if one.scale == "log" else 1.0
        found.append(scale * sum(kept.of_number(name, key) for key in (one.key, *one.also)))
    return np.array(found)


def _written(
    plan: UncertaintyPlan, folder: Path, spreads: Sequence[Spread], bands: Sequence[Spread]
) -> tuple[Path, ...]:
    """Write tables and picture and return their paths."""
    ribbons = band_rows(bands)
    files = (
        write_table(folder / "uncertainty.csv", uncertainty_rows(spreads)),
        write_table(folder / "shares.csv", share_rows(plan, spreads)),
        write_table(folder / "bands.csv", ribbons),
    )
    names = [one.name for one in plan.uncertainty.assumed]
    title = title_of(plan.scenario)
    picture = save_picture(partial(plot_uncertainty, ribbons, spreads, names, title), folder / "uncertainty.png")
    return (*files, *(() if picture is None else (picture,)))
