"""From the derivatives along a branch to those of its figures of merit, by the chain rule through the curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import make_interp_spline

from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import curve_figures, curve_of, nucleation
from hotmesa.postprocess.tables import ResultError, Row, Table, column
from hotmesa.postprocess.values import LANDED, flat_summary, value_at
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.plans.observables import At, parse_at
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.units import unit_of

SMALL = 1e-6
"""By so much of its size a curve is displaced to see what its figures make of it."""
KINK = 0.02
"""Relative difference of the two one-sided derivatives beyond which both are told."""
USUAL = (
    "V_peak_mV_per_junction",
    "V_steepest_mV_per_junction",
    "beta",
    "beta_above_Y_N",
    "backbending_mV_per_junction",
    "least_slope_over_R_N",
    "P_normal_mW",
    "nucleation.I_mA",
)
"""Figures of merit that are told if nothing is said, those of them that a branch has."""
OF_PLACES = ("row", "x_um", "y_um", "contact_distance_um")
"""Ends of the names of numbers that jump from node to node."""
OF_CURVE = ("V_mV", "I_mA", "V_per_junction_mV", "P_mW", "f_THz")
OF_STATE = ("T_max_K", "T_mean_K", "hot_fraction")
"""Columns besides V and I whose derivatives are known along the branch."""


@dataclass(frozen=True)
class BranchSensitivity:
    """A branch of q points with the derivatives by p parameters.

    With x = V and y = R_N I the branch has the direction (x_s, y_s) of unit length, and a parameter displaces it across
    itself by y_s dx - x_s dy.

    Attributes:
        scenario: the device, its gap as a number.
        table: columns of the branch.
        parameters: what is varied.
        refused: why not, by the key of each parameter that the mesh cannot follow.
        x_s, y_s: direction, shape (q,).
        scale_ohm: R_N as it scales y.
        across: displacement for each unit of a parameter (mV), shape (q, p).
        rates: of other columns along the branch for each mV, by name, shape (q,) each.
        others: their derivatives where the displaced curve has the same place along itself, by name, (q, p) each.
        sides: what comes to these derivatives from below and from above, by name, (q, p, 2) each.
        junctions: number n that carries voltage, and its derivatives, shape (1 + p,).
        resistance_ohm: R_N by the area of the mesh, and its derivatives, shape (1 + p,).
    """

    scenario: Scenario
    table: Table
    parameters: tuple[Parameter, ...]
    refused: Mapping[str, str]
    x_s: Array
    y_s: Array
    scale_ohm: float
    across: Array
    rates: Mapping[str, Array]
    others: Mapping[str, Array]
    sides: Mapping[str, Array]
    junctions: Array
    resistance_ohm: Array

    @cached_property
    def curve(self) -> IVCurve:
        """The smooth I(V).

        Raises:
            ResultError: fewer than four distinct points make no curve.
        """
        found = curve_of(self.table, float(self.resistance_ohm[0]))
        if found is None:
            raise ResultError(f"{self.scenario.name}: fewer than four distinct points, which make no curve")
        return found

    @cached_property
    def turn(self) -> Array:
        """Rotation of the curve (radians) for each unit of a parameter, shape (q, p): minus the slope of `across`."""
        s, index = self.curve.s, self.curve.index
        spline = make_interp_spline(s, self.across[index], k=min(5, len(s) - 1))
        here = np.interp(np.arange(len(self.x_s)), index, s)
        return np.asarray(-spline(here, 1))

    @cached_property
    def _bend(self) -> Array:
        """Curvature (radians for each mV), shape (q,)."""
        return np.asarray(self.curve.angle(np.interp(np.arange(len(self.x_s)), self.curve.index, self.curve.s), 1))

    @cached_property
    def _shift(self) -> Array:
        """Displacement along the curve (mV), shape (q, p): keeps a fold a fold and the last current; zero elsewhere."""
        bend = self._bend[:, None]
        folds = np.asarray(self.table["fold"], dtype=np.str_) != ""
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = np.where(folds[:, None] & (bend != 0.0), -self.turn / bend, 0.0)
        if not folds[-1] and self.y_s[-1] != 0.0:
            shift[-1] = self.across[-1] * self.x_s[-1] / self.y_s[-1]
        return shift

    @cached_property
    def _THz_per_mV(self) -> float:
        """Josephson frequency for each mV per junction, as the table has it; NaN without that column."""
        if "f_THz" not in self.table:
            return float("nan")
        return float(column(self.table, "f_THz")[-1] / column(self.table, "V_per_junction_mV")[-1])

    def changes(self, k: int) -> dict[str, Array]:
        """Return the derivatives of the columns by parameter k on the displaced curve, shape (q,) each."""
        along, across = self._shift[:, k], self.across[:, k]
        V, I = column(self.table, "V_mV"), column(self.table, "I_mA")  # noqa: E741
        n, dn = self.junctions[0], self.junctions[1 + k]
        dV = across * self.y_s + along * self.x_s
        dI = (along * self.y_s - across * self.x_s) / self.scale_ohm
        found = {"V_mV": dV, "I_mA": dI, "V_per_junction_mV": dV / n - V * dn / n**2, "P_mW": (dV * I + V * dI) * 1e-3}
        found["f_THz"] = found["V_per_junction_mV"] * self._THz_per_mV
        return found | {name: self.others[name][:, k] + self.rates[name] * along for name in self.others}

    @cached_property
    def along(self) -> dict[str, Array]:
        """Rates of the columns along the branch for each mV, shape (q,) each."""
        V, I = column(self.table, "V_mV"), column(self.table, "I_mA")  # noqa: E741
        I_s = self.y_s / self.scale_ohm
        found = {"V_mV": self.x_s, "I_mA": I_s, "V_per_junction_mV": self.x_s / self.junctions[0]}
        found["f_THz"] = found["V_per_junction_mV"] * self._THz_per_mV
        return found | {"P_mW": (self.x_s * I + V * I_s) * 1e-3} | dict(self.rates)

    def at_constant(self, name: str, held: str, k: int) -> Array:
        """Return the derivatives of a column by parameter k where another one is held, NaN where that has a fold."""
        changes = self.changes(k)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = changes[name] - changes[held] * self.along[name] / self.along[held]
        return np.where(np.isfinite(found) & (np.asarray(self.table["fold"]) == ""), found, np.nan)

    def displaced(self, k: int, by: float) -> tuple[Table, float, float]:
        """Return table, R_N and n of the curve that parameter k, larger by so much, makes to first order."""
        angle = np.arctan2(self.y_s, self.x_s) + by * (self.turn[:, k] + self._bend * self._shift[:, k])
        table = dict(self.table)
        for name, change in self.changes(k).items():
            if name in table:
                table[name] = column(self.table, name) + by * change
        ordinary = np.asarray(self.table["fold"]) == ""
        slopes = column(self.table, "dV_dI_ohm")
        table["dV_dI_ohm"] = np.where(ordinary, self.scale_ohm / np.tan(angle), slopes)
        resistance = self.resistance_ohm[0] + by * self.resistance_ohm[1 + k]
        return table, float(resistance), float(self.junctions[0] + by * self.junctions[1 + k])

    def step(self, k: int) -> float:
        """Return the change of parameter k that displaces the curve by `SMALL` of its size."""
        sizes = [
            np.abs(self.across[:, k]).max() / self.curve.s[-1],
            np.abs(self.turn[:, k]).max(),
            abs(self.resistance_ohm[1 + k] / self.resistance_ohm[0]),
            abs(self.junctions[1 + k] / self.junctions[0]),
        ]
        return float(SMALL / max(*sizes, 1e-300))


def figures(sensitivity: BranchSensitivity, table: Table, resistance_ohm: float, junctions: float) -> dict[str, float]:
    """Return the figures of merit of a curve that exist, by their names in summary.json."""
    curve = curve_of(table, resistance_ohm)
    values = curve_figures(table, curve, junctions)
    values["end"] = {name: float(column(table, name)[-1]) for name in OF_CURVE}
    if "T_max_K" in sensitivity.others:
        values["end"]["T_max_K"] = float(column(table, "T_max_K")[-1])
        values["nucleation"] = nucleation(table, curve, sensitivity.scenario.output.hot_temperature_K)
    flat = flat_summary({name: value for name, value in values.items() if value is not None}, tables=True)
    return {
        name: float(value)
        for name, value in flat.items()
        if value is not None and not name.endswith(OF_PLACES) and (name[-7:] != "T_max_K" or "nucleation" in values)
    }


def needs_state(names: Sequence[str]) -> tuple[str, ...]:
    """Return which columns besides V and I must be derived for these observables; () stands for the usual ones."""
    needed: set[str] = {"T_max_K"} if not names else set()
    for name in names:
        at = parse_at(name)
        hottest = {"T_max_K"} if name.startswith(("nucleation", "folds", "end.")) else set()
        needed |= ({at.column, at.along} if at else hottest) & set(OF_STATE)
    return tuple(name for name in OF_STATE if name in needed)


def problems_with(names: Sequence[str]) -> list[str]:
    """Return for each observable at a place why its derivative is not known, if so."""
    known = (*OF_CURVE, *OF_STATE)
    parts = [(name, part) for name in names if (at := parse_at(name)) for part in (at.column, at.along)]
    return [
        f"observable {name}: no derivative of {part} is known{did_you_mean(part, known)}; known are {', '.join(known)}"
        for name, part in parts
        if part not in known
    ]


def asked_currents(names: Sequence[str]) -> tuple[float, ...]:
    """Return the currents (mA) at which observables are asked for: a point of the branch shall stand there."""
    places = [at for name in names if (at := parse_at(name)) is not None]
    return tuple(at.value for at in places if at.along == "I_mA")


def sensitivity_rows(found: BranchSensitivity, names: Sequence[str] = ()) -> list[Row]:
    """Return a row for every observable and parameter, the strongest first.

    Columns: observable, value, parameter, parameter_value, derivative (unit of the observable for each unit of the
    parameter), dln_dln (empty where one of the two is zero), and below and above, the one-sided derivatives where there
    is a kink.

    Raises:
        ResultError: an observable does not exist on this branch; the message names the nearest.
    """
    base = figures(found, found.table, float(found.resistance_ohm[0]), float(found.junctions[0]))
    twice = {"V_steepest_mV_per_junction"} if "V_peak_mV_per_junction" in base else set()
    wanted = tuple(names) or tuple(name for name in USUAL if base.get(name) and name not in twice)
    wrong = [name for name in wanted if name not in base and parse_at(name) is None]
    if wrong:
        lines = [f"{found.scenario.name}: {name}: no derivative of it is known on this branch" for name in wrong]
        raise ResultError("\n".join(f"{line}; known are {', '.join(base)}" for line in lines))
    rows: list[Row] = []
    sides = [one_sided(found, k, base) for k in range(len(found.parameters))]
    for name in wanted:
        at = parse_at(name)
        own = [
            _row(
                name,
                *((base[name], sides[k].get(name)) if at is None else derivative_at(found, k, at, name)),
                parameter,
            )
            for k, parameter in enumerate(found.parameters)
        ]
        rows += sorted(own, key=_strength, reverse=True)
    return rows


def _strength(row: Row) -> float:
    return abs(float(row["dln_dln"])) if row["dln_dln"] != "" else -1.0


def one_sided(found: BranchSensitivity, k: int, base: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return the derivatives of all figures by parameter k from below and from above."""
    h = found.step(k)
    low, high = (figures(found, *found.displaced(k, by)) for by in (-h, h))
    both = base.keys() & low.keys() & high.keys()
    return {name: ((base[name] - low[name]) / h, (high[name] - base[name]) / h) for name in both}


