"""The paper's measured stacks in the spatial model: Fig. 2, Fig. 6 and the bath temperatures of Fig. 7."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from validation.kurter2010.page import IMAGES, Target, markdown, number, shades
from validation.kurter2010.stacks import (
    BATHS_K,
    BETA,
    COARSE,
    POWER_MW,
    STACKS,
    bath_peaks,
    branch,
    checks,
    paper_range,
    stack,
    width_ratio,
)

from hotmesa.postprocess import page, style

COLOURS = dict(zip(STACKS, shades(len(STACKS)), strict=True))


def targets() -> list[Target]:
    """Return what the paper measured and what the model gives."""
    met = checks()
    tall = STACKS[1:]

    def listed(key: str, digits: int, stacks: tuple[int, ...] = STACKS) -> str:
        return ", ".join(number(branch(n)[key], digits) for n in stacks)

    stretch = f"N = {', '.join(str(n) for n in STACKS)}"
    band = f"{POWER_MW[0]} to {POWER_MW[1]}"
    bath = bath_peaks()
    places = [place for _, place, _, _ in bath]
    falls = places[-1] is None and None not in places[:-1] and bool(np.all(np.diff(np.array(places[:-1], float)) < 0))
    words = ", ".join("none" if place is None else number(place, 1) for place in places)
    return [
        Target(f"backbending (mV per junction), {stretch}", "0", listed("backbending_mV_per_junction", 3), "none",
               met["no backbending"]),
        Target("normal from (mW), dI/dV within 5 % of Y_N, N = 12 to 30", band, listed("P_normal_mW", 3, tall),
               "in the range", met["differential"]),
        Target("normal from (mW), I R_N/V above 0.95, N = 12 to 30", "(no claim)",
               listed("P_normal_static_mW", 3, tall), "", None),
        Target("β above zero, N = 12 to 30", f"nearly constant, below {BETA}", listed("beta", 3, tall), f"{BETA}",
               met["narrow"]),
        Target("β above Y_N, N = 12 to 30", f"nearly constant, below {BETA}", listed("beta_above_Y_N", 3, tall),
               f"{BETA}", all((branch(n)["beta_above_Y_N"] or 1.0) < BETA for n in tall)),
        Target("β(6) over the mean of the others", "nearly 6", number(width_ratio(), 1), "5 to 7", met["six"]),
        Target(f"V_peak (mV per junction), {stretch}",
               ", ".join("{:.1f}–{:.1f}".format(*paper_range(n)) for n in STACKS),
               listed("V_peak_mV_per_junction", 2), "in the range of the uniform model", met["peak"]),
        Target("V_peak of N = 19 by bath (mV per junction)",
               f"falls from {BATHS_K[0]:g} to {BATHS_K[-2]:g} K, gone at {BATHS_K[-1]:g} K", words, "", falls),
        Target("hot spot begins far from the contact, all N", "yes",
               f"{min(branch(n)['nucleation']['contact_distance_um'] for n in STACKS):.1f} µm away at least",
               "more than 5 µm", met["far"]),
        Target(f"a current source does not hold the branch (mA), {stretch}", "none",
               ", ".join(stack(n).lost() for n in STACKS), "none", all(stack(n).held.all() for n in STACKS)),
        Target(f"hottest place at V_peak (K), {stretch}", "below T_c = 74 K (Reply: superconducting near the peak)",
               ", ".join(number(at_peak(n, "T_max_K"), 0) for n in STACKS), "74",
               all(at_peak(n, "T_max_K") < 74 for n in STACKS)),
    ]  # fmt: skip


def at_peak(junctions: int, name: str) -> float:
    """Return a column of the table at the conductance peak of a stack; not a number where there is none."""
    run = stack(junctions)
    peak = run.figures["V_peak_mV_per_junction"]
    return float("nan") if peak is None else float(np.interp(peak, run.column("V_per_junction_mV"), run.column(name)))


def peak_table() -> str:
    """Return the temperatures over the mesa at the conductance peak."""
    rows = []
    for n in STACKS:
        cells = [number(at_peak(n, f"T_{name}_K"), 1) for name in ("min", "mean", "max")]
        rows.append([str(n), number(branch(n)["V_peak_mV_per_junction"]), number(at_peak(n, "P_mW")), *cells,
                     number(branch(n)["nucleation"]["V_per_junction_mV"])])  # fmt: skip
    head = ("N", "V_peak (mV per junction)", "P there (mW)", "lowest T (K)", "mean T (K)", "highest T (K)",
            "first place above 74 K at (mV per junction)")  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw currents and conductances of the stacks, their peaks, and N = 19 at several bath temperatures."""
    _draw_stacks("paper-fig2.png")
    _draw_baths("paper-fig7-spatial.png")
    return ["paper-fig2.png", "paper-fig7-spatial.png"]


def _draw_stacks(name: str) -> None:
    figure = page.new_figure(10.0, 4.6)
    left, middle, right = figure.subplots(1, 3)
    for n in STACKS:
        run = stack(n)
        s = run.curve.dense()
        v = run.curve.V_mV(s) / n
        run.draw(left, n, color=COLOURS[n], linewidth=1.7, label=f"N = {n}")
        middle.plot(v, run.curve.conductance(s), color=COLOURS[n], linewidth=1.7)
        low, high = paper_range(n)
        right.vlines(n, low, high, color="#9fb8d8", linewidth=7, label="uniform model, sets 1 to 3" if n == 6 else None)
        peak = run.figures["V_peak_mV_per_junction"]
        if peak is not None:
            right.plot(n, peak, "o", color=COLOURS[n], markersize=7, label="spatial model" if n == 6 else None)
    left.set(xlim=(0, 65), ylim=(0, 2.4))
    middle.set(xlim=(10, 65), ylim=(0.1, 100), yscale="log")
    right.set(xlim=(3, 33), ylim=(20, 46))
    _label(left, "V/N (mV)", "I (mA)")
    _label(middle, "V/N (mV)", "$R_N$ dI/dV (1)")
    _label(right, "number of junctions N", "V per junction at the peak (mV)")
    left.legend(frameon=False)
    right.legend(frameon=False)
    style.save_figure(figure, IMAGES / name)


def _draw_baths(name: str) -> None:
    figure = page.new_figure(6.5, 4.6)
    axes = figure.subplots()
    for T, colour in zip(BATHS_K, shades(len(BATHS_K)), strict=True):
        run = stack(19, (*COARSE, f"bath.temperature_K={T:g}"))
        s = run.curve.dense()
        axes.plot(run.curve.V_mV(s) / 19, run.curve.I_mA(s), color=colour, linewidth=1.7, label=f"$T_B$ = {T:g} K")
        peak = run.figures["V_peak_mV_per_junction"]
        if peak is not None and run.figures["peak_height_over_Y_N"] > 1.01:
            at = CubicSpline(run.curve.V_mV(run.curve.s) / 19, run.curve.I_mA(run.curve.s))
            axes.plot(peak, float(at(peak)), "o", color=colour, markersize=5)
    axes.set(xlim=(0, 45), ylim=(0, 1.9))
    _label(axes, "voltage per junction (mV)", "current I (mA)")
    axes.legend(frameon=False)
    axes.set_title("Spatial model, N = 19 (dots: peak of dI/dV)")
    style.save_figure(figure, IMAGES / name)


def _label(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    style.tidy(axes)
