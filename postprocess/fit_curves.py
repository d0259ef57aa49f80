"""Differences between a measured I(V) and a computed one that may fold back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.data import Measured
from hotmesa.scenarios.plans.fit import Data

FINER = 24
"""Points between two computed ones; straight pieces between them miss the curve by less than 1e-3 of an interval."""
ASSUMED = 0.01
"""Without any uncertainty all points count alike: this part of the largest measured value."""


MARGIN = 1e-3
"""A measured point so little beyond the end of the computed curve is reached by it."""
WRONG_UNIT = 30.0
"""Computed and measured values that differ by this factor have not the same unit."""


@dataclass(frozen=True)
class Comparison:
    """Residuals (model - measured)/sigma of a curve, and the model in the measured quantity; shape (points,).

    Attributes:
        warning: which points the computed curve cannot meet, and a suspicion about units; "" without any.
    """

    residual: Array
    model: Array
    sigma: Array
    warning: str = ""


def sigmas(measured: Measured, data: Data) -> tuple[Array, Array]:
    """Return the uncertainties of V in mV and of I in mA at the measured points."""
    shape = measured.V_mV.shape
    V = measured.sigma_V_mV if measured.sigma_V_mV is not None else np.full(shape, data.sigma_mV or np.nan)
    I = measured.sigma_I_mA if measured.sigma_I_mA is not None else np.full(shape, data.sigma_mA or np.nan)  # noqa: E741
    V = np.where(np.isfinite(V), V, ASSUMED * np.abs(measured.V_mV).max())
    return V, np.where(np.isfinite(I), I, ASSUMED * np.abs(measured.I_mA).max())


def has_uncertainty(measured: Measured, data: Data) -> bool:
    """Return whether the residuals of a curve are in units of true uncertainties."""
    V = measured.sigma_V_mV is not None or data.sigma_mV is not None
    I = measured.sigma_I_mA is not None or data.sigma_mA is not None  # noqa: E741
    return {"V-at-I": V, "I-at-V": I, "nearest": V and I}[data.compare]


def compare_curves(V_mV: Array, I_mA: Array, measured: Measured, data: Data) -> Comparison:
    """Return the residuals of a computed curve, given point by point along the branch.

    "V-at-I" (and "I-at-V") take of several voltages at one current the one nearest to the measured. Beyond the ends of
    the computed curve its end counts. "nearest" is the distance to the curve in units of both uncertainties.
    """
    V, I = dense(V_mV, I_mA)  # noqa: E741
    sigma_V, sigma_I = sigmas(measured, data)
    if data.compare == "nearest":
        found = _nearest(V, I, measured, sigma_V, sigma_I)
    elif data.compare == "V-at-I":
        model = _at(I, V, measured.I_mA, measured.V_mV)
        found = Comparison((model - measured.V_mV) / sigma_V, model, sigma_V)
    else:
        model = _at(V, I, measured.V_mV, measured.I_mA)
        found = Comparison((model - measured.I_mA) / sigma_I, model, sigma_I)
    far_V = 1.0 + (MARGIN if data.compare != "V-at-I" else 1.0)
    far_I = 1.0 + (MARGIN if data.compare != "I-at-V" else 1.0)
    warnings = [_unreached(V, I, measured, far_V, far_I)]
    if data.compare != "nearest":
        warnings.append(_scale(found.model, measured.V_mV if data.compare == "V-at-I" else measured.I_mA))
    return replace(found, warning="; ".join(text for text in warnings if text))


def _unreached(V: Array, I: Array, measured: Measured, far_V: float, far_I: float) -> str:  # noqa: E741
    """Return which measured points lie beyond the largest computed V or I times a factor, "" if none does.

    What is compared is only far away at twice the largest value; it is what a fit shall bring nearer.
    """
    limits = np.abs(V).max(), np.abs(I).max()
    beyond = (np.abs(measured.V_mV) > far_V * limits[0]) | (np.abs(measured.I_mA) > far_I * limits[1])
    rows = np.flatnonzero(beyond)
    if not rows.size:
        return ""
    names = [f"line {measured.lines[k]}" if measured.lines else f"point {k + 1}" for k in rows]
    shown = ", ".join(names[:5]) + (", ..." if rows.size > 5 else "")
    ends = f"{limits[0]:.4g} mV and {limits[1]:.4g} mA"
    return (
        f"{rows.size} of {beyond.size} measured points lie beyond the computed curve, which ends at {ends} ({shown}): "
        "look at their units, compute the curve further, or leave them out with last_mA"
    )


def _scale(model: Array, measured: Array) -> str:
    """Return the suspicion that model and measurement differ by a unit, "" without."""
    use = np.isfinite(model) & (model != 0) & (measured != 0)
    ratio = float(np.median(np.abs(model[use] / measured[use]))) if use.any() else 1.0
    if 1 / WRONG_UNIT < ratio < WRONG_UNIT:
        return ""
    return f"the computed values are about {ratio:.3g} times the measured: are the units of the columns right?"


def dense(V_mV: Array, I_mA: Array) -> tuple[Array, Array]:
    """Return the curve with many points between the computed ones, by monotone cubics over the chord length."""
    V, I = np.asarray(V_mV, dtype=np.float64), np.asarray(I_mA, dtype=np.float64)  # noqa: E741
    if V.size == 0:
        raise ValueError("the computed curve has no point")
    chord = np.hypot(np.diff(V) / max(np.ptp(V), 1e-30), np.diff(I) / max(np.ptp(I), 1e-30))
    keep = np.append(True, chord > 1e-9)
    V, I, s = V[keep], I[keep], np.append(0.0, np.cumsum(chord))[keep]  # noqa: E741
    if V.size < 3:
        return V, I
    fine = np.append((s[:-1, None] + np.diff(s)[:, None] * np.linspace(0, 1, FINER, endpoint=False)).ravel(), s[-1])
    return PchipInterpolator(s, V)(fine), PchipInterpolator(s, I)(fine)


def _at(x: Array, y: Array, places: Array, wanted: Array) -> Array:
    """Return y of a polyline at places in x; of several the one nearest to `wanted`, beyond it the nearest end."""
    result = np.empty(places.shape)
    low, high = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    for k, place in enumerate(places):
        inside = np.flatnonzero((low <= place) & (place <= high) & (high > low))
        if inside.size == 0:
            result[k] = y[np.argmin(np.abs(x - place))]
            continue
        part = (place - x[inside]) / (x[inside + 1] - x[inside])
        found = y[inside] + part * (y[inside + 1] - y[inside])
        result[k] = found[np.argmin(np.abs(found - wanted[k]))]
    return result


def _nearest(V: Array, I: Array, measured: Measured, sigma_V: Array, sigma_I: Array) -> Comparison:  # noqa: E741
    """Return signed distances: positive where the measured point lies on the side of higher voltage."""
    distance, model = np.empty(measured.V_mV.shape), np.empty(measured.V_mV.shape)
    for k in range(distance.size):
        x, y = (V - measured.V_mV[k]) / sigma_V[k], (I - measured.I_mA[k]) / sigma_I[k]
        dx, dy = np.diff(x), np.diff(y)
        part = np.clip(-(x[:-1] * dx + y[:-1] * dy) / np.maximum(dx**2 + dy**2, 1e-300), 0.0, 1.0)
        px, py = x[:-1] + part * dx, y[:-1] + part * dy
        best = int(np.argmin(px**2 + py**2))
        sign = np.sign(px[best]) or 1.0
        distance[k] = sign * np.hypot(px[best], py[best])
        model[k] = measured.V_mV[k] + px[best] * sigma_V[k]
    return Comparison(distance, model, sigma_V)
