"""Leading modes followed along a branch instead of computed anew: one small space serves all biases.

The modes of one state are nearly those of the states before it. Their span is the start of a generalised Davidson
iteration: Rayleigh-Ritz under every bias, and for the worst residual r one solution K^-1 r with the factors of
K = J + s C, which improves the space for all biases, until every residual is small.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg as la

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.linear.bordered import Constraint
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.parallel import Comm, global_max, global_min, global_sums
from hotmesa.solver.stability.eigen import Pairs, ShiftInvert, unit_peaks
from hotmesa.solver.states.bias import Bias

STATES = 4
"""States whose modes begin the space: what is smooth along the branch is extrapolated to third order."""
GUARDS = 10
"""Guard modes beyond the wanted ones, kept at no cost in solutions; see benchmarks/bench_stability.py."""
ACCURATE = 4
"""Guard modes that the space holds well enough for a residual to have no part in them."""
DISTINCT = 0.05
"""Part of a guard mode outside of what is kept already, below which it is not kept."""
FINEST = 1e-2
"""Of the accuracy: what is asked for at a rate of zero."""
SOLVES_PER_MODE = 8
PHASE = 2.4
"""Of one irregular pattern over the one before (rad): no few of them are alike."""
FRESH = 0.1
"""Irregular part added to the probe vector at each state, so that no symmetry dies out in it."""
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
        rates: real parts (1/µs), shape (m,).
        coefficients: unit coefficients in the basis, columns, shape (m, m); of a complex pair two of its plane.
        drifts: what the modes would change into in unit time, C^-1 times the heat: rates times coefficients where those
            are real, shape (m, m).
        slaved: steps of wires and voltage by the coefficients, shape (g, m).
        turning: imaginary parts of the rates (1/µs), shape (m,), of a complex pair the positive one first.
    """

    rates: Array
    coefficients: Array
    drifts: Array
    slaved: Array
    turning: Array


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
        self._JW[:, : self._size] = self._product(W)
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
            remember = values > INDEPENDENT
            W = W @ (scale[:, None] * vectors[:, remember] / np.sqrt(values[remember]))
        return W

    def _product(self, x: Array) -> Array:
        """Return J times one vector, or the columns of several."""
        scaled = (self._lin.kappa * x.T).T
        return np.asarray(self._conduction.apply(scaled) + self._lin.at_nodes(x))

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
        # Of a complex pair, which rounding also makes of a double rate, both vectors of its plane are wanted.
        coefficients = np.where(values.imag < 0.0, vectors.imag, vectors.real)
        coefficients /= np.linalg.norm(coefficients, axis=0)
        return Ritz(values.real, coefficients, motion @ coefficients, slaved @ coefficients, values.imag)

    def shapes(self, ritz: Ritz, count: int) -> Array:
        """Return the first patterns, C-normalised, shape (n, count)."""
        return np.asarray(self.W @ ritz.coefficients[:, :count])

    def residuals(self, targets: Sequence[tuple[Ritz, int]]) -> Array:
        """Return A x + rate C x (µW per unit of the pattern) of the first modes of each, shape (n, all counts)."""
        # Together: reading the basis costs most.
        coefficients = np.column_stack([ritz.coefficients[:, :count] for ritz, count in targets])
        slaved = np.column_stack([ritz.slaved[:, :count] for ritz, count in targets])
        drifts = np.column_stack([ritz.drifts[:, :count] for ritz, count in targets])
        heat = self._JW[:, : self._size] @ coefficients + self._lin.columns @ slaved
        return np.asarray(heat + self.capacity[:, None] * (self.W @ drifts))

    def sizes(self, residuals: Array) -> Array:
        """Return the norms of residuals in C^-1: rates (1/µs)."""
        return np.sqrt(global_sums(self._comm, (residuals**2 / self.capacity[:, None]).sum(axis=0)))

    def without(self, v: Array, coefficients: Array) -> Array:
        """Return a vector without its part in the span of combinations of the basis, C-normalised."""
        Q = self.W @ la.qr(coefficients, mode="economic")[0]
        return self.unit(v - Q @ global_sums(self._comm, Q.T @ (self.capacity * v)))


@dataclass(frozen=True)
class Target:
    """What is asked of one bias: its equation and the number of modes, to which those are added that grow."""

    constraint: Constraint
    count: int


