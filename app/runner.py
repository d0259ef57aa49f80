"""One run from a scenario to its points, in memory or in a folder of results."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.kinds import NOTHING, RUNS, Own
from hotmesa.postprocess.results import Point, Run
from hotmesa.processes import anywhere, itself, stop_on_signal, wait_for_all, world
from hotmesa.progress import Progress
from hotmesa.record import RunRecord, begin_record
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.errors import BAD_INPUT, DONE, INTERRUPTED, NO_CONVERGENCE, HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.solver.errors import SolveError

CHECKPOINT_S = 20.0
"""Between two times at which what is reached is saved, should the process be killed."""
WORDS = {DONE: "complete", NO_CONVERGENCE: "stopped", INTERRUPTED: "interrupted"}


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        run: what was reached.
        status: exit status: 0, 3 where it could not be continued, 130 where it was interrupted.
        problem: why it ended early; "" for a complete run.
    """

    run: Run
    status: int
    problem: str


def compute(
    scenario: Scenario, folder: Path | None, *, own: Own = NOTHING, overwrite: bool = False, quiet: bool = True,
    command: str = "", figures: bool = True, alone: bool = False,
) -> Ending:  # fmt: skip
    """Compute a scenario and write its folder. With several MPI processes all of them call this; the first one writes.

    Args:
        scenario: what to compute.
        folder: for the results; None: in memory alone.
        own: what a user brings along.
        overwrite: whether an earlier run there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.
        figures: whether to draw figures and write files for ParaView; summary.json is always made.
        alone: this process computes by itself, whatever other MPI processes do.

    Raises:
        MeshError, LawError, FolderError, RequestError: bad input.
        OSError: results cannot be written.
    """
    comm = None if alone else world()
    solver = RUNS[scenario.mode]()  # before anything is removed or written
    record = RunRecord(None, "", command, 1)
    if folder is not None:
        record = begin_record(comm, folder, to_toml(scenario), command, overwrite)
    along, end = solver.goal(scenario)
    silent, several = quiet or not (comm is None or comm.rank == 0), comm is not None and comm.size > 1
    progress = Progress(sys.stdout, end, silent, along, KINDS[scenario.mode].prefix, plain=several)
    work = _Work(Run(scenario), record, progress, comm)
    try:
        with record.logging(progress) if folder is not None else nullcontext(), stop_on_signal() as stopped:
            status, problem = work.follow(solver.points(scenario, itself() if alone else None, own), stopped)
            problem += work.finish(status, figures)
    except HotmesaError as error:
        # Bad input that shows only now: a mesh, a table, a state of another device. Faults of the program keep the log.
        if not progress.points and error.status == BAD_INPUT:
            record.discard()
        raise
    if status == INTERRUPTED and not progress.points:
        record.discard()
    wait_for_all(comm)
    return Ending(work.run, status, problem)


@dataclass(frozen=True)
class _Work:
    """What the steps of one run share."""

    run: Run
    record: RunRecord
    progress: Progress
    comm: Any

    def follow(self, points: Iterator[Point], stopped: Callable[[], bool]) -> tuple[int, str]:
        """Take points to the end, to an error, or to Ctrl-C, and return exit status and problem; `run` has them."""
        problem, status, saved = "", INTERRUPTED, time.perf_counter()
        try:
            for point in points:
                self._take(point)
                if time.perf_counter() - saved > CHECKPOINT_S:
                    self.save()
                    saved = time.perf_counter()
                if anywhere(self.comm, stopped()):
                    break
            else:
                status = DONE
        except KeyboardInterrupt:
            pass
        except SolveError as error:
            status, problem = NO_CONVERGENCE, self._stopped(error)
        self.progress.done()
        if status == INTERRUPTED:
            problem = f"interrupted; the {self.progress.points} {self.run.kind.points} so far are kept"
        if problem:
            self.record.log.info("%s", problem)
        return status, problem

    def _take(self, point: Point) -> None:
        self.run.append(point)
        if not point.table:
            self.progress.point(point.row, self.run.kind.shown)
        if not point.table and self.run.kind.shown:
            self.record.point(point.row)

    def save(self) -> None:
        """Write what there is (first process only)."""
        if self.record.folder is not None and len(self.run):
            self.run.provenance = self.record.provenance
            self.run.save(self.record.folder)

    def finish(self, status: int, figures: bool) -> str:
        """Write the run and what is made of it, say where everything is, and return a further problem or ""."""
        self.save()
        self.record.finish(WORDS[status])
        points = f"{self.progress.points} {self.run.kind.points}"
        self.progress.say(f"{points}, {self.progress.newton_steps} Newton steps, {self.record.wall_s:.1f} s")
        if self.record.folder is None or not len(self.run):
            return ""
        return _render(self.record, self.record.folder, self.progress, figures, unfinished=status != DONE)

    def _stopped(self, error: SolveError) -> str:
        kind, points = self.run.kind, self.progress.points
        if not points:
            return f"no state was found: {error}\n{kind.advice}"
        row = self.progress.row
        V, I, T = (float(row[name]) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741 - the symbol of the field
        place = f"V = {V:.4g} mV, I = {I:.4g} mA, T_max = {T:.4g} K"
        reached = f"the {kind.name} stopped after {points} {kind.points} at {place}"
        return f"{reached}: {error}\nThe {kind.points} so far are kept. {kind.advice}"


def _render(record: RunRecord, folder: Path, progress: Progress, pictures: bool, unfinished: bool) -> str:
    """Draw the figures of a saved run and say where everything is; a further problem of an unfinished run, or ""."""
    from hotmesa.postprocess import render

    started = time.perf_counter()
    try:
        files = render(folder, pictures)
    except Exception as error:
        # A branch cut short may be too short for a figure; its data must not be reported as lost for that.
        if not unfinished:
            raise
        record.log.exception("the figures of the incomplete branch could not be made")
        return f"\nThe figures of the incomplete branch could not be made: {error}"
    record.log.info("%d files drawn in %.1f s", len(files), time.perf_counter() - started)
    figures = ", ".join(file.name for file in files if file.suffix in (".png", ".json", ".pvd"))
    progress.say(f"results in {folder}: {figures}")
    return ""


def summarise_again(folder: Path) -> None:
    """Make summary.json of a run whose tables are complete.

    Raises:
        ResultError: a table is missing or damaged.
        OSError: the file cannot be written.
    """
    from hotmesa.postprocess import render

    render(folder, pictures=False)
