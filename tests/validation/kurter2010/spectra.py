"""Equilibrium spectra of the paper: SIN (Fig. 4), SIS (Figs. 2 and 5a), and fits to synthetic noisy data."""

from __future__ import annotations

from functools import cache

import numpy as np
from helpers.tunnelling import sis_current
from validation.kurter2010.page import IMAGES, Target, markdown, number

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.dwave import spectrum_of
from hotmesa.solver.law.fit import (
    Kind,
    SpectrumFit,
    SpectrumParameters,
    fit_spectrum,
    tunnelling_conductance,
)
from hotmesa.solver.law.spectrum import Spectrum, gamma_meV, gap_meV

TEMPERATURES_K = (4.2, 20.0, 40.0, 60.0, 74.0, 84.0)
# The two crystals of Fig. 4, meV; the paper gives no number for its momentum averaging.
CRYSTALS = {"intercalated": (24.0, 0.55), "pristine": (26.0, 0.6)}
WEIGHT = 0.3
NOISE = 0.02
WINDOW_MV = {"SIN": (0.0, 45.0), "SIS": (3.0, 75.0)}
"""Voltages that are fitted, beginning beyond the Josephson peak of an SIS junction."""
# Set, T in K and i in mV at the voltages, converged with two independent codes.
CHECK_MV = (5.0, 20.0, 30.0, 40.0, 44.0, 50.0, 60.0)
CHECKS = {
    (1, 4.2): (0.120, 4.023, 14.725, 30.966, 37.991, 45.274, 56.114),
    (1, 40.0): (0.771, 6.056, 17.217, 33.549, 39.008, 45.841, 56.601),
    (3, 60.0): (2.116, 10.818, 21.441, 34.397, 39.243, 46.076, 56.891),
    (3, 74.0): (4.637, 19.132, 29.227, 39.374, 43.426, 49.492, 59.577),
}


def set_spectrum(gap_set: int) -> Spectrum:
    """Return gap and scattering rate of one of the paper's sets."""
    return spectrum_of(load_scenario("kurter2010-uniform", (f"law.set={gap_set}",)).law)


def crystal_spectrum(name: str) -> Spectrum:
    """Return gap and scattering rate of a crystal of Fig. 4, growing with temperature as in the scenarios."""
    gap, gamma = CRYSTALS[name]
    return Spectrum(gaps_meV=(gap,), gamma0_meV=gamma, momentum_weight=WEIGHT)


def conductance(spectrum: Spectrum, v_mV: Array, T_K: float, kind: Kind) -> Array:
    """Return dI/dV over its normal value at a temperature."""
    at = SpectrumParameters(
        float(gap_meV(spectrum, T_K)), float(gamma_meV(spectrum, T_K)), spectrum.momentum_weight, 1.0
    )
    return tunnelling_conductance(v_mV, T_K, at, kind)


def current(spectrum: Spectrum, v_mV: Array, T_K: float) -> Array:
    """Return i = I R_j (mV) of an SIS junction at a temperature."""
    gap, gamma = float(gap_meV(spectrum, T_K)), float(gamma_meV(spectrum, T_K))
    return sis_current(v_mV, T_K, gap, gamma, spectrum.momentum_weight)


def peak(spectrum: Spectrum, T_K: float, kind: Kind) -> tuple[float, float]:
    """Return place (mV) and height of the conductance peak, to 0.01 mV."""
    v = np.arange(0.0, 80.0, 0.01)
    g = conductance(spectrum, v, T_K, kind)
    top = int(np.argmax(g))
    return float(v[top]), float(g[top])


@cache
def fits() -> dict[tuple[str, Kind], tuple[Array, Array, SpectrumFit]]:
    """Return voltages, noisy conductances and fit of each crystal and kind of junction; the same at every call."""
    made = {}
    random = np.random.default_rng(2010)
    kinds: tuple[Kind, ...] = ("SIN", "SIS")
    for name, (gap, gamma) in CRYSTALS.items():
        for kind in kinds:
            first, last = WINDOW_MV[kind]
            v = np.arange(-last, last + 0.25, 0.5)
            v = v[np.abs(v) >= first]
            true = SpectrumParameters(gap, gamma, WEIGHT, 1.0)
            g = tunnelling_conductance(v, 4.2, true, kind) + random.normal(0.0, NOISE, v.size)
            made[name, kind] = (v, g, fit_spectrum(v, g, 4.2, kind))
    return made


