"""Mesas of different area (inset of Fig. 2 of the paper, data of Zhu et al.): from equilibrium to strong heating."""

from __future__ import annotations

from functools import cache

import numpy as np
from validation.kurter2010.page import IMAGES, Target, markdown, number
from validation.kurter2010.runs import Trace, trace
from validation.kurter2010.spectra import current

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.dwave import spectrum_of

WIDTHS_UM = {"zhu-w05": 0.5, "zhu-w07": 0.7, "zhu-w1": 1.0, "zhu-w2": 2.0, "zhu-w5": 5.0, "zhu-w10": 10.0}
BETWEEN_UM = (0.6, 0.85, 1.2, 1.4, 1.7)
SHARP, BROAD = 0.15, 0.3
"""The paper: without dip and hump below the first value of beta, with them above the second."""


@cache
def mesa(name: str, width_um: float) -> Trace:
    """Return the branch of a mesa; widths without a scenario of their own change `zhu-w1`."""
    if name:
        return trace(load_scenario(name))
    radius, end = width_um / np.sqrt(np.pi), 0.75 * width_um ** (2.0 if width_um < 1 else 1.5)
    return trace(load_scenario("zhu-w1", (f"mesa.radius_um={radius:.6g}", f"branch.end_current_mA={end:.6g}")))


def mesas() -> list[Trace]:
    """Return all branches by rising area."""
    sizes = [(width, name) for name, width in WIDTHS_UM.items()] + [(width, "") for width in BETWEEN_UM]
    return [mesa(name, width) for width, name in sorted(sizes)]


def area(run: Trace) -> float:
    """Return the area in µm²."""
    return run.scenario.mesa.area_um2


def at_peak(run: Trace, name: str) -> float | None:
    """Return a column of the table at the conductance peak, None on a curve that folds back."""
    peak = run.figures["V_peak_mV_per_junction"]
    return None if peak is None else float(np.interp(peak, run.column("V_per_junction_mV"), run.column(name)))


def deviation(run: Trace) -> float:
    """Return the largest difference of I R_j from the equilibrium curve at the bath, up to 2 Δ, in mV."""
    spectrum = spectrum_of(run.scenario.law)
    v = run.column("V_per_junction_mV")
    below = v <= 2 * spectrum.gaps_meV[0]
    resistance = run.scenario.mesa.specific_resistance_ohm_um2 / area(run)
    cold: Array = current(spectrum, v[below], run.scenario.bath.temperature_K)
    return float(np.max(np.abs(run.column("I_mA")[below] * resistance - cold)))


def targets() -> list[Target]:
    """Return the paper's reading of the data of Zhu et al. and what the model gives."""
    runs = mesas()
    small = [run for run in runs if area(run) < 1]
    large = [run for run in runs if area(run) > 1.9 and run.figures["V_peak_mV_per_junction"] is not None]
    folded = [run for run in runs if run.figures["V_peak_mV_per_junction"] is None]

    def widths(chosen: list[Trace]) -> str:
        return ", ".join(number(run.figures["beta"]) for run in chosen)

    def areas(chosen: list[Trace]) -> str:
        return ", ".join(f"{area(run):.3g}" for run in chosen)

    warm = [at_peak(run, "T_max_K") or np.inf for run in small]
    return [
        Target(f"β for areas of {areas(small)} µm²", f"above {BROAD} (dip and hump seen)", widths(small), f"{BROAD}",
               all((run.figures["beta"] or 0) > BROAD for run in small)),
        Target(f"T_max at the peak for areas of {areas(small)} µm² (K)", "below T_c = 74 K",
               ", ".join(number(T, 0) for T in warm), "74", max(warm) < 74),
        Target(f"β for areas of {areas(large)} µm²", f"below {SHARP} (no dip and hump)", widths(large), f"{SHARP}",
               bool(large) and all((run.figures["beta"] or 1) < SHARP for run in large)),
        Target(f"backbending for areas of {areas(folded)} µm² (mV per junction): no peak, no β", "(no claim)",
               ", ".join(number(run.figures["backbending_mV_per_junction"], 1) for run in folded), "", None),
    ]  # fmt: skip


def table() -> str:
    """Return width of the peak and heating by area."""
    head = ("area (µm²)", "V_peak (mV per junction)", "β", "β above Y_N", "T_max at the peak (K)", "α there (K/mW)",
            "α √area (K µm/mW)", "backbending (mV per junction)", "off equilibrium below 2Δ (mV)")  # fmt: skip
    rows = []
    for run in mesas():
        figures, alpha = run.figures, at_peak(run, "alpha_mean_K_per_mW")
        rows.append([
            f"{area(run):.3g}", number(figures["V_peak_mV_per_junction"], 1), number(figures["beta"], 3),
            number(figures["beta_above_Y_N"], 3), number(at_peak(run, "T_max_K"), 0), number(alpha, 0),
            number(None if alpha is None else alpha * np.sqrt(area(run)), 0),
            number(figures["backbending_mV_per_junction"], 2), number(deviation(run), 1),
        ])  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw conductances, and the width of the peak against area; return the name of the picture."""
    from matplotlib import colormaps

    figure = page.new_figure(10.0, 4.6)
    left, right = figure.subplots(1, 2)
    names = list(WIDTHS_UM.items())
    colours = colormaps["viridis"](np.linspace(0.0, 0.9, len(names)))
    for (name, width), colour in zip(names, colours, strict=True):
        run = mesa(name, width)
        s = run.curve.dense()
        resistance = run.scenario.mesa.specific_resistance_ohm_um2 / area(run)
        v = run.curve.V_mV(s) / run.scenario.mesa.junctions
        left.plot(v, run.curve.I_mA(s) * resistance, color=colour, linewidth=1.7, label=f"{area(run):.3g} µm²")
    voltages: Array = np.linspace(0.0, 80.0, 300)
    cold = current(spectrum_of(load_scenario("zhu-w1").law), voltages, 4.2)
    left.plot(voltages, cold, ":", color="black", linewidth=1.4, label="equilibrium, 4.2 K")
    left.set(xlim=(0, 70), ylim=(0, 70), xlabel="V/N (mV)", ylabel="$I R_j$ (mV)")
    left.legend(frameon=False)
    points = [(area(run), run.figures["beta"]) for run in mesas() if run.figures["beta"] is not None]
    right.semilogx(*zip(*points, strict=True), "o-", color=style.BRANCH_COLOUR, label="baseline zero")
    above = [(area(run), run.figures["beta_above_Y_N"]) for run in mesas()
             if run.figures["beta_above_Y_N"] is not None]  # fmt: skip
    right.semilogx(*zip(*above, strict=True), "o--", color=style.UNIFORM_COLOUR, label="baseline $Y_N$")
    for level, words in ((SHARP, "without dip and hump below"), (BROAD, "with dip and hump above")):
        right.axhline(level, color=style.HOT_COLOUR, linewidth=0.9)
        right.annotate(words, (4.0, level + 0.01), fontsize="small")
    folded = [area(run) for run in mesas() if run.figures["V_peak_mV_per_junction"] is None]
    right.plot(folded, np.zeros(len(folded)), "x", color="black", label="folds back")
    right.set(xlabel="area (µm²)", ylabel="β = FWHM/$V_{peak}$ (1)", ylim=(-0.03, 1.0))
    right.legend(frameon=False)
    for axes in (left, right):
        style.tidy(axes)
    style.save_figure(figure, IMAGES / "paper-area.png")
    return ["paper-area.png"]
