"""A current-voltage curve between its points: quintics with the exact places and directions of the branch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, PPoly

from hotmesa.scenarios.arrays import Array

# Points nearer to each other than this part of the length of the curve are taken as one: a fold that was located to
# 1e-6 lies beside its neighbour, and the quotient of two tiny differences would be noise.
SAME_POINT = 1e-6
NEAR = 1e-3
"""Neighbours nearer than this part of the mean distance tell of rounding and not of curvature."""
POWERS = np.arange(5, -1, -1)


@dataclass(frozen=True)
class IVCurve:
    """I(V) as a smooth curve x(s), y(s) with x = V and y = I R_N, both in mV.

    In these coordinates the direction of the curve, tan(angle) = R_N dI/dV, is the conductance in units of the
    normal conductance Y_N: 45° is the normal state, 90° a fold in V, more than 90° backbending. s is the length of
    the curve, so that folds of any kind are harmless.

    Attributes:
        s: (p,) parameter at the points, in mV.
        voltage: V(s) in mV, its curvature continuous.
        scaled_current: I(s) R_N in mV, the same.
        angle: direction in radians, continuous along the curve with its rate.
        index: (p,) row of each point in the table.
        normal_resistance_ohm: R_N.
    """

    s: Array
    voltage: PPoly
    scaled_current: PPoly
    angle: PPoly
    index: NDArray[np.int64]
    normal_resistance_ohm: float

    def V_mV(self, s: float | Array) -> Array:
        """Return the voltage in mV at parameters s."""
        return np.asarray(self.voltage(s))

    def I_mA(self, s: float | Array) -> Array:
        """Return the current in mA at parameters s."""
        return np.asarray(self.scaled_current(s)) / self.normal_resistance_ohm

    def conductance(self, s: float | Array) -> Array:
        """Return R_N dI/dV (= R_j dI/dv), dimensionless, at parameters s; negative in backbending."""
        return np.asarray(np.tan(self.angle(s)))

    def along(self, values: Array) -> PchipInterpolator:
        """Return a monotone interpolation of another column of the same table over s."""
        return PchipInterpolator(self.s, np.asarray(values)[self.index])

    def inside(self, roots: Array) -> Array:
        """Return those of the parameters that lie on the curve, increasing."""
        result = np.asarray(roots, dtype=np.float64)
        return np.sort(result[np.isfinite(result) & (result >= self.s[0]) & (result <= self.s[-1])])

    def dense(self, per_interval: int = 12) -> Array:
        """Return parameters for drawing: the points and `per_interval` - 1 places between neighbours."""
        fractions = np.arange(per_interval) / per_interval
        steps = np.diff(self.s)
        return np.append((self.s[:-1, None] + steps[:, None] * fractions).ravel(), self.s[-1])


def make_curve(
    V_mV: Array, I_mA: Array, dV_dI_ohm: Array, normal_resistance_ohm: float
) -> IVCurve | None:
    """Return the curve through the points of a branch with their slopes; None for fewer than four distinct points.

    Place and slope are those of the points; their curvature is that of the polynomial of fifth degree through each and
    its two neighbours. Between points the place is the quintic that follows (error h⁶), and the direction one through
    the directions and their rates at both ends and in the middle. Nothing but neighbours counts, so that a corner
    spoils no more than what lies beside it. A slope that is NaN is replaced by that of the chords, an infinite one is
    a fold in I.

    Args:
        V_mV: (p,) voltages in branch order.
        I_mA: (p,) currents.
        dV_dI_ohm: (p,) slopes of the branch.
        normal_resistance_ohm: R_N.
    """
    points = np.column_stack([V_mV, np.asarray(I_mA) * normal_resistance_ohm])
    index = _distinct(points)
    if len(index) < 4:
        return None
    points = points[index]
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    slopes = np.asarray(dV_dI_ohm[index] / normal_resistance_ohm, dtype=np.float64)
    tangents = _directions(steps / lengths[:, None], slopes)
    angles = np.unwrap(np.arctan2(tangents[:, 1], tangents[:, 0]))
    arcs = lengths / np.sinc(0.5 * np.diff(angles) / np.pi)  # of circles with these chords
    for _ in range(2):
        place = _place(_lengths(arcs), points, tangents)
        arcs = _arcs(place)
    s = _lengths(arcs)
    place = _place(s, points, tangents)
    voltage, scaled_current = (PPoly(place.c[..., k], s, extrapolate=False) for k in (0, 1))
    return IVCurve(s, voltage, scaled_current, _direction(place, angles), index, normal_resistance_ohm)


def _lengths(arcs: Array) -> Array:
    """Return the distance along the curve of every point from the first."""
    return np.concatenate([[0.0], np.cumsum(arcs)])


def _place(s: Array, points: Array, tangents: Array) -> PPoly:
    """Return the quintics through points (p, 2) with unit tangents and the curvatures that neighbours give."""
    bends, h = _second(s, points, tangents), np.diff(s)[:, None]
    start = (points[:-1], tangents[:-1] * h, bends[:-1] * h**2)
    end = (points[1:], tangents[1:] * h, bends[1:] * h**2)
    conditions = [_monomials(np.array(u), order) for u in (0.0, 1.0) for order in range(3)]
    return _pieces(s, np.linalg.solve(conditions, np.stack([*start, *end]).reshape(6, -1)).reshape(6, -1, 2))


def _second(s: Array, points: Array, tangents: Array) -> Array:
    """Return the second derivatives (p, 2) at the points of the quintic through each and its neighbours."""
    i = np.arange(len(s))
    low, high = _below(s, i), _above(s, i)
    triples = np.stack([np.where(low < 0, _above(s, high), low), i, np.where(high == len(s), _below(s, low), high)])
    triples = np.clip(triples, 0, len(s) - 1)
    away = s[triples] - s
    width = np.abs(away).max(axis=0)
    conditions = np.concatenate([_monomials(away / width, order) for order in (0, 1)])
    data = np.concatenate([points[triples], tangents[triples] * width[:, None]])
    # Where nothing is far enough away two of the three are one; the smallest solution is as good as any.
    inverse = np.linalg.pinv(conditions.transpose(1, 0, 2))
    return np.asarray(2.0 * np.einsum("pc,pcd->pd", inverse[:, 3], data.transpose(1, 0, 2)) / width[:, None] ** 2)


def _below(s: Array, i: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the next points before some that are far enough away; -1 for none."""
    near = NEAR * s[-1] / (len(s) - 1)
    return np.asarray(np.searchsorted(s, s[np.clip(i, 0, len(s) - 1)] - near, side="right") - 1)


