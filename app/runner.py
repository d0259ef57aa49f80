"""One run from a scenario to a folder of results: what `hotmesa run` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.processes import anywhere, stop_on_signal, wait_for_all, world
from hotmesa.progress import Progress
from hotmesa.record import RunRecord, begin_record
from hotmesa.scenarios import Scenario, load_scenario, to_toml
from hotmesa.scenarios.errors import BAD_INPUT, DONE, INTERRUPTED, NO_CONVERGENCE, HotmesaError
from hotmesa.scenarios.writing import rows_of, write_table
from hotmesa.solver.errors import SolveError
from hotmesa.solver.runs.kinds import Tools, Words, alone, tools_of

CHECKPOINT_S = 20.0
"""Between two times at which what is reached is saved, should the process be killed."""


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
    tools = tools_of(scenario)  # before anything is removed or written
    if tools is not None and request.alone:
        tools = alone(tools)
    first = comm is None or comm.rank == 0
    record = begin_record(comm, folder, to_toml(scenario), request.command, request.overwrite)
    along = "I_mA" if tools is None else tools.along
    end = scenario.transient.end_us if along == "t_us" else scenario.branch.end_current_mA
    if tools is not None and tools.end is not None:
        end = tools.end
    progress = Progress(sys.stdout, end, request.quiet or not first, along)
    try:
        with record.logging(progress):
            if tools is None:
                status = _uniform(scenario, record, progress, request.figures)
            else:
                status = _spatial(_Work(scenario, folder, record, progress, tools, comm, request.figures))
    except HotmesaError as error:
        # Bad input that shows only now: a mesh, a table, a state of another device. Faults of the program keep the log.
        if not progress.points and error.status == BAD_INPUT:
            record.discard()
        raise
    if status == INTERRUPTED and not progress.points:
        record.discard()
    wait_for_all(comm)
    return status


def _uniform(scenario: Scenario, record: RunRecord, progress: Progress, figures: bool) -> int:
    points = _write_uniform(scenario, record)
    record.finish("complete")
    progress.say(f"{points} points of the uniform model in {record.wall_s:.1f} s")
    _render(record, progress, figures)
    return DONE


def _write_uniform(scenario: Scenario, record: RunRecord) -> int:
    """Write uniform.csv; the number of its points."""
    from hotmesa.solver.law.laws import build_law
    from hotmesa.solver.runs.uniform import uniform_curve, uniform_rows

    if record.folder is None:
        return 0
    columns = uniform_rows(uniform_curve(build_law(scenario), scenario))
    write_table(record.folder / "uniform.csv", rows_of(columns), list(columns))
    return len(columns["V_mV"])


@dataclass(frozen=True)
class _Work:
    """What the steps of a spatial run share."""

    scenario: Scenario
    folder: Path
    record: RunRecord
    progress: Progress
    tools: Tools
    comm: Any
    figures: bool


def _spatial(work: _Work) -> int:
    record, progress = work.record, work.progress
    record.log.info("mesh")
    tagged = work.tools.build_mesh(work.scenario)
    record.log.info("model")
    model = work.tools.model(work.scenario, tagged)
    branch = work.tools.branch(work.scenario, model)
    record.log.info(work.tools.words.what)
    status = _trace(work, model, branch)
    if progress.points:
        branch.save(work.folder)
        if work.tools.uniform:
            _write_uniform(work.scenario, record)
    record.finish({DONE: "complete", NO_CONVERGENCE: "stopped", INTERRUPTED: "interrupted"}[status])
    points = f"{progress.points} {work.tools.words.points}"
    progress.say(f"{points}, {progress.newton_steps} Newton steps, {record.wall_s:.1f} s")
    if progress.points:
        _render(record, progress, work.figures, unfinished=status != DONE)
    return status


def _trace(work: _Work, model: Any, branch: Any) -> int:
    """Follow the branch to its end, to an error, or to Ctrl-C; whatever was reached is in `branch`."""
    row: Mapping[str, Any] = {}
    problem = ""
    status = INTERRUPTED
    saved = time.perf_counter()
    try:
        with stop_on_signal() as stopped:
            for point in work.tools.trace(model):
                row = point.row
                branch.append(point)
                work.progress.point(row)
                work.record.point(row)
                if time.perf_counter() - saved > CHECKPOINT_S:
                    branch.checkpoint(work.folder)
                    saved = time.perf_counter()
                if anywhere(work.comm, stopped()):
                    break
            else:
                status = DONE
    except KeyboardInterrupt:
        pass
    except SolveError as error:
        status, problem = NO_CONVERGENCE, _stop_message(error, row, work.progress.points, work.tools.words)
    work.progress.done()
    if status == INTERRUPTED:
        problem = f"interrupted; the {work.progress.points} {work.tools.words.points} so far are kept"
    if problem:
        work.record.problem(problem)
    return status


def _stop_message(error: SolveError, row: Mapping[str, Any], points: int, words: Words) -> str:
    if not points:
        return f"no state was found: {error}\n{words.advice}"
    where = f"V = {float(row['V_mV']):.4g} mV, I = {float(row['I_mA']):.4g} mA, T_max = {float(row['T_max_K']):.4g} K"
    reached = f"the {words.what} stopped after {points} {words.points} at {where}"
    return f"{reached}: {error}\nThe {words.points} so far are kept. {words.advice}"


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
