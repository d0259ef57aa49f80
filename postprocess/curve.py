"""A current-voltage curve between its points: Hermite interpolation with the exact slopes of the branch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline, PchipInterpolator

from hotmesa.scenarios.arrays import Array

# Points nearer to each other than this part of the length of the curve are taken as one: a fold that was located to
# 1e-6 lies beside its neighbour, and the quotient of two tiny differences would be noise.
SAME_POINT = 1e-6


@dataclass(frozen=True)
class IVCurve:
    """I(V) as a smooth curve x(s), y(s) with x = V and y = I R_N, both in mV.

    In these coordinates the direction of the curve, tan(angle) = R_N dI/dV, is the conductance in units of the
    normal conductance Y_N: 45° is the normal state, 90° a fold in V, more than 90° backbending. s is the length of
    the chords, so that folds of any kind are harmless.

    Attributes:
        s: (p,) parameter at the points, in mV.
        voltage: V(s) in mV.
        scaled_current: I(s) R_N in mV.
        angle: direction in radians, continuous along the curve.
        index: (p,) row of each point in the table.
        normal_resistance_ohm: R_N.
    """

    s: Array
    voltage: CubicHermiteSpline
    scaled_current: CubicHermiteSpline
    angle: CubicSpline
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

    Position and slope are those of the points; between them position is the cubic Hermite interpolant (error h⁴)
    and direction a cubic spline through the exact directions. A slope that is NaN is replaced by that of the chords,
    an infinite one is a fold in I.

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
    s = np.concatenate([[0.0], np.cumsum(lengths)])
    slopes = np.asarray(dV_dI_ohm[index] / normal_resistance_ohm, dtype=np.float64)
    tangents = _directions(steps / lengths[:, None], slopes)
    angle = np.unwrap(np.arctan2(tangents[:, 1], tangents[:, 0]))
    return IVCurve(
        s,
        CubicHermiteSpline(s, points[:, 0], tangents[:, 0], extrapolate=False),
        CubicHermiteSpline(s, points[:, 1], tangents[:, 1], extrapolate=False),
        CubicSpline(s, angle, extrapolate=False),
        index,
        normal_resistance_ohm,
    )


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