def _above(s: Array, i: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the next points behind some that are far enough away; the number of points for none."""
    near = NEAR * s[-1] / (len(s) - 1)
    return np.asarray(np.searchsorted(s, s[np.clip(i, 0, len(s) - 1)] + near, side="left"))


def _direction(place: PPoly, angles: Array) -> PPoly:
    """Return the direction of a curve whose direction at its points is known."""
    s, h = place.x, np.diff(place.x)
    middle = 0.5 * (s[1:] + s[:-1])
    first, second = (place(np.concatenate([s, middle]), order) for order in (1, 2))
    rates = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / np.sum(first**2, axis=1)
    there = np.arctan2(first[len(s) :, 1], first[len(s) :, 0])
    there += 2.0 * np.pi * np.round((0.5 * (angles[1:] + angles[:-1]) - there) / (2.0 * np.pi))
    at, half = rates[: len(s)], rates[len(s) :]
    data = np.stack([angles[:-1], at[:-1] * h, there, half * h, angles[1:], at[1:] * h])
    conditions = [_monomials(np.array(u), order) for u in (0.0, 0.5, 1.0) for order in (0, 1)]
    return _pieces(s, np.linalg.solve(conditions, data))


def _monomials(u: Array, order: int) -> Array:
    """Return the derivatives of u^5 ... 1 at u, in a last axis."""
    factors = np.prod([POWERS - k for k in range(order)], axis=0) * np.ones(len(POWERS))
    return np.asarray(factors * u[..., None] ** np.maximum(POWERS - order, 0))


def _pieces(s: Array, coefficients: Array) -> PPoly:
    """Return pieces whose coefficients (6, p - 1, ...) are those of polynomials of the part of each step."""
    h = np.diff(s).reshape(-1, *[1] * (coefficients.ndim - 2))
    return PPoly(coefficients / h ** POWERS.reshape(-1, *[1] * (coefficients.ndim - 1)), s, extrapolate=False)


def _arcs(place: PPoly) -> Array:
    """Return the lengths of the pieces of a curve."""
    nodes, weights = np.polynomial.legendre.leggauss(6)
    h = np.diff(place.x)
    at = place.x[:-1, None] + 0.5 * h[:, None] * (nodes + 1.0)
    speed = np.linalg.norm(place(at.ravel(), 1), axis=-1).reshape(at.shape)
    return np.asarray(0.5 * h * (speed @ weights))


def _distinct(points: Array) -> NDArray[np.int64]:
    """Return the indices of finite points that lie apart from the one kept before them."""
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(finite) < 2:
        return finite
    limit = SAME_POINT * np.linalg.norm(np.diff(points[finite], axis=0), axis=1).sum()
    chosen = [int(finite[0])]
    for number in finite[1:]:
        if np.linalg.norm(points[number] - points[chosen[-1]]) > limit:
            chosen.append(int(number))
    return np.array(chosen, dtype=np.int64)


def _directions(chords: Array, slopes: Array) -> Array:
    """Return unit tangents (p, 2) of slope dx/dy, turned into the sense of the neighbouring unit chords (p - 1, 2)."""
    sense = np.vstack([chords[:1], chords[:-1] + chords[1:], chords[-1:]])
    tangents = np.column_stack([slopes, np.ones_like(slopes)])
    tangents[np.isinf(slopes)] = (1.0, 0.0)
    unknown = np.isnan(slopes)
    tangents[unknown] = sense[unknown]
    tangents[np.sum(tangents * sense, axis=1) < 0] *= -1.0
    lengths = np.linalg.norm(tangents, axis=1)
    # A curve that turns straight back on itself has chords that cancel; then any direction is as good.
    tangents[lengths == 0] = (1.0, 0.0)
    lengths[lengths == 0] = 1.0
    return np.asarray(tangents / lengths[:, None])
