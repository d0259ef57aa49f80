"""The electromagnetic modes of the resonator that the cold part of a mesa is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import jnp_zeros

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import LIGHT_UM_THZ

ALIKE = 1e-9
"""Relative difference below which two modes are equally near."""
ZEROS = 8
"""Zeros of a Bessel function are computed by so many at a time."""


@dataclass(frozen=True)
class Mode:
    """A mode of a resonator with open sides (the magnetic field vanishes along them).

    Attributes:
        THz: its frequency.
        along: half waves along the length; on a disc periods around it.
        across: half waves across the width; on a disc the number of the zero of J'_along, from 1.
    """

    THz: float
    along: int
    across: int


def rectangle_mode(f_THz: float, length_um: float, width_um: float, index: float) -> Mode:
    """Return the mode of a rectangle that is nearest to a frequency.

    f_mk = c/(2 n) sqrt((m/L)² + (k/W)²) with m half waves along the length L, k across the width W, not both 0.
    """
    unit = LIGHT_UM_THZ / (2.0 * index)
    most = int(np.floor(f_THz * width_um / unit)) + 1
    across = np.arange(most + 1)
    rest = np.sqrt(np.maximum((f_THz / unit) ** 2 - (across / width_um) ** 2, 0.0)) * length_um
    pairs = [(m, int(k)) for k, below in zip(across, np.floor(rest), strict=True) for m in (int(below), int(below) + 1)]
    return _nearest(
        f_THz, [Mode(unit * float(np.hypot(m / length_um, k / width_um)), m, k) for m, k in pairs if m or k]
    )


def disc_mode(f_THz: float, radius_um: float, index: float) -> Mode:
    """Return the mode of a disc that is nearest to a frequency.

    f_mp = x_mp c/(2 pi n a) with J'_m(x_mp) = 0 on the radius a, without the constant field.
    """
    unit = LIGHT_UM_THZ / (2.0 * np.pi * index * radius_um)
    x = f_THz / unit
    modes = []
    for m in range(int(x) + 2):  # the first zero of J'_m lies beyond m
        zeros = _zeros(m, ZEROS * (int(max(x - m, 0.0) / np.pi) // ZEROS + 1))
        modes += [Mode(unit * float(zero), m, p) for p, zero in enumerate(zeros, start=1)]
    return _nearest(f_THz, modes)


@cache
def _zeros(order: int, count: int) -> Array:
    """Return the first positive zeros of J'_order, one more than `count` for the one beyond a frequency."""
    return np.asarray(jnp_zeros(order, count + 2))


def _nearest(f_THz: float, modes: list[Mode]) -> Mode:
    """Return the mode nearest to a frequency; of equally near ones the lowest, with most waves along."""
    best = min(abs(mode.THz - f_THz) for mode in modes)
    alike = [mode for mode in modes if abs(mode.THz - f_THz) <= best + ALIKE * mode.THz]
    lowest = min(mode.THz for mode in alike)
    return max((mode for mode in alike if mode.THz <= lowest * (1.0 + ALIKE)), key=lambda mode: mode.along)
