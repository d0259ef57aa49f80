"""Solutions of a Jacobian whose electrode couples all places: the factors of its other parts precondition them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import use_fgmres
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.factors import Factors
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.parallel import Comm

RTOL = 1e-12
MAX_ITERATIONS = 200


class CorrectedFactors:
    """Solves with a Jacobian, wires and voltage at rest, by factors of the Jacobian without its electrode."""

    def __init__(self, comm: Comm, conduction: Conduction, lin: Jacobian, factors: Factors) -> None:
        """Take the Jacobian and exact factors of its other parts."""
        self._conduction, self._lin, self._factors = conduction, lin, factors
        size = (lin.kappa.size, PETSc.DETERMINE)
        matrix = PETSc.Mat().createPython((size, size), self, comm=comm)
        matrix.setUp()
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setOperators(matrix)
        use_fgmres(self._ksp, self)
        self._ksp.setTolerances(rtol=RTOL, atol=1e-300, divtol=1e30, max_it=MAX_ITERATIONS)
        self._rhs, self._solution = matrix.createVecs()

    def mult(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the Jacobian (called by PETSc)."""
        T = x.getArray(readonly=True)
        y.getArray()[:] = self._conduction.apply(self._lin.kappa * T) + self._lin.at_nodes(T)

    def apply(self, _: Any, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """Apply the factors (called by PETSc)."""
        y.getArray()[:] = self._factors.solve(np.array(x.getArray(readonly=True)))

    def solve(self, rhs: Array) -> Array:
        """Return the solution for one right-hand side. Collective.

        Raises:
            SolveError: the iteration did not converge.
        """
        self._rhs.array[:] = rhs
        self._ksp.solve(self._rhs, self._solution)
        if self._ksp.getConvergedReason() <= 0:
            raise SolveError("the linear solver did not converge: the electrode couples places too strongly")
        return np.array(self._solution.array)
