"""Cholesky factors of the symmetric matrix to which a Jacobian is nearly similar: half the work of an LU.

Heat conduction is symmetric, but its linearisation in temperatures is not: the conductivities depend on temperature,
so that each entry is scaled by the conductivity of its column. Within one material a diagonal similarity undoes that
exactly, E J E^-1 = S with E = sqrt(kappa); between unlike materials no diagonal does, and the one that comes closest
is the solution of a small least-squares problem on the graph of the couplings.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError

OPTIONS_PREFIX = "hotmesa_cholesky_"
GROUNDED = 1e-9
"""Share of the diagonal that pins the scale of each connected part, which the couplings leave free."""


class NotDefiniteError(SolveError):
    """The symmetric matrix has negative eigenvalues, or is none (infinite or undefined entries)."""


def is_available() -> bool:
    """Return whether PETSc was built with CHOLMOD."""
    return bool(PETSc.Sys.hasExternalPackage("suitesparse") or PETSc.Sys.hasExternalPackage("cholmod"))


class NearlySymmetric:
    """Preconditioner for matrices of one structurally symmetric pattern with nearly symmetric similar matrices."""

    def __init__(self, pattern: sp.csr_matrix) -> None:
        """Take the pattern (columns sorted, every diagonal entry stored); its values do not matter."""
        n = pattern.shape[0]
        self._indptr = pattern.indptr.astype(PETSc.IntType)
        self._indices = pattern.indices.astype(PETSc.IntType)
        self._row = np.repeat(np.arange(n), np.diff(pattern.indptr))
        self._diagonal = np.flatnonzero(self._row == self._indices)
        places = np.arange(1, self._indices.size + 1)
        self._mirror = sp.csr_matrix((places, self._indices, self._indptr)).T.tocsr().data - 1
        self._symmetric = Cholesky(self._indptr, self._indices)
        self._graph: Cholesky | None = None
        self._strength: Array = np.zeros(0)

    def factorise(self, data: Array) -> SymmetricFactors:
        """Return factors for the matrix with the given entries; earlier ones become invalid.

        Raises:
            NotDefiniteError: the symmetric matrix is large and not positive definite (the state is unstable at constant
                voltage); small ones are factorised all the same, without pivoting.
        """
        if not np.isfinite(data).all():
            raise NotDefiniteError("the Jacobian has entries that are no numbers")
        product = data * data[self._mirror]
        # The geometric mean of an entry and its mirror does not depend on the similarity.
        mean = np.sign(data) * np.sqrt(np.maximum(product, 0.0))
        mean[self._diagonal] = data[self._diagonal]
        self._symmetric.factorise(mean)
        return SymmetricFactors(self._symmetric, self._scales(data, product))

    def _scales(self, data: Array, product: Array) -> Array:
        """Return E > 0 with E_i J_ij / E_j as near to symmetric as can be, strong couplings counting most."""
        coupled = product > 0.0
        if self._graph is None:
            # How strong a coupling is need only be known roughly: that of the first matrix serves for all.
            self._strength = np.where(coupled, np.sqrt(np.maximum(product, 0.0)), 0.0)
            self._strength[self._diagonal] = 0.0
            self._graph = self._laplacian(data)
        target = np.zeros(data.size)
        target[coupled] = 0.5 * np.log(data[self._mirror][coupled] / data[coupled])
        pull = np.bincount(self._row, weights=self._strength * target, minlength=self._indptr.size - 1)
        return np.asarray(np.exp(self._graph.solve(pull)))

    def _laplacian(self, data: Array) -> Cholesky:
        values = -self._strength
        total = np.bincount(self._row, weights=self._strength, minlength=self._indptr.size - 1)
        values[self._diagonal] = total + GROUNDED * np.maximum(total, np.abs(data[self._diagonal]))
        graph = Cholesky(self._indptr, self._indices)
        graph.factorise(values)
        return graph


class SymmetricFactors:
    """Factors of E^-1 S E."""

    def __init__(self, symmetric: Cholesky, scales: Array) -> None:
        """Keep the factors of S and the diagonal of E."""
        self._symmetric, self._scales = symmetric, scales

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for one right-hand side, with the transpose if asked for."""
        E = 1.0 / self._scales if transposed else self._scales
        return np.asarray(self._symmetric.solve(E * rhs) / E)


class Cholesky:
    """CHOLMOD factors, as PETSc calls it, of a symmetric matrix of fixed pattern on this process."""

    def __init__(self, indptr: NDArray[np.int32], indices: NDArray[np.int32]) -> None:
        """Take the pattern (columns sorted, both halves)."""
        n = indptr.size - 1
        self._pattern = indptr, indices
        self._matrix = PETSc.Mat().createAIJ(
            (n, n), csr=(indptr, indices, np.zeros(indices.size)), comm=PETSc.COMM_SELF
        )
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self._in, self._out = self._matrix.createVecs()
        self._ksp: PETSc.KSP | None = None

    def factorise(self, data: Array) -> None:
        """Factorise the matrix with the given entries.

        Raises:
            NotDefiniteError: it is large and not positive definite.
        """
        self._matrix.setValuesCSR(*self._pattern, data)
        self._matrix.assemble()
        if self._ksp is None:
            self._ksp = self._solver()
        self._ksp.setOperators(self._matrix)
        try:
            self._ksp.setUp()
        except PETSc.Error as error:
            self._ksp = None  # unusable after a failure
            raise NotDefiniteError("the symmetric matrix is not positive definite") from error

    def solve(self, rhs: Array) -> Array:
        """Return the solution for one right-hand side."""
        if self._ksp is None:
            raise NotDefiniteError("there are no factors: the last matrix was not positive definite")
        self._in.array[:] = rhs
        self._ksp.solve(self._in, self._out)
        return np.array(self._out.array)

    def _solver(self) -> PETSc.KSP:
        # Without this CHOLMOD prints a warning where a matrix is not definite, which is expected here.
        PETSc.Options(OPTIONS_PREFIX)["mat_cholmod_print"] = 0
        ksp = PETSc.KSP().create(PETSc.COMM_SELF)
        ksp.setOptionsPrefix(OPTIONS_PREFIX)
        ksp.setType("preonly")
        pc = ksp.getPC()
        pc.setType("cholesky")
        pc.setFactorSolverType("cholmod")
        return ksp
