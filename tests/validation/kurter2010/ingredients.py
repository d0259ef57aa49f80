"""What each ingredient of the junction law buys: width of N = 12 and the cooling that N = 30 then needs not to fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from validation.kurter2010 import studied
from validation.kurter2010.page import IMAGES, Target, markdown, number
from validation.kurter2010.stacks import BETA, STACKS
from validation.kurter2010.studied import by_stack

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.runs.uniform import UniformDevice, trace_uniform

NAME = "kurter2010-ingredients"
BASE: Mapping[str, str] = {
    "law.set": "none", "law.gaps_meV": "[25.0]", "law.gamma_c_meV": "13", "law.gamma_exponent": "3",
    "law.momentum_weight": "0", "law.coherent_fraction": "0", "law.gap_tail": "0.1", "law.gap_closing": "local",
}  # fmt: skip
LAWS: Mapping[str, Mapping[str, str]] = {
    "shipped": {},
    "Wolf": {"law.gamma_c_meV": "14.7"},
    "late": {"law.gamma_c_meV": "10", "law.gamma_exponent": "5"},
    "linear": {"law.gamma_exponent": "1"},
    "gaps": {"law.gaps_meV": "[19.0, 22.0, 25.0, 28.0, 31.0]"},
    "tail": {"law.gap_tail": "0.2"},
    "bcs": {"law.gap_closing": "bcs"},
    "weight-03": {"law.momentum_weight": "0.3"},
    "weight-06": {"law.momentum_weight": "0.6"},
    "coherent-04": {"law.coherent_fraction": "0.4"},
    "linear-weight-tail": {
        "law.gamma_c_meV": "11.3", "law.gamma_exponent": "1", "law.momentum_weight": "0.6", "law.gap_tail": "0.2"
    },
}  # fmt: skip
WORDS: Mapping[str, str] = {
    "shipped": "as shipped: Γ = 13 meV at 74 K, exponent 3",
    "Wolf": "Γ = 2.3 k_B T_c = 14.7 meV (Wolf, Tao and Susla)",
    "late": "Γ grown late: 10 meV, exponent 5",
    "linear": "Γ = 13 meV, linear in T (Zhao et al.)",
    "gaps": "mean of five gaps from 19 to 31 meV",
    "tail": "tail of the gap 0.2",
    "bcs": "gap closes as in BCS theory",
    "weight-03": "weight of the antinodes 0.3",
    "weight-06": "weight of the antinodes 0.6",
    "coherent-04": "40 % of the current at conserved momentum",
    "linear-weight-tail": "Γ = 11.3 meV linear in T, weight 0.6, tail 0.2",
}
V_PEAK_MV, SLOPE = 28.6, 0.02
"""V at the steepest place of N = 19, and the least dV/dI over R_N of N = 30, that the cooling is chosen for."""
ALLOWED_MV = (0.05, 0.2, 0.5)
"""Backbending of N = 30 (mV per junction) that a measurement might not show, in place of a slope of SLOPE."""
CASES = ("needed", "known", *(f"{mV:g}" for mV in ALLOWED_MV))
"""Coolings of each law: as N = 30 needs it, as sinks have it, and as each allowed backbending lets it be."""
LOWEST = (1.05, 0.8, 0.6, 0.4)
"""Powers of T between which and the one that is needed such a backbending is looked for."""
POINTS, END_K, REFERENCE_K = 500, 200.0, 60.0
KNOWN = 2.0
"""Power of T with which the best passive sinks grow: a Wiedemann-Franz contact, a conductivity proportional to T."""


@dataclass(frozen=True)
class Cooling:
    """C(T) in proportion to T^n - T_B^n, with (T - T_B)/alpha at REFERENCE_K."""

    n: float
    alpha_K_per_mW: float


def keys_of(name: str) -> dict[str, str]:
    """Return the keys of a law."""
    return {**BASE, **LAWS[name]}


@cache
def law(name: str) -> JunctionLaw:
    """Return a law."""
    return build_law(load_scenario("kurter2010-uniform", tuple(f"{key}={text}" for key, text in keys_of(name).items())))


def figures_of(name: str, junctions: int, cooling: Cooling) -> dict[str, Any]:
    """Return the figures of merit of a stack."""
    keys = {
        "mesa.junctions": junctions, "uniform.cooling_exponent": cooling.n,
        "uniform.thermal_resistance_K_per_mW": cooling.alpha_K_per_mW, "uniform.cooling_reference_K": REFERENCE_K,
    }  # fmt: skip
    device = UniformDevice.of(load_scenario("kurter2010-uniform", tuple(f"{key}={keys[key]!r}" for key in keys)))
    return trace_uniform(law(name), device, END_K, POINTS).figures


def steepest(name: str, junctions: int, cooling: Cooling) -> tuple[float, float]:
    """Return V per junction (mV) and dV/dI over R_N at the steepest place of a stack."""
    figures = figures_of(name, junctions, cooling)
    return figures["V_steepest_mV_per_junction"], figures["least_slope_over_R_N"]


def cooled_for_peak(name: str, n: float) -> Cooling:
    """Return the cooling T^n that puts the steepest place of N = 19 to V_PEAK_MV."""
    def miss(log_alpha: float) -> float:
        return steepest(name, 19, Cooling(n, float(np.exp(log_alpha))))[0] - V_PEAK_MV

    return Cooling(n, float(np.exp(brentq(miss, np.log(30.0), np.log(500.0), xtol=1e-4))))


def cooled_for_slope(name: str) -> Cooling:
    """Return the cooling with which N = 30 has the slope SLOPE as well."""
    def miss(n: float) -> float:
        return steepest(name, 30, cooled_for_peak(name, n))[1] - SLOPE

    return cooled_for_peak(name, float(brentq(miss, 1.05, 8.0, xtol=1e-3)))


def cooled_for_drop(name: str, allowed_mV: float, needed: Cooling) -> Cooling:
    """Return the cooling with which N = 30 folds back by so much, which grows more slowly than the one it needs."""
    def miss(n: float) -> float:
        return float(figures_of(name, 30, cooled_for_peak(name, n))["backbending_mV_per_junction"]) - allowed_mV

    low = next(n for n in LOWEST if miss(n) > 0.0)
    return cooled_for_peak(name, float(brentq(miss, low, needed.n, xtol=1e-3)))


def coolings(name: str) -> dict[str, Cooling]:
    """Return the coolings of a law by name: as needed, as known, and by what is allowed to N = 30."""
    needed = cooled_for_slope(name)
    allowed = {f"{mV:g}": cooled_for_drop(name, mV, needed) for mV in ALLOWED_MV}
    return {"needed": needed, "known": cooled_for_peak(name, KNOWN)} | allowed


def design() -> list[dict[str, str]]:
    """Return the cases of study-kurter2010-ingredients: each law with the coolings it needs, and with T^KNOWN."""
    rows = []
    for name in LAWS:
        for word, cooling in coolings(name).items():
            values = {"uniform.cooling_exponent": cooling.n, "uniform.thermal_resistance_K_per_mW":
                      cooling.alpha_K_per_mW}  # fmt: skip
            rows.append({"case": f"{name}-{word}"} | keys_of(name) | {k: f"{v:.4g}" for k, v in values.items()})
    return rows


def value(case: str, junctions: int, name: str) -> float:
    """Return a number of the study, NaN where there is none."""
    return studied.value(by_stack(NAME, "law")[case][junctions], name)


def exponent(name: str) -> float:
    """Return the power of T with which the cooling of a law must grow."""
    return value(f"{name}-needed", STACKS[0], "uniform.cooling_exponent")


def ingredient_table() -> str:
    """Return what each law needs and gives."""
    rows = []
    for name in LAWS:
        needed, known = f"{name}-needed", f"{name}-known"
        widths = [value(needed, n, "beta") for n in STACKS]
        rows.append([
            WORDS[name], number(exponent(name), 2),
            number(value(needed, 12, "least_slope_over_R_N"), 3), number(value(needed, 12, "beta"), 3),
            number(value(needed, 12, "beta_above_Y_N"), 3), number(widths[0] / float(np.mean(widths[1:])), 1),
            number(value(known, 30, "least_slope_over_R_N"), 3),
            number(value(known, 30, "backbending_mV_per_junction"), 2), number(value(known, 12, "beta"), 3),
        ])  # fmt: skip
    head = (
        "law", "n needed", "least dV/dI over R_N, N = 12", "β above zero, N = 12", "β above Y_N, N = 12",
        "β(6) over the mean of the others", "n = 2: least dV/dI over R_N, N = 30", "n = 2: backbending, N = 30 (mV)",
        "n = 2: β above zero, N = 12",
    )  # fmt: skip
    return markdown(head, rows)


def allowed_table() -> str:
    """Return the width of N = 12 for every law by the backbending allowed to N = 30, with the cooling for it."""
    head = ["law", f"none, by {SLOPE:g} R_N", *(f"{mV:g} mV" for mV in ALLOWED_MV)]
    words = [word for word in CASES if word != "known"]
    rows = [[WORDS[name], *(_width_in_words(f"{name}-{word}") for word in words)] for name in LAWS]
    return markdown(head, rows)


def _width_in_words(case: str) -> str:
    """Return β above zero, above Y_N and the power of T."""
    widths = [number(value(case, 12, key), 3) for key in ("beta", "beta_above_Y_N")]
    return f"{widths[0]} ({widths[1]}), n = {number(value(case, 12, 'uniform.cooling_exponent'), 2)}"


def targets() -> list[Target]:
    """Return whether any law is narrow for N = 12 with a cooling that passive sinks have."""
    found = []
    for baseline, key in (("zero", "beta"), ("Y_N", "beta_above_Y_N")):
        narrow = [name for name in LAWS if value(f"{name}-needed", 12, key) < BETA]
        possible = [n for n in narrow if exponent(n) <= KNOWN]
        words = f": {', '.join(WORDS[n] for n in possible)}" if possible else ""
        found.append(Target(f"laws with β of N = 12 below {BETA} above {baseline} with cooling T^n, n ≤ {KNOWN:g}",
                            "one at least", f"{len(possible)} of {len(LAWS)}{words}", "1", bool(possible)))  # fmt: skip
    return found


def draw() -> list[str]:
    """Draw the width of N = 12 against the cooling that N = 30 needs; return the name of the picture."""
    figure = page.new_figure(10.0, 4.8)
    axes = figure.subplots()
    colours = (style.BLUE, style.ORANGE, style.GREEN, style.PINK)
    for k, name in enumerate(LAWS):
        case, colour, marker = f"{name}-needed", colours[k % len(colours)], "osD^v<>pP*X"[k]
        n = exponent(name)
        axes.plot(n, value(case, 12, "beta"), marker, color=colour, markersize=8, linestyle="none", label=WORDS[name])
        axes.plot(n, value(case, 12, "beta_above_Y_N"), marker, color=colour, markersize=8, fillstyle="none")
    axes.axvspan(1.0, KNOWN, color="#e6e6e6", zorder=0)
    axes.axhline(BETA, color="black", linewidth=1.0)
    axes.set(xlabel="power n of T with which the cooling must grow (1)", xlim=(1.2, 2.9), ylim=(0.1, 0.4),
             ylabel="β of N = 12 (1): full above zero, open above $Y_N$")  # fmt: skip
    style.tidy(axes)
    figure.legend(loc="outside right center", frameon=False)
    style.save_figure(figure, IMAGES / "paper-ingredients.png")
    return ["paper-ingredients.png"]
