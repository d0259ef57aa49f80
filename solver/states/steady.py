"""One steady state at a given bias."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import Options, follow, land
from hotmesa.solver.states.problem import ThermalBranch

POINTS_TO_TARGET = 20


def solve_steady(model: Model, bias: Bias, value: float, guess: Array | None = None) -> State:
    """Return the steady state at a value of the bias; see `solve_steady_state` for guess and errors."""
    return solve_steady_state(ThermalBranch(model, bias), value, guess)


def solve_steady_state(problem: ThermalBranch, value: float, guess: Array | None = None) -> State:
    """Return the steady state of a prepared problem at a value of its bias (mV or mA).

    Args:
        problem: the device under its bias.
        value: of the bias.
        guess: flat state to start from (see `ThermalBranch`). Without it the branch is followed from rest, so that
            of several states the first on the branch is returned.

    Raises:
        SolveError: no state was found; the message tells how far the branch reached.
    """
    options = Options(
        control_end=value,
        control_step=max(abs(value), 1e-12) / POINTS_TO_TARGET,
        tolerance=problem.model.scenario.numerics.tolerance,
        max_points=problem.model.scenario.branch.max_points,
    )
    if guess is not None:
        return problem.evaluate(land(problem, guess, options))
    start, direction = problem.cold_start()
    state: State | None = None
    for point in follow(problem, start, direction, options):
        state = point.evaluation
        if problem.bias.name == "voltage" and point.fold == "V":
            raise SolveError(f"voltage bias: the branch folds at {point.control:.6g} mV, below {value:.6g} mV")
    if state is None or not np.isfinite(state.norm):
        raise SolveError("no steady state was found")
    return state
