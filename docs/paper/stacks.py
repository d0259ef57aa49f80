"""The spatial model of the five intercalated stacks: figures of merit and the targets that the paper sets."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.laws import build_law
from hotmesa.solver.uniform import uniform_curve
from paper.page import markdown, number, verdict
from paper.runs import Trace, trace

STACKS = (6, 12, 19, 24, 30)
POWER_MW = (1.0, 1.1)
BETA = 0.15
COARSE = ("mesh.refine=0.7", "branch.min_points=40")
"""For tables of many branches: V and P move by less than 0.5 % against the standard mesh."""


@cache
def stack(junctions: int, overrides: tuple[str, ...] = ()) -> Trace:
    """Return the branch of a stack with changed keys, computed once."""
    return trace(load_scenario(f"kurter2010-n{junctions:02d}", overrides))


def branch(junctions: int, overrides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the figures of merit of one branch, with the smallest dV/dI over R_N as `slope`."""
    return stack(junctions, overrides).figures


def uniform_range(scenario: Scenario) -> tuple[float, float]:
    """Return V per junction (mV) at the minimum and maximum of backbending; twice that of the peak without it."""
    curve = uniform_curve(build_law(scenario), scenario)
    if curve.v_extrema_mV is not None:
        return min(curve.v_extrema_mV), max(curve.v_extrema_mV)
    peak = float("nan") if curve.peak is None else curve.peak.v_mV
    return peak, peak


def paper_range(junctions: int) -> tuple[float, float]:
    """Return lowest and highest voltage of the uniform model at 110 K/mW over the three sets of the paper."""
    names = [(f"mesa.junctions={junctions}", f"law.set={number}") for number in (1, 2, 3)]
    ends = [uniform_range(load_scenario("kurter2010-uniform", overrides)) for overrides in names]
    return min(low for low, _ in ends), max(high for _, high in ends)


def stack_table() -> str:
    """Return the table of targets 4 to 7 for the five stacks."""
    head = ("quantity", "target", *(f"N = {n}" for n in STACKS), "verdict")
    runs = {n: branch(n) for n in STACKS}
    tall = STACKS[1:]
    beta = {n: runs[n]["beta"] for n in STACKS}
    mean = float(np.mean([beta[n] for n in tall]))
    ranges = {n: paper_range(n) for n in STACKS}
    own = {n: uniform_range(load_scenario(f"kurter2010-n{n:02d}")) for n in STACKS}

    def line(name: str, target: str, key: str, digits: int, met: str) -> list[str]:
        return [name, target, *(number(runs[n][key], digits) for n in STACKS), met]

    def powers(key: str) -> str:
        return verdict(all(POWER_MW[0] <= (runs[n][key] or 0) <= POWER_MW[1] for n in tall))

    peaks = {n: runs[n]["V_peak_mV_per_junction"] or np.nan for n in STACKS}
    inside = [ranges[n][0] <= peaks[n] <= ranges[n][1] for n in STACKS]
    band = "1.0 to 1.1, N ≥ 12"
    rows = [
        line("backbending (mV per junction)", "0", "backbending_mV_per_junction", 3,
             verdict(all(runs[n]["backbending_mV_per_junction"] == 0 for n in STACKS))),
        line("smallest dV/dI over R_N", "> 0", "slope", 3, verdict(all(runs[n]["slope"] > 0 for n in STACKS))),
        line("normal from, differential (mW)", band, "P_normal_mW", 3, powers("P_normal_mW")),
        line("normal from, static (mW)", band, "P_normal_static_mW", 3, powers("P_normal_static_mW")),
        ["whole mesa above 74 K from (mW)", "reached",
         *(number((runs[n]["normal"] or {}).get("P_mW"), 2) for n in STACKS),
         verdict(all(runs[n]["normal"] for n in STACKS))],
        line("β, baseline zero", f"< {BETA}, N ≥ 12", "beta", 3, verdict(all((beta[n] or 1) < BETA for n in tall))),
        line("β, baseline Y_N", "", "beta_above_Y_N", 3, ""),
        ["β(N = 6)/β(N)", "nearly 6", "", *(number(beta[6] / beta[n], 1) for n in tall),
         f"{verdict(5 <= beta[6] / mean <= 7)} (over the mean: {beta[6] / mean:.1f})"],
        line("V_peak (mV per junction)", "in the range below", "V_peak_mV_per_junction", 2, verdict(all(inside))),
        ["uniform model, sets 1 to 3", "", *(f"{a:.2f} to {b:.2f}" for a, b in ranges.values()), ""],
        ["uniform model, law of these scenarios", "", *(f"{a:.2f} to {b:.2f}" for a, b in own.values()), ""],
        ["hot spot appears at (µm)", "far from the contact",
         *(f"({run['nucleation']['x_um']:.1f}, {run['nucleation']['y_um']:.1f})" for run in runs.values()),
         verdict(all(run["nucleation"]["contact_distance_um"] > 5 for run in runs.values()))],
        ["hot spot appears at (mW)", "", *(number(run["nucleation"]["P_mW"]) for run in runs.values()), ""],
        ["heat through the wire at the end", "", *(f"{run['wire']:.0%}" for run in runs.values()), ""],
    ]  # fmt: skip
    return markdown(head, rows)
