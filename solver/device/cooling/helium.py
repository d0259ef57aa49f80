"""Heat into liquid helium."""

from __future__ import annotations

from hotmesa.scenarios.schema import Helium
from hotmesa.solver.device.faces import HeatFlux


def build(sink: Helium, bath: float) -> HeatFlux:
    """Return q = a (T^4 - T_B^4) in µW/µm² with its derivative, T_B the temperature of the bath (K).

    Black-body phonons through a boundary (Swartz and Pohl, Rev. Mod. Phys. 61, 605 (1989), eq. 2.6).
    """
    a = sink.a_W_per_m2K4 * 1e-6
    return lambda T: (a * (T**4 - bath**4), 4.0 * a * T**3)
