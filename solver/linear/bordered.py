"""Bordered linear systems: GMRES on the whole system, preconditioned by factors that are kept while they serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.factors import Factors
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.linear.layered import LayeredFactors
from hotmesa.solver.parallel import Comm, global_sums

MAX_ITERATIONS = 40
SLOW = 15
"""Iterations with new factors of an approximate matrix beyond which those of the Jacobian itself are made next."""
SINGULAR = 1e-11
"""Smallest singular value of the Schur complement, with rows of size one, that is more than rounding."""


@dataclass(frozen=True)
class Constraint:
    """One scalar equation that closes the heat balance: its derivatives by T (this rank), wires and V."""

    by_T: Array
    by_wires: Array
    by_V: float


@dataclass(frozen=True)
class Update:
    """Solution of a bordered system."""

    T: Array
    wires: Array
    V: float


@dataclass(frozen=True)
class BorderedVector:
    """How temperatures and globals (wires, V) share one distributed vector.

    Attributes:
        comm: communicator.
        size: temperatures on this rank.
        globals: number of global unknowns, kept by the last rank and known to all.
    """

    comm: Comm
    size: int
    globals: int

    @property
    def _is_last(self) -> bool:
        return bool(self.comm.rank == self.comm.size - 1)

    def shell(self, context: object) -> PETSc.Mat:
        """Return a square matrix on such vectors whose product is `context.mult`."""
        local = self.size + (self.globals if self._is_last else 0)
        shape = ((local, PETSc.DETERMINE), (local, PETSc.DETERMINE))
        matrix = PETSc.Mat().createPython(shape, context, comm=self.comm)
        matrix.setUp()
        return matrix

    def load(self, vector: PETSc.Vec) -> tuple[Array, Array]:
        """Return the temperatures of this rank (a view) and all globals."""
        values = vector.getArray(readonly=True)
        mine = values[self.size :].copy() if self._is_last else None
        g = mine if self.comm.size == 1 else self.comm.bcast(mine, root=self.comm.size - 1)
        return values[: self.size], np.asarray(g)

    def store(self, vector: PETSc.Vec, T: Array, g: Array) -> None:
        """Write temperatures and globals into a vector."""
        values = vector.getArray()
        values[: self.size] = T
        if self._is_last:
            values[self.size :] = g


class BorderedOperator:
    """Product with a bordered Jacobian, and its preconditioner made of kept factors: what PETSc's solvers call.

    It knows none of the solvers that call it: PETSc keeps its contexts where Python's garbage collector does not look,
    so that a circle through one of them would keep the factors for good.

    Attributes:
        layout: how temperatures and globals share a vector.
        factorisations, solves: so far.
    """

    def __init__(self, comm: Comm, conduction: Conduction, size: int, wires: int) -> None:
        """Prepare for `size` unknowns on this rank."""
        self._comm, self._conduction = comm, conduction
        self.layout = BorderedVector(comm, size, wires + 1)
        self.factorisations = 0
        self.solves = 0
        self._factors: Factors | None = None
        self._columns: Array = np.zeros((size, wires + 1))
        self._system: _System | None = None

    @property
    def ready(self) -> bool:
        """Whether there are factors."""
        return self._factors is not None

    @property
    def approximate(self) -> bool:
        """Whether the factors at hand are of another matrix, which need not be close."""
        return isinstance(self._factors, LayeredFactors)

    def refresh(self, lin: Jacobian, exact: bool = False, near: bool = False) -> None:
        """Factorise the Jacobian of a linearisation, or a matrix close to it, and keep that as preconditioner."""
        self._factors = None  # should this fail, what is at hand is of no use either
        if exact:
            self._factors = self._conduction.factorise(lin.kappa, lin.local)
        else:
            self._factors = self._conduction.precondition(lin.kappa, lin.local, near)
        self._columns = np.column_stack([self._factors.solve(c) for c in lin.columns.T])
        self.factorisations += 1
        self.solves += self.layout.globals

    def attach(self, lin: Jacobian, constraint: Constraint, refresh: bool = False, near: bool = False) -> bool:
        """Become the operator of one system, with new factors if there are none; return whether they can solve it."""
        if refresh or not self.ready:
            self.refresh(lin, near=near)
        self._system = _System(self._comm, lin, constraint, self._columns)
        return self._system.regular

    def mult(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the bordered Jacobian (called by PETSc)."""
        system = self._required_system()
        T, g = self.layout.load(x)
        lin = system.lin
        heat = self._conduction.apply(lin.kappa * T) + lin.at_nodes(T) + lin.columns @ g
        self.layout.store(y, heat, global_sums(self._comm, system.rows @ T) + system.corner @ g)

    def multTranspose(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the transpose of the bordered Jacobian (called by PETSc)."""
        system = self._required_system()
        T, g = self.layout.load(x)
        lin = system.lin
        heat = lin.kappa * self._conduction.apply_transposed(T) + lin.at_nodes_transposed(T) + system.rows.T @ g
        self.layout.store(y, heat, global_sums(self._comm, lin.columns.T @ T) + system.corner.T @ g)

    def apply(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the preconditioner (called by PETSc): kept factors, borders of today."""
        system = self._required_system()
        r, s = self.layout.load(x)
        z = self._current_factors().solve(np.ascontiguousarray(r))
        g = np.linalg.solve(system.schur, s - global_sums(self._comm, system.rows @ z))
        self.layout.store(y, z - self._columns @ g, g)

    def applyTranspose(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the transpose of the preconditioner (called by PETSc)."""
        system = self._required_system()
        r, s = self.layout.load(x)
        g = np.linalg.solve(system.schur.T, s - global_sums(self._comm, self._columns.T @ r))
        self.layout.store(y, self._current_factors().solve(r - system.rows.T @ g, transposed=True), g)

    def _current_factors(self) -> Factors:
        if self._factors is None:
            raise SolveError("no factors to precondition with")
        self.solves += 1
        return self._factors

    def _required_system(self) -> _System:
        if self._system is None:
            raise SolveError("no system to solve")
        return self._system


class BorderedSolver:
    """Solves J dT + B dg = r, C dT + D dg = s for temperatures T and globals g = (wires, V).

    Attributes:
        operator: product and preconditioner.
    """

    def __init__(self, comm: Comm, conduction: Conduction, size: int, wires: int) -> None:
        """Make the Krylov solver for `size` unknowns on this rank."""
        self._comm, self._patience = comm, conduction.patience
        self.operator = BorderedOperator(comm, conduction, size, wires)
        self._stale = True
        self._exact = False
        self._ksp = self._krylov()

    def _krylov(self) -> PETSc.KSP:
        matrix = self.operator.layout.shell(self.operator)
        ksp = PETSc.KSP().create(self._comm)
        ksp.setOperators(matrix)
        use_fgmres(ksp, self.operator)
        self._rhs, self._solution = matrix.createVecs()
        return ksp

    def solve(
        self,
        lin: Jacobian,
        constraint: Constraint,
        rhs: Update,
        rtol: float,
        transposed: bool = False,
        guess: Update | None = None,
    ) -> Update:
        """Return the solution of the bordered system, or of its transpose, to a relative residual rtol.

        Args:
            lin: the Jacobian.
            constraint: the equation that closes it.
            rhs: right-hand sides.
            rtol: largest residual in units of the right-hand side.
            transposed: solve with the transpose.
            guess: where to start, zero if not given.

        Raises:
            SolveError: the system is singular, or GMRES did not converge even with fresh factors.
        """
        iterate, layout = self._ksp.solveTranspose if transposed else self._ksp.solve, self.operator.layout
        fresh = self._stale or not self.operator.ready
        if fresh:
            self.operator.refresh(lin, self._exact)
        while True:
            regular = self.operator.attach(lin, constraint)
            if not fresh and not regular:
                self.operator.refresh(lin, self._exact)
                fresh = True
                regular = self.operator.attach(lin, constraint)
            if not regular:
                self._stale = True
                raise SolveError("the linear system is singular")
            layout.store(self._rhs, rhs.T, np.append(rhs.wires, rhs.V))
            if guess is not None:
                layout.store(self._solution, guess.T, np.append(guess.wires, guess.V))
            self._ksp.setInitialGuessNonzero(guess is not None)
            # The residual of a guess may be far larger than the right-hand side, which PETSc would call divergence.
            self._ksp.setTolerances(rtol=rtol, atol=1e-300, divtol=1e30, max_it=MAX_ITERATIONS)
            iterate(self._rhs, self._solution)
            self._stale = self._ksp.getIterationNumber() > self._patience
            if fresh and self.operator.approximate and self._ksp.getIterationNumber() > SLOW:
                self._exact = True
            if self._ksp.getConvergedReason() > 0:
                T, g = layout.load(self._solution)
                return Update(T.copy(), g[:-1], float(g[-1]))
            if fresh and not (self._exact and self.operator.approximate):
                raise SolveError("the linear solver did not converge")
            self.operator.refresh(lin, self._exact)
            fresh = True


class _System:
    """The borders of one linear system and the Schur complement of its globals for the kept factors."""

    def __init__(self, comm: Comm, lin: Jacobian, constraint: Constraint, columns: Array) -> None:
        self.lin = lin
        self.rows = np.vstack([lin.wire_rows, constraint.by_T])
        self.corner = np.zeros((columns.shape[1], columns.shape[1]))
        self.corner[:-1, :-1] = np.diag(lin.wire_diagonal)
        self.corner[-1] = np.append(constraint.by_wires, constraint.by_V)
        self.schur = self.corner - global_sums(comm, self.rows @ columns)
        sizes = np.abs(self.corner) + global_sums(comm, np.abs(self.rows) @ np.abs(columns))
        self._size = sizes.max(axis=1, keepdims=True)

    @property
    def regular(self) -> bool:
        """Whether the Schur complement can be inverted.

        It cannot where the constraint asks for a pattern that the kept factors, of a state of higher symmetry, never
        make.
        """
        scaled = self.schur / np.maximum(self._size, 1e-300)
        return bool(np.isfinite(scaled).all() and np.linalg.svd(scaled, compute_uv=False)[-1] > SINGULAR)


def use_fgmres(ksp: PETSc.KSP, preconditioner: object) -> None:
    """Let a solver of linear systems be flexible GMRES with a preconditioner in Python, applied from the right.

    On the right the iteration stops on the true residual. The flexible variant combines the preconditioned vectors
    themselves: factors in single precision are no exactly linear map, and undoing the preconditioner at the end would
    spoil the solution at 1e-7. It also saves that last solve.
    """
    ksp.setType("fgmres")
    ksp.setGMRESRestart(40)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)
    ksp.getPC().setType("python")
    ksp.getPC().setPythonContext(preconditioner)
