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
from hotmesa.scenarios.schema.outline import Disc, Rectangle
from hotmesa.solver.constants import FLUX_QUANTUM_MV_PER_THZ
from hotmesa.solver.errors import RequestError
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums
from hotmesa.solver.states.cavity import Mode, disc_mode, rectangle_mode
from hotmesa.solver.states.cold import hot_intervals, hot_shares, longest_gap, merged

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
    V_mV="voltage across the mesa, the same everywhere on it; with an `[electrode]` what its voltmeter reads, with "
    "`[[mesas]]` that of the circuit which the run follows",
    V_per_junction_mV="V/n",
    I_mA="current, ∫ J dA over the mesa; with `[[mesas]]` that of the circuit which the run follows",
    P_mW="Joule power V I, that of an `[electrode]` and of all `[[mesas]]` included",
)
def bias(model: Model, e: State) -> Row:
    """Return voltage, voltage per resistive junction, current and power."""
    n = model.circuit.junctions_in_series
    return {"V_mV": e.V, "V_per_junction_mV": e.V / n, "I_mA": e.I, "P_mW": e.P * 1e-3}


@observable(
    electrode_drop_mV="largest minus smallest potential of the `[electrode]` over the mesa",
    P_electrode_mW="Joule power of the `[electrode]`, part of `P_mW`",
    **{"I_<contact>_mA": "current through each contact of the `[electrode]`"},
)
def electrode(model: Model, e: State) -> Row:
    """Return the drop along a resistive electrode (mV), its heat (mW) and the currents of its contacts (mA)."""
    if e.electrode is None:
        return {}
    row: Row = {
        "electrode_drop_mV": float(np.ptp(e.electrode.potential)),
        "P_electrode_mW": float(e.electrode.heat.sum()) * 1e-3,
    }
    return row | {f"I_{name}_mA": value for name, value in e.electrode.currents.items()}


@observable(
    **{
        "V_mesa_<name>_mV": "voltage across each mesa by its name, `first` for `[mesa]`; only with `[[mesas]]`",
        "I_mesa_<name>_mA": "current through each mesa",
        "T_mesa_<name>_K": "mean temperature of the junctions of each mesa",
        "P_mesa_<name>_mW": "Joule power of each mesa",
    }
)
def mesas(model: Model, e: State) -> Row:
    """Return voltage (mV), current (mA), mean temperature (K) and power (mW) of each of several mesas."""
    if model.stacks is None or e.stacks is None:
        return {}
    T = model.stacks.mean(junction_temperatures(model, e).mean(axis=0))
    row: Row = {}
    for name, k in model.stacks.columns.items():
        V, current = float(e.stacks.U[k]), float(e.stacks.currents[k])
        row |= {f"V_mesa_{name}_mV": V, f"I_mesa_{name}_mA": current, f"T_mesa_{name}_K": float(T[k])}
        row[f"P_mesa_{name}_mW"] = V * current * 1e-3
    return row


def junction_excess(model: Model, e: State, T_K: float) -> Array:
    """Return how much hotter than T_K the junctions are (mean of their sublayers), shape (cells, corners). Collective.

    Cells are the elements of the mesa that this rank owns.
    """
    mesa = np.zeros(model.operators.owned)
    mesa[model.layout.mesa_nodes] = junction_temperatures(model, e).mean(axis=0)
    return model.mesa_elements.at_corners(mesa) - T_K


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
    centres = [contact.patch.centre_um for contact in model.scenario.contacts]
    distances = [float(np.hypot(at_x - x, at_y - y)) for at_x, at_y in centres]
    return {
        "hot_fraction": float(area / model.area),
        "hot_x_um": round(float(x), PLACES),
        "hot_y_um": round(float(y), PLACES),
        "hot_contact_distance_um": min(distances, default=float("nan")),
        "hot_current_share": float(current / e.I),
    }


