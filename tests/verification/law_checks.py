"""The tunnelling law: published check values, exact limits, and the error of its table on three grids."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from helpers.tunnelling import direct_current
from verification.cases import Case

from hotmesa.solver.constants import GAP_SETS_MEV
from hotmesa.solver.law.dwave import build_grid, temperature_grid, voltage_grid
from hotmesa.solver.law.spectrum import Spectrum
from hotmesa.solver.law.table import LawTable
from hotmesa.solver.law.tunnelling import sis_current

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


def ohmic_distance(_: float) -> float:
    """Return the largest distance from i = v without a gap (mV)."""
    v = np.array([0.1, 7.0, 60.0])
    return float(np.abs(sis_current(v, 20.0, 0.0, 1.0) - v).max())


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
    Case(
        name="no gap: largest distance from i = v",
        group=GROUP,
        exact=0.0,
        unit="mV",
        source="a normal junction is ohmic; accuracy of the trapezoidal rule",
        compute=ohmic_distance,
        resolutions=(1.0,),
        tolerance=1e-9,
        judge="absolute",
    ),
)
