"""Relaxation of a state that has lost its stability: time integration at a fixed source to the next stable state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Evaluation
from hotmesa.solver.parallel import global_max, global_sum
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.continuation import Options, land
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.problem import State, ThermalBranch
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient

PUSH_K = 0.5
"""Largest change of temperature that starts a lost state on its way."""
FOREVER_US = 1e18
"""End of the integration, which has no time scale of its own: a mode grows as slowly as it likes."""
MAX_MOMENTS = 20_000
"""Steps in time before the search is given up; steps grow with the time scale of what happens."""
NEAR_K = 1.0
"""A steady state further than this from the transient is not the one that it approaches."""
QUIET = 1e-3
"""Heat imbalance over Joule power below which the transient may be close to its end."""


@dataclass(frozen=True)
class SettledState:
    """A stable steady state that was reached in time.

    Attributes:
        u: the state, flat.
        state: evaluated.
        growth: its leading growth rate (1/µs), negative.
        time_us: how long it took.
    """

    u: Array
    state: State
    growth: float
    time_us: float


class Settling:
    """Finds where a lost state goes. The steps in time are coarse: only the end counts, and that is solved for."""

    def __init__(self, problem: ThermalBranch, stability: Stability) -> None:
        """Prepare for the states of a problem; time runs on the full crystal, whose heat capacity counts."""
        self._problem, self._stability = problem, stability
        self._model = stability.model.variant(own_factors=True)
        self._metric = ThermalBranch(self._model, problem.bias)

    def settle(self, lost: Evaluation, along: Array | None, value: float) -> SettledState:
        """Return the stable state that follows a lost one at a fixed value of the source.

        The growing mode is added with at most 0.5 K, along a step (flat, of the problem) if one is given.

        Raises:
            SolveError: the integration failed or did not come to rest.
        """
        bias = self._problem.bias
        circuit = Circuit(bias, 0.0, lambda t: value)
        transient = Transient(self._model, circuit, Tolerances(atol_K=2e-2, rtol=1e-3))
        tried = np.inf
        t = 0.0
        for moment in islice(transient.run(self._pushed(lost, along), 0.0, FOREVER_US), MAX_MOMENTS):
            e, t = moment.e, moment.t
            imbalance = self._metric.evaluate(e.u).norm
            if imbalance > 10.0 * QUIET:
                tried = np.inf
            # At a slow passage too the imbalance is small; then the attempt fails, and is made again later.
            if imbalance < min(QUIET, 0.1 * tried):
                tried = imbalance
                rest = self._at_rest(e, value, moment.t)
                if rest is not None:
                    return rest
        raise SolveError(f"the state that was lost at {value:.6g} {bias.unit} did not settle within {t:.3g} µs")

    def _pushed(self, lost: Evaluation, along: Array | None) -> Array:
        e = self._stability.to_full(lost)
        shape = self._stability.modes(lost, self._problem.bias, 1).shapes[:, 0]
        push = PUSH_K * shape * self._sign(shape, along)
        return np.concatenate([e.T + push, e.wires, [e.V]])

    def _sign(self, shape: Array, along: Array | None) -> float:
        """Return the sign that turns a mode along a given step, or else to heat more at positive x and y."""
        model = self._problem.model
        mode = shape[self._model.layout.junction_rows]
        if along is None:
            xy = model.operators.xy[model.layout.mesa_nodes]
            size = global_max(model.comm, np.abs(xy).max(initial=0.0))
            step = np.tile(1.0 + (xy @ [1.0, 0.5]) / size, mode.size // xy.shape[0]) if xy.size else mode
        else:
            step = along[model.layout.junction_rows]
        mass = np.tile(model.junction_mass, len(model.layout.junction_layers))
        return -1.0 if global_sum(model.comm, float((mass * mode) @ step)) < 0.0 else 1.0

    def _at_rest(self, e: Evaluation, value: float, time_us: float) -> SettledState | None:
        """Return the stable state close by, or None."""
        problem = self._problem
        options = Options(value, max(abs(value), 1e-9), tolerance=problem.model.scenario.numerics.tolerance)
        near = carried_over(self._model, problem.model, e)
        try:
            u = land(problem, near, options)
        except SolveError:
            return None
        if global_max(problem.model.comm, np.abs(u[:-1] - near[:-1]).max(initial=0.0)) > NEAR_K:
            return None
        state = problem.evaluate(u)
        growth = float(self._stability.modes(state.e, problem.bias, 1).rates[0])
        return SettledState(u, state, growth, time_us) if growth < 0.0 else None
