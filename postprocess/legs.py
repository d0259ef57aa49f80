"""Hysteresis: the legs of a measured sweep, and the branch of a computed curve that each of them runs on.

Where a curve folds, one current belongs to several voltages, and a sweep of the current goes up on one branch, jumps,
and comes down on another. The nearest of several voltages to a measured one may then lie on a branch that the device
was not on, and which one changes from point to point. So each leg of the file is compared as a whole.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array

TURN = 0.02
"""Part of its range by which the sweep must go back for a turn; noise of the source is none."""
JUMP, STEEP = 0.02, 3.0
"""A jump is larger than this part of the range, and than so many times the steps before and behind it."""
LEAST = 3
"""Fewer points between two turns or jumps make no leg."""


def legs(x: Array, y: Array) -> list[slice]:
    """Return the legs of points in the order of measurement: parts where the swept x does not turn and y does not jump.

    Args:
        x: what was swept, shape (points,).
        y: the answer, same shape.
    """
    ends = sorted({0, len(x), *_turns(x), *_jumps(y)})
    return [slice(first, last) for first, last in pairwise(ends)]


def _turns(x: Array) -> list[int]:
    """Return the first point of every new direction, the turning point itself among those before."""
    least = TURN * float(np.ptp(x)) if len(x) else 0.0
    result, extreme, way = [], 0, 0
    for k in range(1, len(x)):
        ahead = x[k] - x[extreme]
        if way == 0:
            way = int(np.sign(ahead)) if abs(ahead) > least else 0
        if way * ahead >= 0 and way:
            extreme = k
        elif way and -way * ahead > least:
            result.append(extreme + 1)
            extreme, way = k, -way
    return result


def _jumps(y: Array) -> list[int]:
    """Return the first point behind every jump."""
    step = np.abs(np.diff(y))
    if len(step) < LEAST:
        return []
    before, behind = np.append(step[1], step[:-1]), np.append(step[1:], step[-2])
    large = (step > JUMP * np.ptp(y)) & (step > STEEP * np.maximum(before, behind))
    return [int(k) + 1 for k in np.flatnonzero(large)]


def pieces(x: Array) -> list[slice]:
    """Return the parts of a curve, point by point along it, between its folds: x goes one way on each."""
    way = np.sign(np.diff(x))
    way = way[way != 0] if not way.all() else way
    if len(way) != len(x) - 1:  # neighbours at one x: the curve has no parts that x could tell apart
        return [slice(0, len(x))]
    ends = [0, *(np.flatnonzero(np.diff(way)) + 1), len(x) - 1]
    return [slice(first, last + 1) for first, last in pairwise(ends)]


def on_branches(x: Array, y: Array, places: Array, y_measured: Array, sigma: Array, nearest: Array) -> Array:
    """Return y of a curve that folds back in x at measured places, for each leg on the branch that it runs on.

    Along a leg the branch may change once. Which branches, and where, is what leaves the smallest sum of squares of
    the whole leg: so the sum stays continuous while parameters of the curve change. Beyond its fold a branch counts
    with the value there.

    Args:
        x: of the curve, point by point along it, shape (n,).
        y: of the curve, same shape.
        places: measured x in the order of measurement, shape (points,).
        y_measured: measured y, same shape.
        sigma: uncertainty of the measured y.
        nearest: y of the curve nearest to the measured ones, for points that make no leg.
    """
    parts = pieces(x)
    result = np.array(nearest, dtype=np.float64)
    if len(parts) < 2:
        return result
    values = np.array([_along(x[part], y[part], places) for part in parts])
    squares = ((values - y_measured) / sigma) ** 2
    for leg in legs(places, y_measured):
        if leg.stop - leg.start >= LEAST:
            result[leg] = _best(values[:, leg], squares[:, leg])
    return result


def _along(x: Array, y: Array, places: Array) -> Array:
    order = slice(None) if x[-1] > x[0] else slice(None, None, -1)
    return np.asarray(np.interp(places, x[order], y[order]))


def _best(values: Array, squares: Array) -> Array:
    """Return the values of the pair of branches, and of the place between two points, of the smallest sum."""
    nothing = np.zeros((len(squares), 1))
    before = np.hstack([nothing, np.cumsum(squares, axis=1)])
    behind = before[:, -1:] - before
    first: NDArray[np.intp] = np.argmin(before, axis=0)
    last: NDArray[np.intp] = np.argmin(behind, axis=0)
    split = int(np.argmin(before.min(axis=0) + behind.min(axis=0)))
    return np.concatenate([values[first[split], :split], values[last[split], split:]])
