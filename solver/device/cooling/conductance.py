"""Heat through a conductance, constant or a curve."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.schema import Conductance, Curve
from hotmesa.solver.device.faces import HeatFlux


def build(sink: Conductance, bath: float) -> HeatFlux:
    """Return q = h (T - T_B) in µW/µm² with its derivative, T_B the temperature of the bath (K).

    Of a curve h(T) it is the integral from T_B to T: what each side sends out by its own temperature, as phonons
    through a boundary do (h = 4 a T^3 is that of `helium`).
    """
    if isinstance(sink.h_W_per_m2K, Curve):
        curve = sink.h_W_per_m2K.interpolated.scaled(1e-6).measured_from(bath)
        return lambda T: (curve.integral(T), curve(T))
    h = sink.h_W_per_m2K * 1e-6
    return lambda T: (h * (T - bath), np.full(T.shape, h))
