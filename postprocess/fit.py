"""Differences between a measured I(V) and a computed one that may fold back, and fit.png, which shows them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from hotmesa.postprocess import page, style
from hotmesa.postprocess.legs import on_branches
from hotmesa.postprocess.tables import ResultError, Table, column, read_table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.labels import label_of
from hotmesa.scenarios.plans.fit import Data, Measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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

    "V-at-I" (and "I-at-V") take of several voltages at one current those of the branch that the leg of the measured
    sweep runs on (see `legs`), of single points the nearest. Beyond the ends of the computed curve its end counts.
    "nearest" is the distance to the curve in units of both uncertainties.
    """
    V, I = dense(V_mV, I_mA)  # noqa: E741
    sigma_V, sigma_I = sigmas(measured, data)
    if data.compare == "nearest":
        result = _nearest(V, I, measured, sigma_V, sigma_I)
    elif data.compare == "V-at-I":
        near = _at(I, V, measured.I_mA, measured.V_mV)
        model = on_branches(I, V, measured.I_mA, measured.V_mV, sigma_V, near)
        result = Comparison((model - measured.V_mV) / sigma_V, model, sigma_V)
    else:
        near = _at(V, I, measured.V_mV, measured.I_mA)
        model = on_branches(V, I, measured.V_mV, measured.I_mA, sigma_I, near)
        result = Comparison((model - measured.I_mA) / sigma_I, model, sigma_I)
    far_V = 1.0 + (MARGIN if data.compare != "V-at-I" else 1.0)
    far_I = 1.0 + (MARGIN if data.compare != "I-at-V" else 1.0)
    warnings = [_unreached(V, I, measured, far_V, far_I)]
    if data.compare != "nearest":
        warnings.append(_scale(result.model, measured.V_mV if data.compare == "V-at-I" else measured.I_mA))
    return replace(result, warning="; ".join(text for text in warnings if text))


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


def _at(x: Array, y: Array, places: Array, nearby: Array) -> Array:
    """Return y of a polyline at places in x; of several the one nearest to `nearby`, beyond it the nearest end."""
    result = np.empty(places.shape)
    low, high = np.minimum(x[:-1], x[1:]), np.maximum(x[:-1], x[1:])
    for k, place in enumerate(places):
        inside = np.flatnonzero((low <= place) & (place <= high) & (high > low))
        if inside.size == 0:
            result[k] = y[np.argmin(np.abs(x - place))]
            continue
        part = (place - x[inside]) / (x[inside + 1] - x[inside])
        found = y[inside] + part * (y[inside + 1] - y[inside])
        result[k] = found[np.argmin(np.abs(found - nearby[k]))]
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


MOST_DIGITS = 6
"""Of a number that is written out; smaller and larger ones have powers of ten."""
LABELS = {
    "V-at-I": ("current I (mA)", "voltage V (mV)"),
    "nearest": ("current I (mA)", "voltage V (mV)"),
    "I-at-V": ("voltage V (mV)", "current I (mA)"),
    "dI/dV": ("voltage V (mV)", "conductance dI/dV (normalised)"),
}


@style.styled
def plot_fit(folder: Path) -> Figure:
    """Return a figure of the fit in a folder: measured points and model, and their differences below.

    Raises:
        ResultError: a file is missing or damaged.
    """
    table = read_table(folder / "residuals.csv", ("at", "measured", "sigma", "model", "residual"), ("data", "quantity"))
    try:
        about = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{folder / 'fit.json'}: cannot be read ({error})") from error
    names = list(dict.fromkeys(str(name) for name in table["data"]))
    curves = [name for name in names if np.isfinite(column(_part(table, [name]), "at")).any()]
    numbers = [name for name in names if name not in curves]
    count = len(curves) + (1 if numbers else 0)
    figure = page.new_figure(1.0 + 4.6 * count, 5.6)
    grid = figure.subplots(2, count, squeeze=False, height_ratios=[3, 1])
    for index, name in enumerate(curves):
        _draw_curve(grid[0, index], grid[1, index], _part(table, [name]), name)
    if numbers:
        _draw_numbers(grid[0, -1], grid[1, -1], _part(table, numbers))
    page.heading(figure, *_title(about).split("\n"))
    return figure


