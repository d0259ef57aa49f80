"""Quasiparticle tunnelling currents of SIS and SIN junctions at a fixed gap and scattering rate.

Currents are returned as i = I R_j in mV, so that a normal junction has i = v. Units: mV and meV are the same number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import expit

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K
from hotmesa.solver.law.spectrum import density_of_states, density_slopes

# exp(-36) = 2e-16: thermal tails beyond this many k_B T are below rounding.
_TAIL_IN_KT = 36.0
_CHUNK = 32
_ANGLE_DIGITS = 8


def energy_step(T_K: float, gamma_meV: float, digits: float) -> float:
    """Energy step (meV) at which the trapezoidal rule is exact to 10**-digits.

    The integrand is analytic in |Im E| < d = min(Gamma, pi k_B T) (cut of N, poles of f), and the rule's error is
    exp(-2 pi d / h) (Trefethen & Weideman, SIAM Review 56, 385 (2014), Theorem 5.1).
    """
    strip = min(gamma_meV, math.pi * BOLTZMANN_MEV_PER_K * T_K)
    return 2 * math.pi * strip / (digits * math.log(10))


def isotherm(
    v_max_mV: float, count: int, T_K: float, spectrum: tuple[float, float, float], contact: bool = False
) -> Array:
    """Conductance i/v (dimensionless) at the voltages v_max * (0, 1, ..., count)/count; shape (count + 1,).

    i(v, T) = integral N(E) N(E + v) [f(E) - f(E + v)] dE of an SIS junction (Kurter et al., PRB 81, 224518 (2010),
    Sec. III); of an SIN contact the second density of states is 1.
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
    grid = _grid(v_max_mV, count, T_K, spectrum[1])
    density = density_of_states(grid.half, *spectrum)
    both = np.concatenate((density[:0:-1], density))
    return grid.conductance(both, np.ones_like(both) if contact else both)


def isotherm_slopes(
    v_max_mV: float, count: int, T_K: float, spectrum: tuple[float, float, float], contact: bool = False
) -> Array:
    """Derivatives of `isotherm` by gap and scattering rate (1/meV) and by momentum weight, shape (3, count + 1).

    The current is bilinear in the two densities, so that these are currents between a density and a derivative.
    """
    grid = _grid(v_max_mV, count, T_K, spectrum[1])
    density = _even(density_of_states(grid.half, *spectrum))
    changes = _even(np.array(density_slopes(grid.half, *spectrum)))
    if contact:
        return grid.conductance(changes, np.ones_like(density))
    return grid.conductance(changes, density) + grid.conductance(density, changes)


def _even(half: Array) -> Array:
    """Return values at energies from 0 on the whole grid, as an even function."""
    return np.concatenate((half[..., :0:-1], half), axis=-1)


def coherent_isotherm(v_max_mV: float, count: int, T_K: float, gap_meV: float, gamma_meV: float) -> Array:
    """Conductance i/v of an SIS junction whose electrons keep their momentum along the layers; see `isotherm`.

    i(v, T) = < w(phi) integral N_phi(E) N_phi(E + v) [f(E) - f(E + v)] dE >, N_phi = Re[z / sqrt(z^2 - (Delta cos
    2phi)^2)], with the weight w = (8/3) cos^4 2phi of the squared matrix element, which is proportional to
    (cos k_x - cos k_y)^2 for hopping between the layers (Chakravarty et al., Science 261, 337 (1993)).
    """
    # With theta = 2 phi the integrand has the period pi and is analytic for |Im theta| < Gamma/Delta: the midpoint rule
    # with 2n points a period, of which n differ, has the error exp(-4 n Gamma/Delta).
    points = max(math.ceil(_ANGLE_DIGITS * math.log(10) * gap_meV / (4 * gamma_meV)), 4)
    cosine = np.cos(0.5 * np.pi * (np.arange(points) + 0.5) / points)
    return mixed_isotherm(v_max_mV, count, T_K, gamma_meV, (gap_meV * cosine, 8 / 3 * cosine**4 / points))


def mixed_isotherm(v_max_mV: float, count: int, T_K: float, gamma_meV: float, gaps: tuple[Array, Array]) -> Array:
    """Conductance i/v of isotropic junctions side by side, with gaps (meV) and weights of shape (k,); see `isotherm`.

    Both electrodes of a junction have the same gap.
    """
    grid = _grid(v_max_mV, count, T_K, gamma_meV)
    z = grid.half - 1j * gamma_meV
    total = np.zeros(count + 1)
    for first in range(0, gaps[0].size, _CHUNK):
        part = gaps[0][first : first + _CHUNK, None]
        # The branch that tends to 1 at large energies.
        density = np.real(1 / np.sqrt(1 - (part / z) ** 2))
        both = np.concatenate((density[:, :0:-1], density), axis=1)
        total += gaps[1][first : first + _CHUNK] @ grid.conductance(both, both)
    return total


@dataclass(frozen=True)
class _EnergyGrid:
    """Uniform energies on which the currents of an isotherm are correlations.

    Attributes:
        half: energies from 0, meV; the grid has their negatives as well.
        step: their distance, meV.
        lags: steps in a voltage step.
        tail: steps in the thermal tail.
        count: number of voltage intervals.
        kT: thermal energy, meV.
    """

    half: Array
    step: float
    lags: int
    tail: int
    count: int
    kT: float

    def conductance(self, initial: Array, final: Array) -> Array:
        """Return i/v at the voltages of the isotherm, shape (..., count + 1), of two densities on the whole grid."""
        energy = np.concatenate((-self.half[:0:-1], self.half))
        fermi = expit(-energy / self.kT)
        # Initial energies run from -(v_max + tail) to +tail: outside, f(E) - f(E + v) vanishes for every v of the grid.
        window = slice(0, self.half.size + self.tail)
        size = next_fast_len(energy.size, real=True)
        forward = rfft(final, size) * np.conj(rfft((initial * fermi)[..., window], size))
        backward = rfft(final * fermi, size) * np.conj(rfft(initial[..., window], size))
        current = self.step * irfft(forward - backward, size)[..., : self.lags * self.count + 1 : self.lags]
        at_zero = self.step / self.kT * np.sum(initial * final * fermi * (1 - fermi), axis=-1)
        voltages = self.step * self.lags * np.arange(1, self.count + 1)
        return np.concatenate((at_zero[..., None], current[..., 1:] / voltages), axis=-1)


def _grid(v_max_mV: float, count: int, T_K: float, gamma_meV: float) -> _EnergyGrid:
    """Return energies whose step divides the voltage step, so that every voltage is a whole number of lags."""
    v_step = v_max_mV / count
    lags = math.ceil(v_step / energy_step(T_K, gamma_meV, digits=10))
    step = v_step / lags
    kT = BOLTZMANN_MEV_PER_K * T_K
    tail = math.ceil(_TAIL_IN_KT * kT / step)
    return _EnergyGrid(step * np.arange(tail + lags * count + 1), step, lags, tail, count, kT)
