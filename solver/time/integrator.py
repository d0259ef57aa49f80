"""PETSc's integrator over one smooth piece of the source, stepped from outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.capacity import heat_capacity, heat_capacity_slope
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import BorderedOperator, use_fgmres
from hotmesa.solver.linear.jacobian import shifted
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_min
from hotmesa.solver.states.problem import MOLTEN, ThermalBranch
from hotmesa.solver.time.source import Circuit

SMALLEST_STEP_US = 1e-12
MOST_TRIES = 20
"""Tries of one step, each a quarter as long as the one before where Newton's method fails."""
PASSED = 3
"""States that a step of second order with its error estimate is made from."""
STALE_RATIO = 2.0
"""Factors serve while the step differs from theirs by less than this factor."""
STALE_ITERATIONS = 9
ROUNDED = 1e-3
"""Next steps are rounded to this part of their power of ten, which no decision about them feels."""
DIGITS_LOST = 1e-3
"""Part of a last digit of them that may be lost where a step is the difference of two times."""
NEWTON_RTOL = 1e-6
"""Newton's method starts from the prediction, whose distance from the solution is the local error. A thousandth of it
would do for the error that is controlled, but the result must not depend on the linear solver of so many ranks."""
NEWTON_ATOL = 1e-8
"""Imbalance (µW) that is always small enough: 1e-9 of a typical power."""
OPTIONS_PREFIX = "hotmesa_time_"


@dataclass(frozen=True)
class Tolerances:
    """Error control: local error of every temperature (K) and of V (mV) below atol + rtol |value|.

    Attributes:
        atol_K, rtol: of the local error of a step.
        first_step_us: after the start and after every corner of the source.
        max_step_us: largest step.
        max_steps: give up after so many steps in one piece of the source.
    """

    atol_K: float = 1e-3
    rtol: float = 1e-4
    first_step_us: float = 1e-4
    max_step_us: float = np.inf
    max_steps: int = 100_000


@dataclass(frozen=True)
class History:
    """All that the next step of the integrator depends on.

    Attributes:
        begin: of the piece of the source (µs).
        times: of the last three states (µs).
        states: these, flat.
        next_us: step to try.
        factored: state and its rate where the factors of the Jacobian were made.
        shift: of their heat capacities (1/µs); 0 if they have served.
    """

    begin: float
    times: tuple[float, ...]
    states: tuple[Array, ...]
    next_us: float
    factored: tuple[Array, Array]
    shift: float


class Equations:
    """Residual and Jacobian in time of one piece of the source, in the form that PETSc calls."""

    def __init__(
        self,
        model: Model,
        problem: ThermalBranch,
        linear: BorderedOperator,
        circuit: Circuit,
        begin: float,
        end: float,
    ) -> None:
        """Set up the piece from `begin` to `end` (µs)."""
        self.model, self.problem, self.linear = model, problem, linear
        self.begin, self.end = begin, end
        self.last: State | None = None
        self.prescribed: Array | None = None  # a solution that is known already, in place of the equations
        self.factored: tuple[Array, Array] = (np.empty(0), np.empty(0))
        self.shift = 0.0
        self._circuit = circuit
        self._n = model.layout.size

    def source(self, t: float) -> float:
        """Return the value of the source, at the ends of the piece its limit from inside."""
        inside = 1e-12 * (self.end - self.begin)
        return self._circuit.source(min(max(t, self.begin + inside), self.end - inside))

    def load(self, vector: PETSc.Vec) -> Array:
        """Return the flat state (T, wires, V) of a vector."""
        return np.concatenate(self.linear.layout.load(vector))

    def store(self, vector: PETSc.Vec, u: Array) -> None:
        """Write a flat state into a vector."""
        self.linear.layout.store(vector, u[: self._n], u[self._n :])

    def evaluation(self, u: Array) -> State:
        """Return the device at a flat state; the last one asked for is kept."""
        T, wires, V = self.problem.split(u)
        e = self.last
        if e is None or not self._same(e, u):
            e = self.last = self.model.evaluate(T, wires, V)
        return e

    def _same(self, e: State, u: Array) -> bool:
        T, wires, V = self.problem.split(u)
        equal = e.V == V and np.array_equal(e.wires, wires) and np.array_equal(e.T, T)
        return global_min(self.model.comm, float(equal)) > 0.0

    def function(self, ts: PETSc.TS, t: float, u: PETSc.Vec, rate: PETSc.Vec, f: PETSc.Vec) -> None:
        """Residual of the equations in time (called by PETSc)."""
        flat, dot = self.load(u), self.load(rate)
        if self.prescribed is not None:
            self.store(f, flat - self.prescribed)
            return
        lowest = global_min(self.model.comm, np.min(flat[: self._n], initial=np.inf))
        if not lowest >= self.problem.coldest:
            f.set(np.nan)  # no temperature of a device: Newton's method fails here, and PETSc takes a smaller step
            return
        e, c = self.evaluation(flat), self._circuit
        capacity = heat_capacity(self.model.layout, e.T)
        circuit = c.bias.value(e.V, e.I) + c.bias.by_I * c.capacitance * dot[-1] - self.source(t)
        self.store(f, np.concatenate([capacity * dot[: self._n] + e.residual, e.wire_residual, [circuit]]))

    def jacobian(
        self, ts: PETSc.TS, t: float, u: PETSc.Vec, rate: PETSc.Vec, shift: float, A: PETSc.Mat, P: PETSc.Mat
    ) -> bool:
        """Jacobian of that residual (called by PETSc): the steady one, heat capacities on the diagonal."""
        slow = ts.getSNES().getKSP().getIterationNumber() > STALE_ITERATIONS
        stale = slow or not 1.0 / STALE_RATIO < self.shift / shift < STALE_RATIO
        self.attach(self.load(u), self.load(rate), shift, stale)
        return True

    def attach(self, flat: Array, dot: Array, shift: float, stale: bool) -> None:
        """Give the linear solver the Jacobian at a state and its rate, with new factors if they are stale."""
        c, layout = self._circuit, self.model.layout
        e = self.evaluation(flat)
        lin = self.model.linearise(e)
        diagonal = shift * heat_capacity(layout, e.T) + heat_capacity_slope(layout, e.T) * dot[: self._n]
        steady = self.problem.bias_constraint(lin, c.bias)
        constraint = replace(steady, by_V=steady.by_V + c.bias.by_I * c.capacitance * shift)
        # A matrix dominated by heat capacity is solved in a few iterations; where they are many the step would fail.
        self.linear.attach(shifted(lin, diagonal), constraint, refresh=stale, near=True)
        if stale:
            self.factored, self.shift = (flat, dot), shift