@observable(
    hot_length_um="long axis of the ellipse with the second moments of that part; of a strip its length, of a disc its "
    "diameter",
    hot_width_um="short axis of that ellipse; the diameter on a disc, nothing on a strip",
    hot_angle_deg="angle of the long axis to x, from -90 up to 90; plan only",
)
def hot_ellipse(model: Model, e: State) -> Row:
    """Return axes (µm) and direction (degrees) of the ellipse that has the second moments of the hot area.

    Of a filled ellipse the mean square along a semi-axis a is a^2/4, of a segment of length L it is L^2/12.
    """
    T = junction_temperatures(model, e).mean(axis=0)
    hot = model.junction_mass * (T > model.scenario.output.hot_temperature_K)
    x, y = model.operators.xy[model.layout.mesa_nodes].T
    area, *sums = global_sums(model.comm, np.array([hot @ f for f in (np.ones(x.size), x, y, x * x, y * y, x * y)]))
    nan = float("nan")
    if area == 0.0:
        return {"hot_length_um": nan, "hot_width_um": nan, "hot_angle_deg": nan}
    mx, my, xx, yy, xy = np.array(sums) / area
    if model.scenario.geometry == "disc":
        diameter = 2.0 * float(np.sqrt(2.0 * xx))
        return {"hot_length_um": diameter, "hot_width_um": diameter, "hot_angle_deg": nan}
    if model.scenario.geometry == "strip":
        return {"hot_length_um": float(np.sqrt(12.0 * max(xx - mx**2, 0.0))), "hot_width_um": nan, "hot_angle_deg": nan}
    moments = np.array([[xx - mx * mx, xy - mx * my], [xy - mx * my, yy - my * my]])
    (short, long), axes = np.linalg.eigh(moments)
    angle = float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])))
    return {
        "hot_length_um": 4.0 * float(np.sqrt(max(long, 0.0))),
        "hot_width_um": 4.0 * float(np.sqrt(max(short, 0.0))),
        "hot_angle_deg": round((angle + 90.0) % 180.0 - 90.0, PLACES),
    }


@observable(**{"T_probe_<n>_K": "temperature of the top of the mesa at the n-th place of `output.probes_um`, from 0"})
def probes(model: Model, e: State) -> Row:
    """Return the temperature (K) of the top sublayer at the places that the scenario names, linear in the elements."""
    places = model.scenario.output.probes_um
    if not places:
        return {}
    top = np.zeros(model.operators.owned)
    top[model.layout.mesa_nodes] = e.T[model.layout.rows(0)]
    found = model.mesa_elements.at_places(top, np.array(places))
    return {f"T_probe_{k}_K": float(value) for k, value in enumerate(found)}


@observable(f_THz="Josephson frequency V/(n Φ0) of the n resistive junctions, with the sign of V")
def frequency(model: Model, e: State) -> Row:
    """Return the frequency (THz) at which the phase of the junctions turns, 0.4836 THz per mV a junction."""
    return {"f_THz": e.V / model.circuit.junctions_in_series / FLUX_QUANTUM_MV_PER_THZ}


def slopes(model: Model, dV_dI_ohm: float) -> Row:
    """Return the slope of a curve of states (Ω) and that of the frequency along it (THz/mA)."""
    per_THz = model.circuit.junctions_in_series * FLUX_QUANTUM_MV_PER_THZ
    return {"dV_dI_ohm": dV_dI_ohm, "df_dI_THz_per_mA": dV_dI_ohm / per_THz}


