"""The branch of a scenario, point by point: what `hotmesa run` iterates over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.accuracy import Places, estimates
from hotmesa.solver.runs.crosstalk import TABLE as CROSSTALK
from hotmesa.solver.runs.crosstalk import crosstalk_rows
from hotmesa.solver.runs.growing import Growing
from hotmesa.solver.runs.pinning import Pinning
from hotmesa.solver.runs.uniform import UniformDevice, uniform_curve, uniform_table
from hotmesa.solver.stability.columns import BranchStability, requested_stability
from hotmesa.solver.stability.stability import Modes
from hotmesa.solver.states.continuation import Ahead, Course, CurvePoint, Options, follow
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure, observe, slopes
from hotmesa.solver.states.packing import ahead_from, pack_ahead
from hotmesa.solver.states.problem import ThermalBranch

FIRST_STEP = 0.05
MAX_STEP = 0.5


@dataclass(frozen=True)
class BranchPoint(Point):
    """One point of a branch.

    Attributes:
        curve: solution, tangent and diagnostics.
    """

    curve: CurvePoint = field(kw_only=True)


def control(scenario: Scenario) -> tuple[str, float]:
    """Return the control parameter of a branch, a column of its table, and its last value."""
    return "I_mA", scenario.branch.end_current_mA


def uniform_beside(model: Model, end: Row | None = None) -> dict[str, list[Row]]:
    """Return the table of the uniform model that is drawn beside a branch.

    Args:
        model: the device.
        end: last point of the branch, whose mean thermal resistance is taken where the scenario gives none; None where
            it is not reached, and then there is no table. Several mesas have no such model.
    """
    if model.stacks is not None:
        return {}
    if not model.scenario.uniform.given and end is None:
        return {}
    alpha = None if end is None else float(end["alpha_mean_K_per_mW"])
    return {"uniform.csv": uniform_table(uniform_curve(model.junctions.law, model.scenario, alpha_K_per_mW=alpha))}


def branch_options(model: Model) -> Options:
    """Return the step control of a scenario.

    Points are at most end_current/min_points apart in current, so there are at least min_points of them.
    """
    branch, numerics = model.scenario.branch, model.scenario.numerics
    return Options(
        control_end=branch.end_current_mA,
        control_step=branch.end_current_mA / branch.min_points,
        first_step=FIRST_STEP,
        max_step=MAX_STEP,
        tolerance=numerics.tolerance,
        max_points=branch.max_points,
        requested=branch.at_mA,
    )


def branch_points(
    model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None
) -> Iterator[BranchPoint]:
    """Yield the points of the branch from rest to branch.end_current_mA, folds among them. Collective.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns beside the others.
        checkpoint: behind which it goes on; None from rest.

    Raises:
        SolveError: the branch could not be continued; the points before it stay valid.
        ScenarioError: more modes are asked for than there are unknowns.
    """
    problem = ThermalBranch(model)
    start, direction = problem.cold_start()
    fields = Fields(model)
    stability = BranchStability(problem, fields.gather)
    every, branch = model.scenario.output.every, model.scenario.branch
    stops = (branch.end_current_mA, *branch.at_mA)
    course = Course(None if checkpoint is None else ahead_from(problem, checkpoint.arrays))
    pinning = Pinning(model)
    growing = Growing(partial(pinning.growing, problem), tuple(stability.biases.values()))
    first, hot = 0, 0.0
    if checkpoint is not None and course.ahead is not None:
        first, hot = int(checkpoint.arrays["number"]) + 1, float(checkpoint.arrays["hot_fraction"])
        pinning.restore(checkpoint.arrays)
        growing.restore(course.ahead.passed[-1], checkpoint.arrays)
    for number, curve in enumerate(follow(problem, start, direction, branch_options(model), course), start=first):
        e = curve.evaluation
        if number and e.V <= 0.0:
            raise SolveError("the branch came back to V = 0: on this mesh it never reaches its end current; refine it")
        row = branch_row(model, curve, observables)
        row |= pinning.mark(problem, curve)
        before, hot = hot, float(row["hot_fraction"])
        appears_or_fills = (before == 0.0) != (hot == 0.0) or (before == 1.0) != (hot == 1.0)
        keep = number % every == 0 or bool(curve.fold) or curve.control in stops or appears_or_fills
        modes = stability.modes(curve, keep)
        state = fields.of(e, stability.fields(modes)) if keep else None
        row |= stability.columns(modes)
        row |= _of_device(growing, curve, modes, str(row["fold"]))
        ends = curve.control == branch.end_current_mA
        beside = _beside(model, row, e, ends) if ends or number == first else None
        behind = None
        if course.ahead:
            seen = {**pinning.pack(), **growing.pack()}
            behind = partial(_behind, model, course.ahead, seen, number, hot)
        yield BranchPoint(row, state, leads=fields.leads, beside=beside, checkpoint=behind, curve=curve)


def _beside(model: Model, row: Row, e: State, ends: bool) -> Callable[[], dict[str, list[Row]]]:
    """Return what makes the tables beside a branch at its first or last point. Collective with several mesas."""
    if model.stacks is None:
        return cache(partial(uniform_beside, model, row if ends else None))
    tables = {CROSSTALK: crosstalk_rows(model, e if ends else None)}
    return lambda: tables


def _of_device(growing: Growing, curve: CurvePoint, modes: Mapping[str, Modes] | None, fold: str) -> Row:
    """Return the numbers of growing modes of the device, and what is told where those of the mesh are others."""
    if modes is None:
        return {}
    counted = growing.take(curve, [m.unstable for m in modes.values()], fold.startswith(PINNED))
    numbers: Row = {f"unstable_modes_{name}": count for name, count in zip(modes, counted.held, strict=True)}
    return numbers | ({"fold": counted.word} if counted.word and not fold else {})


def _behind(model: Model, ahead: Ahead, seen: Arrays, number: int, hot_fraction: float) -> Arrays:
    """Return what the branch needs to go on. Collective."""
    numbers = {"number": np.array(number), "hot_fraction": np.array(hot_fraction)}
    return {**pack_ahead(model, ahead), **seen, **numbers}


def points(
    model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None
) -> Iterator[Point]:
    """Yield the points of the branch and then, where the scenario asks for it, the estimates of their errors.

    Args, Raises: see `branch_points`.
    """
    estimated = model.scenario.numerics.estimate_error
    places = Places()
    if estimated and checkpoint is not None:
        places = Places.unpack(ThermalBranch(model), checkpoint.arrays)
    for point in branch_points(model, observables, checkpoint):
        places.take(point.row, point.curve.evaluation)
        if estimated and point.checkpoint is not None:
            point = replace(point, checkpoint=partial(_both, point.checkpoint, places.pack(model)))
        yield point
    if estimated and places.states:
        yield from estimates(model, places)


def _both(behind: Callable[[], Arrays], places: Callable[[], Arrays]) -> Arrays:
    """Return what a branch needs to go on, and to tell its errors. Collective."""
    return {**behind(), **places()}


def branch_row(model: Model, curve: CurvePoint, observables: Sequence[Measure] = ()) -> Row:
    """Return the numbers of a point on a branch that its state and tangent give."""
    rate_V, rate_I = curve.rates["V"], curve.rates["I"]
    slope = rate_V / rate_I if rate_I != 0.0 else float(np.copysign(np.inf, rate_V))
    return observe(model, curve.evaluation, observables) | {
        **slopes(model, slope),
        "arclength": curve.s,
        "fold": curve.fold,
        "newton_steps": curve.newton_steps,
    }


def ready(model: Model) -> None:
    """Do what comes before the first solution. Collective.

    Raises:
        ScenarioError: more modes are asked for than the device has unknowns.
        TableError: the table of the cooling, of the uniform model that is drawn beside the branch, cannot be used.
    """
    requested_stability(model)
    UniformDevice.of(model.scenario)
