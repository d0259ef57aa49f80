"""Physical constants in the units of the package (µm, K, mV, mA, µW; energies in meV) and the gap sets of the paper."""

from __future__ import annotations

from typing import Final

BOLTZMANN_MEV_PER_K: Final = 0.08617333262
"""Boltzmann constant in meV/K (CODATA 2018)."""

GAP_SETS_MEV: Final = {1: 22.0, 2: 23.0, 3: 25.0}
"""Low-temperature gaps Delta_0 (meV) of the three data sets of Kurter et al., PRB 81, 224518 (2010)."""

FLUX_QUANTUM_MV_PER_THZ: Final = 2.067833848
"""Flux quantum Phi_0 = h/2e in mV/THz (exact in the SI, to 10 digits)."""

LIGHT_UM_THZ: Final = 299.792458
"""Speed of light in vacuum in µm THz (exact in the SI)."""