def targets() -> list[Target]:
    """Return the targets of the equilibrium spectra."""
    worst = 0.0
    for (gap_set, T), wanted in CHECKS.items():
        got = current(set_spectrum(gap_set), np.array(CHECK_MV), T)
        worst = max(worst, float(np.max(np.abs(got - wanted))))
    count = len(CHECKS) * len(CHECK_MV)
    words = f"{count} check values i(v, T): largest deviation (mV)"
    found = [Target(words, "0", f"{worst:.1g}", "0.001", worst < 1e-3)]
    crystal = crystal_spectrum("intercalated")
    sin, sis = peak(crystal, 4.2, "SIN")[0], peak(crystal, 4.2, "SIS")[0]
    found += [
        Target.close("SIN peak at 4.2 K, Δ = 24 meV (mV; paper: Δ)", 24.0, sin, 1.0, 1),
        Target.close("SIS peak at 4.2 K, Δ = 24 meV (mV; paper: 2Δ)", 48.0, sis, 1.0, 1),
    ]
    v = np.arange(0.5, 80.0, 0.5)
    off = float(np.max(np.abs(current(crystal_spectrum("pristine"), v, 84.0) / v - 1)))
    heights = [peak(crystal, T, "SIS")[1] for T in TEMPERATURES_K]
    falls = bool(np.all(np.diff(heights) < 0))
    words = ", ".join(number(height) for height in heights)
    found += [
        Target("SIS peak over Y_N, 4.2 to 84 K", "falls, gone at 84 K", words, "1 % of Y_N",
               falls and abs(heights[-1] - 1) < 0.01),
        Target("26 meV at 84 K: largest deviation of I R_N/V from 1", "0 (no gap left)", f"{off:.2g}", "0.05",
               off < 0.05),
    ]  # fmt: skip
    return found + _fit_targets()


def _fit_targets() -> list[Target]:
    found = []
    for (name, kind), (_, _, fit) in fits().items():
        gap, gamma = CRYSTALS[name]
        wanted = (("Δ₀ (meV)", gap, fit.best.gap_meV, fit.error.gap_meV),
                  ("Γ (meV)", gamma, fit.best.gamma_meV, fit.error.gamma_meV),
                  ("averaging weight", WEIGHT, fit.best.momentum_weight, fit.error.momentum_weight))  # fmt: skip
        for words, true, got, error in wanted:
            quantity = f"fit to noisy {kind} data, {name}: {words}"
            met = abs(got - true) <= 3 * error
            found.append(Target(quantity, f"{true:g}", f"{got:.3f} ± {error:.3f}", "3 standard deviations", met))
    return found


def table() -> str:
    """Return gap, scattering rate and peaks of both junctions of the intercalated crystal by temperature."""
    rows = []
    spectrum = crystal_spectrum("intercalated")
    for T in TEMPERATURES_K:
        (sin, high), (sis, higher) = (peak(spectrum, T, kind) for kind in ("SIN", "SIS"))
        cells = [number(float(gap_meV(spectrum, T)), 1), number(float(gamma_meV(spectrum, T)), 2)]
        for place, height in ((sin, high), (sis, higher)):
            cells += [number(place, 1), number(height, 2)] if height > 1.01 else ["none", "–"]
        rows.append([f"{T:g}", *cells])
    head = ("T (K)", "Δ (meV)", "Γ (meV)", "SIN peak (mV)", "height over Y_N", "SIS peak (mV)", "height over Y_N")
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw Figs. 4 and 5a and return the names of the pictures."""
    from matplotlib import colormaps
    from matplotlib.axes import Axes

    colours = colormaps["inferno"](np.linspace(0.05, 0.8, len(TEMPERATURES_K)))
    figure = page.new_figure(10.0, 4.6)
    left, right = figure.subplots(1, 2)
    name = "intercalated"
    panels: tuple[tuple[Axes, Kind], ...] = ((left, "SIN"), (right, "SIS"))
    for axes, kind in panels:
        v, g, fit = fits()[name, kind]
        axes.plot(v, g, ".", color="#9aa7b8", markersize=4, label="synthetic data, 4.2 K")
        fine = np.linspace(v[0], v[-1], 1200)
        best = tunnelling_conductance(fine, 4.2, fit.best, kind)
        axes.plot(fine, best, color="black", linewidth=1.2, label=f"fit: Δ₀ = {fit.best.gap_meV:.2f} meV, "
                  f"Γ = {fit.best.gamma_meV:.2f} meV")  # fmt: skip
        for T, colour in zip(TEMPERATURES_K[1:], colours[1:], strict=True):
            values = conductance(crystal_spectrum(name), fine, T, kind)
            axes.plot(fine, values, color=colour, linewidth=1.1, label=f"{T:g} K")
        axes.set_title(f"{kind}, crystal of 24 meV")
        axes.set(xlabel="voltage (mV)", ylabel="dI/dV over normal conductance", ylim=(0, None))
        style.tidy(axes)
        axes.legend(frameon=False, loc="upper right" if kind == "SIN" else "upper center")
    left.set_ylim(0, 2.6)
    right.set_ylim(0, 3.4)
    style.save_figure(figure, IMAGES / "paper-fig4.png")
    figure = page.new_figure(7.0, 4.8)
    axes = figure.subplots()
    v = np.linspace(0.0, 80.0, 400)
    for T, colour in zip(TEMPERATURES_K, colours, strict=True):
        axes.plot(v, current(set_spectrum(1), v, T), color=colour, linewidth=1.7, label=f"{T:g} K")
    axes.plot(v, v, ":", color="black", linewidth=1.0, label="normal")
    axes.set(xlabel="junction voltage (mV)", ylabel="$I R_j$ (mV)", xlim=(0, 80), ylim=(0, 80))
    axes.set_title("SIS junction of set 1 in equilibrium")
    axes.legend(frameon=False)
    style.tidy(axes)
    style.save_figure(figure, IMAGES / "paper-fig5a.png")
    return ["paper-fig4.png", "paper-fig5a.png"]
