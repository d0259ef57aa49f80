"""summary.json: what a branch amounts to, put together from the definitions in summary.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from hotmesa.postprocess import merit
from hotmesa.postprocess.curve import IVCurve, make_curve
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import Table, column


def curve_of(table: Table, normal_resistance_ohm: float) -> IVCurve | None:
    """Return the smooth I(V) of a table; None for fewer than four distinct points."""
    return make_curve(column(table, "V_mV"), column(table, "I_mA"), column(table, "dV_dI_ohm"), normal_resistance_ohm)


def curve_figures(table: Table, curve: IVCurve | None, junctions: int) -> dict[str, Any]:
    """Return the numbers that need I(V) alone, with a table `reasons` for each that does not exist."""
    values: dict[str, Any] = {"folds": merit.folds(table, curve, junctions)}
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
    if run.uniform is not None and run.uniform is not rows:
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
