"""One run from a scenario to a folder of results: what `hotmesa run` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.kinds import RUNS
from hotmesa.postprocess.results import Point, Run
from hotmesa.processes import anywhere, itself, stop_on_signal, wait_for_all, world
from hotmesa.progress import Progress
from hotmesa.record import RunRecord, begin_record
from hotmesa.scenarios import Scenario, load_scenario, to_toml
from hotmesa.scenarios.errors import BAD_INPUT, DONE, INTERRUPTED, NO_CONVERGENCE, HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.solver.errors import SolveError

CHECKPOINT_S = 20.0
"""Between two times at which what is reached is saved, should the process be killed."""
WORDS = {DONE: "complete", NO_CONVERGENCE: "stopped", INTERRUPTED: "interrupted"}


@dataclass(frozen=True)
class Request:
    """What the command line asks for, or a study for one of its cases.

    Attributes:
        scenario: name or file, or the scenario itself.
        overrides: changes of its keys.
        out: folder for the results; None for out/NAME.
        overwrite: whether an earlier run there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.
        figures: whether to draw figures and write files for ParaView; summary.json is always made.
        alone: this process computes by itself, whatever other MPI processes do.
    """

    scenario: str | Scenario
    overrides: tuple[str, ...] = ()
    out: Path | None = None
    overwrite: bool = False
    quiet: bool = False
    command: str = ""
    figures: bool = True
    alone: bool = False


def run(request: Request) -> int:
    """Compute a scenario and write its folder; the exit status.

    With several MPI processes all of them call this; the first one writes and prints.

    Raises:
        ScenarioError, MeshError, LawError, FolderError: bad input.
        OSError: results cannot be written.
    """
    comm = None if request.alone else world()
    given = request.scenario
    scenario = given if isinstance(given, Scenario) else load_scenario(given, request.overrides)
    folder = request.out or Path("out") / scenario.name
    solver = RUNS[scenario.mode]()  # before anything is removed or written
    record = begin_record(comm, folder, to_toml(scenario), request.command, request.overwrite)
    along, end = solver.goal(scenario)
    silent, several = request.quiet or record.folder is None, comm is not None and comm.size > 1
    progress = Progress(sys.stdout, end, silent, along, KINDS[scenario.mode].prefix, plain=several)
    work = _Work(Run(scenario), record, progress, comm)
    try:
        with record.logging(progress), stop_on_signal() as stopped:
            status = work.follow(solver.points(scenario, itself() if request.alone else None), stopped)
            work.finish(status, request.figures)
    except HotmesaError as error:
        # Bad input that shows only now: a mesh, a table, a state of another device. Faults of the program keep the log.
        if not progress.points and error.status == BAD_INPUT:
            record.discard()
        raise
    if status == INTERRUPTED and not progress.points:
        record.discard()
    wait_for_all(comm)
    return status


@dataclass(frozen=True)
class _Work:
    """What the steps of one run share."""

    run: Run
    record: RunRecord
    progress: Progress
    comm: Any

    def follow(self, points: Iterator[Point], stopped: Callable[[], bool]) -> int:
        """Take points to the end, to an error, or to Ctrl-C, and return the exit status; `run` has what was reached."""
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
            self.record.problem(problem)
        return status

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

    def finish(self, status: int, figures: bool) -> None:
        """Write the run and what is made of it, and say where everything is."""
        self.save()
        self.record.finish(WORDS[status])
        points = f"{self.progress.points} {self.run.kind.points}"
        self.progress.say(f"{points}, {self.progress.newton_steps} Newton steps, {self.record.wall_s:.1f} s")
        if len(self.run):
            _render(self.record, self.progress, figures, unfinished=status != DONE)

    def _stopped(self, error: SolveError) -> str:
        kind, points = self.run.kind, self.progress.points
        if not points:
            return f"no state was found: {error}\n{kind.advice}"
        row = self.progress.row
        V, I, T = (float(row[name]) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741 - the symbol of the field
        place = f"V = {V:.4g} mV, I = {I:.4g} mA, T_max = {T:.4g} K"
        reached = f"the {kind.name} stopped after {points} {kind.points} at {place}"
        return f"{reached}: {error}\nThe {kind.points} so far are kept. {kind.advice}"


def _render(record: RunRecord, progress: Progress, pictures: bool, unfinished: bool = False) -> None:
    """Draw the figures of a saved run on the first process, and say where everything is."""
    if record.folder is None:
        return
    from hotmesa.postprocess import render

    started = time.perf_counter()
    try:
        files = render(record.folder, pictures)
    except Exception as error:
        # A branch cut short may be too short for a figure; its data must not be reported as lost for that.
        if not unfinished:
            raise
        record.log.exception("the figures of the incomplete branch could not be made")
        record.problem(f"the figures of the incomplete branch could not be made: {error}")
        return
    record.log.info("%d files drawn in %.1f s", len(files), time.perf_counter() - started)
    figures = ", ".join(file.name for file in files if file.suffix in (".png", ".json", ".pvd"))
    progress.say(f"results in {record.folder}: {figures}")


def summarise_again(folder: Path) -> None:
    """Make summary.json of a run whose tables are complete.

    Raises:
        ResultError: a table is missing or damaged.
        OSError: the file cannot be written.
    """
    from hotmesa.postprocess import render

    render(folder, pictures=False)
