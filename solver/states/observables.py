"""What is read off a state: one named number each, the columns of iv.csv."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_max, global_min, global_sum, global_sums

Row = dict[str, float | int | str]

PLACES = 9
"""Decimals of a centroid (um): what is left of a centred one by rounding is no place."""


def junction_temperatures(model: Model, e: Evaluation) -> Array:
    """Return the temperatures of the junction sublayers at the owned mesa nodes (K), shape (S, m)."""
    return e.T[model.layout.junction_rows].reshape(len(model.layout.junction_layers), -1)


def bias(model: Model, e: Evaluation) -> Row:
    """Return voltage, voltage per resistive junction, current and power."""
    n = float(model.junctions.counts.sum())
    return {"V_mV": e.V, "V_per_junction_mV": e.V / n, "I_mA": e.I, "P_mW": e.P * 1e-3}


def temperatures(model: Model, e: Evaluation) -> Row:
    """Return extrema and mean of the junction temperature (K) and alpha = (mean - T_B)/P (K/mW)."""
    T = junction_temperatures(model, e)
    mean = global_sum(model.comm, float((model.junction_mass * T).sum())) / (model.area * T.shape[0])
    return {
        "T_max_K": global_max(model.comm, T.max(initial=0.0)),
        "T_mean_K": mean,
        "T_min_K": global_min(model.comm, T.min(initial=np.inf)),
        "alpha_mean_K_per_mW": (mean - model.bath) / (e.P * 1e-3) if e.P > 0.0 else float("nan"),
    }


def hot_spot(model: Model, e: Evaluation) -> Row:
    """Return area fraction, centroid (um), distance from the nearest contact and share of the current of the hot spot.

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


def sinks(model: Model, e: Evaluation) -> Row:
    """Return the heat into every sink (mW) and the relative difference between Joule power and their sum."""
    comm = model.comm
    heat: dict[str, float] = {}
    if model.condensed is not None:
        entering = e.conducted[model.layout.rows(len(model.layout.mesa_layers))]
        heat["bottom"] = float(model.condensed.bottom_share @ entering)
        heat["rim"] = float(entering.sum()) - heat["bottom"]
    elif model.scenario.bath.rim == "bath":
        # Rows on the rim hold no conduction, so what the others lose along the layers is what enters the rim.
        heat["rim"] = global_sum(comm, e.conducted.sum())
    if model.scenario.bath.rim != "bath":
        heat.pop("rim", None)
    for sink, (q, _) in zip(model.baths, e.bath_heat, strict=True):
        heat[sink.name] = global_sum(comm, q.sum())
    for contact, (q, _, _) in zip(model.contacts, e.contact_heat, strict=True):
        heat[contact.name] = global_sum(comm, q.sum())
    error = abs(e.P - sum(heat.values())) / e.P if e.P > 0.0 else 0.0
    row: Row = {"heat_balance_error": error}
    row.update({f"Q_{name}_mW": q * 1e-3 for name, q in heat.items()})
    return row


def observe(model: Model, e: Evaluation) -> Row:
    """Return all observables of a state. Collective."""
    return bias(model, e) | temperatures(model, e) | hot_spot(model, e) | sinks(model, e)
