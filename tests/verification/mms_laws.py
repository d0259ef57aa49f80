"""Junction laws in closed form for manufactured solutions and tests of derivatives."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.laws import LawValues


class SmoothLaw:
    """i = v / (1 + g), g = a exp(-T/T0 - (v/v0)^2): rises faster than linearly and more steeply when warm."""

    T_range = (0.0, np.inf)
    v_max = np.inf

    def __init__(self, a: float = 6.0, T0_K: float = 25.0, v0_mV: float = 40.0):
        """Set strength, temperature and voltage of the suppressed conductance."""
        self.a, self.T0, self.v0 = a, T0_K, v0_mV

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Return current and derivatives at one voltage."""
        return self.at(np.asarray(v_mV, dtype=float), T_K)

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Return current and derivatives element by element."""
        v, T = np.broadcast_arrays(np.asarray(v_mV, dtype=float), T_K)
        g = self.a * np.exp(-T / self.T0 - (v / self.v0) ** 2)
        share = 1.0 / (1.0 + g)
        return LawValues(v * share, share + 2.0 * v**2 / self.v0**2 * g * share**2, v * g / self.T0 * share**2)
