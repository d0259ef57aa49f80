"""Density of states of a d-wave superconductor with lifetime broadening, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotmesa.scenarios.arrays import Array

_MAX_STEPS = 40


def density_of_states(energy_meV: ArrayLike, gap_meV: float, gamma_meV: float, momentum_weight: float = 0.0) -> Array:
    """Density of states N(E) over its normal value (dimensionless, shape of `energy_meV`, even in E).

    Angle average of the broadened d-wave spectrum (Kurter et al., PRB 81, 224518 (2010), Eq. 1)::

        N(E) = < (1 + a cos 4phi) Re[ z / sqrt(z^2 - Delta^2 cos^2 2phi) ] >_phi,   z = E - i Gamma

    With m = (Delta/z)^2 the average is Re[ (1 - a) 2K(m)/pi + 2a 2(K(m) - E(m))/(pi m) ]; both complete elliptic
    integrals follow from one complex arithmetic-geometric mean (Abramowitz & Stegun 17.6), so there is no quadrature.

    Args:
        energy_meV: energies from the Fermi level, meV.
        gap_meV: maximum gap Delta >= 0, meV.
        gamma_meV: scattering rate Gamma > 0, meV.
        momentum_weight: a in the angular weight 1 + a cos 4phi, -1 < a < 1 (a > 0 favours the antinodes).

    Raises:
        ValueError: for a negative gap, a scattering rate that is not positive, or |a| >= 1.
    """
    if not gap_meV >= 0 or not gamma_meV > 0 or not abs(momentum_weight) < 1:
        raise ValueError(
            f"need gap >= 0, gamma > 0 and |momentum weight| < 1; got {gap_meV} meV, {gamma_meV} meV, {momentum_weight}"
        )
    z = np.abs(np.asarray(energy_meV, dtype=np.float64)) - 1j * gamma_meV
    if gap_meV == 0:
        return np.ones(z.shape)
    mean, ratio = _elliptic_mean(np.asarray((gap_meV / z) ** 2))
    if momentum_weight:
        mean = mean * (1 - momentum_weight + 2 * momentum_weight * ratio)
    return np.asarray(mean.real)


def _elliptic_mean(m: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """2 K(m)/pi = 1/AGM(1, sqrt(1-m)), and (K - E)/(m K) = (1/m) sum_n 2^(n-1) c_n^2.

    The principal square roots keep a and b in one half-plane, which is the branch of K continuous from m = 0.
    c_1 = m / (2 (1 + k')) and c_(n+1) = c_n^2 / (4 a_(n+1)) avoid the cancellation in (a - b)/2 at small m.
    """
    b: NDArray[np.complex128] = np.sqrt(1 - m)
    a: NDArray[np.complex128] = 0.5 * (1 + b)
    c_squared = (0.5 * m / (1 + b)) ** 2
    c_squared_over_m = 0.25 * m / (1 + b) ** 2
    ratio = 0.5 + c_squared_over_m
    b = np.sqrt(b)
    power = 1.0
    for _ in range(_MAX_STEPS):
        # The next step squares this relative difference, so the mean is then exact to rounding.
        if np.all(np.abs(a - b) <= 1e-8 * np.abs(a)):
            break
        a, b = 0.5 * (a + b), np.sqrt(a * b)
        shrink = c_squared / (16 * a**2)
        c_squared_over_m = c_squared_over_m * shrink
        c_squared = c_squared * shrink
        power *= 2
        ratio = ratio + power * c_squared_over_m
    return 2 / (a + b), ratio
