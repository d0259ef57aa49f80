"""Currents of junctions without a table: what the tables of the law approximate."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
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
