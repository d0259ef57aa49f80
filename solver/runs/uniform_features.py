"""Folds, backbending and the conductance peak of an I(V) curve given by functions of temperature or by points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from hotmesa.scenarios.arrays import Array

Function = Callable[[float], float]
_XTOL = 1e-11


@dataclass(frozen=True)
class PeakWidth:
    """Full width at half height of the conductance peak above one baseline.

    Attributes:
        baseline: conductance from which the height counts, in units of the normal conductance.
        half_height: conductance at half height, in the same unit.
        left_mV: junction voltage below the peak where it is reached, or None.
        right_mV: junction voltage above the peak where it is reached, or None.
        beta: width over peak voltage, or None if a half-height is missing.
        reason: why beta is None; empty otherwise.
    """

    baseline: float
    half_height: float
    left_mV: float | None
    right_mV: float | None
    beta: float | None
    reason: str


def roots(function: Function, grid: Array, values: Array) -> list[float]:
    """Roots of a function of which the values on a grid are known: one for every change of sign."""
    change = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    return [float(brentq(function, grid[k], grid[k + 1], xtol=_XTOL)) for k in change]


def local_minima(values: Array) -> Array:
    """Indices of the local minima inside an array of values on a grid."""
    return np.asarray(np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])) + 1)


def minimum_near(function: Function, grid: Array, k: int) -> float:
    """Place of the minimum of a function between the neighbours of grid point k."""
    bounds = (grid[k - 1], grid[k + 1])
    return float(minimize_scalar(function, bounds=bounds, method="bounded", options={"xatol": 1e-9}).x)


def missed_dips(function: Function, grid: Array, values: Array) -> list[float]:
    """Places where a function is negative between grid points although it is positive on them.

    Only local minima that come near zero can hide one: the parabola through three points dips at most an eighth of its
    second difference below them; one whole second difference is searched.
    """
    inner = local_minima(values)
    bend = values[inner - 1] - 2 * values[inner] + values[inner + 1]
    near = inner[(values[inner] > 0) & (values[inner] < bend)]
    places = [minimum_near(function, grid, int(k)) for k in near]
    return [place for place in places if function(place) < 0]


def largest_drop(v_mV: Array, i: Array) -> float:
    """Backbending depth, mV: the largest fall of v below an earlier value on one stretch of rising current."""
    depth = 0.0
    start = 0
    for stop in [*(np.flatnonzero(np.diff(i) <= 0) + 1), v_mV.size]:
        piece = v_mV[start:stop]
        if piece.size:
            depth = max(depth, float(np.max(np.maximum.accumulate(piece) - piece)))
        start = stop
    return depth


def half_height(peak: float, baseline: float) -> float:
    """Conductance half-way between baseline and peak."""
    return baseline + 0.5 * (peak - baseline)


def beta_of(peak_mV: float, left_mV: float | None, right_mV: float | None) -> tuple[float | None, str]:
    """Relative width (right - left)/peak, or None and the reason why it does not exist."""
    if left_mV is None and right_mV is None:
        return None, "the conductance stays above half height on both sides of the peak"
    if left_mV is None:
        return None, "the conductance stays above half height below the peak"
    if right_mV is None:
        return None, "the conductance stays above half height above the peak"
    return (right_mV - left_mV) / peak_mV, ""
