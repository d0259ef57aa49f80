"""Jacobian of the heat balance at one state: a matrix-free operator with its borders, and its node-local part.

The node-local part couples the unknowns of one node: its structure is fixed, its values are renewed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.coupling import Response
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.vertical import Interface

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Jacobian:
    """Jacobian of the heat balance at one state, as a matrix-free operator with its borders.

    The globals are the wire temperatures, then V.

    Attributes:
        kappa: in-plane conductivity of every unknown (column scales of the conduction matrix).
        local: node-local part of the Jacobian.
        columns: derivative of the residual by each global, shape (n, g).
        wire_rows: derivative of each wire equation by the temperatures, shape (g - 1, n).
        wire_diagonal: derivative of each wire equation by its own temperature, shape (g - 1,).
        I_by_T, I_by_V: derivatives of the current (local part; global number).
        circuit: what the potential of a resistive electrode adds, or the voltages of several mesas, which couple all
            places; None where one voltage drives them. Borders and current hold it already.
    """

    kappa: Array
    local: sp.csr_matrix
    columns: Array
    wire_rows: Array
    wire_diagonal: Array
    I_by_T: Array
    I_by_V: float
    circuit: Response | None = None

    def at_nodes(self, x: Array) -> Array:
        """Return the node-local part and the circuit times changes x of temperatures, shape (n,) or (n, k)."""
        heat = np.asarray(self.local @ x)
        return heat if self.circuit is None else heat + self.circuit.apply(x)

    def at_nodes_transposed(self, weights: Array) -> Array:
        """Return the transpose of that times weights."""
        heat = np.asarray(self.local.T @ weights)
        return heat if self.circuit is None else heat + self.circuit.apply_transposed(weights)


def shifted(lin: Jacobian, diagonal: Array) -> Jacobian:
    """Return a Jacobian with a diagonal added to the temperature equations."""
    local = lin.local.copy()
    local.setdiag(local.diagonal() + diagonal)
    return replace(lin, local=local)


@dataclass(frozen=True)
class LocalPattern:
    """Structure of the node-local part of the Jacobian on one rank.

    Entries come as one flat array: the diagonal, then for each interface the pairs (upper, lower) and
    (lower, upper), then the couplings of the junction sublayers through their common current.

    Attributes:
        indptr, indices: compressed rows, columns numbered on this rank.
        slot: where each flat entry is added.
    """

    indptr: Index
    indices: Index
    slot: Index

    def matrix(self, entries: Array) -> sp.csr_matrix:
        """Return the matrix with the given flat entries added up."""
        data = np.bincount(self.slot, weights=entries, minlength=self.indices.size)
        n = self.indptr.size - 1
        return sp.csr_matrix((data, self.indices, self.indptr), shape=(n, n))


def build_pattern(layout: Layout, interfaces: tuple[Interface, ...]) -> LocalPattern:
    """Return the structure for a layout."""
    diagonal = np.arange(layout.size)
    rows: list[Index] = [diagonal]
    cols: list[Index] = [diagonal]
    for face in interfaces:
        rows += [face.upper, face.lower]
        cols += [face.lower, face.upper]
    for k in layout.junction_layers:
        for m in layout.junction_layers:
            if k != m:
                rows.append(np.arange(layout.starts[k], layout.starts[k + 1]))
                cols.append(np.arange(layout.starts[m], layout.starts[m + 1]))
    r, c = np.concatenate(rows), np.concatenate(cols)
    keys, slot = np.unique(r * np.int64(layout.size) + c, return_inverse=True)
    indptr = np.searchsorted(keys // layout.size, np.arange(layout.size + 1)) if layout.size else np.zeros(1, int)
    return LocalPattern(np.asarray(indptr), np.asarray(keys % max(layout.size, 1)), np.asarray(slot))
