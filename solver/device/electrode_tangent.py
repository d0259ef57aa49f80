"""The derivative of the currents of an electrode by its potentials: made on a fixed pattern, factorised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array

Index = NDArray[np.int64]


@dataclass(frozen=True)
class TangentPattern:
    """K + diag(slopes) at the unknowns besides the meter: where its entries stand, and how they are made.

    Attributes:
        indices, indptr: of compressed columns.
        by_links, by_nodes: entries of one unit of every conductance and of every slope, shape (entries, k).
    """

    indices: Index
    indptr: Index
    by_links: sp.csr_matrix
    by_nodes: sp.csr_matrix

    @classmethod
    def of(cls, difference: sp.csr_matrix, free: sp.csr_matrix) -> TangentPattern:
        """Take the maps from unknowns to differences along the links and to nodes: entries d_ki d_kj G_k."""
        size = free.shape[1]
        pairs = [_pairs(matrix.tocsr()) for matrix in (difference, free)]
        keys, slot = np.unique(np.concatenate([j * size + i for i, j, _, _ in pairs]), return_inverse=True)
        split = np.split(slot, [pairs[0][0].size])
        maps = [
            sp.csr_matrix((value, (where, row)), shape=(keys.size, matrix.shape[0]))
            for where, (_, _, row, value), matrix in zip(split, pairs, (difference, free), strict=True)
        ]
        return cls(keys % size, np.searchsorted(keys // size, np.arange(size + 1)), *maps)

    def matrix(self, conductances: Array, slopes: Array) -> sp.csc_matrix:
        """Return the matrix (1/Ω)."""
        data, size = self.by_links @ conductances + self.by_nodes @ slopes, self.indptr.size - 1
        return sp.csc_matrix((data, self.indices, self.indptr), shape=(size, size))


def _pairs(matrix: sp.csr_matrix) -> tuple[Index, Index, Index, Array]:
    """Return all pairs of entries of every row: their columns, the row, and the product of their values."""
    widths = np.diff(matrix.indptr)
    row = np.repeat(np.arange(widths.size), widths)
    first = np.repeat(np.arange(matrix.nnz), widths[row])
    begins = np.repeat(np.cumsum(widths[row]) - widths[row], widths[row])
    second = matrix.indptr[row[first]] + np.arange(first.size) - begins
    columns = matrix.indices.astype(np.int64)
    return columns[first], columns[second], row[first], matrix.data[first] * matrix.data[second]


class Tangent:
    """A = K + dI/dU at the unknowns besides the meter, less the shares of the total current, of rank one; factorised.

    Attributes:
        slopes: change of the total current by every unknown (1/Ω).
    """

    def __init__(self, matrix: sp.csc_matrix, slopes: Array, shares: Array) -> None:
        """Factorise the matrix without the part of rank one; slopes and shares are those of the unknowns."""
        self.slopes, self._shares = slopes, shares
        self._lu: Any = spla.splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        self._by_shares: Array | None = None
        if self._shares.any():
            self._by_shares, self._by_slopes = self._lu.solve(self._shares), self._lu.solve(self.slopes)
            self._left = 1.0 - float(self.slopes @ self._by_shares)

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for right-hand sides, shape (unknowns,) or (unknowns, k)."""
        z = self._lu.solve(rhs)
        if self._by_shares is None:
            return np.asarray(z)
        column, row = (self._by_slopes, self._shares) if transposed else (self._by_shares, self.slopes)
        return np.asarray(z + np.multiply.outer(column, row @ z / self._left))
