"""What an instrument makes of a curve: dI/dV as a difference over a window of voltage, with noise, of one leg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hotmesa.postprocess.merit import curve_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import ResultError, Row
from hotmesa.scenarios.arrays import Array

Leg = Literal["up", "down"]
PER_INTERVAL = 40
"""Places between two points of a branch: a window of 1e-3 of the curve still holds some."""
PER_WINDOW = 20
FEWEST = 4000


@dataclass(frozen=True)
class Observed:
    """Conductance as measured, on one grid of voltages.

    Attributes:
        window_mV: of the stack voltage over which the difference was taken; 0: of the grid itself.
        junctions: that carry voltage.
        V_mV: centres of the windows, shape (k,).
        conductance: R_N dI/dV there, the normal state is 1, shape (k,).
    """

    window_mV: float
    junctions: float
    V_mV: Array
    conductance: Array

    @property
    def peak(self) -> int | None:
        """Place of the largest value that stands above both ends; None without one."""
        best = int(np.argmax(self.conductance))
        ends = max(self.conductance[0], self.conductance[-1])
        return best if self.conductance[best] > ends * (1.0 + 1e-6) else None

    def width_mV(self, baseline: float) -> float | None:
        """Full width (mV of the stack) at half height above a baseline (0 or 1, in Y_N); None where there is none."""
        best, g = self.peak, self.conductance
        if best is None or g[best] <= baseline:
            return None
        half = baseline + 0.5 * (g[best] - baseline)
        below = np.flatnonzero(g < half)
        before, after = below[below < best], below[below > best]
        if not len(before) or not len(after):
            return None
        first = np.interp(half, g[before[-1] : before[-1] + 2], self.V_mV[before[-1] : before[-1] + 2])
        last = np.interp(half, g[after[0] : after[0] - 2 : -1], self.V_mV[after[0] : after[0] - 2 : -1])
        return float(last - first)

    def figures(self) -> Row:
        """Return V_peak, widths per junction and beta above zero and above Y_N as a row; empty where there are none."""
        best = self.peak
        v = None if best is None else float(self.V_mV[best]) / self.junctions
        widths = [self.width_mV(baseline) for baseline in (0.0, 1.0)]
        per_junction = ["" if w is None else w / self.junctions for w in widths]
        betas = ["" if w is None or v is None else w / self.junctions / v for w in widths]
        return {
            "window_mV_per_junction": self.window_mV / self.junctions,
            "V_peak_mV_per_junction": "" if v is None else v,
            "FWHM_mV_per_junction": per_junction[0],
            "FWHM_above_Y_N_mV_per_junction": per_junction[1],
            "beta": betas[0],
            "beta_above_Y_N": betas[1],
        }


@dataclass(frozen=True)
class Instrument:
    """How a curve is measured; see `observed`.

    Attributes:
        leg: the way that the current is swept.
        noise_mV: standard deviation of errors of the voltage.
        seed: of these errors.
        contact: V_mV and I_mA of a contact in series that is taken off.
    """

    leg: Leg = "up"
    noise_mV: float = 0.0
    seed: int = 0
    contact: Mapping[str, Array] | None = None


EXACT = Instrument()


def observed(run: Run, window_mV: float, by: Instrument = EXACT) -> Observed:
    """Return dI/dV of a branch as a source of current and a voltmeter show it.

    I(V) is what a slow sweep of the current passes: on the way up V never falls (the largest voltage so far), on the
    way down it never rises. The conductance at V is [I(V + w/2) - I(V - w/2)]/w. A vertical step gives a peak whose
    width is w, a straight line its slope, and w -> 0 the derivative of the branch.

    Args:
        run: a branch or a uniform curve.
        window_mV: w, of the voltage of the whole stack.
        by: how it is measured; errors of the voltage are independent, one for each end of a window.

    Raises:
        ResultError: too few points, or a window that is not smaller than the curve.
    """
    V, current = _swept(run, by.leg, by.contact)
    span = float(V[-1] - V[0])
    if not 0.0 <= window_mV < span:
        raise ResultError(
            f"a window of {window_mV:g} mV: it must be 0 or more, and smaller than the curve, which spans {span:.4g} mV"
        )
    step = span / max(FEWEST, PER_WINDOW * int(np.ceil(span / window_mV)) if window_mV else 0)
    width = window_mV or 2.0 * step
    centres = np.arange(V[0] + 0.5 * width, V[-1] - 0.5 * width, step)
    noise = by.noise_mV * np.random.default_rng(by.seed).standard_normal((2, centres.size))
    upper, lower = (np.interp(centres + side * 0.5 * width + noise[k], V, current) for k, side in enumerate((1, -1)))
    return Observed(window_mV, float(run.junctions), centres, (upper - lower) / width * run.normal_resistance_ohm)


def _swept(run: Run, leg: Leg, contact: Mapping[str, Array] | None) -> tuple[Array, Array]:
    """Return voltage and current along a sweep of the current, both never falling."""
    curve = curve_of(run.rows, run.normal_resistance_ohm)
    if curve is None:
        raise ResultError(f"{run.scenario.name}: fewer than four distinct points, which make no curve")
    s = curve.dense(PER_INTERVAL)
    V, current = curve.V_mV(s), curve.I_mA(s)
    if contact is not None:
        V = V - np.interp(current, contact["I_mA"], contact["V_mV"])
    if leg == "up":
        passed = current >= np.maximum.accumulate(current)
        return np.maximum.accumulate(V[passed]), current[passed]
    passed = current <= np.minimum.accumulate(current[::-1])[::-1]
    return np.minimum.accumulate(V[passed][::-1])[::-1], current[passed]


def figures_for(run: Run, windows_mV_per_junction: Sequence[float], by: Instrument) -> list[Row]:
    """Return the figures of merit for some windows per junction, one row each.

    Raises:
        ResultError: see `observed`.
    """
    return [observed(run, w * run.junctions, by).figures() for w in windows_mV_per_junction]
