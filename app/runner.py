"""One run from a scenario to its points, in memory or in a folder of results."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from hotmesa.folder import COMPLETE, CUT
from hotmesa.kinds import NOTHING, Own, Solver, solver_of
from hotmesa.postprocess.checkpoint import FILE as CHECKPOINT
from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.journal import Journal
from hotmesa.postprocess.results import Point, Run, load_run
from hotmesa.postprocess.stable import sentence
from hotmesa.processes import itself, on_any, on_first, wait_for_all, world
from hotmesa.progress import Progress
from hotmesa.record import RunRecord, begin_record
from hotmesa.refining import Stopped, chooses, elements_of, refined_points
from hotmesa.resuming import Place
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.errors import BAD_INPUT, DONE, INTERRUPTED, NO_CONVERGENCE, HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.solver.errors import SolveError
from hotmesa.stopping import stop_on_signal

if TYPE_CHECKING:
    from hotmesa.solver.runs.refining import Choice

SHARE = 0.01
"""Of the time of a run that may go into what only a killed one needs, apart from its points."""
FIRST_S = 0.5
"""A run shorter than this is not worth resuming."""
WORDS = {DONE: COMPLETE, NO_CONVERGENCE: "stopped", INTERRUPTED: CUT}


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
    scenario: Scenario, folder: Path | None, *, own: Own = NOTHING, overwrite: bool = False, resume: bool = False,
    quiet: bool = True, command: str = "", figures: bool = True, alone: bool = False,
) -> Ending:  # fmt: skip
    """Compute a scenario and write its folder. With several MPI processes all of them call this; the first one writes.

    Args:
        scenario: what to compute.
        folder: for the results; None: in memory alone.
        own: what a user brings along.
        overwrite: whether an earlier run there may be replaced.
        resume: whether an interrupted run there goes on; one that is complete is left as it is.
        quiet: whether to print errors only.
        command: the command line, for the record.
        figures: whether to draw figures and write files for ParaView; summary.json is always made.
        alone: this process computes by itself, whatever other MPI processes do.

    Raises:
        MeshError, LawError, FolderError, RequestError: bad input.
        OSError: results cannot be written.
    """
    comm = None if alone else world()
    solver = solver_of(scenario.mode)  # before anything is removed or written
    along, end = solver.control(scenario)
    silent, several = quiet or not (comm is None or comm.rank == 0), comm is not None and comm.size > 1
    progress = Progress(sys.stdout, end, silent, along, KINDS[scenario.mode].prefix, plain=several)
    place = Place(folder, scenario, solver.no_resume, resume, overwrite)
    scenario = on_first(comm, place.requested) or scenario
    if on_first(comm, place.complete):
        progress.say(f"{folder} is complete already")
        on_first(comm, place.finish)
        return Ending(load_run(folder or Path()), DONE, "")
    record, run, checkpoint = RunRecord(None, "", command, 1), Run(scenario), None
    if folder is not None:
        record = begin_record(comm, folder, to_toml(scenario), command, place.replaces, goes_on=place.goes_on)
        run, checkpoint = place.run or run, on_first(comm, lambda: place.checkpoint)
    work = _Work(run, record, progress, comm)
    try:
        with record.logging(progress) if folder is not None else nullcontext(), stop_on_signal() as stopped:
            work.begin(checkpoint)
            status, problem = work.follow(work.points(solver, alone, own, checkpoint, stopped), stopped)
            problem += work.finish(status, figures)
    except HotmesaError as error:
        # Bad input that shows only now: a mesh, a table, a state of another device. Faults of the program keep the log.
        if not (progress.points or checkpoint) and error.status == BAD_INPUT:
            record.discard()
        raise
    if status == INTERRUPTED and not (progress.points or checkpoint):
        record.discard()
    wait_for_all(comm)
    return Ending(work.run, status, problem)


@dataclass
class _Work:
    """What the steps of one run share."""

    run: Run
    record: RunRecord
    progress: Progress
    comm: Any
    journal: Journal | None = None
    checkpoint: tuple[Callable[[], Arrays], Checkpoint] | None = None  # the last point that the run can go on behind
    due: float = 0.0

    def begin(self, checkpoint: Checkpoint | None) -> None:
        """Say on which elements it is computed, and store what there is of a resumed run."""
        self.due = time.perf_counter() + FIRST_S
        if self.record.folder is not None:
            self.journal = self.run.journal(self.record.folder)
        sizes, words = elements_of(self.run.scenario)
        self.run.provenance |= sizes
        self.record.provenance |= sizes
        if words:
            self.progress.say(words)
            self.record.log.info("%s", words)
        if checkpoint is not None:
            self.progress.say(f"goes on behind {len(checkpoint.rows)} {self.run.kind.points}")

    def points(
        self, solver: Solver, alone: bool, own: Own, checkpoint: Checkpoint | None, stopped: Stopped
    ) -> Iterator[Point]:
        """Return the points of the run; where it chooses its elements and sublayers, these are put down first."""
        scenario, comm = self.run.scenario, itself() if alone else None
        if checkpoint is not None or not chooses(scenario):
            return solver.points(scenario, comm, own, *(() if checkpoint is None else (checkpoint,)))

        def adopt(choice: Choice) -> Iterator[Point]:
            self.run.scenario = choice.scenario
            self.record.resolve(to_toml(choice.scenario), choice.error_percent)
            return iter(choice.points) if choice.points else solver.points(choice.scenario, comm, own)

        self.progress.say(f"choosing elements and sublayers for {scenario.mesh.accuracy_percent:g} % of V")
        return refined_points(scenario, comm, own, adopt, self.progress.say, stopped)

    def follow(self, points: Iterator[Point], stopped: Callable[[], bool]) -> tuple[int, str]:
        """Take points to the end, to an error, or to Ctrl-C, and return exit status and problem; `run` has them."""
        problem, status = "", INTERRUPTED
        try:
            for point in points:
                self._take(point)
                stop = on_any(self.comm, stopped())
                if stop or on_any(self.comm, time.perf_counter() > self.due):
                    self._put_down()
                if stop:
                    break
            else:
                status = DONE
        except KeyboardInterrupt:
            pass
        except SolveError as error:
            status, problem = NO_CONVERGENCE, self._stopped(error)
        self.progress.done()
        if status == INTERRUPTED:
            problem = f"interrupted; the {len(self.run)} {self.run.kind.points} so far are kept"
        if problem:
            self.record.log.info("%s", problem)
        return status, problem

    def _take(self, point: Point) -> None:
        self.run.append(point)
        if self.journal is not None:
            table = str(PurePath(point.part, point.table or self.run.kind.table))
            self.journal.append(table, point.row, point.state if point.saved else None)
        if point.checkpoint is not None:
            self.checkpoint = point.checkpoint, self.run.checkpoint({})
        if not point.table:
            self.progress.point(point.row, self.run.kind.shown)
        if not point.table and self.run.kind.shown:
            self.record.point(point.row)

    def _put_down(self) -> None:
        """Write what a run that is ended from outside needs besides its points. Collective."""
        if self.journal is not None:
            self.run.ask_beside()  # the end needs them as well, so they do not count
        began = time.perf_counter()
        if self.journal is not None:  # first: behind a checkpoint at the end there may be no point that has them made
            self.run.save_beside(self.journal.folder)
        if self.checkpoint is not None:
            pack, place = self.checkpoint
            arrays = pack()
            if self.record.folder is not None:
                replace(place, arrays=arrays).save(self.record.folder)
        self.due = time.perf_counter() + (time.perf_counter() - began) / SHARE

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
        self._tell_results()
        said = sentence(self.run) if len(self.run) else ""
        if said:
            self.progress.say(said)
        if self.record.folder is None or not len(self.run):
            return ""
        said = _render(self.record, self.record.folder, self.progress, figures, unfinished=status != DONE)
        if status == DONE:  # until then it tells that figures are still to be drawn
            (self.record.folder / CHECKPOINT).unlink(missing_ok=True)
        return said

    def _tell_results(self) -> None:
        if not len(self.run):
            return
        from hotmesa.postprocess.runs import results_of

        for line in results_of(self.run.kind.name).sentences(self.run):
            self.progress.say(line)
            self.record.log.info("%s", line)

    def _stopped(self, error: SolveError) -> str:
        kind, points = self.run.kind, len(self.run)
        if not points:
            return f"no state was found: {error}\n{kind.advice}"
        V, I, T = (self.run.column(name)[-1] for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741 - as in the field
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
