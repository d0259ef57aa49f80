"""Bifurcations of uniformly cooled strips without the solver: where modes of a uniform state begin to grow."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from hotmesa.scenarios import Scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.model import Model

HOTTEST_K = 110.0
"""Above the transition, where heating no longer grows with temperature."""


def uniform_state(scenario: Scenario, law: JunctionLaw, T: float) -> tuple[float, float]:
    """V dJ/dT - h (W/(m^2 K)) and the current (mA) of the uniform state of a cooled mesa at a temperature."""
    mesa, bath = scenario.mesa, scenario.bath
    r, here = mesa.specific_resistance_ohm_um2, np.array([T])
    heat = bath.bottom_W_per_m2K * 1e-6 * (T - bath.temperature_K)
    v = float(brentq(lambda v: mesa.junctions * v * law.at_voltage(v, here).i[0] / r - heat, 1e-3, 100.0, xtol=1e-12))
    values = law.at_voltage(v, here)
    slope = mesa.junctions * v * float(values.di_dT[0]) / r * 1e6 - bath.bottom_W_per_m2K
    return slope, float(values.i[0]) / r * mesa.area_um2


def lumped(model: Model) -> Array:
    """Eigenvalues mu (1/m²) of linear elements with lumped masses on the nodes of a strip, by numpy."""
    x = np.sort(model.operators.xy[:, 0])
    stiffness, mass = np.zeros((x.size, x.size)), np.zeros(x.size)
    for k, length in enumerate(np.diff(x) * 1e-6):
        stiffness[k : k + 2, k : k + 2] += np.array([[1.0, -1.0], [-1.0, 1.0]]) / length
        mass[k : k + 2] += 0.5 * length
    return np.linalg.eigvalsh(stiffness / np.sqrt(np.outer(mass, mass)))


def crossings(scenario: Scenario, conductance: float, mu: Array) -> list[tuple[float, int, bool]]:
    """Current (mA), half waves and appearance of all bifurcations of the uniform branch: V dJ/dT - h = G mu_m.

    Args:
        scenario: the strip.
        conductance: G of the sheet (W/K).
        mu: of the modes (1/m²), that of the mean first.
    """
    law = build_law(scenario)

    def slope(T: float, growth: float = 0.0) -> float:
        return uniform_state(scenario, law, T)[0] - growth

    grid = np.linspace(scenario.bath.temperature_K + 5.0, HOTTEST_K, 401)
    slopes = np.array([slope(T) for T in grid])
    found = []
    for m, growth in enumerate(conductance * mu[1:], start=1):
        if growth > slopes.max():
            break
        for k in np.flatnonzero(np.diff(np.sign(slopes - growth))):
            T = brentq(slope, grid[k], grid[k + 1], (growth,), xtol=1e-10)
            found.append((uniform_state(scenario, law, T)[1], m, bool(slopes[k + 1] > slopes[k])))
    return sorted(found)
