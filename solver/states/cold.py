"""What part of a mesa lies above an isotherm, and what stretch beside it, the temperature linear in every element."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array


def hot_shares(excess: Array) -> tuple[Array, Array]:
    """Return which part of each element is hot, and its derivatives by the excess at the corners.

    With one corner on its side of the isotherm, of excess f_1, that side is the part prod_j f_1/(f_1 - f_j) over the
    others.
    """
    hot = excess > 0.0
    count = hot.sum(axis=1)
    share = (count == excess.shape[1]).astype(float)
    slopes = np.zeros(excess.shape)
    for lone_is_hot in (True, False)[: excess.shape[1] - 1]:  # an interval has one corner on each side
        alone = hot if lone_is_hot else ~hot
        cut = np.flatnonzero((alone.sum(axis=1) == 1) & (count > 0) & (count < excess.shape[1]))
        lone = np.argmax(alone[cut], axis=1)
        rows = np.arange(cut.size)
        f = excess[cut]
        first = f[rows, lone][:, None]
        gaps = first - f
        gaps[rows, lone] = 1.0
        ratios = first / gaps
        ratios[rows, lone] = 1.0
        part = ratios.prod(axis=1)
        by = part[:, None] / gaps
        of_ratios = (1.0 - ratios) / gaps  # no quotient by the excess of the corner, which may be 0
        by[rows, lone] = sum(
            of_ratios[:, j] * np.delete(ratios, j, axis=1).prod(axis=1) for j in range(excess.shape[1])
        )
        share[cut] = part if lone_is_hot else 1.0 - part
        slopes[cut] = by if lone_is_hot else -by
    return share, slopes


def hot_intervals(places: Array, excess: Array) -> Array:
    """Return where elements are hot along one axis, merged where they overlap, shape (intervals, 2).

    Args:
        places: of their corners along the axis (µm), shape (cells, corners).
        excess: by which the corners are hotter than the isotherm (K), linear between them, same shape.
    """
    touched = (excess > 0.0).any(axis=1)
    x, f = places[touched], excess[touched]
    hot = f > 0.0
    low = np.where(hot, x, np.inf).min(axis=1, initial=np.inf)
    high = np.where(hot, x, -np.inf).max(axis=1, initial=-np.inf)
    corners = x.shape[1]
    for i in range(corners):
        for j in range(corners):
            cut = hot[:, i] & ~hot[:, j]
            part = np.divide(f[:, i], f[:, i] - f[:, j], out=np.zeros(len(f)), where=cut)
            crossing = x[:, i] + part * (x[:, j] - x[:, i])
            low = np.where(cut, np.minimum(low, crossing), low)
            high = np.where(cut, np.maximum(high, crossing), high)
    return merged(np.stack((low, high), axis=-1))


def merged(intervals: Array) -> Array:
    """Return intervals in order, those that overlap or touch as one, shape (intervals, 2)."""
    if not len(intervals):
        return intervals
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ordered[:, 1])
    first = np.concatenate(([True], ordered[1:, 0] > reach[:-1]))
    last = np.concatenate((first[1:], [True]))
    return np.stack((ordered[first, 0], reach[last]), axis=-1)


def longest_gap(intervals: Array, start: float, end: float) -> tuple[float, float]:
    """Return the ends of the longest stretch between `start` and `end` outside merged intervals.

    Of equally long ones it is the first; the ends are equal where there is none.
    """
    ends = np.concatenate(([start], intervals.ravel(), [end])).reshape(-1, 2)
    # Halves of a symmetric mesa differ by rounding, and intervals that touch may leave a gap of that size.
    lengths = np.round(ends[:, 1] - ends[:, 0], 9)
    longest = int(np.argmax(lengths))
    low, high = ends[longest]
    return float(low), float(high if lengths[longest] > 0.0 else low)
