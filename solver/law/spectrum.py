"""Spectrum of a junction: gap Delta(T), scattering rate Gamma(T), and the broadened d-wave density of states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K

Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Spectrum:
    """Everything that fixes the density of states at every temperature (defaults: set 3 of the paper).

    Attributes:
        gaps_meV: low-temperature gaps Delta_0 of the parts of an inhomogeneous junction, meV.
        weights: their weights, adding up to one.
        gap_ratio: 2 Delta_0 / k_B T_p with the pair-formation temperature T_p (7.9 +- 0.5: Gomes et al., Nature 447,
            569 (2007)).
        gap_tail: w, width of the smooth closing of the gap.
        gap_closing: "local" or "bcs", see `gap_meV`.
        gamma0_meV: scattering rate at low temperature, meV.
        gamma_c_meV: scattering rate at `gamma_temperature_K`, meV.
        gamma_temperature_K: T_Gamma, K.
        gamma_exponent: exponent of the growth.
        gamma_scale: multiplies Gamma(T), formula or table.
        momentum_weight: a of the angular weight 1 + a cos 4phi.
        coherent_fraction: share of the current that tunnels at conserved momentum, see `coherent_isotherm`.
        gap_table: (T in K, Delta in meV) that replaces the formula.
        gamma_table: (T in K, Gamma in meV) that replaces the formula.
    """

    gaps_meV: tuple[float, ...] = (25.0,)
    weights: tuple[float, ...] = (1.0,)
    gap_ratio: float = 7.8
    gap_tail: float = 0.10
    gap_closing: Literal["local", "bcs"] = "local"
    gamma0_meV: float = 0.6
    gamma_c_meV: float = 10.0
    gamma_temperature_K: float = 74.0
    gamma_exponent: float = 5.0
    gamma_scale: float = 1.0
    momentum_weight: float = 0.0
    coherent_fraction: float = 0.0
    gap_table: Pairs | None = None
    gamma_table: Pairs | None = None


def gap_meV(spectrum: Spectrum, T_K: ArrayLike, part: int = 0) -> Array:
    """Maximum gap Delta(T) in meV of one part of the junction (shape of `T_K`).

    Delta = Delta_0 sqrt(w ln(1 + exp[c(t)/w])), t = T/T_p, T_p = 2 Delta_0/(gap_ratio k_B): the square root of a
    softened max(c, 0), which keeps the law smooth through T_p. "local" (pairs form locally, Gomes 2007): c = 1 - t^4.
    "bcs": c = cos(pi t^2/2) (Sheahen, Phys. Rev. 149, 368 (1966)), continued above T_p by its tangent in t^2.
    A table is interpolated monotonically (PCHIP) and constant outside.
    """
    T = np.asarray(T_K, dtype=np.float64)
    if spectrum.gap_table is not None:
        return _interpolate(spectrum.gap_table, T)
    gap0 = spectrum.gaps_meV[part]
    square = (T * spectrum.gap_ratio * BOLTZMANN_MEV_PER_K / (2 * gap0)) ** 2
    if spectrum.gap_closing == "local":
        closing = 1 - square**2
    else:
        closing = np.where(square < 1, np.cos(0.5 * np.pi * np.minimum(square, 1)), 0.5 * np.pi * (1 - square))
    soft = spectrum.gap_tail * np.logaddexp(0.0, closing / spectrum.gap_tail)
    return np.asarray(gap0 * np.sqrt(soft))


def gamma_meV(spectrum: Spectrum, T_K: ArrayLike) -> Array:
    """Scattering rate in meV: scale * [Gamma_0 + (Gamma_c - Gamma_0)(T/T_Gamma)^p], or a table (shape of `T_K`)."""
    T = np.asarray(T_K, dtype=np.float64)
    if spectrum.gamma_table is not None:
        return spectrum.gamma_scale * _interpolate(spectrum.gamma_table, T)
    growth = (T / spectrum.gamma_temperature_K) ** spectrum.gamma_exponent
    rate = spectrum.gamma0_meV + (spectrum.gamma_c_meV - spectrum.gamma0_meV) * growth
    return np.asarray(spectrum.gamma_scale * rate)


def _interpolate(pairs: Pairs, T: Array) -> Array:
    knots, values = np.array(pairs).T
    result = PchipInterpolator(knots, values)(np.clip(T, knots[0], knots[-1]))
    # Monotone between the rows up to rounding, which must not make a gap that closes negative.
    return np.asarray(np.clip(result, values.min(), values.max()))


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


def density_slopes(
    energy_meV: ArrayLike, gap_meV: float, gamma_meV: float, momentum_weight: float = 0.0
) -> tuple[Array, Array, Array]:
    """Derivatives of the density of states by gap (1/meV), scattering rate (1/meV) and momentum weight.

    With F(m) = 2K/pi and r(m) = (K - E)/(m K) of `density_of_states`, dE/dm = (E - K)/2m and
    dK/dm = (E - (1 - m) K)/(2m (1 - m)) give F' = F (1 - r)/(2 (1 - m)) and m r' = (1 - m r)(1 - r)/(2 (1 - m)) - r/2;
    dm/dDelta = 2m/Delta, dm/dGamma = 2im/z. Arguments are those of `density_of_states`; each has the shape of the
    energies.
    """
    z = np.abs(np.asarray(energy_meV, dtype=np.float64)) - 1j * gamma_meV
    if gap_meV == 0:
        return np.zeros(z.shape), np.zeros(z.shape), np.zeros(z.shape)
    a, m = momentum_weight, np.asarray((gap_meV / z) ** 2)
    mean, ratio = _elliptic_mean(m)
    weighted = 1 - a + 2 * a * ratio
    # m times the derivative of mean * weighted by m.
    grown = m * mean * (1 - ratio) / (2 * (1 - m)) * weighted
    if a:
        bent = (1 - m * ratio) * (1 - ratio) / (2 * (1 - m)) - 0.5 * ratio
        grown = grown + mean * 2 * a * bent
    by_gap, by_gamma = 2 * grown / gap_meV, 2j * grown / z
    return by_gap.real, by_gamma.real, np.asarray((mean * (2 * ratio - 1)).real)
