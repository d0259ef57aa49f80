"""Currents of junctions without a table: what the tables of the law approximate."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.special import expit

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K
from hotmesa.solver.law.spectrum import Spectrum, gamma_meV, gap_meV
from hotmesa.solver.law.tunnelling import sin_current, sis_current


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