@observable(
    cold_area_um2="area of the mesa below T_c (`josephson.critical_temperature_K`, default the hot temperature)",
    cold_P_mW="Joule power made in it",
    cold_length_um="longest stretch of the longer side that is below T_c over the whole width; of the radius on a "
    "disc; neither that nor cavity modes are told with `[[mesas]]`",
    cavity_THz="resonance nearest to f of the rectangle of that length, or of a disc that is cold from its centre",
    cavity_along="its half waves along that length; on a disc its periods around",
    cavity_across="its half waves across the width; on a disc from 1 the number of its zero of J'",
    cavity_detuning="(|f| − its frequency)/its frequency",
)
def cold_part(model: Model, e: State) -> Row:
    """Return area (µm²), power (mW) and length (µm) of what is superconducting, and the mode that is nearest to f.

    T (mean of the junction sublayers) is linear inside every element; a node gives the part of its power that is the
    cold part of the elements around it.
    """
    excess = junction_excess(model, e, model.scenario.critical_temperature_K)
    elements, low, high = model.mesa_elements, *_stretch(model)
    warmest, coldest = (global_max(model.comm, (sign * excess).max(initial=-np.inf)) for sign in (1.0, -1.0))
    area, power = model.area, e.P
    hot: Array = np.zeros((0, 2))
    if coldest <= 0.0:
        area, power, low, high = 0.0, 0.0, 0.0, 0.0
    elif warmest > 0.0:
        sizes, _ = elements.sizes()
        cold = sizes * (1.0 - hot_shares(excess)[0])
        parts = [elements.to_nodes(np.repeat(a[:, None], excess.shape[1], axis=1)) for a in (cold, sizes)]
        shares = np.divide(*(part[model.layout.mesa_nodes] for part in parts))
        local = np.array([cold.sum(), float((model.junction_mass * shares) @ e.junctions.Q.sum(axis=0))])
        area, power = (float(value) for value in global_sums(model.comm, local))
        hot = hot_intervals(elements.places[:, :, _axis(model)], excess)
        if model.comm.size > 1:
            hot = merged(np.concatenate(model.comm.allgather(hot)))
        low, high = longest_gap(hot, low, high) if low < high else (low, high)
    f, mode = abs(float(frequency(model, e)["f_THz"])), None
    if high > low:
        mode = _mode(model, f, low, high, bool(len(hot)))
    nan = float("nan")
    return {
        "cold_area_um2": area,
        "cold_P_mW": power * 1e-3,
        "cold_length_um": high - low,
        "cavity_THz": nan if mode is None else mode.THz,
        "cavity_along": nan if mode is None else mode.along,
        "cavity_across": nan if mode is None else mode.across,
        "cavity_detuning": nan if mode is None else f / mode.THz - 1.0,
    }


def _axis(model: Model) -> int:
    """Return the axis of the longer side of the mesa: 0 for x, on a line and where both are equal, 1 for y."""
    width, depth = model.scenario.mesa.extent_um
    return int(model.scenario.geometry == "plan" and depth > width)


def _stretch(model: Model) -> tuple[float, float]:
    """Return the ends (µm) of the mesa along its longer side, or of the radius of a disc; nowhere with several."""
    if model.stacks is not None:
        return float("nan"), float("nan")
    mesa = model.scenario.mesa
    if model.scenario.geometry == "disc":
        return 0.0, mesa.extent_um[0] / 2
    if model.scenario.geometry == "strip":
        return -mesa.extent_um[0] / 2, mesa.extent_um[0] / 2
    places = [corner[_axis(model)] for corner in mesa.corners]
    return min(places), max(places)


def _mode(model: Model, f: float, low: float, high: float, some_hot: bool) -> Mode | None:
    """Return the mode nearest to f of what is cold between two places; None for a shape without closed formula."""
    mesa, index = model.scenario.mesa, model.scenario.josephson.refractive_index
    if isinstance(mesa, Rectangle):
        return rectangle_mode(f, high - low, mesa.extent_um[1 - _axis(model)], index)
    if isinstance(mesa, Disc) and (low == 0.0 if model.scenario.geometry == "disc" else not some_hot):
        return disc_mode(f, high if model.scenario.geometry == "disc" else (high - low) / 2, index)
    return None


@observable(
    ("heat_balance_error",),
    heat_balance_error="(P + power of the heaters − heat into all sinks)/(P + power of the heaters), its magnitude",
    P_heaters_mW="power of the heaters that are on; only with [[heaters]]",
    **{"Q_<sink>_mW": "heat into each sink: `bottom`, `rim`, `top`, and every contact by its name"},
)
def sinks(model: Model, e: State) -> Row:
    """Return the heat into every sink (mW) and the relative difference between the power put in and their sum."""
    heat = model.conduction.leaving(e.conducted)
    for sink, into in zip(model.sinks, e.heats, strict=True):
        heat[sink.name] = global_sum(model.comm, into.q.sum())
    power = e.P + e.heaters
    row: Row = {"heat_balance_error": abs(power - sum(heat.values())) / power if power > 0.0 else 0.0}
    if model.scenario.heaters:
        row["P_heaters_mW"] = e.heaters * 1e-3
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
