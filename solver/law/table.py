"""Smooth table of a junction law, a bicubic spline of ln(i/v) over temperature and voltage, and its copy on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, make_interp_spline

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import whole_file

Indices = NDArray[np.intp]
_MIRRORED = 16


@dataclass(frozen=True, slots=True)
class LawValues:
    """Current of a junction and its derivatives; the arrays have the shape of the temperatures asked for.

    Attributes:
        i: current times normal junction resistance, i = I R_j, mV.
        di_dv: derivative by the junction voltage, dimensionless.
        di_dT: derivative by temperature, mV/K.
    """

    i: Array
    di_dv: Array
    di_dT: Array


class LawTable:
    """Law i = v exp(g(v, T)) with g a C2 bicubic spline that is even in v; all derivatives are those of the spline.

    Above the highest temperature the last isotherm holds (tables are built up to where it is ohmic); above the highest
    voltage the junction is ohmic with the conductance at that voltage; negative voltages follow from i(-v) = -i(v).
    """

    def __init__(self, T_K: Array, v_mV: Array, log_conductance: Array):
        """Fit the spline.

        Args:
            T_K: temperatures, increasing, shape (m,), m >= 4.
            v_mV: voltages >= 0, increasing, shape (k,), k >= 4.
            log_conductance: ln(i/v), its limit at v = 0, shape (m, k).

        Raises:
            ValueError: for grids that are not increasing, or shapes or values that do not fit.
        """
        _check_grids(T_K, v_mV, log_conductance)
        self.T_K = T_K
        self.v_mV = v_mV
        self.T_range = (float(T_K[0]), float(T_K[-1]))
        self.v_max = float(v_mV[-1])
        # g is even in v: mirrored points give the spline zero slope at v = 0 without a special end condition.
        mirrored = np.flatnonzero(v_mV > 0)[_MIRRORED - 1 :: -1]
        along_v = make_interp_spline(
            np.concatenate((-v_mV[mirrored], v_mV)), np.vstack((log_conductance.T[mirrored], log_conductance.T)), k=3
        )
        self._v_knots = np.asarray(along_v.t)
        along_T = CubicSpline(T_K, along_v.c, axis=1)
        # Tensor coefficients: B-spline j along v, interval l along T, power 3 - p of (T - T_l): shape (j, l, p).
        self._coefficients = np.ascontiguousarray(along_T.c.transpose(2, 1, 0))
        # Newton's method evaluates the same voltage for residual, Jacobian and observables.
        self._contracted = lru_cache(maxsize=4)(self._contract)

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage for all temperatures.

        Args:
            v_mV: junction voltage, mV.
            T_K: temperatures, K, any shape.

        Raises:
            ValueError: for a temperature below the table (or not a number).
        """
        T = np.asarray(T_K, dtype=np.float64)
        return self._values(float(v_mV), T, *self._cubics_at_voltage(float(v_mV), T))

    def _cubics_at_voltage(self, v_mV: float, T: Array) -> tuple[Array, Array]:
        """Coefficients of the cubics in T at one voltage, and the place of every temperature in them."""
        interval, offset = self._locate(T)
        return np.take(self._contracted(min(abs(v_mV), self.v_max)), interval, axis=0), offset

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element; the same interpolant as `at_voltage`.

        Args:
            v_mV: junction voltages, mV, of a shape that broadcasts with that of `T_K`.
            T_K: temperatures, K.

        Raises:
            ValueError: for a temperature below the table (or not a number).
        """
        v, T = np.broadcast_arrays(np.asarray(v_mV, dtype=np.float64), np.asarray(T_K, dtype=np.float64))
        return self._values(v, T, *self._cubics_at(v, T))

    def exponent(self, v_mV: float | Array, T_K: Array) -> Array:
        """The exponent g = ln(i/v) at one voltage (a number), or element by element; see `at`."""
        T = np.asarray(T_K, dtype=np.float64)
        if isinstance(v_mV, float):
            rows, s = self._cubics_at_voltage(v_mV, T)
        else:
            rows, s = self._cubics_at(*np.broadcast_arrays(v_mV, T))
        return np.asarray(((rows[..., 0] * s + rows[..., 1]) * s + rows[..., 2]) * s + rows[..., 3])

    def _cubics_at(self, v: Array, T: Array) -> tuple[Array, Array]:
        """Coefficients of the cubics in T element by element, and the place of every temperature in them."""
        interval, offset = self._locate(T)
        first, basis = cubic_basis(self._v_knots, np.minimum(np.abs(v), self.v_max))
        rows = np.zeros((*T.shape, 8))
        for j in range(4):
            cubic = self._coefficients[first + j, interval]
            rows[..., :4] += basis[0, j][..., None] * cubic
            rows[..., 4:] += basis[1, j][..., None] * cubic
        return rows, offset

    def _contract(self, speed: float) -> Array:
        """Cubics in T of g and dg/dv at the voltage `speed` >= 0, shape (intervals, 8)."""
        first, basis = cubic_basis(self._v_knots, np.asarray(speed))
        local = self._coefficients[int(first) : int(first) + 4]
        return np.concatenate([np.tensordot(row, local, axes=1) for row in basis], axis=1)

    def _locate(self, T: Array) -> tuple[Indices, Array]:
        """Interval of every temperature and the distance from its lower end; above the table: its upper end."""
        lowest, highest = self.T_range
        if T.size and not T.min() >= lowest:
            raise ValueError(f"temperature {T.min():g} K is below the law table ({lowest:g} K to {highest:g} K)")
        inside = np.minimum(T, highest)
        interval = np.searchsorted(self.T_K[1:-1], inside, side="right")
        return interval, inside - self.T_K[interval]

    def _values(self, v: float | Array, T: Array, rows: Array, s: Array) -> LawValues:
        g = ((rows[..., 0] * s + rows[..., 1]) * s + rows[..., 2]) * s + rows[..., 3]
        g_v = ((rows[..., 4] * s + rows[..., 5]) * s + rows[..., 6]) * s + rows[..., 7]
        g_T = (3 * rows[..., 0] * s + 2 * rows[..., 1]) * s + rows[..., 2]
        speed = np.abs(v)
        conductance = np.exp(g)
        i = v * conductance
        di_dv = conductance * (1 + np.where(speed <= self.v_max, speed * g_v, 0.0))
        return LawValues(i, di_dv, np.where(T <= self.T_range[1], i * g_T, 0.0))


def cubic_basis(knots: Array, x: Array) -> tuple[Indices, Array]:
    """The four cubic B-splines that are not zero at x, and their derivatives (de Boor's recurrence).

    Args:
        knots: knot vector with the ends repeated four times.
        x: places inside the knots, any shape.

    Returns:
        Index of the first of the four splines (shape of x) and values and derivatives, shape (2, 4, *x.shape).
    """
    cell = np.clip(np.searchsorted(knots, x, side="right") - 1, 3, knots.size - 5)
    basis = [np.ones(x.shape)]
    lower: list[Array] = basis
    for degree in (1, 2, 3):
        lower, basis = basis, [np.zeros(x.shape) for _ in range(degree + 1)]
        for r in range(degree):
            right, left = knots[cell + r + 1], knots[cell + r + 1 - degree]
            share = lower[r] / (right - left)
            basis[r] = basis[r] + (right - x) * share
            basis[r + 1] = (x - left) * share
    slopes = [np.zeros(x.shape) for _ in range(4)]
    for r in range(3):
        share = 3 * lower[r] / (knots[cell + r + 1] - knots[cell + r - 2])
        slopes[r] = slopes[r] - share
        slopes[r + 1] = share
    return cell - 3, np.array((basis, slopes))


def _check_grids(T: Array, v: Array, g: Array) -> None:
    if T.ndim != 1 or v.ndim != 1 or T.size < 4 or v.size < 4:
        raise ValueError(f"a law table needs at least 4 temperatures and 4 voltages, got {T.size} and {v.size}")
    if g.shape != (T.size, v.size):
        raise ValueError(f"law table of shape {g.shape} does not fit {T.size} temperatures and {v.size} voltages")
    if not (np.all(np.diff(T) > 0) and np.all(np.diff(v) > 0) and v[0] >= 0):
        raise ValueError("temperatures and voltages of a law table must increase, voltages from 0 or above")
    if not (np.all(np.isfinite(g)) and np.isfinite(T).all() and np.isfinite(v).all()):
        raise ValueError("law table contains values that are not finite numbers")


FORMAT = 1
"""Raise this number whenever the way a table is computed changes."""


def default_folder() -> Path:
    """Folder of the cached tables: $XDG_CACHE_HOME/hotmesa/laws, by default ~/.cache/hotmesa/laws."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    root = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~")) / ".cache"
    return root / "hotmesa" / "laws"


