"""Gap Delta(T) and scattering rate Gamma(T) of the junctions, by formula or from a user's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
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
    return np.asarray(PchipInterpolator(knots, values)(np.clip(T, knots[0], knots[-1])))
