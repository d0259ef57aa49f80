"""An SIN contact in series with the stack of d-wave junctions, as one law of the voltage of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import junction_resistance_ohm, resistive_junctions
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.law.grids import build_grid, voltage_grid
from hotmesa.solver.law.spectrum import Spectrum
from hotmesa.solver.law.table import LawTable

_NEWTON_STEPS = 60


@dataclass(frozen=True)
class SeriesContact:
    """An SIN contact in series with the stack.

    Attributes:
        resistance_ratio: normal resistance of the contact over that of one junction.
        junctions: number of junctions that carry voltage.
    """

    resistance_ratio: float
    junctions: int


def series_contact(scenario: Scenario) -> SeriesContact | None:
    """The contact of a scenario, None without one."""
    resistance = scenario.law.series_ohm
    if resistance == 0:
        return None
    return SeriesContact(resistance / junction_resistance_ohm(scenario), resistive_junctions(scenario))


def build_series_grid(spectrum: Spectrum, T_K: Array, v_mV: Array, series: SeriesContact) -> Array:
    """Log conductance ln(i/w) of a stack with an SIN contact in series, shape (T, w); w = V/n are the `v_mV`.

    With i = I R_j the junction voltage v and the contact voltage u = n (w - v) obey i_SIS(v, T) R_c/R_j = i_SIN(u, T).
    The difference of both sides rises with v between v = 0 and v = w, so Newton's method kept inside a bracket finds
    the one root.
    """
    ratio, n = series.resistance_ratio, series.junctions
    share = ratio / (n + ratio)
    u_mV = voltage_grid(spectrum, T_K, float(np.clip(1.5 * share * n * v_mV[-1], 60.0, 4 * v_mV[-1])))
    junction = LawTable(T_K, v_mV, build_grid(spectrum, T_K, v_mV))
    contact = LawTable(T_K, u_mV, build_grid(spectrum, T_K, u_mV, contact=True))
    T, w = (np.ascontiguousarray(a) for a in np.broadcast_arrays(T_K[:, None], v_mV[None, 1:]))
    low, high, v = np.zeros(w.shape), w.copy(), w * (1 - share)
    for _ in range(_NEWTON_STEPS):
        left, right = junction.at(v, T), contact.at(n * (w - v), T)
        excess = ratio * left.i - right.i
        low, high = np.where(excess < 0, v, low), np.where(excess < 0, high, v)
        trial = v - excess / (ratio * left.di_dv + n * right.di_dv)
        trial = np.where((trial >= low) & (trial <= high), trial, 0.5 * (low + high))
        # Quadratic convergence: after a relative step below 1e-9 the error is at rounding.
        change = float(np.max(np.abs(trial - v) / w))
        v = trial
        if change < 1e-9:
            break
    # At v = 0 both conductances are constants in series.
    at_zero = 1 / (1 / junction.at_voltage(0.0, T_K).di_dv + ratio / n / contact.at_voltage(0.0, T_K).di_dv)
    return np.asarray(np.log(np.column_stack((at_zero, junction.at(v, T).i / w))))
