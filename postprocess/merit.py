"""The figures of merit of a branch, as pure functions of its arrays; each docstring is the definition."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.curve import IVCurve, make_curve
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

CURVE_NUMBERS = {
    "backbending_mV_per_junction": "largest drop of V/n on the way up in current; 0 if none. Only places count whose "
    "current exceeds all before them, as a current source passes them",
    "V_peak_mV_per_junction": "V/n where N dI/dV is largest, if V never falls along the branch",
    "V_extrema_mV_per_junction.0": "otherwise: V/n before the largest drop",
    "V_extrema_mV_per_junction.1": "and after it",
    "peak_height_over_Y_N": "R_j dI/dv at the peak",
    "least_slope_over_R_N": "smallest dV/dI over R_N: 1/`peak_height_over_Y_N` on a branch with a peak, negative where "
    "V falls, −1 for −1 and less. Unlike these it changes smoothly where backbending begins",
    "V_steepest_mV_per_junction": "V/n at that place: V_peak, or within the backbending",
    "FWHM_mV_per_junction": "full width at half height above zero",
    "FWHM_above_Y_N_mV_per_junction": "full width at half height above Y_N",
    "beta": "`FWHM_mV_per_junction` over V_peak. A peak below about 2 Y_N has no half height above zero",
    "beta_above_Y_N": "`FWHM_above_Y_N_mV_per_junction` over V_peak",
    "P_normal_mW": "power from which |R_j dI/dv − 1| ≤ 5 % holds to the end of the branch",
    "P_normal_static_mW": "power from which I R_N/V ≥ 0.95 holds to the end of the branch",
}
"""Numbers that I(V) alone gives, with their meaning."""
DEVICE_NUMBERS = {
    "points": "rows of the table",
    "junctions": "number n of junctions that carry voltage",
    "normal_resistance_ohm": "R_N, with the area of the mesh",
    "mesa_area_um2": "area of the mesa in the mesh",
    "wall_s": "time that the computation took",
}
"""Numbers that every run has."""
NORMAL_BAND = 0.05
STATIC_RATIO = 0.95
PROMINENCE = 1e-6


class Finding(NamedTuple):
    """A number, or None with the reason why there is none."""

    value: float | None
    reason: str = ""


class Peak(NamedTuple):
    """The maximum of the differential conductance: parameter s, V per junction in mV, height over Y_N."""

    s: float
    V_mV_per_junction: float
    height: float


class Steepest(NamedTuple):
    """The steepest place of a branch: dV/dI over R_N (-1 for less), V per junction in mV."""

    slope: float
    V_mV_per_junction: float


def folds(table: Table) -> list[dict[str, Any]]:
    """Return the turning points in branch order: kind, V_mV, V_per_junction_mV, I_mA, T_max_K.

    kind "V" is an extremum of V along the branch (zero eigenvalue under voltage bias), "I" one of I (under current
    bias). They are the rows named so in the column `fold`, or, without that column, the rows at which V or I turns.
    """
    marks = np.asarray(table["fold"], dtype=np.str_) if "fold" in table else _turning_rows(table)
    rows = np.flatnonzero((marks == "V") | (marks == "I"))
    names = ("V_mV", "V_per_junction_mV", "I_mA", "T_max_K")
    return [{"kind": str(marks[row])} | {name: _number(column(table, name)[row]) for name in names} for row in rows]


def _turning_rows(table: Table) -> NDArray[np.str_]:
    marks: NDArray[np.str_] = np.full(len(column(table, "V_mV")), "")
    for kind, name in (("I", "I_mA"), ("V", "V_mV")):
        rising = np.diff(column(table, name)) > 0.0
        marks = np.where(np.concatenate([[False], rising[1:] != rising[:-1], [False]]), kind, marks)
    return marks


def is_monotonic(curve: IVCurve) -> bool:
    """Return whether V never falls along the branch, judged at the computed points by value and by slope."""
    slopes = np.cos(curve.angle(curve.s))
    # 1e-9 of the length: rounding of a solver that stops at 1e-10.
    falls = np.diff(curve.V_mV(curve.s)) < -1e-9 * curve.s[-1]
    return not (bool(np.any(falls)) or bool(np.any(slopes < -1e-9)))


def largest_drop(curve: IVCurve, rising_current_only: bool) -> tuple[float, float, float]:
    """Return (drop, V before, V after) in mV: the largest V(s1) - V(s2) with s1 < s2; 0 where V never falls.

    With `rising_current_only` just the places count whose current is larger than any before them: what a current
    source passes on the way up, where a fold in I is a jump at constant current.
    """
    if is_monotonic(curve):
        top = float(curve.V_mV(curve.s[-1]))
        return 0.0, top, top
    extrema = curve.inside(curve.voltage.derivative().roots(extrapolate=False))
    places = np.unique(np.concatenate([curve.dense(), extrema]))
    V, I = curve.V_mV(places), curve.I_mA(places)  # noqa: E741
    if rising_current_only:
        V = V[I >= np.maximum.accumulate(I)]
    tops = np.maximum.accumulate(V)
    last = int(np.argmax(tops - V))
    return float(tops[last] - V[last]), float(tops[last]), float(V[last])


def conductance_peak(curve: IVCurve, junctions: float) -> Peak | None:
    """Return the maximum of N dI/dV in units of Y_N = 1/R_j on a branch where V never falls, from its tangents.

    None where V falls (dI/dV passes through infinity) or where the largest value is at an end of the branch; what does
    not stand out by `PROMINENCE` on both sides is a rounding error of an ohmic branch.
    """
    if not is_monotonic(curve):
        return None
    at_points = curve.angle(curve.s)
    best = int(np.argmax(at_points))
    sides = max(at_points[: best + 1].min(), at_points[best:].min())
    if np.tan(sides) > (1.0 - PROMINENCE) * np.tan(at_points[best]):
        return None
    extrema = curve.inside(curve.angle.derivative().roots(extrapolate=False))
    near = extrema[(extrema > curve.s[best - 1]) & (extrema < curve.s[best + 1])]
    # An overshoot of the spline past 90° would be a fold that the branch does not have.
    near = near[curve.angle(near) < np.pi / 2]
    places = np.append(near, curve.s[best])
    s = float(places[np.argmax(curve.angle(places))])
    return Peak(s, float(curve.V_mV(s)) / junctions, float(curve.conductance(s)))


def steepest(curve: IVCurve, junctions: float) -> Steepest:
    """Return the smallest dV/dI over R_N, and where: the cotangent of the steepest direction of the branch.

    Both change smoothly when a branch begins to fold back, which peak and backbending do not: on a branch that rises
    all the way they are the peak (1/height, and its V), on one that folds back the slope is negative.
    """
    extrema = curve.inside(curve.angle.derivative().roots(extrapolate=False))
    places = np.concatenate([curve.s, extrema])
    s = float(places[np.argmax(curve.angle(places))])
    # From 135° on a curve falls back faster than it would rise in the normal state, and then turns back in I: -1 stands
    # for all of that, since the slope itself passes through infinity there.
    angle = min(float(curve.angle(s)), 0.75 * np.pi)
    return Steepest(float(1 / np.tan(angle)), float(curve.V_mV(s)) / junctions)


def full_width(curve: IVCurve, peak: Peak | None, baseline: float, junctions: float) -> Finding:
    """Return the full width of the peak in mV per junction at half its height above a baseline (0 or 1, in Y_N).

    The half height is baseline + (height - baseline)/2; the width reaches from the last place before the peak to the
    first place after it that have this conductance.
    """
    if peak is None:
        return Finding(None, "the branch has no conductance peak (backbending, or largest at its end)")
    if peak.height <= baseline:
        return Finding(None, f"the peak of {peak.height:.4g} Y_N does not rise above the baseline")
    half = (peak.height + baseline) / 2
    places = curve.inside(curve.angle.solve(np.arctan(half), extrapolate=False))
    before, after = places[places < peak.s], places[places > peak.s]
    if len(before) == 0 or len(after) == 0:
        side = "below" if len(before) == 0 else "above"
        return Finding(
            None, f"the peak of {peak.height:.4g} Y_N never falls to its half height {half:.4g} Y_N {side} the peak"
        )
    return Finding(float(curve.V_mV(after[0]) - curve.V_mV(before[-1])) / junctions)


def normal_power(curve: IVCurve) -> Finding:
    """Return the power in mW where |R_j dI/dv - 1| <= 5 % begins to hold up to the end of the branch."""
    low, high = np.arctan(1 - NORMAL_BAND), np.arctan(1 + NORMAL_BAND)
    edges = [curve.inside(curve.angle.solve(angle, extrapolate=False)) for angle in (low, high)]
    end = float(curve.angle(curve.s[-1]))
    if not low <= end <= high:
        return Finding(
            None,
            f"dI/dV is {np.tan(end):.4g} Y_N at the end of the branch: not within 5 %; raise branch.end_current_mA",
        )
    return _power_at_last(curve, np.concatenate(edges), "dI/dV is within 5 % of Y_N on the whole branch")


def normal_power_static(curve: IVCurve) -> Finding:
    """Return the power in mW where I R_N / V >= 0.95 begins to hold up to the end of the branch."""
    # I R_N - 0.95 V on the pieces of both interpolants: its zeros are those of the ratio minus 0.95, without V = 0.
    excess = curve.scaled_current.c - STATIC_RATIO * curve.voltage.c
    poly = type(curve.scaled_current).construct_fast(excess, curve.s, False)
    end = float(curve.scaled_current(curve.s[-1]) / curve.voltage(curve.s[-1]))
    if end < STATIC_RATIO:
        return Finding(None, f"I R_N / V is {end:.4g} at the end of the branch: raise branch.end_current_mA")
    roots = curve.inside(poly.roots(extrapolate=False))
    return _power_at_last(curve, roots[curve.V_mV(roots) > 0], "I R_N / V is above 0.95 on the whole branch")


def _power_at_last(curve: IVCurve, places: Array, otherwise: str) -> Finding:
    if len(places) == 0:
        return Finding(None, otherwise)
    s = float(np.max(places))
    # mV times mA is µW.
    return Finding(float(curve.V_mV(s) * curve.I_mA(s)) * 1e-3)


def nucleation(table: Table, curve: IVCurve | None, hot_temperature_K: float) -> dict[str, Any] | None:
    """Return where and when the hot spot appears; None where no place exceeds the hot temperature.

    I_mA, V_per_junction_mV and P_mW belong to T_max = T_c, interpolated between the points before and behind; x_um,
    y_um and contact_distance_um to the first point with hot_fraction > 0, which is `row`. That may be the next one,
    where several sublayers of junctions differ in temperature.
    """
    hot = np.flatnonzero(column(table, "hot_fraction") > 0)
    if len(hot) == 0:
        return None
    row = int(hot[0])
    I, P, v, T = (column(table, name) for name in ("I_mA", "P_mW", "V_per_junction_mV", "T_max_K"))  # noqa: E741
    part, first = 1.0, _crossing(T, row, hot_temperature_K)
    if first > 0 and T[first - 1] <= hot_temperature_K < T[first]:
        part = float((hot_temperature_K - T[first - 1]) / (T[first] - T[first - 1]))
    at = {
        name: _number(values[first] + (part - 1.0) * (values[first] - values[max(first - 1, 0)]))
        for name, values in (("I_mA", I), ("V_per_junction_mV", v), ("P_mW", P))
    }
    if curve is not None and part < 1.0:
        at = _at_temperature(table, curve, first, hot_temperature_K) or at
    places = {name: _number(column(table, f"hot_{name}")[row]) for name in ("x_um", "y_um", "contact_distance_um")}
    return at | places | {"row": row}


def _crossing(T: Array, row: int, temperature_K: float) -> int:
    """Return the first of the rows up to one from which on T is above a temperature."""
    first = row
    while first > 0 and T[first - 1] > temperature_K:
        first -= 1
    return first


def _at_temperature(table: Table, curve: IVCurve, row: int, temperature_K: float) -> dict[str, float | None] | None:
    """Return V, I and P on the curve where T_max passes a temperature just before `row`; None if it does not."""
    if row not in curve.index:
        return None
    here = int(np.flatnonzero(curve.index == row)[0])
    crossings = curve.inside(curve.along(column(table, "T_max_K")).solve(temperature_K, extrapolate=False))
    if here == 0:
        return None
    crossings = crossings[(crossings >= curve.s[here - 1]) & (crossings <= curve.s[here])]
    if len(crossings) == 0:
        return None
    s = float(crossings[-1])
    V, I = float(curve.V_mV(s)), float(curve.I_mA(s))  # noqa: E741
    per_junction = float(column(table, "V_per_junction_mV")[row] / column(table, "V_mV")[row])
    return {"I_mA": I, "V_per_junction_mV": V * per_junction, "P_mW": V * I * 1e-3}


def full_normality(table: Table) -> dict[str, Any] | None:
    """Return the first point whose whole mesa is hot (hot_fraction >= 1 - 1e-9): I_mA, V_per_junction_mV, P_mW, row."""
    rows = np.flatnonzero(column(table, "hot_fraction") >= 1 - 1e-9)
    if len(rows) == 0:
        return None
    names = ("I_mA", "V_per_junction_mV", "P_mW")
    return {name: _number(column(table, name)[rows[0]]) for name in names} | {"row": int(rows[0])}


def _number(value: Any) -> float | None:
    """Return a finite float, or None: JSON has no NaN."""
    number = float(value)
    return number if np.isfinite(number) else None


def curve_of(table: Table, normal_resistance_ohm: float) -> IVCurve | None:
    """Return the smooth I(V) of a table; None for fewer than four distinct points."""
    return make_curve(column(table, "V_mV"), column(table, "I_mA"), column(table, "dV_dI_ohm"), normal_resistance_ohm)


def curve_figures(table: Table, curve: IVCurve | None, junctions: float) -> dict[str, Any]:
    """Return the numbers that need I(V) alone, with a table `reasons` for each that does not exist."""
    values: dict[str, Any] = {"folds": folds(table)}
    if curve is None:
        return values | {"reasons": {"curve": "fewer than four distinct points"}}
    peak = conductance_peak(curve, junctions)
    drop, _, _ = largest_drop(curve, rising_current_only=True)
    fallen, before, after = largest_drop(curve, rising_current_only=False)
    widths = [full_width(curve, peak, baseline, junctions) for baseline in (0.0, 1.0)]
    steep = steepest(curve, junctions)
    powers = [normal_power(curve), normal_power_static(curve)]
    values |= {
        "backbending_mV_per_junction": drop / junctions,
        "V_peak_mV_per_junction": peak.V_mV_per_junction if peak else None,
        "V_extrema_mV_per_junction": [before / junctions, after / junctions] if fallen > 0 else None,
        "peak_height_over_Y_N": peak.height if peak else None,
        "least_slope_over_R_N": steep.slope,
        "V_steepest_mV_per_junction": steep.V_mV_per_junction,
        "FWHM_mV_per_junction": widths[0].value,
        "FWHM_above_Y_N_mV_per_junction": widths[1].value,
        "beta": _ratio(widths[0].value, peak),
        "beta_above_Y_N": _ratio(widths[1].value, peak),
        "P_normal_mW": powers[0].value,
        "P_normal_static_mW": powers[1].value,
    }
    reasons = {
        "V_peak_mV_per_junction": _no_peak(fallen) if peak is None else "",
        "beta": widths[0].reason,
        "beta_above_Y_N": widths[1].reason,
        "P_normal_mW": powers[0].reason,
        "P_normal_static_mW": powers[1].reason,
    }
    return values | {"reasons": {key: reason for key, reason in reasons.items() if reason}}


def _no_peak(fallen: float) -> str:
    if fallen > 0:
        return "V falls along the branch: see V_extrema_mV_per_junction"
    return "dI/dV is largest at an end of the branch"


def _ratio(width: float | None, peak: Peak | None) -> float | None:
    return None if width is None or peak is None else width / peak.V_mV_per_junction


def run_numbers(run: Run) -> dict[str, Any]:
    """Return the numbers that every run has, `DEVICE_NUMBERS`, beside those that the run itself wrote."""
    return run.summary | {
        "name": run.scenario.name,
        "points": len(run),
        "junctions": run.junctions,
        "normal_resistance_ohm": run.normal_resistance_ohm,
        "mesa_area_um2": run.area_um2,
        "wall_s": run.summary.get("wall_s", run.provenance.get("wall_s")),
    }
