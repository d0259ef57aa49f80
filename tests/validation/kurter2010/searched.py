"""What study-kurter2010-search says: where its 64 sets lie, and what each parameter does to them."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from validation.kurter2010.fitted import FILE, misfit, result
from validation.kurter2010.page import markdown, number
from validation.kurter2010.search import GAPS, PLACES, SEARCHED
from validation.kurter2010.stacks import POWER_MW
from validation.kurter2010.studied import Row, by_stack, value

from hotmesa.scenarios.arrays import Array

NAME = "kurter2010-search"
BEST = 5
SHORT, TALL = 12, 30
SLOPE = "least_slope_over_R_N"
# Upper ends of the bands of β of N = 12; a number above all widths first, for peaks without half height above zero.
BANDS = (0.15, 0.25, 0.35, 0.45, 1.0)
DEEP = -0.3
"""Sets whose N = 30 falls back more steeply say nothing about where backbending begins."""
Figures = dict[str, float | None]


@cache
def sets() -> dict[str, dict[int, Figures]]:
    """Return the numbers of the study by set and number of junctions; None where there is none."""
    found = by_stack(NAME, "set")
    return {name: {n: {key: _number(row, key) for key in row} for n, row in stacks.items()}
            for name, stacks in found.items()}  # fmt: skip


def _number(row: Row, key: str) -> float | None:
    found = value(row, key)
    return None if math.isnan(found) else found


def processor_minutes() -> float:
    """Return the processor time of the study in minutes."""
    return sum(row["cpu_s"] or 0.0 for stacks in sets().values() for row in stacks.values()) / 60


def costs_table() -> str:
    """Return what the search and the fit cost."""
    found = result()
    rows = [
        [f"`hotmesa study study-{NAME}`", str(sum(map(len, sets().values()))), number(processor_minutes(), 1)],
        [f"`hotmesa fit {FILE}`", str(found["branches"]), number(found["cpu_min"], 1)],
    ]
    return markdown(("command", "branches", "processor time (min)"), rows)


def column(junctions: int, key: str) -> Array:
    """Return a column over the sets, NaN where there is no number."""
    return np.array([stacks[junctions][key] for stacks in sets().values()], dtype=np.float64)


def beyond_the_curve() -> Array:
    """Return least dV/dI over R_N of N = 30 minus the parabola in that of N = 12 through all sets above DEEP.

    NaN for the others.
    """
    short, tall = column(SHORT, SLOPE), column(TALL, SLOPE)
    near = tall > DEEP
    off = tall - np.polyval(np.polyfit(short[near], tall[near], 2), short)
    return np.where(near, off, np.nan)


def search_table() -> str:
    """Return how many sets do without backbending for N = 30, by the width of the peak of N = 12."""
    width, tall, short = column(SHORT, "beta"), column(TALL, SLOPE), column(SHORT, SLOPE)
    powers = np.array([column(n, "P_normal_mW") for n in (SHORT, TALL)])
    band = np.all((powers >= POWER_MW[0]) & (powers <= POWER_MW[1]), axis=0)
    rows = []
    for low, high in zip((0.0, *BANDS[:-1]), BANDS, strict=True):
        rows.append(_line(f"{low:g} to {high:g}", (width >= low) & (width < high), tall, band))
    none = ~np.isfinite(width)
    rows.insert(0, _line("N = 12 folds back", none & (short < 0), tall, band))
    rows.append(_line("peak below 2 Y_N", none & (short >= 0), tall, band))
    rows.append(_line("all", np.ones(width.size, dtype=bool), tall, band))
    head = (
        "β of N = 12", "sets", "without backbending for N = 30", "least dV/dI over R_N of N = 30",
        "both normal from 1.0 to 1.1 mW",
    )  # fmt: skip
    return markdown(head, rows)


def _line(name: str, chosen: Any, slope: Array, band: Any) -> list[str]:
    here = slope[chosen]
    span = f"{here.min():.3f} to {here.max():.3f}" if here.size else "–"
    return [name, str(here.size), str(int(np.sum(here >= 0))), span, str(int(np.sum(band[chosen])))]


def best_table() -> str:
    """Return the sets that meet the data of the fit best, as far as these are about the two stacks."""
    ranked = sorted(sets().items(), key=lambda item: misfit(item[1]))[:BEST]
    rows = []
    for name, stacks in ranked:
        short, tall = stacks[SHORT], stacks[TALL]
        values = [f"{short[one.key]:g}" for one in SEARCHED]
        rows.append([name, number(misfit(stacks), 0), number(tall[SLOPE], 3), number(short["beta"]),
                     *(number(row["P_normal_mW"]) for row in (short, tall)), ", ".join(values)])  # fmt: skip
    head = (
        "set, place, gaps", "χ²", "least dV/dI over R_N, N = 30", "β, N = 12", "normal from, N = 12 (mW)",
        "N = 30 (mW)",
        "Γ (meV), exponent, 2Δ/k_B T_p, contact (Ω), radius (µm), film ρ0 (Ω m), Lorenz factor, "
        "crystal: pristine over, weight, tail",
    )  # fmt: skip
    return markdown(head, rows)


def effects_table() -> str:
    """Return rank correlations of the parameters, and medians by place and gaps."""
    tall, power, off = column(TALL, SLOPE), column(SHORT, "P_normal_mW"), beyond_the_curve()
    rows = []
    for one in SEARCHED:
        x = column(SHORT, one.key)
        marks = [_rank(x, y) for y in (tall, power, off)]
        rows.append([f"`{one.key}`", *(f"{mark:+.2f}" for mark in marks), ""])
    for word, part, levels in (("place", 1, PLACES), ("gaps", 2, GAPS)):
        for level in levels:
            here = np.array([name.split("-", 2)[part] == level for name in sets()])
            medians = float(np.median(tall[here])), float(np.nanmedian(power[here])), float(np.nanmedian(off[here]))
            rows.append([f"{word}: {level}", *map(number, medians[:2]), f"{medians[2]:+.3f}", "median"])
    scatter = float(np.nanstd(off))
    rows.append(["all sets: N = 12 with N = 30", f"{_rank(column(SHORT, SLOPE), tall):+.2f}", "",
                 f"scatter {scatter:.3f}", ""])  # fmt: skip
    head = ("parameter", "least dV/dI over R_N, N = 30", "normal from, N = 12 (mW)", "off the common curve", "")
    return markdown(head, rows)


def _rank(x: Array, y: Array) -> float:
    seen = np.isfinite(x) & np.isfinite(y)
    return float(spearmanr(x[seen], y[seen]).statistic)
