"""Jacobian of the heat balance at one state, as a matrix-free operator with its borders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import scipy.sparse as sp

from hotmesa.scenarios.arrays import Array


@dataclass(frozen=True)
class Linearisation:
    """Jacobian of the heat balance at one state, as a matrix-free operator with its borders.

    The globals are the wire temperatures, then V.

    Attributes:
        kappa: in-plane conductivity of every unknown (column scales of the conduction matrix).
        local: node-local part of the Jacobian.
        columns: derivative of the residual by each global, shape (n, g).
        wire_rows: derivative of each wire equation by the temperatures, shape (g - 1, n).
        wire_diagonal: derivative of each wire equation by its own temperature, shape (g - 1,).
        I_by_T, I_by_V: derivatives of the current (local part; global number).
    """

    kappa: Array
    local: sp.csr_matrix
    columns: Array
    wire_rows: Array
    wire_diagonal: Array
    I_by_T: Array
    I_by_V: float


def shifted(lin: Linearisation, diagonal: Array) -> Linearisation:
    """Return a Jacobian with a diagonal added to the temperature equations."""
    local = lin.local.copy()
    local.setdiag(local.diagonal() + diagonal)
    return replace(lin, local=local)
