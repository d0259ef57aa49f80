"""Rayleigh-Ritz approximation of the modes of a state under any bias, from one space of temperature patterns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as la

from hotmesa.solver.bordered import Closure
from hotmesa.solver.conduction import Conduction
from hotmesa.solver.curves import Array
from hotmesa.solver.linearisation import Linearisation
from hotmesa.solver.parallel import Comm, global_sums

INDEPENDENT = 1e-10
"""Eigenvalue of the Gram matrix of unit vectors below which a direction is rounding."""
NEW = 1e-7
"""Part of a vector outside of the space below which it adds nothing."""


@dataclass(frozen=True)
class Ritz:
    """Approximate modes under one bias, fastest first.

    Attributes:
        rates: real parts (1/us), shape (m,).
        spins: imaginary parts (1/us), shape (m,).
        mixes: unit coefficients in the basis, columns, shape (m, m).
        globals_by_mix: steps of wires and voltage by the coefficients, shape (g, m).
    """

    rates: Array
    spins: Array
    mixes: Array
    globals_by_mix: Array


class RitzSpace:
    """A basis W with W^T C W = 1, and J W.

    With wires and voltage eliminated the modes of a bias are those of A x = -rate C x with A = J - B D^-1 R, where
    B D^-1 R has the rank of the border: products with J serve every bias. All sums run over all ranks.
    """

    def __init__(self, comm: Comm, conduction: Conduction, lin: Linearisation, capacity: Array, start: Array) -> None:
        """Span the columns of `start`, shape (n, k), as far as they are independent."""
        self._comm, self._conduction, self._lin, self.capacity = comm, conduction, lin, capacity
        W = start
        for _ in range(2):  # the second time removes what rounding left
            gram = global_sums(comm, W.T @ (capacity[:, None] * W))
            scale = 1.0 / np.sqrt(np.maximum(np.diag(gram), 1e-300))
            values, vectors = la.eigh(scale[:, None] * gram * scale)
            keep = values > INDEPENDENT
            W = W @ (scale[:, None] * vectors[:, keep] / np.sqrt(values[keep]))
        self.W = W
        self._JW = np.column_stack([self._product(w) for w in W.T]) if W.size else W
        self._H = global_sums(comm, W.T @ self._JW)

    def _product(self, x: Array) -> Array:
        return np.asarray(self._conduction.apply(self._lin.kappa * x) + self._lin.local @ x)

    def add(self, v: Array) -> bool:
        """Add a vector to the space; return whether it was not in it."""
        v = v / np.sqrt(self._square(v))
        for _ in range(2):
            v = v - self.W @ global_sums(self._comm, self.W.T @ (self.capacity * v))
        size = np.sqrt(self._square(v))
        if not size > NEW:
            return False
        v = v / size
        Jv = self._product(v)
        right = global_sums(self._comm, self.W.T @ Jv)
        left = global_sums(self._comm, np.append(v @ self._JW, v @ Jv))
        self._H = np.vstack([np.column_stack([self._H, right]), left])
        self.W, self._JW = np.column_stack([self.W, v]), np.column_stack([self._JW, Jv])
        return True

    def _square(self, v: Array) -> float:
        return float(global_sums(self._comm, np.array([v @ (self.capacity * v)]))[0])

    def modes(self, closure: Closure) -> Ritz:
        """Return the approximate modes under the bias whose derivatives are given.

        Raises:
            numpy.linalg.LinAlgError: the equations of wires and bias do not determine wires and voltage.
        """
        lin = self._lin
        corner = np.diag(np.append(lin.wire_diagonal, closure.by_V))
        corner[-1, :-1] = closure.by_wires
        rows = global_sums(self._comm, np.vstack([lin.wire_rows, closure.by_T]) @ self.W)
        slaved = -np.linalg.solve(corner, rows)
        H = self._H + global_sums(self._comm, self.W.T @ lin.columns) @ slaved
        values, vectors = la.eig(-H)
        order = np.argsort(-values.real, kind="stable")
        values, vectors = values[order], vectors[:, order]
        # Of a complex pair, which rounding makes of a double rate, both vectors of its plane are wanted.
        mixes = np.where(values.imag < 0.0, vectors.imag, vectors.real)
        mixes /= np.linalg.norm(mixes, axis=0)
        return Ritz(values.real, values.imag, mixes, slaved @ mixes)

    def shapes(self, ritz: Ritz, count: int) -> Array:
        """Return the first patterns, C-normalised, shape (n, count)."""
        return np.asarray(self.W @ ritz.mixes[:, :count])

    def residuals(self, ritz: Ritz, count: int) -> Array:
        """Return A x + rate C x (uW per unit of the pattern) of the first modes, shape (n, count)."""
        heat = self._JW @ ritz.mixes[:, :count] + self._lin.columns @ ritz.globals_by_mix[:, :count]
        return np.asarray(heat + self.capacity[:, None] * self.shapes(ritz, count) * ritz.rates[:count])

    def sizes(self, residuals: Array) -> Array:
        """Return the norms of residuals in C^-1: rates (1/us)."""
        return np.sqrt(global_sums(self._comm, (residuals**2 / self.capacity[:, None]).sum(axis=0)))

    def without(self, v: Array, mixes: Array) -> Array:
        """Return a vector without its part in the span of combinations of the basis, C-normalised."""
        Q = self.W @ la.qr(mixes, mode="economic")[0]
        v = v - Q @ global_sums(self._comm, Q.T @ (self.capacity * v))
        return np.asarray(v / np.sqrt(max(self._square(v), 1e-300)))
