"""Tables of the d-wave law: which temperatures and voltages, and the conductance of all gaps there."""

from __future__ import annotations

import math

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K
from hotmesa.solver.law.spectrum import Spectrum, gamma_meV, gap_meV
from hotmesa.solver.law.tunnelling import coherent_isotherm, isotherm

LOWEST_K = 1.0
HIGHEST_K = 400.0
SMALLEST_GAMMA_MEV = 0.05
LARGEST_GAMMA_MEV = 1e6
_V_STEP_MV = 0.25


def temperature_grid(spectrum: Spectrum) -> Array:
    """Temperatures of the table, K: from 1 K to where the law is ohmic to 1e-9 (at most 400 K), increasing.

    The gap no longer matters once (Delta/Gamma)^2 < 1e-9, because N = 1 + <Re Delta^2 cos^2 2phi / 2z^2> + ...
    Tables whose gap does not close end at 400 K.
    """
    fine = np.arange(LOWEST_K, HIGHEST_K + 0.5, 0.5)
    closed: Array = np.zeros(fine.shape)
    for part in range(len(spectrum.gaps_meV)):
        rate = np.clip(_rates(spectrum, fine), -LARGEST_GAMMA_MEV, LARGEST_GAMMA_MEV)
        scale = rate**2 + (math.pi * BOLTZMANN_MEV_PER_K * fine) ** 2
        closed = np.maximum(closed, gap_meV(spectrum, fine, part) ** 2 / scale)
    still_open = np.flatnonzero(closed > 1e-9)
    last = max(fine[min(still_open[-1] + 1, fine.size - 1)] if still_open.size else 10.0, 10.0)
    steps = np.concatenate((np.arange(LOWEST_K, 8.0, 0.25), np.arange(8.0, 120.0, 0.5), np.arange(120.0, 401.0, 2.0)))
    return np.concatenate((steps[steps < last], [last]))


def _rates(spectrum: Spectrum, T_K: Array) -> Array:
    """Return the scattering rates, infinite where they grow beyond all numbers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return gamma_meV(spectrum, T_K)


def voltage_grid(spectrum: Spectrum, T_K: Array, v_max_mV: float) -> Array:
    """Uniform voltages 0 to v_max, mV; the step resolves features of i(v), whose width is Gamma or more.

    Raises:
        ValueError: when Gamma falls below 0.05 meV, where the table would become huge, or grows beyond all numbers.
    """
    rates = _rates(spectrum, T_K)
    if not np.all(rates <= LARGEST_GAMMA_MEV):
        highest = int(np.argmin(rates <= LARGEST_GAMMA_MEV))
        raise ValueError(
            f"scattering rate {rates[highest]:g} meV at {T_K[highest]:g} K is above {LARGEST_GAMMA_MEV:g} meV; "
            "lower gamma_c_meV, gamma_exponent, gamma_scale or the values of gamma_table, or raise gamma_temperature_K"
        )
    lowest = int(np.argmin(rates))
    if not rates[lowest] >= SMALLEST_GAMMA_MEV:
        raise ValueError(
            f"scattering rate {rates[lowest]:g} meV at {T_K[lowest]:g} K is below {SMALLEST_GAMMA_MEV} meV; "
            "raise gamma0_meV, gamma_scale or the values of gamma_table"
        )
    step = min(_V_STEP_MV, 0.4 * float(rates[lowest]))
    return np.asarray(np.linspace(0.0, v_max_mV, max(math.ceil(v_max_mV / step), 8) + 1), dtype=np.float64)


def build_grid(spectrum: Spectrum, T_K: Array, v_mV: Array, contact: bool = False) -> Array:
    """Log conductance ln(i/v) of the weighted mean of the laws of all gaps, shape (T, v).

    Args:
        spectrum: gap and scattering.
        T_K: temperatures, K.
        v_mV: uniform voltages from 0, mV.
        contact: True for SIN, False for SIS.
    """
    mean = np.zeros((T_K.size, v_mV.size))
    rates = gamma_meV(spectrum, T_K)
    for part, weight in enumerate(spectrum.weights):
        gaps = gap_meV(spectrum, T_K, part)
        for row, T in enumerate(T_K):
            local = (float(gaps[row]), float(rates[row]), spectrum.momentum_weight)
            grid = (float(v_mV[-1]), v_mV.size - 1, float(T))
            c = 0.0 if contact else spectrum.coherent_fraction
            mean[row] += weight * (1.0 - c) * isotherm(*grid, local, contact) if c < 1.0 else 0.0
            mean[row] += weight * c * coherent_isotherm(*grid, *local[:2]) if c > 0.0 else 0.0
    return np.log(mean)
