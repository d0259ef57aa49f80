"""Rayleigh-Ritz approximation of the modes of a state under any bias, from one space of temperature patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg as la

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.linear.bordered import Constraint
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.parallel import Comm, global_sums
from hotmesa.solver.states.bias import Bias

INDEPENDENT = 1e-10
"""Eigenvalue of the Gram matrix of unit vectors below which a direction is rounding."""
ROOM = 24
"""Vectors for which there is room beyond the start before the basis has to be copied."""
NEW = 1e-7
"""Part of a vector outside of the space below which it adds nothing."""


@dataclass(frozen=True)
class Ritz:
    """Approximate modes under one bias, fastest first.

    Attributes:
        rates: real parts (1/us), shape (m,).
        mixes: unit coefficients in the basis, columns, shape (m, m); of a complex pair two of its plane.
        drifts: what the modes would change into in unit time, C^-1 times the heat: rates times mixes where those are
            real, shape (m, m).
        globals_by_mix: steps of wires and voltage by the coefficients, shape (g, m).
    """

    rates: Array
    mixes: Array
    drifts: Array
    globals_by_mix: Array


class RitzSpace:
    """A basis W with W^T C W = 1, and J W.

    With wires and voltage eliminated the modes of a bias are those of A x = -rate C x with A = J - B D^-1 R, where
    B D^-1 R has the rank of the border: products with J serve every bias. All sums run over all ranks.

    Attributes:
        capacity: C, the heat capacity of every unknown (pJ/K).
    """

    def __init__(
        self,
        comm: Comm,
        conduction: Conduction,
        lin: Jacobian,
        capacity: Array,
        constraints: Mapping[Bias, Constraint],
        start: Array,
    ) -> None:
        """Span the columns of `start`, shape (n, k), as far as independent, for the biases of `constraints`."""
        self._comm, self._conduction, self._lin, self.capacity = comm, conduction, lin, capacity
        self._constraints, self._order = constraints, list(constraints)
        # What is slaved to the pattern: the rows of the wires, then that of every bias.
        self._rows = np.vstack([lin.wire_rows, *(constraint.by_T for constraint in constraints.values())])
        W = self._orthonormal(start)
        self._size = W.shape[1]
        self._W: Array = np.empty((len(capacity), self._size + ROOM), order="F")
        self._JW: Array = np.empty_like(self._W)
        self._W[:, : self._size] = W
        for k in range(self._size):
            self._JW[:, k] = self._product(self._W[:, k])
        self._H = global_sums(comm, W.T @ self._JW[:, : self._size])
        self._RW = global_sums(comm, self._rows @ W)
        self._WB = global_sums(comm, W.T @ lin.columns)

    @property
    def W(self) -> Array:
        """The basis, shape (n, m)."""
        return self._W[:, : self._size]

    def _orthonormal(self, W: Array) -> Array:
        for _ in range(2):  # the second time removes what rounding left
            gram = global_sums(self._comm, W.T @ (self.capacity[:, None] * W))
            scale = 1.0 / np.sqrt(np.maximum(np.diag(gram), 1e-300))
            values, vectors = la.eigh(scale[:, None] * gram * scale)
            keep = values > INDEPENDENT
            W = W @ (scale[:, None] * vectors[:, keep] / np.sqrt(values[keep]))
        return W

    def _product(self, x: Array) -> Array:
        return np.asarray(self._conduction.apply(self._lin.kappa * x) + self._lin.local @ x)

    def add(self, v: Array) -> bool:
        """Add a vector to the space; return whether it was not in it."""
        v = self.unit(v)
        for _ in range(2):
            v = v - self.W @ global_sums(self._comm, self.W.T @ (self.capacity * v))
        size = np.sqrt(self._square(v))
        if not size > NEW:
            return False
        v = v / size
        Jv, m = self._product(v), self._size
        right = global_sums(self._comm, self.W.T @ Jv)
        left = global_sums(self._comm, np.append(v @ self._JW[:, :m], v @ Jv))
        self._H = np.vstack([np.column_stack([self._H, right]), left])
        self._RW = np.column_stack([self._RW, global_sums(self._comm, self._rows @ v)])
        self._WB = np.vstack([self._WB, global_sums(self._comm, v @ self._lin.columns)])
        if m == self._W.shape[1]:
            self._W, self._JW = (np.asfortranarray(np.column_stack([A, np.empty_like(A)])) for A in (self._W, self._JW))
        self._W[:, m], self._JW[:, m] = v, Jv
        self._size = m + 1
        return True

    def unit(self, v: Array) -> Array:
        """Return a vector C-normalised."""
        return np.asarray(v / np.sqrt(max(self._square(v), 1e-300)))

    def _square(self, v: Array) -> float:
        return float(global_sums(self._comm, np.array([v @ (self.capacity * v)]))[0])

    def modes(self, bias: Bias) -> Ritz:
        """Return the approximate modes under one of the biases.

        Raises:
            numpy.linalg.LinAlgError: the equations of wires and bias do not determine wires and voltage.
        """
        lin, constraint, wires = self._lin, self._constraints[bias], len(self._lin.wire_diagonal)
        corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
        corner[-1, :-1] = constraint.by_wires
        rows = self._RW[[*range(wires), wires + self._order.index(bias)]]
        slaved = -np.linalg.solve(corner, rows)
        motion = -(self._H + self._WB @ slaved)
        values, vectors = la.eig(motion)
        order = np.argsort(-values.real, kind="stable")
        values, vectors = values[order], vectors[:, order]
        # Of a complex pair, which rounding makes of a double rate, both vectors of its plane are wanted.
        mixes = np.where(values.imag < 0.0, vectors.imag, vectors.real)
        mixes /= np.linalg.norm(mixes, axis=0)
        return Ritz(values.real, mixes, motion @ mixes, slaved @ mixes)

    def shapes(self, ritz: Ritz, count: int) -> Array:
        """Return the first patterns, C-normalised, shape (n, count)."""
        return np.asarray(self.W @ ritz.mixes[:, :count])

    def residuals(self, wanted: Sequence[tuple[Ritz, int]]) -> Array:
        """Return A x + rate C x (uW per unit of the pattern) of the first modes of each, shape (n, all counts)."""
        # Together: reading the basis costs most.
        mixes = np.column_stack([ritz.mixes[:, :count] for ritz, count in wanted])
        slaved = np.column_stack([ritz.globals_by_mix[:, :count] for ritz, count in wanted])
        drifts = np.column_stack([ritz.drifts[:, :count] for ritz, count in wanted])
        heat = self._JW[:, : self._size] @ mixes + self._lin.columns @ slaved
        return np.asarray(heat + self.capacity[:, None] * (self.W @ drifts))

    def sizes(self, residuals: Array) -> Array:
        """Return the norms of residuals in C^-1: rates (1/us)."""
        return np.sqrt(global_sums(self._comm, (residuals**2 / self.capacity[:, None]).sum(axis=0)))

    def without(self, v: Array, mixes: Array) -> Array:
        """Return a vector without its part in the span of combinations of the basis, C-normalised."""
        Q = self.W @ la.qr(mixes, mode="economic")[0]
        return self.unit(v - Q @ global_sums(self._comm, Q.T @ (self.capacity * v)))
