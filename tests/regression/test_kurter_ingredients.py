"""What each ingredient of the junction law buys: docs/kurter2010.md beside integrals without a table of the law."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest
from helpers.tunnelling import direct_current
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from validation.kurter2010 import ingredients
from validation.kurter2010.page import DOCS, blocks_of

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.files import bundled_file
from hotmesa.solver.law.dwave import spectrum_of

LOG_V: Array = np.log(np.geomspace(0.5, 150.0, 70))
T_K: Array = np.concatenate([np.arange(22.0, 42.0, 2.0), np.linspace(42.0, 84.0, 50), np.linspace(86.0, 190.0, 12)])
BATH_K, JUNCTION_OHM = 4.2, 24.2
CELL = re.compile(r"([\d.]+) \(([\d.]+)\), n = ([\d.]+)")


def currents(name: str) -> list[CubicSpline]:
    """Return ln i by ln v of a law at every temperature, from its integrals."""
    keys = tuple(f"{key}={text}" for key, text in ingredients.keys_of(name).items())
    spectrum = spectrum_of(load_scenario("kurter2010-uniform", keys).law)
    return [CubicSpline(LOG_V, np.log(direct_current(spectrum, np.exp(LOG_V), float(T)))) for T in T_K]


def curve(law: list[CubicSpline], junctions: int, n: float, alpha: float) -> tuple[Array, Array]:
    """Return v and i (mV) of one of N junctions: v i = 1e3 R_j C/N, C ~ T^n - T_B^n, (60 K - T_B)/alpha at 60 K."""
    C = (60.0 - BATH_K) / alpha * (T_K**n - BATH_K**n) / (60.0**n - BATH_K**n)
    power = np.log(1e3 * JUNCTION_OHM * C / junctions)
    x = np.array([brentq(lambda x, k=k: x + float(law[k](x)) - power[k], LOG_V[0], LOG_V[-1]) for k in range(len(T_K))])
    fine = np.linspace(T_K[0], T_K[-1], 20001)
    v = CubicSpline(T_K, np.exp(x))(fine)
    return v, np.exp(CubicSpline(T_K, power)(fine)) / v


def backbending_mV(v: Array) -> float:
    """Return how far v falls below what it was before."""
    return float(np.max(np.maximum.accumulate(v) - v))


def width(v: Array, i: Array, base: float) -> float:
    """Return the FWHM of di/dv above a base over the place of its peak."""
    middle, g = 0.5 * (v[1:] + v[:-1]), np.diff(i) / np.diff(v)
    top = int(np.argmax(g))
    half = base + 0.5 * (g[top] - base)
    left, right = top - int(np.argmax(g[top::-1] < half)), top + int(np.argmax(g[top:] < half))
    ends = [np.interp(half, [g[a], g[b]], [middle[a], middle[b]]) for a, b in ((left, left + 1), (right, right - 1))]
    return float((ends[1] - ends[0]) / middle[top])


def on_page(name: str, word: str) -> tuple[float, float, float]:
    """Return β of N = 12 above zero, above Y_N and n, as written."""
    lines = blocks_of((DOCS / "kurter2010.md").read_text("utf-8"))["ingredients-allowed"].splitlines()
    line = next(line for line in lines if line.startswith(f"| {ingredients.WORDS[name]} |"))
    column = [case for case in ingredients.CASES if case != "known"].index(word)
    found = CELL.fullmatch(line.split("|")[2 + column].strip())
    assert found is not None
    return float(found[1]), float(found[2]), float(found[3])


def cooling(name: str, word: str) -> tuple[float, float]:
    """Return power and scale of the cooling in the bundled study."""
    with bundled_file(f"study-{ingredients.NAME}").with_suffix(".csv").open(newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if row["case"] == f"{name}-{word}")
    return float(row["uniform.cooling_exponent"]), float(row["uniform.thermal_resistance_K_per_mW"])


@pytest.mark.parametrize(("name", "word"), [("shipped", "needed"), ("shipped", "0.2"), ("weight-06", "0.5")])
def test_widths_on_the_page_follow_from_integrals(name: str, word: str) -> None:
    above_zero, above_normal, written = on_page(name, word)
    n, alpha = cooling(name, word)
    assert n == pytest.approx(written, abs=0.006)
    law = currents(name)

    def margin(n: float) -> float:  # of N = 30: backbending, or the least dV/dI over R_N
        v, i = curve(law, 30, n, alpha)
        return float(np.min(np.diff(v) / np.diff(i))) if word == "needed" else backbending_mV(v)

    def beta(n: float, base: float) -> float:
        return width(*curve(law, 12, n, alpha), base)

    wanted = ingredients.SLOPE if word == "needed" else float(word)
    assert margin(n) == pytest.approx(wanted, abs=2e-3 if word == "needed" else 0.01)
    assert beta(n, 0.0) == pytest.approx(above_zero, abs=0.002)
    assert beta(n, 1.0) == pytest.approx(above_normal, abs=0.002)
    # Another power of T, scaled to the same power at 60 K, gives other numbers.
    assert abs(margin(n + 0.1) - wanted) > 0.02 and abs(beta(n + 0.1, 0.0) - above_zero) > 0.01
