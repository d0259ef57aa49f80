"""Time integration of the layered heat balance with its bias circuit, by PETSc's adaptive integrators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from hotmesa.solver.bias import Bias
from hotmesa.solver.bordered import BorderedSolver, Closure
from hotmesa.solver.branch_problem import ThermalBranch
from hotmesa.solver.curves import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linearisation import shifted
from hotmesa.solver.model import Evaluation, Model

Waveform = Callable[[float], float]


@dataclass(frozen=True)
class Circuit:
    """Source and circuit: by_V V + by_I (I + C_p dV/dt) = source(t).

    Attributes:
        bias: what the source holds (voltage, current, load line).
        capacitance: parallel to the mesa (uF = mA us/mV).
        source: value of the bias (mV or mA) at a time (us).
        corners: times (us) at which the source jumps or has a kink; the integrator restarts there.
    """

    bias: Bias
    capacitance: float
    source: Waveform
    corners: tuple[float, ...] = ()


@dataclass(frozen=True)
class Tolerances:
    """Error control: local error below atol + rtol |T| (K), first and largest time step (us)."""

    atol_K: float = 1e-3
    rtol: float = 1e-5
    first_step_us: float = 1e-4
    max_step_us: float = np.inf
    max_steps: int = 100_000


@dataclass(frozen=True)
class Moment:
    """The device at one time (us)."""

    t: float
    e: Evaluation


class Transient:
    """C(T) dT/dt + F(T, V) = 0 with wires in balance at every moment and V set by the circuit.

    The integrator is PETSc's BDF with adaptive order and step (stiff and differential-algebraic). The Jacobian is
    the bordered one of the steady problem with the heat capacities on its diagonal; its factors are kept.
    """

    def __init__(self, model: Model, circuit: Circuit, tolerances: Tolerances | None = None) -> None:
        """Prepare the integrator.

        Raises:
            SolveError: the model has a condensed crystal, whose heat capacity is lost.
        """
        if model.condensed is not None:
            raise SolveError("a condensed crystal has no heat capacity: use numerics.path = 'sparse' in time")
        self.model, self.circuit, self.tolerances = model, circuit, tolerances or Tolerances()
        self._problem = ThermalBranch(model, circuit.bias)
        self._linear = BorderedSolver(model.comm, model.conduction, model.layout.size, len(model.wired))
        self._shift = 0.0

    def run(self, start: Array, t0: float, t1: float) -> Iterator[Moment]:
        """Yield the accepted moments after t0 up to t1 from a flat state u = (T, wires, V) at t0.

        The first moment is the start itself, with wires and V brought into balance with its temperatures.

        Raises:
            SolveError: the step became too small; what was yielded stays valid.
        """
        u = start
        stops = [t for t in sorted(self.circuit.corners) if t0 < t < t1] + [t1]
        for begin, end in zip([t0, *stops[:-1]], stops, strict=True):
            # The source acts from right after a corner on: evaluate it inside the piece.
            u = self._balanced(u, begin, end)
            yield Moment(begin, self._evaluate(u))
            for t, state in self._piece(u, begin, end):
                yield Moment(t, self._evaluate(state))
                u = state

    def _evaluate(self, u: Array) -> Evaluation:
        return self.model.evaluate(*self._problem.split(u))

    def _source(self, t: float, begin: float, end: float) -> float:
        inside = 1e-12 * (end - begin)
        return self.circuit.source(min(max(t, begin + inside), end - inside))

    def _balanced(self, u: Array, begin: float, end: float) -> Array:
        """Return the state with V (and wires) obeying their equations at the temperatures given.

        With a parallel capacitance V is a state of its own and stays.
        """
        T, wires, V = self._problem.split(u)
        held = self.circuit.bias.by_I * self.circuit.capacitance > 0.0
        value = self._source(begin, begin, end)
        for _ in range(60):
            e = self.model.evaluate(T, wires, V)
            lin = self.model.linearise(e)
            b = self.circuit.bias
            gap = 0.0 if held else b.value(e.V, e.I) - value
            step_V = -gap / (b.by_V + b.by_I * lin.I_by_V)
            step_w = -e.wire_residual / lin.wire_diagonal if wires.size else wires
            V, wires = V + step_V, wires + step_w
            if abs(step_V) <= 1e-12 * max(abs(V), 1e-9) and np.abs(step_w).max(initial=0.0) <= 1e-11 * self.model.bath:
                return np.concatenate([T, wires, [V]])
        raise SolveError(f"no voltage balances the circuit at t = {begin:.6g} us")

    def _piece(self, start: Array, begin: float, end: float) -> Iterator[tuple[float, Array]]:
        """Yield times and states of one smooth piece of the source."""
        stepper = _Stepper(self, start, begin, end)
        try:
            while stepper.time < end * (1.0 - 1e-14) - 1e-300:
                yield stepper.step()
        finally:
            stepper.close()


class _Stepper:
    """One PETSc TS over one smooth piece of the source, stepped from outside."""

    def __init__(self, parent: Transient, start: Array, begin: float, end: float) -> None:
        self._p, self._begin, self._end = parent, begin, end
        self._n = parent.model.layout.size
        self._matrix = parent._linear.layout.shell(parent._linear)
        self._u, self._f = self._matrix.createVecs()
        self._store(self._u, start)
        self._ts = self._integrator()

    def _integrator(self) -> PETSc.TS:
        tol = self._p.tolerances
        ts = PETSc.TS().create(self._p.model.comm)
        ts.setProblemType(PETSc.TS.ProblemType.NONLINEAR)
        ts.setType(PETSc.TS.Type.BDF)
        ts.setIFunction(self._function, self._f)
        ts.setIJacobian(self._jacobian, self._matrix, self._matrix)
        ts.setTime(self._begin)
        ts.setTimeStep(min(tol.first_step_us, self._end - self._begin))
        ts.setMaxTime(self._end)
        ts.setMaxSteps(tol.max_steps)
        ts.setExactFinalTime(PETSc.TS.ExactFinalTime.MATCHSTEP)
        ts.setTolerances(rtol=tol.rtol, atol=tol.atol_K)
        ts.setMaxSNESFailures(20)
        ts.setStepLimits(1e-12, min(tol.max_step_us, self._end - self._begin))
        snes = ts.getSNES()
        snes.setTolerances(rtol=1e-9, atol=1e-9, stol=1e-10, max_it=12)
        ksp = snes.getKSP()
        ksp.setType("gmres")
        ksp.setGMRESRestart(40)
        ksp.setPCSide(PETSc.PC.Side.RIGHT)
        ksp.setTolerances(rtol=1e-6, max_it=60)
        ksp.getPC().setType("python")
        ksp.getPC().setPythonContext(self._p._linear)
        ts.setSolution(self._u)
        ts.setUp()
        return ts

    @property
    def time(self) -> float:
        return float(self._ts.getTime())

    def step(self) -> tuple[float, Array]:
        """Take one accepted step; return time and state."""
        try:
            self._ts.step()
        except PETSc.Error as error:
            raise SolveError(f"the time step failed at t = {self.time:.6g} us") from error
        reason = self._ts.getConvergedReason()
        if reason < 0:
            raise SolveError(f"the integrator stopped at t = {self.time:.6g} us (PETSc reason {reason})")
        return self.time, self._load(self._u)

    def close(self) -> None:
        """Free the integrator; collective."""
        self._ts.destroy()
        self._matrix.destroy()

    def _load(self, vector: PETSc.Vec) -> Array:
        return np.concatenate(self._p._linear.layout.load(vector))

    def _store(self, vector: PETSc.Vec, u: Array) -> None:
        self._p._linear.layout.store(vector, u[: self._n], u[self._n :])

    def _function(self, ts: PETSc.TS, t: float, u: PETSc.Vec, rate: PETSc.Vec, f: PETSc.Vec) -> None:
        """Residual of the equations in time (called by PETSc)."""
        p, c = self._p, self._p.circuit
        flat, dot = self._load(u), self._load(rate)
        e = p._evaluate(flat)
        capacity = p.model.layout.heat_capacity(e.T)
        value = c.bias.value(e.V, e.I) + c.bias.by_I * c.capacitance * dot[-1]
        circuit = value - p._source(t, self._begin, self._end)
        self._store(f, np.concatenate([capacity * dot[: self._n] + e.residual, e.wire_residual, [circuit]]))

    def _jacobian(
        self, ts: PETSc.TS, t: float, u: PETSc.Vec, rate: PETSc.Vec, shift: float, A: PETSc.Mat, P: PETSc.Mat
    ) -> bool:
        """Jacobian of that residual (called by PETSc): the steady one, heat capacities on the diagonal."""
        p, c = self._p, self._p.circuit
        flat, dot = self._load(u), self._load(rate)
        lin = p.model.linearise(p._evaluate(flat))
        T = flat[: self._n]
        diagonal = shift * p.model.layout.heat_capacity(T) + p.model.layout.heat_capacity_slope(T) * dot[: self._n]
        closure = p._problem.bias_closure(lin, c.bias)
        closure = Closure(closure.by_T, closure.by_wires, closure.by_V + c.bias.by_I * c.capacitance * shift)
        stale = not 0.5 < p._shift / shift < 2.0 or ts.getSNES().getKSP().getIterationNumber() > 9
        p._linear.attach(shifted(lin, diagonal), closure, refresh=stale)
        p._shift = shift if stale else p._shift
        return True
