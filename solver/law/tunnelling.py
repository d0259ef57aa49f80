"""Quasiparticle tunnelling currents of SIS and SIN junctions at a fixed gap and scattering rate.

Currents are returned as i = I R_j in mV, so that a normal junction has i = v. Units: mV and meV are the same number.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import expit

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K
from hotmesa.solver.law.spectrum import density_of_states

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


def energy_step(T_K: float, gamma_meV: float, digits: float) -> float:
    """Energy step (meV) at which the trapezoidal rule is exact to 10**-digits.

    The integrand is analytic in |Im E| < d = min(Gamma, pi k_B T) (cut of N, poles of f), and the rule's error is
    exp(-2 pi d / h) (Trefethen & Weideman, SIAM Review 56, 385 (2014), Theorem 5.1).
    """
    strip = min(gamma_meV, math.pi * BOLTZMANN_MEV_PER_K * T_K)
    return 2 * math.pi * strip / (digits * math.log(10))


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


def isotherm(
    v_max_mV: float, count: int, T_K: float, spectrum: tuple[float, float, float], contact: bool = False
) -> Array:
    """Conductance i/v (dimensionless) at the voltages v_max * (0, 1, ..., count)/count; shape (count + 1,).

    On a uniform energy grid the two terms of i(v) are correlations, and all voltages come from a few FFTs. The energy
    step divides the voltage step, so that every voltage is a whole number of grid lags. At v = 0 the value is the limit
    di/dv = integral N^2 (-df/dE) dE.

    Args:
        v_max_mV: largest voltage, mV.
        count: number of voltage intervals.
        T_K: temperature, K.
        spectrum: gap (meV), scattering rate (meV), momentum weight.
        contact: True for an SIN contact, False for an SIS junction.
    """
    v_step = v_max_mV / count
    lags = math.ceil(v_step / energy_step(T_K, spectrum[1], digits=10))
    step = v_step / lags
    kT = BOLTZMANN_MEV_PER_K * T_K
    tail = math.ceil(_TAIL_IN_KT * kT / step)
    span = tail + lags * count
    half = step * np.arange(span + 1)
    density = density_of_states(half, *spectrum)
    initial = np.concatenate((density[:0:-1], density))
    final = np.ones_like(initial) if contact else initial
    energy = np.concatenate((-half[:0:-1], half))
    fermi = expit(-energy / kT)
    # Initial energies run from -(v_max + tail) to +tail: outside, f(E) - f(E + v) vanishes for every v of the grid.
    window = slice(0, span + tail + 1)
    size = next_fast_len(energy.size, real=True)
    forward = rfft(final, size) * np.conj(rfft((initial * fermi)[window], size))
    backward = rfft(final * fermi, size) * np.conj(rfft(initial[window], size))
    current = step * irfft(forward - backward, size)[: lags * count + 1 : lags]
    conductance = np.empty(count + 1)
    conductance[0] = step / kT * np.sum(initial * final * fermi * (1 - fermi))
    conductance[1:] = current[1:] / (v_step * np.arange(1, count + 1))
    return conductance
