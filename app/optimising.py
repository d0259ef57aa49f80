"""An optimisation from its file to its result: what `hotmesa optimise` does."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hotmesa.folder import locked, refuse_foreign
from hotmesa.optimise_front import best_of, candidates, first_searches, front_of, front_searches, search_all
from hotmesa.optimise_model import Evaluator, Iterate, functions_of, is_feasible
from hotmesa.optimise_result import OptimisationResult, numbers_of, values_at, write_cases, write_result
from hotmesa.pool import Ranks, workers_of
from hotmesa.postprocess import provenance
from hotmesa.progress import tell
from hotmesa.scenarios.plans.optimise import OptimisationPlan, load_optimisation
from hotmesa.scenarios.writing import write_json, write_text
from hotmesa.solver.errors import SolveError
from hotmesa.stopping import ended_like_interrupted, stop_on_signal
from hotmesa.vocabulary import VOCABULARY


def optimise(
    name_or_file: str | Path, *, out: str | Path | None = None, workers: int | None = None, mpi: bool = False,
    overwrite: bool = False, quiet: bool = True, command: str = "",
) -> OptimisationResult | None:  # fmt: skip
    """Search for the best device within limits. What was computed before, at these values, is taken from the folder.

    Args:
        name_or_file: a bundled optimisation, or a TOML file.
        out: folder for the results; None for out/NAME.
        workers: processes; None for as many as there are processors, 0 for this one.
        mpi: let the processes of mpirun compute.
        overwrite: compute all again.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Returns:
        The best place and all that was looked at; None on processes of mpirun that compute for the first one.

    Raises:
        StudyError, RequestError, FolderError: bad input.
        SolveError: nothing can be computed at any start.
        KeyboardInterrupt: it was interrupted; what has been computed is kept.
        OSError: results cannot be written.
    """
    plan = load_optimisation(str(name_or_file), VOCABULARY)
    functions = functions_of(plan)
    folder = Path(out) if out is not None else Path("out") / plan.task.name
    refuse_foreign(folder, "optimise.toml", plan.task.name)
    pool = workers_of(workers, mpi)
    if isinstance(pool, Ranks) and not pool.leads:
        with pool:
            return None
    with locked(folder, "cases"):
        log = _Log(folder / "run.log", quiet)
        evaluator = Evaluator(plan, functions, folder / "cases", pool, _reporter(plan, log.say))
        if overwrite:
            shutil.rmtree(folder / "cases")
            (folder / "cases").mkdir()
        write_text(folder / "optimise.toml", plan.text)
        with pool, ended_like_interrupted():
            return _optimise(plan, folder, evaluator, command)


def _optimise(plan: OptimisationPlan, folder: Path, evaluator: Evaluator, command: str) -> OptimisationResult:
    started = time.perf_counter()
    try:
        traces = search_all(plan, first_searches(plan), evaluator.many)
        if all(one.problem for one in evaluator.iterates):
            reasons = "; ".join(dict.fromkeys(one.problem for one in evaluator.iterates))
            write_cases(folder, plan, evaluator.iterates)
            raise SolveError(f"nothing can be computed at any start of the optimisation: {reasons}")
        if plan.task.objectives:
            traces += search_all(plan, front_searches(plan, traces), evaluator.many)
        best = best_of(plan, candidates(plan, traces))
        finer = None if best is None else evaluator.finer(best.place)
    except KeyboardInterrupt:
        with stop_on_signal():
            write_cases(folder, plan, evaluator.iterates)
        raise KeyboardInterrupt("interrupted; the same command goes on from what has been computed") from None
    front = tuple(front_of(plan, traces)) if plan.task.objectives else ()
    result = OptimisationResult(plan, folder, best, front, finer, tuple(traces), evaluator.computed)
    with stop_on_signal():  # what was found is written, whatever asks to end meanwhile
        wall_s = round(time.perf_counter() - started, 3)
        files = write_result(result, evaluator.iterates, {"wall_s": wall_s})
        record = provenance.collect(plan.text, command, 1)
        record["optimise_sha256"] = record.pop("scenario_sha256")
        write_json(folder / "provenance.json", record | {"status": "complete", "wall_s": wall_s})
    return replace(result, files=files)


class _Log:
    """Lines for a person, kept in a file too."""

    def __init__(self, path: Path, quiet: bool) -> None:
        self._path, self._quiet = path, quiet
        path.write_text("", encoding="utf-8")

    def say(self, line: str) -> None:
        """Tell a line."""
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        if not self._quiet:
            tell(sys.stdout, line + "\n")


def _reporter(plan: OptimisationPlan, say: Callable[[str], None]) -> Callable[[Iterate, int], None]:
    """Return what tells of each new place."""
    named = {key: variable.name for variable in plan.task.variables for key in variable.keys[:1]}

    def seen(iterate: Iterate, count: int) -> None:
        values = values_at(plan, iterate)
        where = ", ".join(f"{name} {_short(values[key])}" for key, name in named.items() if key in values)
        choice = plan.choices[iterate.place.choice].name
        told = () if iterate.problem else numbers_of(plan)
        numbers = ", ".join(f"{name} {_short(iterate.numbers[name])}" for name in told)
        mark = "" if is_feasible(plan, iterate) or iterate.problem else "; beyond a limit"
        failed = f"failed: {iterate.problem}" if iterate.problem else ""
        say(f"[{count:3d}] {' '.join(filter(None, [choice, where]))}: {numbers}{failed}{mark}")

    return seen


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
