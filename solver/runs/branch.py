"""The branch of a scenario, point by point: what `hotmesa run` iterates over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hotmesa.solver.model import Model
from hotmesa.solver.stability.columns import BranchStability
from hotmesa.solver.states.continuation import CurvePoint, Options, follow
from hotmesa.solver.states.fields import FieldState, Gatherer, field_state
from hotmesa.solver.states.observables import Measure, Row, observe
from hotmesa.solver.states.problem import ThermalBranch

FIRST_STEP = 0.05
MAX_STEP = 0.5


@dataclass(frozen=True)
class Point:
    """One point of a branch.

    Attributes:
        row: its named numbers (columns of iv.csv).
        state: its fields where they are kept, on the first rank; else None.
        curve: solution, tangent and diagnostics.
    """

    row: Row
    state: FieldState | None
    curve: CurvePoint


def branch_options(model: Model) -> Options:
    """Return the step control of a scenario.

    Points are at most end_current/min_points apart in current, so there are at least min_points of them.
    """
    branch, numerics = model.scenario.branch, model.scenario.numerics
    return Options(
        goal_end=branch.end_current_mA,
        goal_step=branch.end_current_mA / branch.min_points,
        first_step=FIRST_STEP,
        max_step=MAX_STEP,
        tolerance=numerics.tolerance,
        max_points=branch.max_points,
    )


def trace_branch(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the points of the branch from rest to branch.end_current_mA, folds among them. Collective.

    Args:
        model: the device.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns beside the others.

    Raises:
        SolveError: the branch could not be continued; the points before it stay valid.
        ScenarioError: more modes are asked for than there are unknowns.
    """
    problem = ThermalBranch(model)
    start, direction = problem.cold_start()
    gather = Gatherer(model.operators)
    stability = BranchStability(model, gather)
    every, end = model.scenario.output.every, model.scenario.branch.end_current_mA
    hot = 0.0
    for number, curve in enumerate(follow(problem, start, direction, branch_options(model))):
        e, row = curve.evaluation.e, branch_row(model, curve, observables)
        before, hot = hot, float(row["hot_fraction"])
        appears_or_fills = (before == 0.0) != (hot == 0.0) or (before == 1.0) != (hot == 1.0)
        keep = number % every == 0 or bool(curve.fold) or curve.goal == end or appears_or_fills
        modes = stability.modes(e, keep)
        state = field_state(model, gather, e, stability.fields(modes)) if keep else None
        yield Point(row | stability.columns(modes), state, curve)


def branch_row(model: Model, curve: CurvePoint, observables: Sequence[Measure] = ()) -> Row:
    """Return the numbers of a point on a branch that its state and tangent give."""
    rate_V, rate_I = curve.rates["V"], curve.rates["I"]
    return observe(model, curve.evaluation.e, observables) | {
        "dV_dI_ohm": rate_V / rate_I if rate_I != 0.0 else float(np.copysign(np.inf, rate_V)),
        "arclength": curve.s,
        "fold": curve.fold,
        "newton_steps": curve.newton_steps,
    }
