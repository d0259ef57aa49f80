"""summary.json: what a branch amounts to, put together from the definitions in merit.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotmesa.postprocess import merit
from hotmesa.postprocess.curve import IVCurve, make_curve
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column

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
_PLACES = {"I_mA": "current", "V_per_junction_mV": "V/n", "P_mW": "power"}
_ENDS = {"I_mA": "current", "V_mV": "voltage", "V_per_junction_mV": "V/n", "P_mW": "power", "T_max_K": "T_max"}
BRANCH_NUMBERS = {
    **CURVE_NUMBERS,
    **{f"nucleation.{name}": f"{text} where T_max passes the hot temperature" for name, text in _PLACES.items()},
    "nucleation.x_um": "x of the centroid at the first point with a hot part",
    "nucleation.y_um": "y of the centroid at the first point with a hot part",
    "nucleation.contact_distance_um": "its distance from the nearest contact",
    "nucleation.row": "row of that point",
    **{f"full_normality.{name}": f"{text} where all of the mesa is hot" for name, text in _PLACES.items()},
    "full_normality.row": "row of that point",
    **{f"end.{name}": f"{text} at the last point" for name, text in _ENDS.items()},
    "alpha_mean_K_per_mW": "at the last point of the branch",
    "alpha_mean_at_I_mA": "current of that point",
    "heat_balance_error": "largest magnitude along the branch",
    "T_max_K": "largest temperature along the branch",
    **DEVICE_NUMBERS,
    **{f"uniform.{name}": f"`{name}` of the uniform model" for name in CURVE_NUMBERS},
}
"""Numbers in summary.json of a branch, a diagram and the uniform model."""


def curve_of(table: Table, normal_resistance_ohm: float) -> IVCurve | None:
    """Return the smooth I(V) of a table; None for fewer than four distinct points."""
    return make_curve(column(table, "V_mV"), column(table, "I_mA"), column(table, "dV_dI_ohm"), normal_resistance_ohm)


def curve_figures(table: Table, curve: IVCurve | None, junctions: float) -> dict[str, Any]:
    """Return the numbers that need I(V) alone, with a table `reasons` for each that does not exist."""
    values: dict[str, Any] = {"folds": merit.folds(table)}
    if curve is None:
        return values | {"reasons": {"curve": "fewer than four distinct points"}}
    peak = merit.conductance_peak(curve, junctions)
    drop, _, _ = merit.largest_drop(curve, rising_current_only=True)
    fallen, before, after = merit.largest_drop(curve, rising_current_only=False)
    widths = [merit.full_width(curve, peak, baseline, junctions) for baseline in (0.0, 1.0)]
    steep = merit.steepest(curve, junctions)
    powers = [merit.normal_power(curve), merit.normal_power_static(curve)]
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


def _ratio(width: float | None, peak: merit.Peak | None) -> float | None:
    return None if width is None or peak is None else width / peak.V_mV_per_junction


def summarise(run: Run) -> dict[str, Any]:
    """Return all figures of merit of a run; numbers that do not exist are None and say why under `reasons`.

    Keys that the run itself wrote to summary.json (wall time, counters) are kept.
    """
    rows, n = run.rows, run.junctions
    curve = curve_of(rows, run.normal_resistance_ohm)
    values: dict[str, Any] = {"name": run.scenario.name, "points": len(rows["V_mV"]), "junctions": n}
    values |= {"normal_resistance_ohm": run.normal_resistance_ohm, "mesa_area_um2": run.area_um2}
    values |= curve_figures(rows, curve, n)
    values |= {
        "nucleation": merit.nucleation(rows, curve, run.hot_temperature_K),
        "full_normality": merit.full_normality(rows),
        "alpha_mean_K_per_mW": _last(rows, "alpha_mean_K_per_mW"),
        "alpha_mean_at_I_mA": _last(rows, "I_mA"),
        "heat_balance_error": _largest(rows, "heat_balance_error"),
        "T_max_K": _largest(rows, "T_max_K"),
        "end": {name: _last(rows, name) for name in ("I_mA", "V_mV", "V_per_junction_mV", "P_mW", "T_max_K")},
        "wall_s": run.summary.get("wall_s", run.provenance.get("wall_s")),
    }
    if run.uniform is not None and run.kind.spatial:
        uniform = curve_of(run.uniform, run.normal_resistance_ohm)
        values["uniform"] = curve_figures(run.uniform, uniform, n)
    return {**run.summary, **values}


def _last(table: Table, name: str) -> float | None:
    values = column(table, name)
    return float(values[-1]) if len(values) and np.isfinite(values[-1]) else None


def _largest(table: Table, name: str) -> float | None:
    values = np.abs(column(table, name))
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else None