class Stepper:
    """One PETSc TS over one smooth piece of the source.

    Attributes:
        newton_steps: of the last step, rejected tries included.
    """

    def __init__(
        self, equations: Equations, tolerances: Tolerances, start: Array, history: History | None = None
    ) -> None:
        """Set up the integrator at the start of the piece, or where an earlier one has come to. Collective."""
        self._equations, self._tolerances = equations, tolerances
        self._matrix = equations.linear.layout.shell(equations.linear)
        self._u, self._f = self._matrix.createVecs()
        self._between = self._u.duplicate()
        self.newton_steps = 0
        equations.store(self._u, start)
        self._passed = deque([(equations.begin, start)], maxlen=PASSED)
        self._ts = self._integrator()
        if history is not None:
            self._lead(history)

    @property
    def time(self) -> float:
        """Time reached (µs)."""
        return self._equations.end if self.finished else float(self._ts.getTime())

    @property
    def finished(self) -> bool:
        """Whether the end of the piece was reached."""
        e = self._equations
        return bool(self._ts.getTime() >= e.end - 1e-13 * max(abs(e.end), e.end - e.begin))

    def step(self) -> State:
        """Take one accepted step; return the device at its end.

        Raises:
            SolveError: the step became too small, there were too many, or the device melts.
        """
        before = self._ts.getSNESIterations()
        try:
            self._step_rounded()
        except PETSc.Error as error:
            raise SolveError(f"the time step failed at t = {self.time:.6g} µs (PETSc error {error.ierr})") from error
        self.newton_steps = self._ts.getSNESIterations() - before
        self._round_next()
        reason = self._ts.getConvergedReason()
        if reason < 0:
            raise SolveError(f"the integrator stopped at t = {self.time:.6g} µs: {self._why(reason)}")
        if self._ts.getStepNumber() >= self._tolerances.max_steps and not self.finished:
            raise SolveError(f"more than {self._tolerances.max_steps} steps at t = {self.time:.6g} µs")
        u = self._equations.load(self._u)
        if self._equations.problem.is_molten(u):
            raise SolveError(f"at t = {self.time:.6g} µs the device is {MOLTEN}")
        self._passed.append((float(self._ts.getTime()), u))
        return self._equations.evaluation(u)

    @property
    def history(self) -> History | None:
        """What the next step depends on; None where the start is too near."""
        if len(self._passed) < PASSED or self.finished:
            return None
        times, states = zip(*self._passed, strict=True)
        e, slow = self._equations, self._ts.getSNES().getKSP().getIterationNumber() > STALE_ITERATIONS
        shift = 0.0 if slow else e.shift
        # At rest Newton's method has needed no Jacobian yet.
        factored = e.factored if e.shift else (states[-1], np.zeros_like(states[-1]))
        return History(e.begin, times, states, float(self._ts.getTimeStep()), factored, shift)

    def _lead(self, history: History) -> None:
        """Let the integrator take the last steps of another one, whose results are known."""
        ts, e = self._ts, self._equations
        e.store(self._u, history.states[0])
        ts.setTime(history.times[0])
        # A single step of Richardson's iteration ends at the wanted solution.
        _set_solvers(ts, e.linear, snes_type="nrichardson", ts_adapt_type="none")
        self._passed.clear()
        self._passed.append((history.times[0], history.states[0]))
        for t, u in zip(history.times[1:], history.states[1:], strict=True):
            e.prescribed = u
            ts.setTimeStep(t - self._passed[-1][0])
            ts.step()
            e.store(self._u, u)  # without its rounding errors
            ts.setTime(t)
            self._passed.append((t, u))
        e.prescribed = None
        ts.setTimeStep(history.next_us)
        _set_solvers(ts, e.linear, snes_type="newtonls", ts_adapt_type="basic")
        if history.shift:
            e.attach(*history.factored, history.shift, stale=True)

    def _step_rounded(self) -> None:
        """Take one step; one that PETSc has shortened for its error is taken once more, rounded down."""
        ts = self._ts
        begin, rejected = ts.getTime(), self._rejected
        ts.step()
        if self._rejected == rejected or ts.getConvergedReason() != PETSc.TS.ConvergedReason.CONVERGED_ITERATING:
            return
        taken = ts.getTime() - begin
        step = max(_rounded(taken, lambda digits: np.floor(digits + DIGITS_LOST)), SMALLEST_STEP_US)
        if abs(taken - step) <= DIGITS_LOST * ROUNDED * step:
            return
        ts.rollBack()
        if begin == self._equations.begin:
            ts.restartStep()  # its own first half is as long as the step that was rejected
        ts.setTimeStep(step)
        ts.step()

    @property
    def _rejected(self) -> int:
        """How many steps were shortened for their error: by a factor with the last digits of linear solvers in it."""
        # Where Newton's method fails they are quartered, which keeps them round.
        return int(self._ts.getStepRejections() - self._ts.getSNESFailures())

    def _round_next(self) -> None:
        """Round the next step, which holds the last digits of linear solvers: the same on any number of ranks."""
        step = self._ts.getTimeStep()
        if self._ts.getTime() + step < self._equations.end - step * ROUNDED:  # the last one ends where the piece does
            self._ts.setTimeStep(max(_rounded(step, np.round), SMALLEST_STEP_US))

    def at(self, t: float) -> Array:
        """Return the flat state at a time within the last step."""
        self._ts.interpolate(t, self._between)
        return self._equations.load(self._between)

    def close(self) -> None:
        """Free the integrator; collective."""
        for part in (self._ts, self._matrix, self._u, self._f, self._between):
            part.destroy()

    def _why(self, reason: int) -> str:
        words = {
            int(PETSc.TS.ConvergedReason.DIVERGED_NONLINEAR_SOLVE): "Newton's method failed at ever smaller steps",
            int(PETSc.TS.ConvergedReason.DIVERGED_STEP_REJECTED): "the error stayed too large at ever smaller steps",
        }
        return words.get(int(reason), f"PETSc reason {reason}")

    def _integrator(self) -> PETSc.TS:
        e, tolerances = self._equations, self._tolerances
        ts = PETSc.TS().create(e.model.comm)
        ts.setOptionsPrefix(OPTIONS_PREFIX)
        ts.setProblemType(PETSc.TS.ProblemType.NONLINEAR)
        ts.setType(PETSc.TS.Type.BDF)
        ts.setIFunction(e.function, self._f)
        ts.setIJacobian(e.jacobian, self._matrix, self._matrix)
        ts.setTime(e.begin)
        ts.setTimeStep(min(tolerances.first_step_us, 0.1 * (e.end - e.begin)))
        ts.setMaxTime(e.end)
        ts.setMaxSteps(tolerances.max_steps)
        ts.setExactFinalTime(PETSc.TS.ExactFinalTime.MATCHSTEP)
        ts.setTolerances(rtol=tolerances.rtol, atol=tolerances.atol_K)
        # In a row they count; in all, a long run may have many.
        ts.setMaxSNESFailures(-1)
        ts.setMaxStepRejections(MOST_TRIES)
        ts.setErrorIfStepFails(False)  # `step` says it in words
        ts.setStepLimits(SMALLEST_STEP_US, min(tolerances.max_step_us, e.end - e.begin))
        _set_solvers(ts, e.linear)
        ts.setSolution(self._u)
        ts.setUp()
        return ts


def _rounded(step: float, way: Callable[[float], float]) -> float:
    """Return a step with as many digits as no decision about it feels."""
    digit = 10.0 ** np.floor(np.log10(step)) * ROUNDED
    return float(digit * way(step / digit))


def _set_solvers(ts: PETSc.TS, linear: BorderedOperator, **more: str) -> None:
    """Set Newton's method, its linear solver and the norm of the local error."""
    # The largest error anywhere counts: a mean over the crystal would hide that of a small hot spot.
    options = {"ts_adapt_wnormtype": "infinity", "snes_linesearch_type": "basic"} | more
    database = PETSc.Options(OPTIONS_PREFIX)
    for key, value in options.items():
        database[key] = value
    ts.setFromOptions()
    for key in options:
        database.delValue(key)
    snes = ts.getSNES()
    snes.setTolerances(rtol=NEWTON_RTOL, atol=NEWTON_ATOL, stol=1e-12, max_it=8)
    ksp = snes.getKSP()
    ksp.setTolerances(rtol=1e-4, max_it=60)
    use_fgmres(ksp, linear)
