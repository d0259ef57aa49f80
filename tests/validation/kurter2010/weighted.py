"""Another set for all stacks, kurter2010-weighted, beside the shipped one: what it meets and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from validation.kurter2010 import frontier, resolution, tradeoff
from validation.kurter2010.page import Target, markdown, number, verdict
from validation.kurter2010.runs import Trace, trace
from validation.kurter2010.stacks import (
    BETA,
    COARSE,
    POWER_MW,
    SHORT_STACK_K,
    SHORT_STACK_SIGMA_K,
    STACKS,
    paper_range,
    short_stack_K,
    stack,
)
from validation.kurter2010.studied import by_stack, value
from validation.kurter2010.tradeoff import BUMP, MARGIN, PEAK, POWER, SLOPE

from hotmesa import load_scenario

NAME = "kurter2010-weighted"
DROP = "backbending_mV_per_junction"


Numbers = dict[int, dict[str, float]]


@cache
def rows(name: str = NAME, set_: str = "") -> Numbers:
    """Return the numbers of the stacks from the table of a study; NaN for none."""
    stacks = by_stack(name, "set")[set_]
    return {n: {key: value(row, key) for key in row} for n, row in stacks.items()}


def ratio(found: Numbers, key: str) -> float:
    """Return the width of N = 6 over the mean of the others."""
    return found[6][key] / float(np.mean([found[n][key] for n in STACKS[1:]]))


@cache
def warm(bath_K: float) -> Trace:
    """Return the branch of N = 19 at a bath temperature, on a coarse mesh."""
    return trace(load_scenario(NAME, (*COARSE, f"bath.temperature_K={bath_K:g}")))


def shared(found: Numbers) -> list[Target]:
    """Return the targets of the stacks for the numbers of a set."""
    tall = STACKS[1:]

    def listed(key: str, digits: int, stacks: Sequence[int] = STACKS) -> str:
        return ", ".join(number(found[n][key], digits) for n in stacks)

    ranges = {n: paper_range(n) for n in STACKS}
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
        Target("β above Y_N, N = 12 to 30", f"below {BETA}", listed("beta_above_Y_N", 3, tall), f"{BETA}",
               all(found[n]["beta_above_Y_N"] < BETA for n in tall)),
        Target("β above zero, N = 12 to 30", f"below {BETA}", listed("beta", 3, tall), f"{BETA}",
               all(found[n]["beta"] < BETA for n in tall)),
        Target("β(6) over the mean of the others, above zero, above Y_N", "nearly 6",
               ", ".join(number(value, 1) for value in ratios), "5 to 7 for one", any(5 <= r <= 7 for r in ratios)),
    ]  # fmt: skip


def of_law(warm: Trace, four_K: float) -> list[Target]:
    """Return the targets that ask the law of a set: N = 19 at 80 K, and the temperature of four junctions."""
    bump = warm.figures["peak_height_over_Y_N"] or 1.0
    return [
        Target("height over Y_N of the peak of N = 19 at 80 K", "gone", number(bump, 3), f"{BUMP}", bump <= BUMP),
        Target("T at 48 mV of N = 4, uniform heating (K)", f"{SHORT_STACK_K:g}", number(four_K, 1),
               f"± {SHORT_STACK_SIGMA_K}", abs(four_K - SHORT_STACK_K) <= SHORT_STACK_SIGMA_K),
    ]  # fmt: skip


def targets() -> list[Target]:
    """Return the targets of the stacks for this set."""
    return shared(rows()) + of_law(warm(80.0), short_stack_K(name=NAME))


def moved_table() -> str:
    """Return each target for the shipped set and this one, and which of them moved."""
    old = shared(rows(resolution.NAME, "shipped"))
    old += of_law(stack(19, (*COARSE, "bath.temperature_K=80")), short_stack_K())
    words = {(False, True): "now met", (True, False): "no longer met"}
    lines = []
    for a, b in zip(old, targets(), strict=True):
        moved = words.get((bool(a.met), bool(b.met)), "")
        lines.append([a.quantity, a.wanted, a.got, verdict(a.met), b.got, verdict(b.met), moved])
    return markdown(("quantity", "target", "shipped", "verdict", "weighted", "verdict", "moved"), lines)


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


def tradeoff_table() -> str:
    """Return how many targets of the stacks each set of the trade-off meets, and those that are at odds."""
    lines = []
    for name, found in {**tradeoff.sets(), "weighted": rows()}.items():
        met = [target.met for target in shared(found)]
        ratios = [number(ratio(found, key), 1) for key in ("beta_above_Y_N", "beta")]
        widths = [number(found[12][key], 3) for key in ("beta_above_Y_N", "beta")]
        lines.append([tradeoff.WORDS.get(name, name), number(found[30][SLOPE], 3), *widths, *ratios,
                      f"{found[12][POWER]:.3f} to {found[30][POWER]:.3f}",
                      f"{met.count(True)} of {len(met)}"])  # fmt: skip
    head = ("set", "least dV/dI over R_N, N = 30", "β above Y_N, N = 12", "β above zero, N = 12",
            "β(6) over the mean, above Y_N", "above zero", "normal from, N = 12 to 30 (mW)", "targets met")  # fmt: skip
    return markdown(head, lines)


def draw() -> list[str]:
    """Draw the trade-off; return the name of the picture."""
    tradeoff.draw({"shipped": rows(resolution.NAME, "shipped"), "weighted": rows(),
                   resolution.NARROW: rows(resolution.NAME, resolution.NARROW)},
                  list(frontier.points().values()))  # fmt: skip
    return [tradeoff.PICTURE]
