"""Conduction along the layers as one sparse PETSc matrix, and factorisations of the Jacobian made from it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.linear.factors import Factors, SparseFactors, factorise, mumps
from hotmesa.solver.linear.jacobian import LocalPattern
from hotmesa.solver.linear.layered import Layered, layers_suffice
from hotmesa.solver.linear.symmetric import NearlySymmetric, NotDefiniteError, is_available
from hotmesa.solver.parallel import global_sum

Index = NDArray[np.int64]


class Conduction(Protocol):
    """The linear map from Kirchhoff potentials to the heat that conduction along the layers takes from each node.

    Attributes:
        diagonal: its diagonal (µm).
        patience: Krylov iterations a solution may take before new factors of the Jacobian pay off.
        fixed: unknowns that it holds at the temperature of the bath (a cold rim); they take no heat from it.
    """

    diagonal: Array
    patience: int
    fixed: Index

    def apply(self, phi: Array) -> Array:
        """Return the heat (µW) leaving each node along the layers for potentials phi (µW/µm).

        Args:
            phi: shape (n,), or (n, k) for several at once.
        """

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by each potential of the sum of weights times heats."""

    def factorise(self, kappa: Array, local: sp.csr_matrix) -> Factors:
        """Return factors of the Jacobian, conduction times diag(kappa) plus local."""

    def precondition(self, kappa: Array, local: sp.csr_matrix, near: bool = False) -> Factors:
        """Return factors of the Jacobian or, where that costs less, of a matrix close to it.

        If `near`, one so close that a few iterations do, as time steps need.
        """

    def temperatures(self, T: Array, conducted: Array) -> Array:
        """Return the temperatures (K) of all sublayers at the owned nodes, NaN outside, shape (stack, owned).

        Args:
            T: temperatures of the unknowns.
            conducted: heat (µW) that `apply` takes from each of them.
        """

    def leaving(self, conducted: Array) -> dict[str, float]:
        """Return the heat (µW) that conduction itself carries out of the device, by name of the sink. Collective."""

    def crystal_response(self, adjoint: Array) -> Array:
        """Return the adjoint field on the surface of the crystal, shape (owned,), from that of the unknowns."""

    def separate(self) -> Conduction:
        """Return the same map with factors of its own, which leave those of this one alone."""


