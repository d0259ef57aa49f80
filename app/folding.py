"""Folds followed in a second number, from a scenario to files: what `hotmesa folds` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from hotmesa.postprocess import provenance
from hotmesa.postprocess.folds import plot_folds
from hotmesa.postprocess.style import save_picture, title_of
from hotmesa.postprocess.tables import Row
from hotmesa.processes import world
from hotmesa.progress import tell
from hotmesa.record import claimed
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.errors import DONE, NO_CONVERGENCE
from hotmesa.scenarios.files import plan_kind
from hotmesa.scenarios.load import Overrides, scenario_of
from hotmesa.scenarios.overrides import parse
from hotmesa.scenarios.parameters import Parameter, number_of
from hotmesa.scenarios.plans.folds import load_folds
from hotmesa.scenarios.writing import write_json, write_table
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.runs.fold_curves import FoldPoint, FoldSurface, UniformFolds, fold_curves

OWN_FILES = ("folds.csv", "folds.json", "folds.png")


@dataclass(frozen=True)
class Folds:
    """What was found.

    Attributes:
        curves: of folds, each from one end of the range of the number to where it leaves it; cusps are points of them.
        problem: why a curve could not be followed; "" where all were.
        files: what was written; none on other processes than the first.
    """

    curves: tuple[tuple[FoldPoint, ...], ...]
    problem: str = ""
    files: tuple[Path, ...] = ()

    @property
    def cusps(self) -> tuple[FoldPoint, ...]:
        """Where two folds meet."""
        return tuple(point for curve in self.curves for point in curve if point.is_cusp)

    @property
    def status(self) -> int:
        """Exit status."""
        return NO_CONVERGENCE if self.problem else DONE


def folds(
    scenario: str | Path | Scenario, overrides: Overrides = (), *, over: str | None = None,
    fold: Literal["V", "I"] | None = None, out: str | Path | None = None, overwrite: bool = False, quiet: bool = True,
    command: str = "",
) -> Folds:  # fmt: skip
    """Follow the folds of a branch, or of the uniform model, in a second number of the scenario.

    On several MPI processes all of them call this.

    Args:
        scenario: of a branch or of the uniform model: its name, a TOML file, the folder of a run, or a loaded one; or
            a file that says all of this (`follow`).
        overrides: changes of its keys.
        over: number and range, "bath.temperature_K=4.2:80". Any number that states depend on and no node of the mesh.
        fold: "V" where the voltage turns (backbending), "I" where the current does; None for that of the file, else V.
        out: folder for the files; None: nothing is written.
        overwrite: whether earlier files there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Raises:
        ScenarioError, MeshError, LawError, RequestError, FolderError: bad input.
        SolveError: nothing was found because the branch could not be followed.
        OSError: results cannot be written.
    """
    given, parameter, ends, fold = _asked(scenario, overrides, over, fold)
    comm, folder = world(), None if out is None else Path(out)
    with claimed(comm, folder, overwrite, OWN_FILES):
        started = time.perf_counter()
        found = _followed(given, parameter, fold, ends)
        if comm is not None and comm.rank != 0:
            return found
        if folder is not None:
            facts = provenance.collect(to_toml(given), command, 1 if comm is None else comm.size)
            facts |= {"wall_s": round(time.perf_counter() - started, 3)}
            title = title_of(given, parameter.key)
            found = replace(found, files=_written(found, folder, parameter.key, fold, title, facts))
    if not quiet:
        tell(sys.stdout, message(found, parameter.key, fold))
    return found


def _asked(
    scenario: str | Path | Scenario, overrides: Overrides, over: str | None, fold: Literal["V", "I"] | None
) -> tuple[Scenario, Parameter, tuple[float, float], Literal["V", "I"]]:
    """Return scenario, number with its range, and what folds, as a file or the arguments say.

    Raises:
        ScenarioError, RequestError: bad input.
    """
    if isinstance(scenario, Scenario) or plan_kind(scenario) != "folds":
        given = _loaded(scenario, overrides)
        parameter, ends = _range(given, over)
        if not isinstance(scenario, Scenario):
            for end in ends:  # what the range does not allow is told before anything is computed
                _loaded(scenario, {**_as_table(overrides), parameter.key: end})
        return given, parameter, ends, fold or "V"
    if overrides or over:
        raise RequestError(f"{scenario} says what --set and --over would say: change it there (fixed, follow)")
    plan = load_folds(scenario)
    follow = plan.given.follow
    given = _loaded(plan.scenario, ())
    return given, *_range(given, f"{follow.key}={follow.min!r}:{follow.max!r}"), fold or plan.given.fold


def _loaded(given: str | Path | Scenario, overrides: Overrides) -> Scenario:
    """Return the scenario that is meant.

    Raises:
        RequestError: it is a run of another kind.
    """
    found = scenario_of(given, overrides, complete=True)
    if found.mode not in ("branch", "uniform"):
        raise RequestError(
            f'{found.name}: mode = "{found.mode}": folds are those of a branch or of the uniform model; '
            "add --set mode=branch or --set mode=uniform"
        )
    return found


def _as_table(overrides: Overrides) -> dict[str, object]:
    """Return changes of keys as a table of values."""
    if isinstance(overrides, Mapping):
        return dict(overrides)
    return {".".join(map(str, path)): value for path, value in map(parse, overrides)}


def _range(scenario: Scenario, over: str | None) -> tuple[Parameter, tuple[float, float]]:
    """Return the number that is varied, and its range.

    Raises:
        RequestError: it is not written as KEY=FROM:TO, or moves nodes of the mesh.
        ScenarioError: it is unknown, or an end is no value of it.
    """
    key, equals, text = (over or "").partition("=")
    try:
        low, high = sorted(float(part) for part in text.split(":"))
    except ValueError:
        low, high = 0.0, 0.0
    if not equals or not low < high:
        raise RequestError(f"--over {over or ''}: write KEY=FROM:TO, for example --over bath.temperature_K=4.2:80")
    parameter = number_of(spelled_out(scenario), key, ("uniform",) if scenario.mode == "uniform" else ())
    if parameter.moves_nodes and scenario.mode == "branch":
        raise RequestError(f"{key}: moves the nodes of the mesh, which this command keeps; use a study")
    return parameter, (low, high)


def _surface(scenario: Scenario, parameter: Parameter, fold: str, scale: float) -> FoldSurface:
    """Return what knows the states. Collective."""
    if scenario.mode == "uniform":
        return UniformFolds(scenario, parameter, fold, scale)
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.runs.branch_folds import BranchFolds

    return BranchFolds(scenario, build_mesh(scenario), parameter, fold, scale)


def _followed(scenario: Scenario, parameter: Parameter, fold: str, ends: tuple[float, float]) -> Folds:
    """Return the curves as far as they could be followed. Collective.

    Raises:
        RequestError: there is no fold to begin with.
        SolveError: none could be followed.
    """
    curves: list[tuple[FoldPoint, ...]] = []
    problem = ""
    try:
        surface = _surface(scenario, parameter, fold, max(map(abs, ends)))
        curves.extend(tuple(curve) for curve in fold_curves(surface, ends))
    except SolveError as error:
        problem = str(error)
        if not curves:
            raise
    if not curves:
        where = f"at {parameter.key} = {ends[0]:g}, nor at {ends[1]:g}"
        raise RequestError(f"{scenario.name}: no fold in {fold} {where}: begin where there is one")
    return Folds(tuple(curves), problem)


def fold_rows(found: Folds, key: str, fold: str) -> list[Row]:
    """Return the points of all curves as rows, the number under its key; cusp is 1 where two folds meet."""
    return [
        {
            "curve": number, "fold": fold, key: point.number, "V_mV": point.V_mV,
            "V_per_junction_mV": point.V_per_junction_mV, "I_mA": point.I_mA, "T_max_K": point.T_max_K,
            "cusp": int(point.is_cusp),
        }
        for number, curve in enumerate(found.curves)
        for point in curve
    ]  # fmt: skip


def _written(
    found: Folds, folder: Path, key: str, fold: str, title: str, facts: dict[str, provenance.Value]
) -> tuple[Path, ...]:
    """Write all files and return their paths."""
    table = write_table(folder / "folds.csv", fold_rows(found, key, fold))
    cusps = [
        {key: point.number, "V_mV": point.V_mV, "I_mA": point.I_mA, "T_max_K": point.T_max_K} for point in found.cusps
    ]
    record = {"over": key, "fold": fold, "cusps": cusps, "problem": found.problem}
    ending = {"status": "stopped" if found.problem else "complete"}
    written = write_json(folder / "folds.json", record | facts | ending)
    picture = save_picture(partial(plot_folds, table, key, title), folder / "folds.png")
    return (table, written, *(() if picture is None else (picture,)))


def message(found: Folds, key: str, fold: str) -> str:
    """Return what a person is told."""
    lines = []
    for curve in found.curves:
        first, last = curve[0], curve[-1]
        ends = [f"{end.number:.6g} ({end.V_mV:.5g} mV, {end.I_mA:.5g} mA)" for end in (first, last)]
        lines.append(f"fold in {fold}: {key} = {ends[0]} to {ends[1]}, {len(curve)} points")
    for point in found.cusps:
        lines.append(
            f"two folds in {fold} meet at {key} = {point.number:.6g} ({point.V_mV:.5g} mV, {point.I_mA:.5g} mA, "
            f"T_max {point.T_max_K:.4g} K): beyond it there are none of these"
        )
    lines += [f"not followed to its end: {found.problem}"] if found.problem else []
    return "\n".join(lines) + "\n"
