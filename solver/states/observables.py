"""What is read off a state: one named number each, declared with unit and meaning where it is computed.

`OBSERVABLES` holds every function below; the tables of all kinds of runs, the names that studies and fits know and
docs/results.md are made from it. An observable is added by writing one more function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.observables import is_among
from hotmesa.solver.errors import RequestError
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums

if TYPE_CHECKING:  # so that the names can be asked for where DOLFINx is not imported
    from hotmesa.solver.model import Model, State

Measure = Callable[["Model", "State"], Mapping[str, float | int | str]]
M = TypeVar("M", bound=Measure)

PLACES = 9
"""Decimals of a centroid (µm): what is left of a centred one by rounding is no place."""


@dataclass(frozen=True)
class Observable:
    """A function of a state with the columns that it fills.

    Attributes:
        measure: takes model and state and returns a number by column.
        columns: meaning by column; the ending of a name is its unit, and <word> stands for any name.
        steady: those of them that mean something in a steady state only; transients leave them out.
    """

    measure: Measure
    columns: Mapping[str, str]
    steady: frozenset[str] = frozenset()


OBSERVABLES: list[Observable] = []
"""All observables, in the order of the columns."""


def observable(steady: Sequence[str] = (), /, **columns: str) -> Callable[[M], M]:
    """Return a decorator that makes a function of a state an observable of every run.

    Args:
        steady: columns that mean something in a steady state only.
        columns: meaning of each column that the function returns.
    """

    def register(measure: M) -> M:
        OBSERVABLES.append(Observable(measure, columns, frozenset(steady)))
        return measure

    return register


def junction_temperatures(model: Model, e: State) -> Array:
    """Return the temperatures of the junction sublayers at the owned mesa nodes (K), shape (S, m)."""
    return e.T[model.layout.junction_rows].reshape(len(model.layout.junction_layers), -1)


@observable(
    V_mV="voltage across the mesa, the same everywhere on it",
    V_per_junction_mV="V/n",
    I_mA="current, ∫ J dA over the mesa",
    P_mW="Joule power V I",
)
def bias(model: Model, e: State) -> Row:
    """Return voltage, voltage per resistive junction, current and power."""
    n = float(model.junctions.counts.sum())
    return {"V_mV": e.V, "V_per_junction_mV": e.V / n, "I_mA": e.I, "P_mW": e.P * 1e-3}


@observable(
    ("alpha_mean_K_per_mW",),
    T_max_K="largest temperature of the junctions",
    T_mean_K="mean temperature of the junctions over the area",
    T_min_K="smallest temperature of the junctions",
    alpha_mean_K_per_mW="(T_mean − T_B)/P",
)
def temperatures(model: Model, e: State) -> Row:
    """Return extrema and mean of the junction temperature (K) and alpha = (mean - T_B)/P (K/mW)."""
    T = junction_temperatures(model, e)
    mean = global_sum(model.comm, float((model.junction_mass * T).sum())) / (model.area * T.shape[0])
    return {
        "T_max_K": global_max(model.comm, T.max(initial=0.0)),
        "T_mean_K": mean,
        "T_min_K": global_min(model.comm, T.min(initial=np.inf)),
        "alpha_mean_K_per_mW": (mean - model.bath) / (e.P * 1e-3) if e.P > 0.0 else float("nan"),
    }


@observable(
    hot_fraction="part of the mesa area above the hot temperature (`output.hot_temperature_K`, default 74 K)",
    hot_x_um="x of the centroid of that part, from the centre of the mesa",
    hot_y_um="y of the centroid of that part, from the centre of the mesa",
    hot_contact_distance_um="distance of the centroid from the centre of the nearest contact",
    hot_current_share="part of the current that flows through the hot spot",
)
def hot_spot(model: Model, e: State) -> Row:
    """Return area fraction, centroid (µm), distance from the nearest contact and share of the current of the hot spot.

    A node is hot when the mean of its junction sublayers lies above output.hot_temperature_K; its lumped area
    counts, so the fraction is resolved to about one node.
    """
    T = junction_temperatures(model, e).mean(axis=0)
    hot = model.junction_mass * (T > model.scenario.output.hot_temperature_K)
    xy = model.operators.xy[model.layout.mesa_nodes]
    area, x, y, current = global_sums(model.comm, np.array([hot.sum(), *(hot @ xy), hot @ e.junctions.J]))
    if area == 0.0:
        nan = float("nan")
        return {
            "hot_fraction": 0.0,
            "hot_x_um": nan,
            "hot_y_um": nan,
            "hot_contact_distance_um": nan,
            "hot_current_share": 0.0,
        }
    x, y = x / area, y / area
    distances = [float(np.hypot(c.x_um - x, c.y_um - y)) for c in model.scenario.contacts]
    return {
        "hot_fraction": float(area / model.area),
        "hot_x_um": round(float(x), PLACES),
        "hot_y_um": round(float(y), PLACES),
        "hot_contact_distance_um": min(distances, default=float("nan")),
        "hot_current_share": float(current / e.I),
    }


@observable(
    ("heat_balance_error",),
    heat_balance_error="(P − heat into all sinks)/P, its magnitude",
    **{"Q_<sink>_mW": "heat into each sink: `bottom`, `rim`, `top`, and every contact by its name"},
)
def sinks(model: Model, e: State) -> Row:
    """Return the heat into every sink (mW) and the relative difference between Joule power and their sum."""
    heat = model.conduction.leaving(e.conducted)
    for sink, into in zip(model.sinks, e.heats, strict=True):
        heat[sink.name] = global_sum(model.comm, into.q.sum())
    error = abs(e.P - sum(heat.values())) / e.P if e.P > 0.0 else 0.0
    row: Row = {"heat_balance_error": error}
    row.update({f"Q_{name}_mW": q * 1e-3 for name, q in heat.items()})
    return row


def observe(model: Model, e: State, own: Sequence[Measure] = (), steady: bool = True) -> Row:
    """Return all observables of a state. Collective.

    Args:
        model: the device.
        e: its state.
        own: functions of the caller, each `(model, e) -> {name: number}`; they may communicate, on all ranks alike.
        steady: whether the state is a steady one; else what means nothing in others is left out.

    Raises:
        RequestError: a function of the caller returns no table of numbers, or a column that exists.
    """
    row: Row = {}
    for item in OBSERVABLES:
        row |= {name: value for name, value in item.measure(model, e).items() if steady or name not in item.steady}
    taken = columns() if own else ()
    for measure in own:
        result = measure(model, e)
        title = getattr(measure, "__name__", repr(measure))
        if not isinstance(result, Mapping):
            raise RequestError(f"observable {title}: returns {type(result).__name__}; return {{name: number}}")
        for name, value in result.items():
            if not isinstance(value, int | float | str | np.generic):
                raise RequestError(f"observable {title}: {name} is {type(value).__name__}; return one number a name")
            if name in row or is_among(name, taken):
                raise RequestError(f"observable {title}: the column {name} exists; give it another name")
        row |= result
    return row


def columns(steady: bool = True) -> dict[str, str]:
    """Return the meaning of every column that `observe` fills, in order."""
    return {
        name: text
        for item in OBSERVABLES
        for name, text in item.columns.items()
        if steady or name not in item.steady
    }