def table_key(parameters: Mapping[str, object]) -> str:
    """SHA-256 (hexadecimal) of all parameters and the format number."""
    text = json.dumps({"format": FORMAT, **parameters}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load_grid(folder: Path, key: str, T_K: Array, v_mV: Array) -> Array | None:
    """Stored ln(i/v), shape (T, v), or None if there is no file that is intact and was made for this key and grid."""
    try:
        with (folder / f"{key}.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
            result, T, v, grid = str(stored["key"]), stored["T_K"], stored["v_mV"], stored["log_conductance"]
            digest = str(stored["digest"])
    except Exception:
        # A flipped bit lets zipfile, struct, tokenize and numpy fail each in its own way; the remedy is the same for
        # all: compute the table again.
        return None
    expected = (T_K.size, v_mV.size)
    if result != key or grid.shape != expected or grid.dtype != np.float64 or digest != _digest(grid):
        return None
    if not (np.array_equal(T, T_K) and np.array_equal(v, v_mV) and np.all(np.isfinite(grid))):
        return None
    return np.asarray(grid)


def store_grid(folder: Path, key: str, T_K: Array, v_mV: Array, grid: Array) -> None:
    """Write a table under its final name in one step; a folder that cannot be written is no error.

    Several processes may store the same table at once: each writes its own temporary file and renames it.
    """
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{key}.npz", f".{secrets.token_hex(4)}.part") as file:
            np.savez(file, key=key, T_K=T_K, v_mV=v_mV, log_conductance=grid, digest=_digest(grid))


def _digest(grid: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(grid).tobytes()).hexdigest()
