"""What studies and fits can look at: the numbers of summary.json, and columns of the table of a run at a place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hotmesa.scenarios.plans.errors import nearest

_CURVE = (
    "backbending_mV_per_junction",
    "V_peak_mV_per_junction",
    "V_extrema_mV_per_junction.0",
    "V_extrema_mV_per_junction.1",
    "peak_height_over_Y_N",
    "least_slope_over_R_N",
    "V_steepest_mV_per_junction",
    "FWHM_mV_per_junction",
    "FWHM_above_Y_N_mV_per_junction",
    "beta",
    "beta_above_Y_N",
    "P_normal_mW",
    "P_normal_static_mW",
)
_PLACE = ("I_mA", "V_per_junction_mV", "P_mW")
_BRANCH = (
    *_CURVE,
    *(f"nucleation.{name}" for name in (*_PLACE, "x_um", "y_um", "contact_distance_um", "row")),
    *(f"full_normality.{name}" for name in (*_PLACE, "row")),
    *(f"end.{name}" for name in ("I_mA", "V_mV", "V_per_junction_mV", "P_mW", "T_max_K")),
    *("points", "junctions", "normal_resistance_ohm", "mesa_area_um2"),
    *("alpha_mean_K_per_mW", "alpha_mean_at_I_mA", "heat_balance_error", "T_max_K", "wall_s"),
    *(f"uniform.{name}" for name in _CURVE),
)
_COLUMNS = (
    *("V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K", "T_mean_K", "T_min_K", "hot_fraction", "hot_x_um"),
    *("hot_y_um", "hot_contact_distance_um", "hot_current_share", "alpha_mean_K_per_mW", "dV_dI_ohm", "arclength"),
    *("heat_balance_error", "newton_steps"),
)
_TRANSIENT = (
    *("time_constant_V_us", "time_constant_T_us", "hot_at_us", "T_max_K", "T_max_at_us", "energy_balance_error"),
    *(f"end.{name}" for name in ("t_us", "V_mV", "I_mA", "P_mW", "T_max_K")),
    *("points", "junctions", "normal_resistance_ohm", "mesa_area_um2", "wall_s"),
)
_SWEEP = (
    *("hysteresis_area_uW", "T_max_K", "largest_growth_per_us", "heat_balance_error", "legs", "load_resistance_ohm"),
    *("points", "junctions", "normal_resistance_ohm", "wall_s"),
)
_TIME_COLUMNS = (
    "t_us",
    "source_mA",
    "source_mV",
    "T_mean_K",
    "step_us",
    "leg",
    "growth_per_us",
    "travel_mA",
    "travel_mV",
)
_JUMP = re.compile(
    r"^(jumps|continuous_transitions)\.\d+\."
    r"(leg|settling_us|(from|to)\.(source_mA|source_mV|V_mV|I_mA|T_max_K|hot_fraction))$"
)
_SINK = re.compile(r"^Q_[A-Za-z0-9._-]+_mW$")
_AT = re.compile(r"^(?P<column>[^@=]+)@(?P<along>[^@=]+)=(?P<value>[^@=]+)$")


@dataclass(frozen=True)
class At:
    """A column of the table of a run where another one first takes a value."""

    column: str
    along: str
    value: float


def parse_at(name: str) -> At | None:
    """Return the parts of "hot_fraction@I_mA=1.2"; None for a name of another form."""
    match = _AT.match(name)
    if match is None:
        return None
    try:
        return At(match["column"].strip(), match["along"].strip(), float(match["value"]))
    except ValueError:
        return None


def observables_of(mode: str) -> tuple[str, ...]:
    """Return the numbers that summary.json may hold in a mode; the jumps of a sweep come beside, by number."""
    return {"transient": _TRANSIENT, "sweep": _SWEEP}.get(mode, _BRANCH)


def problem_with(name: str, modes: Iterable[str]) -> str | None:
    """Return why an observable is unknown in all of these modes, with the nearest names; None if it is known."""
    modes = tuple(modes)
    known = [item for mode in modes for item in observables_of(mode)]
    if "@" in name:
        return _problem_at(name)
    if name in known or ("sweep" in modes and _JUMP.match(name)):
        return None
    hint = nearest(name, dict.fromkeys((*known, *_COLUMNS)))
    if name in _COLUMNS:
        hint = f"; it is a column: say where, for example {name}@I_mA=1.0"
    return f"unknown observable {name}{hint}"


def _problem_at(name: str) -> str | None:
    at = parse_at(name)
    if at is None:
        return f"observable {name}: write COLUMN@COLUMN=NUMBER, for example hot_fraction@I_mA=1.2"
    for column in (at.column, at.along):
        if column not in (*_COLUMNS, *_TIME_COLUMNS) and not _SINK.match(column):
            return f"observable {name}: unknown column {column}{nearest(column, (*_COLUMNS, *_TIME_COLUMNS))}"
    return None
