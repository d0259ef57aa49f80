"""Heat through a conductance."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.schema import Conductance
from hotmesa.solver.device.faces import HeatFlux


def build(sink: Conductance, bath: float) -> HeatFlux:
    """Return q = h (T - T_B) in µW/µm² with its derivative, T_B the temperature of the bath (K)."""
    h = sink.h_W_per_m2K * 1e-6
    return lambda T: (h * (T - bath), np.full(T.shape, h))
