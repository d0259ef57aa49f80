"""The ohmic law: a resistance that depends on temperature only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistivity_ohm_cm
from hotmesa.scenarios.schema import Curve, Ohmic, Scenario
from hotmesa.solver.law.table import LawValues


class OhmicLaw:
    """Linear law i = v g(T): a junction whose resistance depends on temperature only.

    g(T) = r / (rho_c(T) s) is the specific normal resistance over resistivity times spacing. A curve is interpolated
    monotonically (PCHIP) in (log T, log g), with a continuous derivative, and constant outside.
    """

    def __init__(self, conductance: float | tuple[Array, Array] = 1.0):
        """Make the law from one relative conductance, or from temperatures (K) and relative conductances there."""
        self.T_range = (0.0, float("inf"))
        self.v_max = float("inf")
        self._constant = 1.0 if isinstance(conductance, tuple) else float(conductance)
        self._curve: CubicHermiteSpline | None = None
        if isinstance(conductance, tuple):
            self._curve = PchipInterpolator(np.log(conductance[0]), np.log(conductance[1]))

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage (mV) for all temperatures (K)."""
        return self.at(np.asarray(v_mV, dtype=np.float64), T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element; ValueError for a temperature that is not positive."""
        v, T = np.broadcast_arrays(np.asarray(v_mV, dtype=np.float64), np.asarray(T_K, dtype=np.float64))
        if T.size and not T.min() > 0:
            raise ValueError(f"temperature {T.min():g} K is not positive")
        if self._curve is None:
            return LawValues(self._constant * v, np.full(T.shape, self._constant), np.zeros(T.shape))
        x = np.log(T)
        ends = self._curve.x[[0, -1]]
        inside = np.clip(x, *ends)
        g = np.exp(self._curve(inside))
        slope = np.where(x == inside, g * self._curve(inside, 1) / T, 0.0)
        return LawValues(v * g, g, v * slope)


def build(law: Ohmic, scenario: Scenario, _: Path | str | None) -> OhmicLaw:
    """The law of a scenario."""
    normal, resistivity = normal_resistivity_ohm_cm(scenario.mesa), law.resistivity_ohm_cm
    if isinstance(resistivity, Curve):
        return OhmicLaw((np.asarray(resistivity.T_K), normal / np.asarray(resistivity.values)))
    return OhmicLaw(normal / float(resistivity))
