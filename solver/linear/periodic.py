"""Linear systems of a device whose heating is modulated: the bordered Jacobian plus i omega C, in real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import BorderedOperator, BorderedVector, Constraint, Update, use_fgmres
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.jacobian import Jacobian, shifted
from hotmesa.solver.parallel import Comm

MAX_ITERATIONS = 200


class PeriodicSolver:
    """Solves (A + i omega C)^T y = r for a real right-hand side, A the Jacobian bordered by wires and bias.

    With y = x + i z it is the real system [A^T, -B; B, A^T] (x, z) = (r, 0), B = omega C. Flexible GMRES of PETSc
    solves it, preconditioned by [A^T, -B; B, A^T + 2 B], which two solutions with H = (A + B)^T invert exactly:

        h = H^-1 (f + g),  z = H^-1 (g - B h),  x = h - z.

    For symmetric positive matrices all eigenvalues then lie between 1/2 and 1 at every frequency (Axelsson, Neytcheva
    and Ahmad, Numerical Algorithms 66, 811 (2014)); the heat balance is nearly that, but for junctions and bias. The
    factors of A + B are those of a time step of 1/omega.
    """

    def __init__(self, comm: Comm, conduction: Conduction, size: int, wires: int) -> None:
        """Prepare for `size` unknowns on this rank."""
        self._operator = BorderedOperator(comm, conduction, size, wires)
        self._pair = BorderedVector(comm, 2 * size, 2 * (wires + 1))
        self._B: Array = np.zeros(size)
        matrix = self._pair.shell(self)
        single = self._operator.layout.shell(self._operator)
        self._in, self._out = single.createVecs()
        self._rhs, self._solution = matrix.createVecs()
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setOperators(matrix)
        use_fgmres(self._ksp, self)

    def solve_transposed(
        self, lin: Jacobian, constraint: Constraint, capacity: Array, omega: float, rhs: Update, rtol: float
    ) -> tuple[Update, Update]:
        """Return real and imaginary part of y. Collective.

        Args:
            lin: the Jacobian.
            constraint: the equation that closes it.
            capacity: heat capacity of every unknown (pJ/K); wires and bias have none.
            omega: angular frequency (1/µs), above 0.
            rhs: right-hand side r, real.
            rtol: largest residual in units of the right-hand side.

        Raises:
            SolveError: the system is singular, or GMRES did not converge.
        """
        self._B = omega * capacity
        if not self._operator.attach(shifted(lin, self._B), constraint, refresh=True, near=True):
            raise SolveError("the linear system of the modulated heat is singular")
        g = np.append(rhs.wires, rhs.V)
        self._pair.store(self._rhs, np.append(rhs.T, np.zeros(rhs.T.size)), np.append(g, np.zeros(g.size)))
        self._ksp.setTolerances(rtol=rtol, atol=1e-300, divtol=1e30, max_it=MAX_ITERATIONS)
        self._ksp.solve(self._rhs, self._solution)
        if self._ksp.getConvergedReason() <= 0:
            raise SolveError(f"the response at {omega:g} per µs did not converge")
        (x, z), (x_globals, z_globals) = self._halves(self._solution)
        return Update(x, x_globals[:-1], float(x_globals[-1])), Update(z, z_globals[:-1], float(z_globals[-1]))

    def mult(self, _: Any, vector: PETSc.Vec, result: PETSc.Vec) -> None:
        """Apply the real system (called by PETSc)."""
        (x, z), (x_globals, z_globals) = self._halves(vector)
        Hx, Hx_globals = self._applied(self._operator.multTranspose, x, x_globals)
        Hz, Hz_globals = self._applied(self._operator.multTranspose, z, z_globals)
        B = self._B
        self._store(result, (Hx - B * (x + z), Hz + B * (x - z)), (Hx_globals, Hz_globals))

    def apply(self, _: Any, vector: PETSc.Vec, result: PETSc.Vec) -> None:
        """Apply the preconditioner (called by PETSc)."""
        (f, g), (f_globals, g_globals) = self._halves(vector)
        h, h_globals = self._applied(self._operator.applyTranspose, f + g, f_globals + g_globals)
        z, z_globals = self._applied(self._operator.applyTranspose, g - self._B * h, g_globals)
        self._store(result, (h - z, z), (h_globals - z_globals, z_globals))

    def _applied(self, operation: Any, T: Array, g: Array) -> tuple[Array, Array]:
        self._operator.layout.store(self._in, T, g)
        operation(None, self._in, self._out)
        T, g = self._operator.layout.load(self._out)
        return T.copy(), g

    def _halves(self, vector: PETSc.Vec) -> tuple[Array, Array]:
        """Return temperatures and globals of a vector, the real part and the imaginary one."""
        T, g = self._pair.load(vector)
        return T.reshape(2, -1).copy(), g.reshape(2, -1)

    def _store(self, vector: PETSc.Vec, T: tuple[Array, Array], g: tuple[Array, Array]) -> None:
        self._pair.store(vector, np.concatenate(T), np.concatenate(g))
