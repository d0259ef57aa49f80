"""A study from its file to its table: what `hotmesa study` does."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from hotmesa.case import FAILED, INVALID, OK, STOPPED, WAITING, Outcome, Task, forget, known_outcome
from hotmesa.folder import locked, refuse_foreign
from hotmesa.phases import write_phase_diagram
from hotmesa.pool import Ranks, Workers, workers_of
from hotmesa.postprocess import provenance
from hotmesa.progress import tell
from hotmesa.scenarios import StudyError
from hotmesa.scenarios.errors import DONE, NO_CONVERGENCE
from hotmesa.scenarios.plans.study import Plan, load_study
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.writing import write_json, write_text
from hotmesa.stopping import ended_like_interrupted, stop_on_signal
from hotmesa.study_table import NO_PARQUET, closing, rows_of, write_tables
from hotmesa.vocabulary import VOCABULARY

_TABLE_EVERY_S = 20.0


@dataclass(frozen=True, repr=False)
class StudyResult:
    """What became of a study.

    Attributes:
        folder: of its results: table.csv, and cases/NAME with the results of each case.
        plan: what was to be computed.
        cases: how each case ended, by name.
        files: the tables that were written; none where single cases were asked for.
        status: 0, or 3 if a case failed.
        closing: how many cases failed and how many are not converged, in a line; "" where single cases were asked for.
    """

    folder: Path
    plan: Plan
    cases: Mapping[str, Outcome]
    files: tuple[Path, ...]
    status: int
    closing: str = ""

    def __repr__(self) -> str:
        """Return how many cases there are and how they ended."""
        ended = Counter(case.status for case in self.cases.values())
        counts = ", ".join(f"{count} {status}" for status, count in ended.items())
        return f"<StudyResult {self.plan.study.name}: {counts}; {self.folder / 'table.csv'}>"


@dataclass(frozen=True)
class Work:
    """Cases at work.

    Attributes:
        plan: what is computed.
        folder: where.
        only: names of cases, () for all.
        command: the command line, for the record.
        quiet: whether to print errors only.
        kind: what the file is, "study" or another word that begins the names of bundled ones.
        outcomes: what is known of each case.
    """

    plan: Plan
    folder: Path
    only: Sequence[str] = ()
    command: str = ""
    quiet: bool = True
    kind: str = "study"
    outcomes: dict[str, Outcome] = field(default_factory=dict)


def study(
    name_or_file: str | Path, *, out: str | Path | None = None, workers: int | None = None, mpi: bool = False,
    only: Sequence[str] = (), collect: bool = False, retry: bool = False, overwrite: bool = False,
    quiet: bool = True, command: str = "",
) -> StudyResult | None:  # fmt: skip
    """Compute the cases of a study that are not done yet and write its table.

    Args:
        name_or_file: a bundled study, or a TOML file.
        out: folder for the results; None for out/NAME.
        workers: processes; None for as many as there are processors, 0 for this one.
        mpi: let the processes of mpirun compute.
        only: names of cases, () for all.
        collect: make the table of what there is, compute nothing.
        retry: compute failed cases again.
        overwrite: compute all again.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Returns:
        How the cases ended; None on processes of mpirun that compute for the first one.

    Raises:
        StudyError, RequestError, FolderError: bad input.
        KeyboardInterrupt: it was interrupted; the cases that are done, and their table, are kept.
        OSError: results cannot be written.
    """
    plan = load_study(str(name_or_file), VOCABULARY)
    folder = Path(out) if out is not None else Path("out") / plan.study.name
    work = Work(plan, folder, only, command, quiet)
    return compute_cases(work, workers_of(0 if collect else workers, mpi), collect, retry, overwrite)


def compute_cases(
    work: Work, pool: Workers, collect: bool = False, retry: bool = False, overwrite: bool = False
) -> StudyResult | None:
    """Compute the cases of a plan that are not done yet and write their table.

    Args:
        work: what is computed, and where.
        pool: who computes.
        collect: make the table of what there is, compute nothing.
        retry: compute failed cases again.
        overwrite: compute all again.

    Returns:
        How the cases ended; None on processes of mpirun that compute for the first one.

    Raises:
        StudyError, FolderError: bad input.
        KeyboardInterrupt: it was interrupted; the cases that are done, and their table, are kept.
        OSError: results cannot be written.
    """
    plan, folder, only = work.plan, work.folder, work.only
    refuse_foreign(folder, f"{work.kind}.toml", plan.study.name)
    tasks = _tasks(plan, folder, only, work.command)
    if isinstance(pool, Ranks) and not pool.leads:
        with pool:
            return None
    with pool if isinstance(pool, Ranks) else nullcontext(), locked(folder, "cases", bool(only)):
        write_text(folder / f"{work.kind}.toml", plan.text)
        if overwrite and not collect:
            for task in tasks:
                forget(task.folder)
        work.outcomes.update(_known(plan, folder))
        again = () if collect else (FAILED, WAITING) if retry else (WAITING,)
        due = [task for task in tasks if work.outcomes[task.name].status in again]
        return _compute(work, tasks, due, pool)


def study_cases(name_or_file: str) -> tuple[str, ...]:
    """Return the names of the cases of a study.

    Raises:
        StudyError: bad input.
    """
    return tuple(case.name for case in load_study(name_or_file, VOCABULARY).cases)


def _tasks(plan: Plan, folder: Path, only: Sequence[str] = (), command: str = "") -> list[Task]:
    """Return what belongs to this call.

    Raises:
        StudyError: --case names a case that does not exist.
    """
    names = [case.name for case in plan.cases]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise StudyError([f"--case {name}: the study has no such case{did_you_mean(name, names)}" for name in unknown])
    figures, states = plan.study.figures, plan.study.states or plan.study.phases is not None
    return [
        Task(
            case.name, folder / "cases" / case.name, case.scenario, command, figures, states, case.sweep, case.derived,
            case.columns,
        )
        for case in plan.cases
        if case.scenario is not None and (not only or case.name in only)
    ]  # fmt: skip


def _known(plan: Plan, folder: Path) -> dict[str, Outcome]:
    """Return what is known of each case before anything is computed."""
    outcomes = {case.name: Outcome(case.name, WAITING) for case in plan.cases}
    invalid = (case for case in plan.cases if case.scenario is None)
    outcomes |= {case.name: Outcome(case.name, INVALID, "; ".join(case.problems)) for case in invalid}
    tasks = _tasks(plan, folder)
    return outcomes | {known.name: known for task in tasks if (known := known_outcome(task)) is not None}


def _compute(work: Work, tasks: Sequence[Task], due: Sequence[Task], workers: Workers) -> StudyResult:
    report = Report(sys.stdout, len(tasks), len(tasks) - len(due), work.quiet)
    started, written = time.perf_counter(), time.perf_counter()
    interrupted = False
    try:
        for outcome in _run(due, workers):
            work.outcomes[outcome.name] = outcome
            report.case(outcome)
            if not work.only and time.perf_counter() - written > _TABLE_EVERY_S:
                write_tables(work.folder, rows_of(work.plan, work.outcomes, work.folder))
                written = time.perf_counter()
    except KeyboardInterrupt:
        interrupted = True
    with stop_on_signal():  # what was computed goes into the table, whatever asks to end meanwhile
        return _finish(work, tasks, report, interrupted, started)


def _finish(work: Work, tasks: Sequence[Task], report: Report, interrupted: bool, started: float) -> StudyResult:
    """Write the table of what there is.

    Raises:
        KeyboardInterrupt: it was interrupted; the message says how to go on.
    """
    bad = [work.outcomes[task.name] for task in tasks if work.outcomes[task.name].status in (FAILED, STOPPED)]
    report.end(bad)
    rows = [] if work.only else rows_of(work.plan, work.outcomes, work.folder)
    files = write_tables(work.folder, rows) if rows else ()
    drawn = write_phase_diagram(work.plan, work.outcomes, work.folder) if rows else ()
    if files:
        _record(work, time.perf_counter() - started)
        if len(files) == 1 and not work.quiet:
            tell(sys.stdout, f"{NO_PARQUET}\n")
    if interrupted:
        table = f" (the others: {files[0]})" if files else ""
        raise KeyboardInterrupt(f"interrupted; the same command goes on with the cases that are missing{table}")
    status = NO_CONVERGENCE if bad else DONE
    return StudyResult(work.folder, work.plan, work.outcomes, (*files, *drawn), status, closing(rows) if rows else "")


def _run(due: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    # Ranks are entered already, by all processes.
    with nullcontext() if isinstance(workers, Ranks) else workers, ended_like_interrupted():
        yield from workers.outcomes(due)


def _record(work: Work, wall_s: float) -> None:
    """Write provenance.json of the study."""
    states = [outcome.status for outcome in work.outcomes.values()]
    values = provenance.collect(work.plan.text, work.command, 1)
    values[f"{work.kind}_sha256"] = values.pop("scenario_sha256")
    values |= {"status": "complete" if WAITING not in states else "incomplete", "wall_s": round(wall_s, 3)}
    values |= {"cpu_s_of_cases": round(sum(outcome.cpu_s for outcome in work.outcomes.values()), 3)}
    values["cases"] = {state: str(states.count(state)) for state in sorted(set(states))}
    write_json(work.folder / "provenance.json", values)


class Report:
    """One line for each case, with the time left."""

    def __init__(self, stream: TextIO, count: int, done: int, quiet: bool) -> None:
        self._stream, self._quiet = stream, quiet
        self._count, self._done, self._before = count, done, done
        self._started = time.perf_counter()
        if done:
            self._say(f"{done} of {count} cases are done already")

    def case(self, outcome: Outcome) -> None:
        """Tell how a case ended."""
        self._done += 1
        new, left = self._done - self._before, self._count - self._done
        rest = (time.perf_counter() - self._started) / new * left
        width = len(str(self._count))
        reason = f": {outcome.reason}" if outcome.status != OK else ""
        ending = f"; {duration(rest)} left" if left else ""
        count = f"[{self._done:{width}d}/{self._count}]"
        self._say(f"{count} {outcome.status:<6} {outcome.name}  {outcome.wall_s:.1f} s{ending}{reason}")

    def end(self, failed: Sequence[Outcome]) -> None:
        """Tell how many failed."""
        seconds = time.perf_counter() - self._started
        self._say(f"{self._done - self._before} cases computed in {duration(seconds)}, {len(failed)} failed")

    def _say(self, text: str) -> None:
        if not self._quiet:
            tell(self._stream, text + "\n")


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
