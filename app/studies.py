"""A study from its file to its table: what `hotmesa study` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hotmesa.case import FAILED, INVALID, OK, STOPPED, WAITING, Outcome, Task, forget, known_outcome
from hotmesa.folder import locked, refuse_foreign
from hotmesa.interrupts import ended_like_interrupted
from hotmesa.pool import Ranks, Workers, workers_of
from hotmesa.postprocess import provenance
from hotmesa.scenarios import StudyError
from hotmesa.scenarios.errors import DONE, INTERRUPTED, NO_CONVERGENCE
from hotmesa.scenarios.plans.errors import nearest
from hotmesa.scenarios.plans.load_study import Plan, load_study
from hotmesa.study_table import NO_PARQUET, rows_of, write_table

_TABLE_EVERY_S = 20.0


@dataclass(frozen=True)
class StudyRequest:
    """What the command line asks for.

    Attributes:
        study: name or file.
        folder: for the results; None for out/NAME.
        workers: processes; None for as many as there are processors, 0 for this one.
        mpi: let the processes of mpirun compute.
        only: names of cases, () for all.
        collect: make the table of what there is, compute nothing.
        retry: compute failed cases again.
        overwrite: compute all again.
        quiet: print errors only.
        command: the command line, for the record.
    """

    study: str
    folder: Path | None = None
    workers: int | None = None
    mpi: bool = False
    only: tuple[str, ...] = ()
    collect: bool = False
    retry: bool = False
    overwrite: bool = False
    quiet: bool = False
    command: str = ""


@dataclass(frozen=True)
class StudyOutcome:
    """How a study ended: exit status, and where its results are (None on processes that only compute)."""

    status: int
    folder: Path | None
    plan: Plan
    files: tuple[Path, ...] = ()


def study(request: StudyRequest) -> StudyOutcome:
    """Compute the cases of a study that are not done yet and write its table.

    Raises:
        StudyError, RequestError, FolderError: bad input.
        OSError: results cannot be written.
    """
    plan = load_study(request.study)
    folder = request.folder or Path("out") / plan.study.name
    refuse_foreign(folder, "study.toml", plan.study.name)
    tasks = _tasks(plan, folder, request)
    workers = workers_of(0 if request.collect else request.workers, request.mpi)
    if isinstance(workers, Ranks) and not workers.leads:
        with workers:
            return StudyOutcome(DONE, None, plan)
    with workers if isinstance(workers, Ranks) else nullcontext(), locked(folder, "cases", bool(request.only)):
        (folder / "study.toml").write_text(plan.text, encoding="utf-8")
        return _compute(plan, folder, tasks, workers, request)


def study_cases(name_or_file: str) -> tuple[str, ...]:
    """Return the names of the cases of a study.

    Raises:
        StudyError: bad input.
    """
    return tuple(case.name for case in load_study(name_or_file).cases)


def _tasks(plan: Plan, folder: Path, request: StudyRequest) -> list[Task]:
    """Return what belongs to this call.

    Raises:
        StudyError: --case names a case that does not exist.
    """
    names = [case.name for case in plan.cases]
    unknown = [name for name in request.only if name not in names]
    if unknown:
        raise StudyError([f"--case {name}: the study has no such case{nearest(name, names)}" for name in unknown])
    made = plan.study
    return [
        Task(case.name, folder / "cases" / case.name, case.scenario, request.command, made.figures, made.states)
        for case in plan.cases
        if case.scenario is not None and (not request.only or case.name in request.only)
    ]


def _compute(plan: Plan, folder: Path, tasks: Sequence[Task], workers: Workers, request: StudyRequest) -> StudyOutcome:
    outcomes = {case.name: Outcome(case.name, WAITING) for case in plan.cases}
    outcomes |= {case.name: Outcome(case.name, INVALID, case.problem) for case in plan.cases if case.scenario is None}
    if request.overwrite and not request.collect:
        for task in tasks:
            forget(task.folder)
    every = _tasks(plan, folder, StudyRequest(request.study))
    outcomes |= {known.name: known for task in every if (known := known_outcome(task)) is not None}
    again = (FAILED, WAITING) if request.retry else (WAITING,)
    due = [] if request.collect else [task for task in tasks if outcomes[task.name].status in again]
    report = Report(sys.stdout, len(tasks), len(tasks) - len(due), request.quiet)
    status = DONE
    started, written = time.perf_counter(), time.perf_counter()
    try:
        for outcome in _run(due, workers):
            outcomes[outcome.name] = outcome
            report.case(outcome)
            if not request.only and time.perf_counter() - written > _TABLE_EVERY_S:
                write_table(folder, rows_of(plan, outcomes, folder))
                written = time.perf_counter()
    except KeyboardInterrupt:
        status = INTERRUPTED
        sys.stderr.write("hotmesa: interrupted; the same command goes on with the cases that are missing\n")
    bad = [outcomes[task.name] for task in tasks if outcomes[task.name].status in (FAILED, STOPPED)]
    if status == DONE and bad:
        status = NO_CONVERGENCE
    report.end(bad)
    files = () if request.only else write_table(folder, rows_of(plan, outcomes, folder))
    if not request.only:
        _record(plan, folder, outcomes, request, time.perf_counter() - started)
        if len(files) == 1 and not request.quiet:
            sys.stdout.write(f"{NO_PARQUET}\n")
    return StudyOutcome(status, folder, plan, files)


def _run(due: Sequence[Task], workers: Workers) -> Iterator[Outcome]:
    if isinstance(workers, Ranks):  # entered already, by all processes
        yield from workers.outcomes(due)
        return
    with workers, ended_like_interrupted():
        yield from workers.outcomes(due)


def _record(plan: Plan, folder: Path, outcomes: Mapping[str, Outcome], request: StudyRequest, wall_s: float) -> None:
    """Write provenance.json of the study."""
    states = [outcome.status for outcome in outcomes.values()]
    values = provenance.collect(plan.text, request.command, 1)
    values["study_sha256"] = values.pop("scenario_sha256")
    values |= {"status": "complete" if WAITING not in states else "incomplete", "wall_s": round(wall_s, 3)}
    values |= {"cpu_s_of_cases": round(sum(outcome.cpu_s for outcome in outcomes.values()), 3)}
    values["cases"] = {state: str(states.count(state)) for state in sorted(set(states))}
    provenance.write(folder / "provenance.json", values)


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
            self._stream.write(text + "\n")
            self._stream.flush()


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
