"""Relaxation of a state that has lost its stability at a fixed source: to the next stable state, and how long it takes.

Where that state grows out of the lost one, as at a pitchfork, it is found on the branch that leaves there along the
critical mode, and the time follows from the growth rate. Else the heat balance is integrated in time. Neither has a
time scale of its own: steps in time grow with what happens, and a rest that is not stable is left by its growing mode.
Where the mode oscillates (Hopf) there may be nothing to settle in, and this is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import State
from hotmesa.solver.parallel import global_max, global_sum
from hotmesa.solver.stability.bifurcation import as_step, at_distance
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.continuation import Options, follow, land
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch
from hotmesa.solver.time.transient import Circuit, TimePoint, Tolerances, Transient

PUSH_K = 0.5
"""Largest change of temperature that starts a lost state on its way."""
FOREVER_US = 1e18
"""End of the integration, which has no time scale of its own: a mode grows as slowly as it likes."""
NEAR_K = 1.0
"""A steady state further than this from the transient is not the one that it approaches."""
AT_SADDLE_K = 0.05
"""An unstable state is where the transient rests if it is nearer than this: a tenth of what a mode is pushed by."""
SHORT_WAY_K = 4.0 * PUSH_K
"""A new state within this of the lost one is no further than a push leads: its time is that of the growth rate."""
QUIET = 1e-3
"""Heat imbalance over Joule power below which the transient may be close to its end."""
PATIENCE = 20
"""Steps in time between attempts to solve for the end where the imbalance does not fall."""
MAX_BRANCH_POINTS = 50
"""Points of a branch that leaves a lost state before its source has gone on as far as wanted."""
MOST_STEPS, LEAST_STEPS = 200, 20
"""Steps in time of one period of a mode that oscillates."""
LARGEST_GROWTH = 10.0
"""Exponent to which such a mode grows from a push until it is taken to go on for good."""
PERIODS = (20, 100)
"""Periods for which it is integrated at least and at most."""
MAX_RESTS = 50
"""Unstable states that are passed on the way."""
SETTLED = 0.01
"""Part of the way that is left when a state counts as settled."""
LANDAU = float(np.log((1.0 - SETTLED) ** 2 * (1.0 - SETTLED**2) / (SETTLED**2 * (2.0 * SETTLED - SETTLED**2))))
"""Time from 1 % to 99 % of the way, over half the inverse growth rate: dA/dt = s A (1 - A^2/A_1^2)."""

Told = Literal["time", "rate"]


@dataclass(frozen=True)
class SettledState:
    """A steady state that was reached in time.

    Attributes:
        u: the state, flat.
        state: evaluated.
        modes: its leading modes.
        time_us: how long it takes until 1 % of the way is left.
        told_by: "time" where that was integrated, "rate" where it is estimated by the growth rate.
    """

    u: Array
    state: State
    modes: Modes
    time_us: float
    told_by: Told


class Settling:
    """Finds where a lost state goes. The steps in time are coarse: only the end counts, and that is solved for."""

    def __init__(self, problem: ThermalBranch, stability: Stability) -> None:
        """Prepare for the states of a problem; time runs on the full crystal, whose heat capacity counts."""
        self._problem, self._stability = problem, stability
        self._model = stability.model.variant(own_factors=True)
        self._metric = ThermalBranch(self._model, problem.bias)

    def settle(
        self, lost: State, along: Array | None, value: float, step: Callable[[], None] = lambda: None
    ) -> SettledState:
        """Return the stable state that follows a lost one at a fixed value of the source.

        The growing mode is added with at most 0.5 K, along a step (flat, of the problem) if one is given, and so it is
        where the way leads to a state that is not stable.

        Args:
            lost: where a state is lost.
            along: in which direction it goes at a fold; None where a mode may grow either way.
            value: of the source, a little beyond.
            step: called at every step in time; what it raises ends the integration.

        Raises:
            SolveError: the integration failed or did not come to rest, as where what grows is an oscillation.
        """
        modes = self._stability.modes(lost, self._problem.bias, 1)
        mode = self._turned(modes.shapes[:, 0], along)
        if np.isfinite(modes.period_us):
            modes = self._at(value, lost, modes)
        elif along is None:
            branching = self._branching(lost, mode, value)
            if branching is not None:
                return branching
        e, spent = lost, 0.0
        for _ in range(MAX_RESTS):
            rest, deviation = self._to_rest(self._pushed(e, mode), lost.u, value, modes, step)
            spent += rest.time_us
            if not rest.modes.unstable:
                return replace(rest, time_us=spent)
            e, mode, modes = rest.state, rest.modes.shapes[:, 0], rest.modes
            mode = self._turned(mode, deviation if np.any(deviation) else None)
        raise SolveError(
            f"the state that was lost at {value:.6g} {self._problem.bias.unit} passed {MAX_RESTS} unstable states"
        )

    def _at(self, value: float, lost: State, modes: Modes) -> Modes:
        """Return the modes at a value of the source a little beyond a lost state, those of it if they are not found."""
        try:
            return self._rated(land(self._problem, lost.u, self._options(value)), 0.0).modes
        except SolveError:
            return modes

    def _branching(self, lost: State, mode: Array, value: float) -> SettledState | None:
        """Return the stable state on the branch that leaves a lost one along its mode, None if it does not lead there.

        The branch is followed from where its states differ by 0.5 K as far as the source goes on with it, so that they
        are stable where the lost one is not (exchange of stability, as at a supercritical pitchfork). One that turns
        back is left to the integration: other states may be nearer.
        """
        problem, at = self._problem, self._problem.bias.value(lost.V, lost.I)
        step = as_step(problem, self._stability.given_part(mode))
        step = step / np.sqrt(problem.inner(step, step))
        amplitude = PUSH_K / TEMPERATURE_SCALE_K / problem.largest(step)
        options = replace(self._options(value), control_step=abs(value - at), max_points=MAX_BRANCH_POINTS)
        result = at_distance(problem, lost.u, step, amplitude, options)
        if result is None:
            return None
        begins = problem.bias.value(problem.evaluate(result).V, problem.evaluate(result).I)
        try:
            u: Array | None
            if (begins - value) * (value - at) >= 0.0:  # the state there differs by less than 0.5 K
                shorter = np.sqrt((value - at) / (begins - at))
                u = land(problem, lost.u + shorter * (result - lost.u), options)
            else:
                u = self._followed(result, result - lost.u, options)
        except SolveError:
            return None
        if u is None or not problem.inner(u - lost.u, step) > 0.5 * np.sqrt(problem.inner(u - lost.u, u - lost.u)):
            return None  # it has come back to the old branch
        rest = self._rated(u, 0.0)
        return None if rest.modes.unstable else replace(rest, time_us=self._to_grow(rest.modes), told_by="rate")

    def _followed(self, start: Array, away: Array, options: Options) -> Array | None:
        """Return the state at the end of a branch, None where its source turns back."""
        u = None
        for point in follow(self._problem, start, away, options):
            if point.fold or point.control_rate * (options.control_end - point.control) < 0.0:
                return None
            u = point.u
        return u

    def _to_grow(self, modes: Modes) -> float:
        """Return the time in which a state grows out of a lost one (µs): its mode decays twice as fast as that grew."""
        return LANDAU / max(-float(modes.rates[0]), modes.resolution)

    def _to_decay(self, modes: Modes, part: float) -> float:
        """Return the time (µs) in which the leading mode decays from a part of the way to what is settled."""
        return max(float(np.log(max(part, 1e-300) / SETTLED)), 0.0) / max(-float(modes.rates[0]), modes.resolution)

    def _to_rest(
        self, start: Array, lost: Array, value: float, modes: Modes, step: Callable[[], None]
    ) -> tuple[SettledState, Array]:
        """Return the steady state in which the transient from a start rests, and the deviation from it where it does.

        An unstable one is returned if the transient comes so near that it would take long to leave it.
        """
        tolerances, end = _while_growing(modes)
        transient = Transient(self._model, Circuit(self._problem.bias, 0.0, lambda t: value), tolerances)
        tried, waited, t = np.inf, 0, 0.0
        for moment in transient.run(start, 0.0, end):
            step()
            t = moment.t
            imbalance = self._metric.evaluate(moment.e.u).norm
            waited += 1
            # At a slow passage too the imbalance is small; then the attempt fails, and is made again later.
            if imbalance < QUIET and (imbalance < 0.1 * tried or waited > PATIENCE):
                tried, waited = imbalance, 0
                rest = self._rest_near(moment, lost, value)
                if rest is not None:
                    return rest
        what, unit = f"the state that was lost at {value:.6g}", self._problem.bias.unit
        if np.isfinite(modes.period_us):
            raise SolveError(
                f"{what} {unit} grows as an oscillation with a period of {modes.period_us:.3g} µs and did not come to "
                f"rest within {t:.3g} µs: no steady state follows; see how it goes on with mode = \"transient\""
            )
        raise SolveError(f"{what} {unit} did not settle within {t:.3g} µs")

    def _rest_near(self, moment: TimePoint, lost: Array, value: float) -> tuple[SettledState, Array] | None:
        """Return the steady state that a transient approaches, None if there is none close by that it would stay in."""
        problem = self._problem
        near = carried_over(self._model, problem.model, moment.e)
        try:
            u = land(problem, near, self._options(value))
        except SolveError:
            return None
        left, way = self._apart(u, near), self._apart(u, lost)
        if left > NEAR_K:
            return None
        rest = self._rated(u, moment.t)
        if rest.modes.unstable:
            return (rest, near - u) if left < AT_SADDLE_K else None
        if way <= SHORT_WAY_K:
            return replace(rest, time_us=self._to_decay(rest.modes, 1.0), told_by="rate"), near - u
        return replace(rest, time_us=moment.t + self._to_decay(rest.modes, left / way)), near - u

    def _rated(self, u: Array, time_us: float) -> SettledState:
        state = self._problem.evaluate(u)
        self._stability.forget()
        return SettledState(u, state, self._stability.modes(state, self._problem.bias, 1), time_us, "time")

    def _apart(self, a: Array, b: Array) -> float:
        """Return the largest difference of a temperature of two states (K)."""
        return global_max(self._problem.model.comm, np.abs(a[:-1] - b[:-1]).max(initial=0.0))

    def _options(self, value: float) -> Options:
        tolerance = self._problem.model.scenario.numerics.tolerance
        return Options(value, max(abs(value), 1e-9), tolerance=tolerance, max_newton=12)

    def _pushed(self, state: State, mode: Array) -> Array:
        """Return a state of the problem on the full crystal with a mode added, 0.5 K at its largest."""
        e = self._stability.to_full(state)
        return np.concatenate([e.T + PUSH_K * mode, e.wires, [e.V]])

    def _turned(self, mode: Array, along: Array | None) -> Array:
        """Return a mode turned along a given step, or else to heat more at positive x and y."""
        model = self._problem.model
        hot = mode[self._model.layout.junction_rows]
        if along is None:
            xy = model.operators.xy[model.layout.mesa_nodes]
            size = global_max(model.comm, np.abs(xy).max(initial=0.0))
            step = np.tile(1.0 + (xy @ [1.0, 0.5]) / size, hot.size // xy.shape[0]) if xy.size else hot
        else:
            step = along[model.layout.junction_rows]
        mass = np.tile(model.junction_mass, len(model.layout.junction_layers))
        return -mode if global_sum(model.comm, float((mass * hot) @ step)) < 0.0 else mode


def _while_growing(modes: Modes) -> tuple[Tolerances, float]:
    """Return tolerances in time and how long to integrate (µs) while the leading mode grows.

    An oscillation exp(i w t) is damped by w (w h)^3 / 4 in steps h of BDF2: one that grows more slowly than that would
    come to rest. Here the steps take no more than half of the growth.
    """
    period, rate = modes.period_us, max(float(modes.rates[0]), modes.resolution)
    if not np.isfinite(period):
        return TOLERANCES, FOREVER_US
    turn = 2.0 * np.pi / period
    step = np.clip((2.0 * rate / turn) ** (1.0 / 3.0) / turn, period / MOST_STEPS, period / LEAST_STEPS)
    end = np.clip(LARGEST_GROWTH / rate, PERIODS[0] * period, PERIODS[1] * period)
    return replace(TOLERANCES, max_step_us=float(step)), float(end)


TOLERANCES = Tolerances(atol_K=2e-2, rtol=1e-3)
"""Local errors well below the push, so that what grows is followed."""
