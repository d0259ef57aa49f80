"""Physical constants in the units of the package (µm, K, mV, mA, µW; energies in meV) and the gap sets of the paper."""

from __future__ import annotations

from typing import Final

BOLTZMANN_MEV_PER_K: Final = 0.08617333262
"""Boltzmann constant in meV/K (CODATA 2018)."""

LORENZ_W_OHM_PER_K2: Final = 2.44e-8
"""Free-electron Lorenz number in W Ohm / K^2."""

LORENZ_MV2_PER_K2: Final = 2.44e-2
"""The same Lorenz number in mV^2 / K^2 (= µW Ohm 1e-3 / K^2)."""

GAP_SETS_MEV: Final = {1: 22.0, 2: 23.0, 3: 25.0}
"""Low-temperature gaps Delta_0 (meV) of the three data sets of Kurter et al., PRB 81, 224518 (2010)."""
