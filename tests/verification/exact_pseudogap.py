"""A normal resistance that depends on temperature above T_c: published resistivity, and curves in closed form."""

from __future__ import annotations

import numpy as np
from verification.cases import Case

from hotmesa.scenarios.schema import Curve, Law, Mesa, Scenario, Uniform
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import UniformDevice, uniform_states

GROUP = "Normal resistance above T_c"
T_C = 90.0
FORRO = {95.0: 12.3, 115.0: 10.6, 148.0: 8.5, 188.0: 7.5, 239.0: 6.75, 292.0: 6.5}
"""rho_c (Ω cm) of an as-grown crystal at temperatures (K): Forró et al. (1990), as collected by NIST."""
GAP_K, CONSTANT = 64.0, 4.82
AT_T_C = 365.0 / T_C * np.exp(GAP_K / T_C) + CONSTANT
"""(365 Ω cm K/T) exp(64 K/T) + 4.82 Ω cm at T_c, the least-squares fit of the published form to these points."""
SHARE = 1.0 - CONSTANT / AT_T_C
ALPHA_K_PER_MW, HOT_K = 40.0, 180.0


def device(**law: object) -> Scenario:
    """Return a uniform device of pristine junctions whose gap has closed far below `HOT_K`."""
    keys = {"gaps_meV": (26.0,), "gap_ratio": 7.0, "gap_tail": 0.02, "pseudogap_K": GAP_K, "pseudogap_share": SHARE}
    return Scenario(
        name="pseudogap",
        mode="uniform",
        mesa=Mesa(junctions=20),
        josephson={"critical_temperature_K": T_C},
        law=Law(**(keys | law)),
        uniform=Uniform(thermal_resistance_K_per_mW=ALPHA_K_PER_MW),
    )


def published(_: float) -> float:
    """Return the largest relative distance of the resistivity of the law, at high voltage, from the measured one."""
    T, measured = np.array([*FORRO]), np.array([*FORRO.values()])
    resistance = AT_T_C * 60.0 / build_law(device()).at_voltage(60.0, T).i
    return float(np.abs(resistance / measured - 1.0).max())


def exact_voltage() -> float:
    """Return V (mV) at `HOT_K` of a stack with the resistance n R_j rho(T): V² = n R_j rho (T - T_B)/alpha."""
    scenario = device()
    rho = 1.0 - SHARE + SHARE * T_C / HOT_K * np.exp(GAP_K / HOT_K - GAP_K / T_C)
    resistance = scenario.mesa.junctions * scenario.mesa.specific_resistance_ohm_um2 / scenario.mesa.area_um2
    power = (HOT_K - scenario.bath.temperature_K) / ALPHA_K_PER_MW
    return float(np.sqrt(1e3 * power * resistance * rho))


def voltage(_: float) -> float:
    """Return the same as computed by the uniform model."""
    scenario = device()
    states = uniform_states(build_law(scenario), UniformDevice.of(scenario), np.array([HOT_K]))
    return float(states.v[0]) * scenario.mesa.junctions


def below_T_c(_: float) -> float:
    """Return the largest relative change of the current ten widths of the corner below T_c."""
    T = np.linspace(5.0, T_C - 10.0, 40)
    plain = build_law(device(pseudogap_K=None, pseudogap_share=None)).at_voltage(30.0, T).i
    return float(np.abs(build_law(device()).at_voltage(30.0, T).i / plain - 1.0).max())


def curve_and_formula(points: float) -> float:
    """Return the largest relative distance of a curve through points of the formula from the formula itself."""
    T = np.geomspace(T_C, 300.0, int(points))
    values = 365.0 / T * np.exp(GAP_K / T) + CONSTANT
    curve = build_law(device(pseudogap_K=None, pseudogap_share=None, resistance_above_Tc=Curve(T_K=T, values=values)))
    formula = build_law(device())
    between = np.geomspace(T_C + 10.0, 290.0, 300)
    return float(np.abs(curve.at_voltage(30.0, between).i / formula.at_voltage(30.0, between).i - 1.0).max())


def slope(step: float) -> float:
    """Return the largest relative error of di/dT around T_c against central differences of a step 0.1 K / `step`."""
    law, T, h = build_law(device()), np.linspace(T_C - 8.0, T_C + 60.0, 200), 0.1 / step
    difference = (law.at_voltage(30.0, T + h).i - law.at_voltage(30.0, T - h).i) / (2.0 * h)
    found = law.at_voltage(30.0, T).di_dT
    return float(np.abs(found - difference).max() / np.abs(found).max())


CASES: tuple[Case, ...] = (
    Case(
        "published resistivity across the layers, 95 to 292 K: largest relative distance",
        GROUP,
        0.0,
        "",
        "Forró et al. (1990), six points; the form of Watanabe et al. (1997) meets them to 2 %",
        published,
        (1.0,),
        0.025,
        "absolute",
    ),
    Case(
        "uniform stack at 180 K, V",
        GROUP,
        exact_voltage(),
        "mV",
        "V² = n R_j rho(T) (T - T_B)/alpha, the gap has closed",
        voltage,
        (1.0,),
        1e-6,
        "relative",
    ),
    Case(
        "current more than 10 K below T_c: largest relative change",
        GROUP,
        0.0,
        "",
        "there is none but that of the rounded corner, exp(-10) K times the slope of r(T)",
        below_T_c,
        (1.0,),
        2e-6,
        "absolute",
    ),
    Case(
        "curve through points of the formula: largest relative distance from it",
        GROUP,
        0.0,
        "",
        "cubics between 5, 10, 20 points",
        curve_and_formula,
        (5.0, 10.0, 20.0),
        2.9,
        "order",
    ),
    Case(
        "slope of the current by temperature around T_c: error over the largest slope",
        GROUP,
        0.0,
        "",
        "central differences with a step of 0.1 K and less are of second order",
        slope,
        (1.0, 2.0, 4.0),
        1.9,
        "order",
    ),
)
