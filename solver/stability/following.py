"""Leading modes followed along a branch instead of computed anew: one small space serves all biases.

The modes of one state are nearly those of the states before it. Their span is the start of a generalised Davidson
iteration: Rayleigh-Ritz under every bias, and for the worst residual r one solution K^-1 r with the factors of
K = J + s C, which improves the space for all biases, until every residual is small.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.linear.bordered import Constraint
from hotmesa.solver.linear.conduction import Conduction
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.parallel import global_max, global_min, global_sums
from hotmesa.solver.stability.eigen import Pairs, ShiftInvert, unit_peaks
from hotmesa.solver.stability.ritz import Ritz, RitzSpace
from hotmesa.solver.states.bias import Bias

STATES = 4
"""States whose modes begin the space: what is smooth along the branch is extrapolated to third order."""
SPARE = 10
"""Modes kept beyond the wanted ones, at no cost in solutions; see benchmarks/bench_stability.py."""
HELD = 4
"""Spare modes that the space holds well enough for a residual to have no part in them."""
DISTINCT = 0.05
"""Part of a spare mode outside of what is kept already, below which it is not kept."""
FINEST = 1e-2
"""Of the accuracy: what is asked for at a rate of zero."""
SOLVES_PER_MODE = 4
PHASE = 2.4
"""Of one irregular pattern over the one before (rad): no few of them are alike."""
FRESH = 0.1
"""Irregular part added to the sentinel at each state, so that no symmetry dies out in it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of one bias: its equation and the number of modes, to which those are added that grow."""

    constraint: Constraint
    count: int


class Tracker:
    """Modes of the last states of a branch, and a sentinel for those that are not followed.

    The sentinel is a vector without symmetry that takes one step of inverse iteration at each state, kept free of the
    modes followed: what else rises, of whatever symmetry, gathers in it and thereby enters the space.
    """

    def __init__(self, conduction: Conduction, layout: Layout) -> None:
        """Prepare."""
        self._comm, self._conduction, self._layout = layout.operators.comm, conduction, layout
        self._number = 1
        self._sentinel = irregular_pattern(layout, self._number)
        self._states: deque[Array] = deque(maxlen=STATES)

    @property
    def ready(self) -> bool:
        """Whether there is a state to start from."""
        return bool(self._states)

    @property
    def probe(self) -> Array:
        """The sentinel with an irregular part: where a search for modes that are not followed starts."""
        pattern = irregular_pattern(self._layout, self._number + 1)
        sizes = global_sums(self._comm, np.array([self._sentinel @ self._sentinel, pattern @ pattern]))
        return np.asarray(self._sentinel / np.sqrt(sizes[0]) + FRESH * pattern / np.sqrt(sizes[1]))

    def forget(self) -> None:
        """Forget the states, not the sentinel."""
        self._states.clear()

    def space(self, lin: Jacobian, capacity: Array, wanted: Mapping[Bias, Wanted]) -> RitzSpace:
        """Return the space of the modes of the last states, at a new one."""
        constraints = {bias: w.constraint for bias, w in wanted.items()}
        return RitzSpace(self._comm, self._conduction, lin, capacity, constraints, np.column_stack(self._states))

    def keep(self, shapes: Array) -> None:
        """Remember modes of the newest state, columns."""
        self._states.append(shapes)

    def follow(
        self, space: RitzSpace, inverse: ShiftInvert, wanted: Mapping[Bias, Wanted], accuracy: float
    ) -> dict[Bias, Pairs] | None:
        """Return the leading modes under each bias, None if the search does not end soon.

        A residual r orthogonal to the leading modes, as those of Rayleigh-Ritz are, obeys |K^-1 r|_C <= |r| / (s - q)
        with q the first rate that the space does not hold, and the error of a rate is about the square of that. This
        bound needs no solution, and it is 10 to 100 times larger than what it bounds.

        Args:
            space: spanned by `space`; it is extended.
            inverse: factors of K at this state.
            wanted: what is asked for, by bias.
            accuracy: largest bound on K^-1 r for a mode of unit size. Where a rate is so small that its sign would be
                in doubt, less is allowed.
        """
        # Another pattern every time: one alone has only one direction in the plane of a double rate.
        self._number += 1
        start = space.unit(self._sentinel) + FRESH * space.unit(irregular_pattern(self._layout, self._number))
        self._sentinel = space.unit(inverse.approximate(space.capacity * start))
        space.add(self._sentinel)
        spent = 0
        while spent <= SOLVES_PER_MODE * sum(w.count for w in wanted.values()):
            found = {bias: space.modes(bias) for bias in wanted}
            if any(len(found[bias].rates) < w.count for bias, w in wanted.items()):
                return None
            excess, residual = self._worst(space, inverse.shift, wanted, found, accuracy)
            if excess <= 1.0:
                more = {bias: replace(w, count=_enough(found[bias], w.count)) for bias, w in wanted.items()}
                if all(more[bias].count == w.count for bias, w in wanted.items()):
                    return self._finish(space, wanted, found)
                wanted = more
                continue
            spent += 1
            if not space.add(inverse.approximate(residual)):
                return None
        return None

    def _worst(
        self, space: RitzSpace, shift: float, wanted: Mapping[Bias, Wanted], found: Mapping[Bias, Ritz], accuracy: float
    ) -> tuple[float, Array]:
        """Return the largest bound on K^-1 r over what is allowed, and that r."""
        r = space.residuals([(found[bias], w.count) for bias, w in wanted.items()])
        gaps, rates = [], []
        for bias, w in wanted.items():
            all_rates = found[bias].rates
            beyond = float(all_rates[min(w.count + HELD, len(all_rates) - 1)])
            gaps += [max(shift - beyond, 1e-300)] * w.count
            rates += [*all_rates[: w.count]]
        bounds = space.sizes(r) / np.array(gaps)
        excess = bounds / np.clip(np.abs(rates) / np.array(gaps), FINEST * accuracy, accuracy)
        k = int(np.argmax(excess))
        return float(excess[k]), r[:, k]

    def _finish(
        self, space: RitzSpace, wanted: Mapping[Bias, Wanted], found: Mapping[Bias, Ritz]
    ) -> dict[Bias, Pairs]:
        """Return converged modes and remember them."""
        leading = [found[bias].mixes[:, : w.count] for bias, w in wanted.items()]
        spare = [found[bias].mixes[:, w.count : w.count + SPARE] for bias, w in wanted.items()]
        self.keep(space.W @ _distinct(np.column_stack([*leading, *spare])))
        self._sentinel = space.without(self._sentinel, _distinct(np.column_stack(leading)))
        return {
            bias: Pairs(found[bias].rates[: w.count], unit_peaks(self._comm, space.shapes(found[bias], w.count)))
            for bias, w in wanted.items()
        }


def _enough(ritz: Ritz, count: int) -> int:
    """Return a number of modes that holds one that does not grow, if there is one."""
    return max(count, min(int(np.count_nonzero(ritz.rates > 0.0)) + 1, len(ritz.rates)))


def _distinct(mixes: Array) -> Array:
    """Return an orthonormal basis of the columns, leaving out those nearly in the span of the ones before."""
    basis = np.zeros((len(mixes), 0))
    for mix in mixes.T:
        for _ in range(2):
            mix = mix - basis @ (basis.T @ mix)
        size = float(np.linalg.norm(mix))
        if size > DISTINCT:
            basis = np.column_stack([basis, mix / size])
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
