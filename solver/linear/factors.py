"""Factorised matrices, and the LU factorisation by MUMPS."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.parallel import Comm


class Factors(Protocol):
    """A factorised Jacobian."""

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for one right-hand side (values of this rank), with the transpose if asked for."""


class SparseFactors:
    """MUMPS factors of a sparse matrix."""

    def __init__(self, ksp: PETSc.KSP, rhs: PETSc.Vec, solution: PETSc.Vec) -> None:
        """Keep the factorised solver and two work vectors."""
        self._ksp, self._rhs, self._solution = ksp, rhs, solution

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for one right-hand side (values of this rank), with the transpose if asked for."""
        self._rhs.array[:] = rhs
        (self._ksp.solveTranspose if transposed else self._ksp.solve)(self._rhs, self._solution)
        return np.array(self._solution.array)


def mumps(comm: Comm) -> PETSc.KSP:
    """Return what solves by an LU factorisation of MUMPS, on the processes of a communicator."""
    ksp = PETSc.KSP().create(comm)
    ksp.setType("preonly")
    pc = ksp.getPC()
    pc.setType("lu")
    pc.setFactorSolverType("mumps")
    return ksp


def factorise(ksp: PETSc.KSP, matrix: PETSc.Mat) -> None:
    """Factorise a matrix; what was factorised before with the same pattern lends its analysis.

    Raises:
        SolveError: the factorisation failed.
    """
    ksp.setOperators(matrix)
    ksp.setUp()
    if ksp.getPC().getFailedReason() != 0:
        raise SolveError("the Jacobian could not be factorised (MUMPS); try numerics.path = 'condensed'")
