"""Linear stability of a steady state under its bias: growth rates and the modes that grow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from petsc4py import PETSc
from slepc4py import SLEPc

from hotmesa.solver.bias import Bias
from hotmesa.solver.bordered import BorderedSolver, Correction
from hotmesa.solver.branch_problem import ThermalBranch
from hotmesa.solver.curves import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.fields import full_temperatures
from hotmesa.solver.linearisation import shifted
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_max
from hotmesa.solver.variants import with_path

SOLVE_RTOL = 1e-9
EIGENVALUE_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Modes:
    """Leading modes of a state under one bias, fastest growing first.

    Attributes:
        bias: the circuit.
        rates: growth rates (1/us), shape (k,).
        shapes: temperature patterns of the modes in the order of `Stability.layout`, columns, unit maximum.
    """

    bias: Bias
    rates: Array
    shapes: Array

    @property
    def unstable(self) -> int:
        """Number of growing modes."""
        return int(np.count_nonzero(self.rates > 0.0))


class Stability:
    """Stability of the states of one model.

    C dT/dt = -(J T + F_V V), with V slaved to T by the bias: by_V V + by_I (I_T T + I_V V) = 0; wire nodes have
    no heat capacity. The rightmost eigenvalues come from shift-invert about a shift s that no growth rate can
    exceed: then (s - rate) orders the modes, and none that grows is missed.
    The rank-one term of the bias stays a border of the linear systems; it is never a dense matrix.
    """

    def __init__(self, model: Model) -> None:
        """Prepare; a condensed crystal is unfolded, since its heat capacity counts."""
        self._given = model
        self.model = model if model.condensed is None else with_path(model, "sparse")
        self.layout = self.model.layout
        self._solver = BorderedSolver(model.comm, self.model.conduction, self.layout.size, len(self.model.wired))

    def unfold(self, e: Evaluation) -> Evaluation:
        """Return a state of the given model as a state of the unfolded one."""
        if self.model is self._given:
            return e
        T = full_temperatures(self._given, e)
        rows = [T[k, self.layout.nodes_of(k)] for k in range(len(self.layout.sublayers))]
        return self.model.evaluate(np.concatenate(rows), e.wires, e.V)

    def modes(self, e: Evaluation, bias: Bias, count: int = 2) -> Modes:
        """Return the `count` leading modes of a steady state under a bias, and all that grow.

        Args:
            e: evaluated steady state of the given model.
            bias: what the source holds.
            count: modes wanted at least.

        Raises:
            SolveError: the eigenvalue solver did not converge, or more modes are asked for than there are unknowns.
        """
        if not 1 <= count < self.model.unknowns:
            raise SolveError(f"{count} modes of {self.model.unknowns} unknowns: ask for at least 1 and fewer")
        e = self.unfold(e)
        operator = _ShiftInvert(self, e, bias)
        while True:
            modes = operator.rightmost(count)
            if modes.unstable < count or count >= self.model.unknowns - 1:
                return modes
            count = min(2 * count, self.model.unknowns - 1)

    @cached_property
    def problem(self) -> ThermalBranch:
        """The steady problem of the unfolded model."""
        return ThermalBranch(self.model)

    def heat_capacity(self, e: Evaluation) -> Array:
        """Return the heat capacity of every unknown (pJ/K = uW us/K)."""
        return self.model.layout.heat_capacity(e.T)


class _ShiftInvert:
    """The map C T -> solution of (J + s C) T + ... under the bias, whose eigenvalues are 1/(s - rate)."""

    def __init__(self, parent: Stability, e: Evaluation, bias: Bias) -> None:
        self._comm, self._solver, self._bias = parent.model.comm, parent._solver, bias
        self._capacity = parent.heat_capacity(e)
        lin = parent.model.linearise(e)
        self.shift = self._bound(parent, e)
        self._lin = shifted(lin, self.shift * self._capacity)
        self._closure = parent.problem.bias_closure(lin, bias)
        self._solver.refresh(self._lin)

    def _bound(self, parent: Stability, e: Evaluation) -> float:
        """Return a rate (1/us) that no mode exceeds: conduction only damps, so heating over heat capacity bounds."""
        heating = parent.model.junction_mass * e.junctions.Q_by_T.sum(axis=1)
        capacity = self._capacity[parent.layout.junction_rows].reshape(heating.shape)
        largest = global_max(self._comm, (heating / capacity).max(initial=0.0))
        return max(1.05 * largest, 1e-3)

    def rightmost(self, count: int) -> Modes:
        """Return the leading modes."""
        n = self._capacity.size
        shell = PETSc.Mat().createPython(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)), self, comm=self._comm)
        shell.setUp()
        eps = SLEPc.EPS().create(self._comm)
        eps.setOperators(shell)
        eps.setProblemType(SLEPc.EPS.ProblemType.NHEP)
        eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_REAL)
        eps.setDimensions(count, max(2 * count + 8, 12))
        eps.setTolerances(EIGENVALUE_TOLERANCE, 50)
        eps.setInitialSpace(self._start(shell))
        eps.solve()
        if eps.getConverged() < count:
            raise SolveError(f"only {eps.getConverged()} of {count} growth rates converged")
        rates, shapes = [], []
        real, _ = shell.createVecs()
        for k in range(count):
            rates.append(self.shift - 1.0 / eps.getEigenvalue(k).real)
            eps.getEigenvector(k, real)
            shape = np.array(real.array)
            shapes.append(shape / global_max(self._comm, np.abs(shape).max(initial=0.0)))
        eps.destroy()
        shell.destroy()
        order = np.argsort(rates)[::-1]
        return Modes(self._bias, np.array(rates)[order], np.array(shapes).T[:, order])

    def _start(self, shell: PETSc.Mat) -> PETSc.Vec:
        """Return a start vector that is the same on any number of ranks and excites every mode."""
        vector, _ = shell.createVecs()
        vector.array[:] = 1.0 + 0.5 * np.sin(7.0 * np.cumsum(self._capacity) / self._capacity.sum())
        return vector

    def mult(self, _: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the operator (called by SLEPc)."""
        wires = self._lin.wire_diagonal.size
        rhs = Correction(self._capacity * x.getArray(readonly=True), np.zeros(wires), 0.0)
        y.getArray()[:] = self._solver.solve(self._lin, self._closure, rhs, SOLVE_RTOL).T
