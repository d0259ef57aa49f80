"""Currents of junctions without a table: what the tables of the law approximate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import expit

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K
from hotmesa.solver.law.spectrum import Spectrum, density_of_states, gamma_meV, gap_meV
from hotmesa.solver.law.tunnelling import energy_step

# exp(-36) = 2e-16: thermal tails beyond this many k_B T are below rounding.
_TAIL_IN_KT = 36.0
_CHUNK = 32


def sis_current(v_mV: ArrayLike, T_K: float, gap_meV: float, gamma_meV: float, momentum_weight: float = 0.0) -> Array:
    """Current i = I R_j of a superconductor-insulator-superconductor junction, mV (shape of `v_mV`).

    i(v, T) = integral N(E) N(E + v) [f(E) - f(E + v)] dE (Kurter et al., PRB 81, 224518 (2010), Sec. III).
    Direct evaluation for any v; accurate to about 1e-9 mV.

    Args:
        v_mV: junction voltages, mV.
        T_K: temperature, K, > 0.
        gap_meV: maximum gap, meV.
        gamma_meV: scattering rate, meV.
        momentum_weight: a of the angular weight 1 + a cos 4phi.

    Raises:
        ValueError: for a temperature that is not positive (and see `density_of_states`).
    """
    return _direct_current(v_mV, T_K, (gap_meV, gamma_meV, momentum_weight), both=True)


def sin_current(v_mV: ArrayLike, T_K: float, gap_meV: float, gamma_meV: float, momentum_weight: float = 0.0) -> Array:
    """Current i = I R of a superconductor-insulator-normal contact, mV (shape of `v_mV`).

    i(v, T) = integral N(E) [f(E) - f(E + v)] dE. Arguments and errors are those of `sis_current`.
    """
    return _direct_current(v_mV, T_K, (gap_meV, gamma_meV, momentum_weight), both=False)


def _direct_current(v_mV: ArrayLike, T_K: float, spectrum: tuple[float, float, float], both: bool) -> Array:
    if not T_K > 0:
        raise ValueError(f"temperature must be positive, got {T_K} K")
    v = np.asarray(v_mV, dtype=np.float64)
    flat = np.abs(v).ravel()
    kT = BOLTZMANN_MEV_PER_K * T_K
    step = energy_step(T_K, spectrum[1], digits=12)
    result = np.empty_like(flat)
    order = np.argsort(flat)
    for start in range(0, flat.size, _CHUNK):
        # Neighbouring voltages share one energy window, so sorted chunks keep the windows tight.
        part = order[start : start + _CHUNK]
        shift = flat[part][:, None]
        first = -shift.max() - _TAIL_IN_KT * kT
        energy = first + step * np.arange(math.ceil((_TAIL_IN_KT * kT - first) / step) + 1)
        occupied = expit(-energy / kT) - expit(-(energy + shift) / kT)
        final = density_of_states(energy + shift, *spectrum) if both else 1.0
        result[part] = step * np.sum(density_of_states(energy, *spectrum) * final * occupied, axis=1)
    return np.copysign(result, v.ravel()).reshape(v.shape)



def direct_current(spectrum: Spectrum, v_mV: Array, T_K: float, contact: bool = False) -> Array:
    """Current of the weighted mean of all gaps without a table, mV (shape of `v_mV`)."""
    current = sin_current if contact else sis_current
    rate = float(gamma_meV(spectrum, T_K))
    total = np.zeros(np.shape(v_mV))
    for part, weight in enumerate(spectrum.weights):
        total += weight * current(v_mV, T_K, float(gap_meV(spectrum, T_K, part)), rate, spectrum.momentum_weight)
    return total


def coherent_current(v_mV: float, T_K: float, gap_meV: float, gamma_meV: float) -> float:
    """Current (mV) at conserved momentum by adaptive quadrature over energy and angle."""
    kT = BOLTZMANN_MEV_PER_K * T_K

    def density(E: float, gap: float) -> float:
        z = abs(E) - 1j * gamma_meV
        return float((1.0 / np.sqrt(1.0 - (gap / z) ** 2)).real)

    def at_angle(theta: float) -> float:
        gap = gap_meV * np.cos(theta)

        def integrand(E: float) -> float:
            occupied = expit(-E / kT) - expit(-(E + v_mV) / kT)
            return float(density(E, gap) * density(E + v_mV, gap) * occupied)

        first, last = -v_mV - 36.0 * kT, 36.0 * kT
        edges = sorted({E for E in (-gap, gap, -v_mV - gap, gap - v_mV, 0.0, -v_mV) if first < E < last})
        value = quad(integrand, first, last, points=edges, limit=400, epsabs=1e-9, epsrel=1e-9)[0]
        return float(8 / 3 * np.cos(theta) ** 4 * value)

    return float(quad(at_angle, 0.0, 0.5 * np.pi, epsabs=1e-7, epsrel=1e-7, limit=200)[0] * 2.0 / np.pi)