class SparseConduction:
    """Stiffness times thickness of every sublayer in one distributed matrix; MUMPS factorises the Jacobian.

    The matrix is constant. A Jacobian is this matrix with scaled columns plus node-local entries, so nothing is
    ever assembled again; the pattern is made once and holds both parts.
    """

    patience = 5

    def __init__(self, layout: Layout, pattern: LocalPattern, cold_rim: bool) -> None:
        """Build the matrix; rows on a cold rim carry no conduction."""
        self._comm = layout.operators.comm
        self._layout, self._cold_rim = layout, cold_rim
        self.fixed: Index = layout.rim_rows if cold_rim else layout.rim_rows[:0]
        self._pattern = pattern
        self._offset = self._comm.exscan(layout.size) or 0
        free = np.ones(layout.size)
        free[self.fixed] = 0.0
        self._matrix = self._build(layout, free)
        self._jacobian = self._matrix.copy()
        self._ksp: PETSc.KSP | None = None
        indptr, indices, values = self._matrix.getValuesCSR()
        total = self._matrix.getSize()[1]
        self._csr = sp.csr_matrix((values, indices, indptr), shape=(layout.size, total))
        self._layered = Layered(layout, pattern, self._csr, self.fixed) if layers_suffice(layout) else None
        self._symmetric = self._nearly_symmetric() if self._comm.size == 1 and is_available() else None
        self._in, self._out = self._matrix.createVecs()
        self.diagonal = np.array(self._matrix.getDiagonal().array)

    def _build(self, layout: Layout, free: Array) -> PETSc.Mat:
        numbers = self._global_numbers(layout)
        blocks = []
        for k, sublayer in enumerate(layout.sublayers):
            rows = layout.nodes_of(k)
            block = (layout.stiffness(k)[rows] * sublayer.thickness).tocoo()
            keep = numbers[k][block.col] >= 0
            local_rows = layout.starts[k] + block.row[keep]
            blocks.append((local_rows, numbers[k][block.col[keep]], block.data[keep] * free[local_rows]))
        p = self._pattern
        pattern_rows = np.repeat(np.arange(layout.size), np.diff(p.indptr))
        blocks.append((pattern_rows, p.indices + self._offset, np.zeros(p.indices.size)))
        row, col, data = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        total = int(self._comm.allreduce(layout.size))
        csr = sp.coo_matrix((data, (row, col)), shape=(layout.size, total)).tocsr()
        csr.sum_duplicates()
        size = (layout.size, PETSc.DETERMINE)
        return PETSc.Mat().createAIJ(
            size=(size, size),
            csr=(csr.indptr.astype(PETSc.IntType), csr.indices.astype(PETSc.IntType), csr.data),
            comm=self._comm,
        )

    def _global_numbers(self, layout: Layout) -> list[Array]:
        """Return for each sublayer the unknown of every node of the plan over all ranks, -1 where there is none."""
        numbers = []
        for k in range(len(layout.sublayers)):
            mine = np.full(layout.operators.owned, -1, dtype=np.int64)
            mine[layout.nodes_of(k)] = self._offset + np.arange(layout.starts[k], layout.starts[k + 1])
            numbers.append(np.concatenate(self._comm.allgather(mine)))
        return numbers

    def _nearly_symmetric(self) -> NearlySymmetric:
        p, indptr, indices = self._pattern, self._csr.indptr, self._csr.indices
        rows = np.repeat(np.arange(p.indptr.size - 1), np.diff(p.indptr))
        keys = np.repeat(np.arange(indptr.size - 1), np.diff(indptr)) * np.int64(indptr.size) + indices
        self._local_places = np.searchsorted(keys, rows * np.int64(indptr.size) + p.indices)
        return NearlySymmetric(self._csr)

    def apply(self, phi: Array) -> Array:
        """Return the heat (µW) leaving each node along the layers for potentials phi (µW/µm), or columns of them."""
        if phi.ndim > 1:
            # Several at once read the matrix once.
            whole = self._comm.size == 1
            return np.asarray(self._csr @ phi) if whole else np.column_stack([self.apply(column) for column in phi.T])
        self._in.array[:] = phi
        self._matrix.mult(self._in, self._out)
        return np.array(self._out.array)

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by each potential of the sum of weights times heats; fixed rows carry none."""
        self._in.array[:] = weights
        self._matrix.multTranspose(self._in, self._out)
        return np.array(self._out.array)

    def temperatures(self, T: Array, conducted: Array) -> Array:
        """Return the temperatures (K) of all sublayers at the owned nodes: all of them are unknowns."""
        return self._layout.on_plan(T)

    def leaving(self, conducted: Array) -> dict[str, float]:
        """Return the heat (µW) into a cold rim: it holds no conduction, so that it takes what the others lose."""
        return {"rim": global_sum(self._comm, conducted.sum())} if self._cold_rim else {}

    def crystal_response(self, adjoint: Array) -> Array:
        """Return the adjoint field in the top sublayer of the crystal; what is held at the bath answers to no heat."""
        answering = adjoint.copy()
        answering[self.fixed] = 0.0
        return np.asarray(self._layout.on_plan(answering)[len(self._layout.mesa_layers)])

    def separate(self) -> SparseConduction:
        """Return the same map in a matrix of its own."""
        return SparseConduction(self._layout, self._pattern, self._cold_rim)

    def jacobian(self, kappa: Array, local: sp.csr_matrix) -> PETSc.Mat:
        """Return the Jacobian as a matrix (reused by the next call): conduction times diag(kappa) plus local."""
        J = self._jacobian
        self._matrix.copy(J, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        self._in.array[:] = kappa
        J.diagonalScale(None, self._in)
        # Debian's PETSc counts with 32-bit integers.
        indices = (local.indices + self._offset).astype(PETSc.IntType)
        J.setValuesCSR(local.indptr.astype(PETSc.IntType), indices, local.data, addv=PETSc.InsertMode.ADD_VALUES)
        J.assemble()
        return J

    def factorise(self, kappa: Array, local: sp.csr_matrix) -> Factors:
        """Return factors of the Jacobian; earlier factors of this object become invalid.

        Raises:
            SolveError: the factorisation failed.
        """
        J = self.jacobian(kappa, local)
        self._ksp = self._ksp or mumps(self._comm)
        factorise(self._ksp, J)
        return SparseFactors(self._ksp, self._in, self._out)

    def precondition(self, kappa: Array, local: sp.csr_matrix, near: bool = False) -> Factors:
        """Return factors of the Jacobian or, where that costs less, of a matrix close to it."""
        layered = None if near or self._layered is None else self._layered.factors(kappa, local.data)
        if layered is not None:
            return layered
        if self._symmetric is None:
            return self.factorise(kappa, local)
        data = self._csr.data * kappa[self._csr.indices]
        data[self._local_places] += local.data
        try:
            return self._symmetric.factorise(data)
        except NotDefiniteError:
            return self.factorise(kappa, local)