def _part(table: Table, names: list[str]) -> dict[str, Any]:
    here = np.isin(np.asarray(table["data"]), names)
    return {name: values[here] for name, values in table.items()}


def _title(about: dict[str, Any]) -> str:
    lines = []
    for name, result in about["parameters"].items():
        lines.append(f"{label_of(name)} = {with_spread(result['value'], result['uncertainty'])}")
    reduced = about["chi_squared_reduced"]
    ending = f"χ² per degree of freedom {reduced:.3g}" if reduced is not None else f"χ² {about['chi_squared']:.3g}"
    rows = ["   ".join(lines[k : k + 2]) for k in range(0, len(lines), 2)]
    return "\n".join([str(about["name"]), *rows, ending])


def with_spread(value: float, spread: float | None) -> str:
    """Return a number with its uncertainty, both with the digits that this leaves: "4.30 ± 0.82"."""
    if spread is None or not np.isfinite(spread) or spread <= 0.0:
        return f"{value:.5g}"
    digits = max(1 - math.floor(math.log10(float(f"{spread:.1e}"))), 0)
    if digits > MOST_DIGITS or abs(value) >= 10**MOST_DIGITS:
        return f"{value:.5g} ± {spread:.2g}"
    return f"{value:.{digits}f} ± {spread:.{digits}f}"


def _draw_curve(upper: Axes, lower: Axes, part: Table, name: str) -> None:
    x, y, model = (column(part, key) for key in ("at", "measured", "model"))
    order = np.argsort(x, kind="stable")
    upper.errorbar(
        x, y, column(part, "sigma"), fmt=".", color=style.UNIFORM_COLOUR, markersize=4, elinewidth=0.7, label="measured"
    )
    upper.plot(x[order], model[order], "-", color=style.BRANCH_COLOUR, linewidth=1.8, label="model", zorder=3)
    upper.legend()
    upper.set_title(name)
    labels = LABELS.get(str(np.asarray(part["quantity"])[0]), ("", ""))
    lower.axhline(0.0, color=style.UNIFORM_COLOUR, linewidth=0.8)
    lower.plot(x, column(part, "residual"), ".", color=style.BRANCH_COLOUR, markersize=4)
    lower.set_xlabel(labels[0])
    upper.set_ylabel(labels[1])
    lower.set_ylabel("residual / σ (1)")
    for axes in (upper, lower):
        style.tidy(axes)


def over_measured(part: Table) -> tuple[Array, NDArray[np.bool_]]:
    """Return model over measured for each number, and where a limit is kept; there it is the limit itself.

    A limit may be kept by any factor, which would press everything else in the picture into a line.
    """
    measured, model = column(part, "measured"), column(part, "model")
    met = (column(part, "residual") == 0.0) & (model != measured)
    return np.where(met, measured, model) / np.where(measured == 0.0, 1.0, measured), met


def _draw_numbers(upper: Axes, lower: Axes, part: Table) -> None:
    """Show model over measured for each number, and the residuals."""
    places = np.arange(len(column(part, "measured")))
    measured = column(part, "measured")
    scale = np.where(measured == 0.0, 1.0, measured)
    upper.errorbar(
        places, measured / scale, column(part, "sigma") / np.abs(scale), fmt="o", color=style.UNIFORM_COLOUR,
        capsize=3, label="measured",
    )  # fmt: skip
    model, met = over_measured(part)
    upper.plot(places[~met], model[~met], "D", color=style.BRANCH_COLOUR, label="model")
    if met.any():
        upper.plot(places[met], model[met], "D", color=style.BRANCH_COLOUR, fillstyle="none", label="limit kept")
    upper.legend()
    upper.set_xticks([])
    upper.set_ylabel("over the measured value (1)")
    lower.axhline(0.0, color=style.UNIFORM_COLOUR, linewidth=0.8)
    lower.bar(places, column(part, "residual"), color=style.BRANCH_COLOUR, width=0.5)
    lower.set_xticks(places, [label_of(str(name)) for name in part["data"]], rotation=30, ha="right")
    lower.set_ylabel("residual / σ (1)")
    for axes in (upper, lower):
        axes.set_xlim(-0.6, len(places) - 0.4)
        style.tidy(axes)
        axes.tick_params(labelsize="small")