def derivative_at(found: BranchSensitivity, k: int, at: At, name: str) -> tuple[float, tuple[float, float] | None]:
    """Return a column at a place, and its derivatives from below and from above.

    Raises:
        ResultError: the branch does not reach the place.
    """
    sides = found.sides[at.column][:, k] if at.column in found.sides else np.zeros((len(found.x_s), 2))
    changes = found.at_constant(at.column, at.along, k)[:, None] + sides
    landed = np.flatnonzero(np.abs(column(found.table, at.along) - at.value) <= LANDED * abs(at.value))
    if landed.size:
        below, above = (float(change) for change in changes[landed[0]])
        return float(column(found.table, at.column)[landed[0]]), (below, above)
    value = value_at(found.table, at)
    if value.number is None:
        raise ResultError(f"{name}: {value.reason}")
    ends = [value_at(dict(found.table) | {"side": side}, At("side", at.along, at.value)).number for side in changes.T]
    return value.number, None if None in ends else (float(ends[0] or 0.0), float(ends[1] or 0.0))


def _row(name: str, value: float, sides: tuple[float, float] | None, parameter: Parameter) -> Row:
    below, above = sides or (float("nan"), float("nan"))
    derivative = 0.5 * (below + above)
    kink = abs(above - below) > KINK * max(abs(above), abs(below))
    ratio = derivative * parameter.value / value if value and parameter.value else ""
    column_of = name.partition("@")[0]
    units = unit_of(column_of), parameter.unit
    return {
        "observable": name,
        "value": value,
        "unit": units[0],
        "parameter": parameter.key,
        "parameter_value": parameter.value,
        "parameter_unit": "factor" if parameter.is_factor else units[1],
        "derivative": derivative,
        "dln_dln": ratio,
        "below": below if kink else "",
        "above": above if kink else "",
    }


def curve_rows(found: BranchSensitivity) -> list[Row]:
    """Return the branch with dV/dp (mV for each unit) at constant current by every parameter; NaN at folds in I."""
    columns: dict[str, Array] = {name: column(found.table, name) for name in ("I_mA", "V_mV")}
    for k, parameter in enumerate(found.parameters):
        columns[f"dV_mV_by_{parameter.key}"] = found.at_constant("V_mV", "I_mA", k)
    return [dict(zip(columns, map(float, values), strict=True)) for values in zip(*columns.values(), strict=True)]
