"""Another set for all stacks, kurter2010-weighted, beside the shipped one: what it meets and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from validation.kurter2010 import resolution
from validation.kurter2010.page import Target, markdown, number
from validation.kurter2010.runs import Trace, trace
from validation.kurter2010.stacks import (
    BETA,
    COARSE,
    POWER_MW,
    SHORT_STACK_K,
    SHORT_STACK_MV,
    SHORT_STACK_SIGMA_K,
    STACKS,
    paper_range,
)
from validation.kurter2010.studied import by_stack, value

from hotmesa import load_scenario
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import uniform_curve

NAME = "kurter2010-weighted"
MARGIN = 0.02
"""Wanted of the least dV/dI over R_N of N = 30: no backbending, also on another mesh."""
BUMP = 1.03
"""Largest height over Y_N of a peak above T_c that a measurement would not show."""
SLOPE, DROP, PEAK, POWER = (
    "least_slope_over_R_N", "backbending_mV_per_junction", "V_steepest_mV_per_junction", "P_normal_mW",
)  # fmt: skip


@cache
def rows(name: str = NAME, set_: str = "") -> dict[int, dict[str, float]]:
    """Return the numbers of the stacks from the table of a study; NaN for none."""
    stacks = by_stack(name, "set")[set_]
    return {n: {key: value(row, key) for key in row} for n, row in stacks.items()}


def ratio(found: dict[int, dict[str, float]], key: str) -> float:
    """Return the width of N = 6 over the mean of the others."""
    return found[6][key] / float(np.mean([found[n][key] for n in STACKS[1:]]))


@cache
def warm(bath_K: float) -> Trace:
    """Return the branch of N = 19 at a bath temperature, on a coarse mesh."""
    return trace(load_scenario(NAME, (*COARSE, f"bath.temperature_K={bath_K:g}")))


def short_stack_K() -> float:
    """Return the temperature (K) of four junctions at SHORT_STACK_MV by uniform heating with this law."""
    scenario = load_scenario(NAME, ('mode="uniform"', "mesa.junctions=4"))
    curve = uniform_curve(build_law(scenario), scenario)
    return float(np.interp(SHORT_STACK_MV, curve.v_mV, curve.T_K))


def targets() -> list[Target]:
    """Return the targets of the stacks for this set."""
    found = rows()
    tall = STACKS[1:]

    def listed(key: str, digits: int, stacks: Sequence[int] = STACKS) -> str:
        return ", ".join(number(found[n][key], digits) for n in stacks)

    ranges = {n: paper_range(n) for n in STACKS}
    bump = warm(80.0).figures["peak_height_over_Y_N"] or 1.0
    ratios = [ratio(found, key) for key in ("beta", "beta_above_Y_N")]
    stretch = f"N = {', '.join(str(n) for n in STACKS)}"
    return [
        Target(f"least dV/dI over R_N, {stretch}", "> 0, with a margin", listed(SLOPE, 3), f"{MARGIN}",
               min(found[n][SLOPE] for n in STACKS) >= MARGIN),
        Target("normal from (mW), dI/dV within 5 % of Y_N, N = 12 to 30", "1.0 to 1.1", listed(POWER, 3, tall),
               "in the range", all(POWER_MW[0] <= found[n][POWER] <= POWER_MW[1] for n in tall)),
        Target(f"V_peak (mV per junction), {stretch}", ", ".join("{:.1f}–{:.1f}".format(*ranges[n]) for n in STACKS),
               listed(PEAK, 2), "in the range of the uniform model",
               all(ranges[n][0] <= found[n][PEAK] <= ranges[n][1] for n in STACKS)),
        Target("height over Y_N of the peak of N = 19 at 80 K", "gone", number(bump, 3), f"{BUMP}", bump <= BUMP),
        Target("T at 48 mV of N = 4, uniform heating (K)", f"{SHORT_STACK_K:g}", number(short_stack_K(), 1),
               f"± {SHORT_STACK_SIGMA_K}", abs(short_stack_K() - SHORT_STACK_K) <= SHORT_STACK_SIGMA_K),
        Target("β above Y_N, N = 12 to 30", f"below {BETA}", listed("beta_above_Y_N", 3, tall), f"{BETA}",
               all(found[n]["beta_above_Y_N"] < BETA for n in tall)),
        Target("β above zero, N = 12 to 30", f"below {BETA}", listed("beta", 3, tall), f"{BETA}",
               all(found[n]["beta"] < BETA for n in tall)),
        Target("β(6) over the mean of the others, above zero, above Y_N", "nearly 6",
               ", ".join(number(value, 1) for value in ratios), "5 to 7 for one", any(5 <= r <= 7 for r in ratios)),
    ]  # fmt: skip


def table() -> str:
    """Return the numbers of this set, of the shipped one and of that with narrow peaks."""
    sets = {"shipped": rows(resolution.NAME, "shipped"), "weighted": rows(),
            resolution.NARROW: rows(resolution.NAME, resolution.NARROW)}  # fmt: skip
    quantities = ((SLOPE, "least dV/dI over R_N", 3), (DROP, "backbending (mV per junction)", 2),
                  (PEAK, "V_peak (mV per junction)", 2), (POWER, "normal from (mW)", 3),
                  ("beta", "β above zero", 3), ("beta_above_Y_N", "β above Y_N", 3))  # fmt: skip
    lines = []
    for key, words, digits in quantities:
        for name, found in sets.items():
            last = number(ratio(found, key), 1) if key.startswith("beta") else ""
            lines.append([words, name, *(number(found[n][key], digits) for n in STACKS), last])
    head = ("quantity", "set", *(f"N = {n}" for n in STACKS), "β(6) over the mean of the others")
    return markdown(head, lines)


def draw() -> list[str]:
    """Return no picture: observed.png of the study is one."""
    return []
