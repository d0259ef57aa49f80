"""The tunnelling law: published check values, exact limits, and the error of its table on three grids."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from helpers.tunnelling import coherent_current, direct_current
from scipy.special import expit
from verification.cases import Case

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.constants import BOLTZMANN_MEV_PER_K, GAP_SETS_MEV
from hotmesa.solver.law import tunnelling
from hotmesa.solver.law.grids import build_grid, temperature_grid, voltage_grid
from hotmesa.solver.law.spectrum import Spectrum
from hotmesa.solver.law.table import LawTable

GROUP = "Tunnelling law"
VOLTAGES_MV = np.array([5.0, 20, 30, 40, 44, 50, 60])
CHECK = {
    (1, 4.2): (0.120, 4.023, 14.725, 30.966, 37.991, 45.274, 56.114),
    (1, 40.0): (0.771, 6.056, 17.217, 33.549, 39.008, 45.841, 56.601),
    (3, 60.0): (2.116, 10.818, 21.441, 34.397, 39.243, 46.076, 56.891),
    (3, 74.0): (4.637, 19.132, 29.227, 39.374, 43.426, 49.492, 59.577),
}
"""Currents (mV) computed with two independent codes, by gap set and temperature."""


@cache
def table(number: int, refine: float) -> LawTable:
    """Return the table of a gap set on a part of its grid: every fourth, second or each node in both directions."""
    spectrum, every = Spectrum(gaps_meV=(GAP_SETS_MEV[number],)), round(4 / refine)
    T = temperature_grid(spectrum)
    v = voltage_grid(spectrum, T, 120.0)
    T, v = (np.append(grid[:-1:every], grid[-1]) for grid in (T, v))
    return LawTable(T, v, build_grid(spectrum, T, v))


def check_distance(number: int, T_K: float, refine: float) -> float:
    """Return the largest distance from the check values (mV)."""
    i = table(number, refine).at_voltage
    found = np.array([i(float(v), np.array([T_K])).i[0] for v in VOLTAGES_MV])
    return float(np.abs(found - CHECK[number, T_K]).max())


def table_error(number: int, refine: float) -> float:
    """Return the largest relative error of the table against the quadrature, at random places up to 110 K."""
    rng = np.random.default_rng(11)
    spectrum, law, worst = Spectrum(gaps_meV=(GAP_SETS_MEV[number],)), table(number, refine), 0.0
    for T in rng.uniform(5.0, 110.0, 20):
        v = rng.uniform(0.5, 100.0, 30)
        direct = direct_current(spectrum, v, float(T))
        worst = max(worst, float(np.abs(law.at(v, np.full(v.shape, T)).i / direct - 1.0).max()))
    return worst


def coherent_distance(gap: float, gamma: float, T_K: float, _: float) -> float:
    """Return the largest distance of the coherent channel from adaptive quadrature at three voltages (mV)."""
    v = np.array([10.0, 40.0, 50.0])
    found = tunnelling.coherent_isotherm(100.0, 500, T_K, gap, gamma)[(5 * v).astype(int)] * v
    return float(np.abs(found - [coherent_current(x, T_K, gap, gamma) for x in v]).max())


def isotropic_distance(_: float) -> float:
    """Return the largest distance between coherent channel and tunnelling of any momentum for one gap (mV)."""
    gap, gamma, T_K, count = 20.0, 1.5, 30.0, 400
    mixed = tunnelling.mixed_isotherm(100.0, count, T_K, gamma, (np.full(7, gap), np.full(7, 1 / 7)))
    v = 100.0 * np.arange(count + 1) / count
    kT, step = BOLTZMANN_MEV_PER_K * T_K, tunnelling.energy_step(T_K, gamma, 12)
    E = np.arange(-100.0 - 36 * kT, 36 * kT, step)

    def density(E: Array) -> Array:
        z = np.abs(E) - 1j * gamma
        return np.asarray(np.real(z / np.sqrt(z**2 - gap**2)))

    direct = [step * np.sum(density(E) * density(E + x) * (expit(-E / kT) - expit(-(E + x) / kT))) for x in v]
    return float(np.abs(mixed * v - direct).max())


def mixture_without_gap(_: float) -> float:
    """Return the largest distance from i = v of a law with a coherent share of 0.4 far above the gap's closing (mV)."""
    spectrum = Spectrum(coherent_fraction=0.4)
    T, v = np.array([250.0, 300.0]), np.linspace(0.0, 100.0, 201)
    return float(np.abs(np.exp(build_grid(spectrum, T, v)) * v - v).max())


def ohmic_distance(_: float) -> float:
    """Return the largest distance from i = v without a gap (mV)."""
    v = np.linspace(0.0, 60.0, 301)
    return float(np.abs(tunnelling.isotherm(60.0, 300, 20.0, (0.0, 1.0, 0.0)) * v - v).max())


def _distance(name: str, source: str, compute: Callable[[float], float], tolerance: float) -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=0.0,
        unit="mV",
        source=source,
        compute=compute,
        resolutions=(1.0,),
        tolerance=tolerance,
        judge="absolute",
    )


STEPS = (1.0, 2.0, 4.0)
CASES = (
    *(
        Case(
            name=f"set {number}, {T:g} K: largest distance from seven check values",
            group=GROUP,
            exact=0.0,
            unit="mV",
            source="two independent codes, three digits: half a unit of the last one and the error of a rounded value",
            compute=partial(check_distance, number, T),
            resolutions=STEPS,
            tolerance=6e-4,
            judge="absolute",
            quick=(4.0,),
        )
        for number, T in CHECK
    ),
    *(
        Case(
            name=f"set {number}: largest relative error of the table",
            group=GROUP,
            exact=0.0,
            unit="",
            source="quadrature at 600 random places; bicubic splines are of fourth order",
            compute=partial(table_error, number),
            resolutions=STEPS,
            tolerance=3.5,
            judge="order",
        )
        for number in (1, 3)
    ),
    *(
        _distance(
            f"conserved momentum, gap {gap:g} meV, Γ {gamma:g} meV, {T:g} K: largest distance at three voltages",
            "adaptive quadrature over energy and angle, to 1e-7",
            partial(coherent_distance, gap, gamma, T),
            1e-6,
        )
        for gap, gamma, T in ((24.0, 1.2, 40.0), (22.0, 5.0, 60.0))
    ),
    _distance(
        "conserved momentum, one gap: largest distance from tunnelling of any momentum",
        "all angles are alike; accuracy of the trapezoidal rule",
        isotropic_distance,
        1e-7,
    ),
    _distance(
        "coherent share 0.4, gap closed: largest distance from i = v",
        "a normal junction is ohmic; the gap has fallen to nothing",
        mixture_without_gap,
        1e-6,
    ),
    _distance(
        "no gap: largest distance from i = v",
        "a normal junction is ohmic; accuracy of the trapezoidal rule",
        ohmic_distance,
        1e-9,
    ),
)