class Tracker:
    """Modes of the last states of a branch, and a probe vector for those that are not followed.

    The probe vector has no symmetry and takes one step of inverse iteration at each state, kept free of the modes
    followed: what else rises, of whatever symmetry, gathers in it and thereby enters the space.
    """

    def __init__(self, conduction: Conduction, layout: Layout) -> None:
        """Prepare."""
        self._comm, self._conduction, self._layout = layout.operators.comm, conduction, layout
        self._number = 1
        self._probe = irregular_pattern(layout, self._number)
        self._states: deque[Array] = deque(maxlen=STATES)

    @property
    def ready(self) -> bool:
        """Whether there is a state to start from."""
        return bool(self._states)

    @property
    def probe(self) -> Array:
        """The probe vector with an irregular part: where a search for modes that are not followed starts."""
        pattern = irregular_pattern(self._layout, self._number + 1)
        sizes = global_sums(self._comm, np.array([self._probe @ self._probe, pattern @ pattern]))
        return np.asarray(self._probe / np.sqrt(sizes[0]) + FRESH * pattern / np.sqrt(sizes[1]))

    def forget(self) -> None:
        """Forget the states, not the probe vector."""
        self._states.clear()

    def space(self, lin: Jacobian, capacity: Array, targets: Mapping[Bias, Target]) -> RitzSpace:
        """Return the space of the modes of the last states, at a new one."""
        constraints = {bias: w.constraint for bias, w in targets.items()}
        return RitzSpace(self._comm, self._conduction, lin, capacity, constraints, np.column_stack(self._states))

    def remember(self, shapes: Array) -> None:
        """Remember modes of the newest state, columns."""
        self._states.append(shapes)

    def follow(
        self, space: RitzSpace, inverse: ShiftInvert, targets: Mapping[Bias, Target], accuracy: float
    ) -> dict[Bias, Pairs] | None:
        """Return the leading modes under each bias, None if the search does not end soon.

        A residual r orthogonal to the leading modes, as those of Rayleigh-Ritz are, obeys |K^-1 r|_C <= |r| / (s - q)
        with q the first rate that the space does not hold, and the error of a rate is about the square of that. This
        bound needs no solution, and it is 10 to 100 times larger than what it bounds.

        Args:
            space: spanned by `space`; it is extended.
            inverse: factors of K at this state.
            targets: what is asked for, by bias.
            accuracy: largest bound on K^-1 r for a mode of unit size. Where a rate is so small that its sign would be
                in doubt, less is allowed.
        """
        # Another pattern every time: one alone has only one direction in the plane of a double rate.
        self._number += 1
        start = space.unit(self._probe) + FRESH * space.unit(irregular_pattern(self._layout, self._number))
        self._probe = space.unit(inverse.approximate(space.capacity * start))
        space.add(self._probe)
        spent = 0
        while spent <= SOLVES_PER_MODE * sum(w.count for w in targets.values()):
            result = {bias: space.modes(bias) for bias in targets}
            if any(len(result[bias].rates) < w.count for bias, w in targets.items()):
                return None
            excess, residual = self._worst(space, inverse.shift, targets, result, accuracy)
            if excess <= 1.0:
                more = {bias: replace(w, count=_enough(result[bias], w.count)) for bias, w in targets.items()}
                if all(more[bias].count == w.count for bias, w in targets.items()):
                    return self._finish(space, targets, result)
                targets = more
                continue
            spent += 1
            if not space.add(inverse.approximate(residual)):
                return None
        return None

    def _worst(
        self, space: RitzSpace, shift: float, targets: Mapping[Bias, Target], result: Mapping[Bias, Ritz],
        accuracy: float,
    ) -> tuple[float, Array]:
        """Return the largest bound on K^-1 r over what is allowed, and that r."""
        r = space.residuals([(result[bias], w.count) for bias, w in targets.items()])
        gaps, rates = [], []
        for bias, w in targets.items():
            all_rates = result[bias].rates
            beyond = float(all_rates[min(w.count + ACCURATE, len(all_rates) - 1)])
            gaps += [max(shift - beyond, 1e-300)] * w.count
            rates += [*all_rates[: w.count]]
        bounds = space.sizes(r) / np.array(gaps)
        excess = bounds / np.clip(np.abs(rates) / np.array(gaps), FINEST * accuracy, accuracy)
        k = int(np.argmax(excess))
        return float(excess[k]), r[:, k]

    def _finish(
        self, space: RitzSpace, targets: Mapping[Bias, Target], result: Mapping[Bias, Ritz]
    ) -> dict[Bias, Pairs]:
        """Return converged modes and remember them."""
        leading = [result[bias].coefficients[:, : w.count] for bias, w in targets.items()]
        guards = [result[bias].coefficients[:, w.count : w.count + GUARDS] for bias, w in targets.items()]
        self.remember(space.W @ _distinct(np.column_stack([*leading, *guards])))
        self._probe = space.without(self._probe, _distinct(np.column_stack(leading)))
        pairs = {}
        for bias, w in targets.items():
            shapes = unit_peaks(self._comm, space.shapes(result[bias], w.count))
            pairs[bias] = Pairs(result[bias].rates[: w.count], shapes, result[bias].turning[: w.count])
        return pairs


def _enough(ritz: Ritz, count: int) -> int:
    """Return a number of modes that holds one that does not grow, if there is one, and no half of a complex pair."""
    enough = max(count, min(int(np.count_nonzero(ritz.rates > 0.0)) + 1, len(ritz.rates)))
    return enough + int(enough < len(ritz.rates) and ritz.turning[enough - 1] > 0.0)


def _distinct(coefficients: Array) -> Array:
    """Return an orthonormal basis of the columns, leaving out those nearly in the span of the ones before."""
    basis = np.zeros((len(coefficients), 0))
    for vector in coefficients.T:
        for _ in range(2):
            vector = vector - basis @ (basis.T @ vector)
        size = float(np.linalg.norm(vector))
        if size > DISTINCT:
            basis = np.column_stack([basis, vector / size])
    return basis


def irregular_pattern(layout: Layout, number: int) -> Array:
    """Return a smooth pattern without symmetry in the order of the unknowns, the same on any number of ranks.

    Patterns of different numbers have different parts in every plane of modes.
    """
    xy, comm = layout.operators.xy, layout.operators.comm
    low = np.array([global_min(comm, x.min(initial=np.inf)) for x in xy.T[:2]])
    high = np.array([global_max(comm, x.max(initial=-np.inf)) for x in xy.T[:2]])
    x, y = ((xy[:, :2] - low) / np.maximum(high - low, 1e-300)).T
    parts = []
    for k in range(len(layout.sublayers)):
        at = layout.nodes_of(k)
        waves = [
            np.sin(p * x[at] + q * y[at] + j * k + (j + 1.0) * PHASE * number)
            for j, (p, q) in enumerate(((2.3, 1.1), (-4.7, 3.1), (7.9, 6.1), (9.7, -8.3)))
        ]
        parts.append(np.sum(waves, axis=0))
    return np.concatenate(parts)
