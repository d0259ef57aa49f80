"""Uniform heating with any cooling C(T): what is exact about folds, widths and the number of junctions.

With v i(v, T) = C(T) R_j/n, s = i/v, m = d ln i/d ln v, n_C = d ln C/d ln T the loop gain is lambda = T (d ln i/dT)_v /
n_C, the curve folds where lambda = 1, and its slope is dV/dI = R_N (1 - lambda)/[s (m + lambda)].

Between a cold temperature and one where the junctions are ohmic the voltage rises by the factor exp(W_n). As v is
proportional to n^(-1/2) in the hot state and i v to 1/n on the cold isotherm, W_N - W_M = -ln(N/M) [1/2 - 1/(1 + m)]
with m the mean logarithmic slope of the cold isotherm between both voltages, whatever the cooling: all stacks have
transitions of equal width only if the cold state is ohmic.
"""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np
from verification.cases import Case

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Law, Scenario, Uniform
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.law.ohmic import OhmicLaw
from hotmesa.solver.runs.uniform import (
    UniformCurve,
    UniformDevice,
    cooling_of,
    loop_gain,
    trace_uniform,
    uniform_states,
)

GROUP = "Uniform heating with any cooling"
JUNCTION_OHM, ALPHA, BATH, END = 24.2, 110.0, 4.2, 200.0
LAWS: dict[str, dict[str, object]] = {
    "set 3": {"set": 3},
    "linear Γ(T), weighted gap": {"gamma_exponent": 1.0, "gamma_c_meV": 11.0, "momentum_weight": 0.6},
}
EXPONENTS = (1.0, 1.8, 3.0)
COLD_K, HOT_K = 30.0, 180.0
STACKS = (12, 30)
POINTS = (300.0, 600.0, 1200.0)
SOURCE = "logarithmic derivatives of v i(v, T) = C(T) R_j/n along the curve"


@cache
def law(name: str) -> JunctionLaw:
    """Return a junction law."""
    return build_law(Scenario(name="law", law=Law(**LAWS[name])), None)


def device(junctions: float, exponent: float) -> UniformDevice:
    """Return a stack whose cooling grows like T^n - T_B^n."""
    cooling = cooling_of(Uniform(thermal_resistance_K_per_mW=ALPHA, cooling_exponent=exponent), BATH)
    return UniformDevice(junctions, JUNCTION_OHM, ALPHA, BATH, cooling)


@cache
def curve(name: str, exponent: float, points: float) -> UniformCurve:
    """Return the whole curve of 30 junctions."""
    return trace_uniform(law(name), device(30.0, exponent), END, int(points))


def slope_error(name: str, exponent: float, points: float) -> float:
    """Return the largest error of dV/dI from the loop gain against differences of V and I, over R_N."""
    c, gain = curve(name, exponent, points), loop_gain(law(name), curve(name, exponent, points))
    local = law(name).at(c.v_mV[1:], c.T_K[1:])
    s, m = local.i / c.v_mV[1:], c.v_mV[1:] * local.di_dv / local.i
    found = (1.0 - gain.loop_gain[1:]) / (s * (m + gain.loop_gain[1:]))
    V, current = np.diff(c.V_mV[1:]), np.diff(c.I_mA[1:])
    by_difference = V / current / (30.0 * JUNCTION_OHM)
    middle = 0.5 * (found[1:] + found[:-1])
    # Differences lose their digits where two points are next to each other, and at rest I rises by decades.
    apart = (np.diff(c.T_K[1:]) > 1e-3) & (c.T_K[1:-1] > 10.0)
    return float(np.abs(middle - by_difference)[apart].max())


def gain_at_folds(name: str, _: float) -> float:
    """Return the largest distance of the loop gain from 1 at the folds of V; they are there with linear cooling."""
    c = curve(name, 1.0, 600.0)
    folds = c.fold == "V"
    if not folds.any():
        return math.inf
    return float(np.abs(loop_gain(law(name), c).loop_gain[folds] - 1.0).max())


def sum_rule_error(name: str, exponent: float, _: float) -> float:
    """Return how far W_12 - W_30 is from what the cold isotherm says."""
    ends = np.array([COLD_K, HOT_K])
    (cold_N, hot_N), (cold_M, hot_M) = (uniform_states(law(name), device(n, exponent), ends).v for n in STACKS)
    i_N, i_M = law(name).at(np.array([cold_N, cold_M]), np.full(2, COLD_K)).i
    m = math.log(i_N / i_M) / math.log(cold_N / cold_M)
    ratio = math.log(STACKS[0] / STACKS[1])
    return abs(math.log(hot_N / cold_N) - math.log(hot_M / cold_M) + ratio * (0.5 - 1.0 / (1.0 + m)))


def collapse_error(_: float) -> float:
    """Return by how much V/sqrt(N) of two ohmic stacks differs at equal temperatures, relative."""
    T = np.linspace(20.0, END, 40)
    ohmic = OhmicLaw((T, (T / 100.0) ** -3))
    scaled: list[Array] = []
    for n in STACKS:
        scaled.append(uniform_states(ohmic, device(n, 1.0), T).v * math.sqrt(n))
    return float(np.abs(scaled[0] / scaled[1] - 1.0).max())


def _case(name: str, source: str, compute: partial[float], tolerance: float, judge: str = "absolute") -> Case:
    return Case(
        name=name,
        group=GROUP,
        exact=0.0,
        unit="",
        source=source,
        compute=compute,
        resolutions=POINTS if judge == "order" else (1.0,),
        tolerance=tolerance,
        judge="order" if judge == "order" else "absolute",
    )


CASES: tuple[Case, ...] = (
    *(
        _case(
            f"{name}, cooling T^{n:g}: slope by the loop gain, error over R_N",
            f"{SOURCE}; differences are of second order",
            partial(slope_error, name, n),
            1.7,
            "order",
        )
        for name in LAWS
        for n in EXPONENTS
    ),
    *(
        _case(f"{name}: loop gain at the folds of 30 junctions, minus 1", SOURCE, partial(gain_at_folds, name), 1e-9)
        for name in LAWS
    ),
    *(
        _case(
            f"{name}, cooling T^{n:g}: sum rule of the widths of 12 and 30 junctions",
            "no cooling enters; the hot state is ohmic to 1e-9",
            partial(sum_rule_error, name, n),
            1e-8,
        )
        for name in LAWS
        for n in EXPONENTS
    ),
    _case("ohmic junctions: V √N of 12 and 30 junctions at equal temperature", SOURCE, partial(collapse_error), 1e-10),
)
