"""Thickness of the layers and of their sublayers, in µm."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import mesa_height_um
from hotmesa.scenarios.schema import Layer, Scenario

GROWTH = 1.5
"""Of a sublayer over the one above that a graded layer may have anyway."""
FIRST_DIGITS = 4


def layer_thickness(scenario: Scenario, layer: Layer) -> float:
    """Return the thickness (µm) of a layer; that of the junction layer is N times the spacing."""
    if layer.junctions:
        return mesa_height_um(scenario.mesa)
    if layer.thickness_um is None:
        raise ValueError(f"layer {layer.name} has no thickness")
    return layer.thickness_um


def mesa_depths_um(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Depths (µm) of top and bottom of every layer of the mesa below the middle of the junctions, by name."""
    depths, top, middle = dict[str, tuple[float, float]](), 0.0, 0.0
    for layer in scenario.layers:
        if layer.region == "mesa":
            bottom = top + layer_thickness(scenario, layer)
            depths[layer.name] = top, bottom
            middle = 0.5 * (top + bottom) if layer.junctions else middle
            top = bottom
    return {name: (high - middle, low - middle) for name, (high, low) in depths.items()}


def graded(total: float, count: int, first: float | None) -> Array:
    """Return `count` thicknesses that sum to `total`, growing geometrically from `first` (µm), shape (count,)."""
    if first is None or count == 1:
        return np.full(count, total / count)
    from scipy.optimize import brentq  # a quarter of a second, which help and list do not wait for

    powers = np.arange(count)
    if abs(first * count - total) <= 1e-12 * total:
        return np.full(count, total / count)
    # The sum grows monotonically with the ratio, from `first` at ratio 0; where the last sublayer alone reaches the
    # total, or at equal sublayers, it is not too small.
    largest = max(1.0, (total / first) ** (1.0 / (count - 1)))
    ratio = brentq(lambda r: first * np.sum(r**powers) - total, 1e-12, largest, xtol=1e-14)
    thickness = first * ratio**powers
    return np.asarray(thickness * total / thickness.sum())


def halved_sublayers(scenario: Scenario) -> Scenario:
    """Return a scenario with every sublayer cut into two, graded as before."""
    layers = []
    for layer in scenario.layers:
        first, parts = None, graded(layer_thickness(scenario, layer), layer.sublayers, layer.first_sublayer_um)
        if layer.first_sublayer_um is not None and layer.sublayers > 1:
            first = float(parts[0] / (1.0 + np.sqrt(parts[1] / parts[0])))
        layers.append(layer.model_copy(update={"sublayers": 2 * layer.sublayers, "first_sublayer_um": first}))
    return scenario.model_copy(update={"layers": tuple(layers)})


def finer_layer(scenario: Scenario, number: int, whole: bool) -> Scenario:
    """Return a scenario with one layer in finer sublayers.

    Args:
        scenario: the device.
        number: of the layer.
        whole: cut every sublayer into two; else halve the first and let the others grow as before, or by a half.
    """
    layer = scenario.layers[number]
    total = layer_thickness(scenario, layer)
    parts = graded(total, layer.sublayers, layer.first_sublayer_um)
    if whole:
        fine = halved_sublayers(scenario).layers[number]
    else:
        first = float(f"{parts[0] / 2:.{FIRST_DIGITS}g}")
        most = max(GROWTH, float(parts[1] / parts[0])) if layer.sublayers > 1 else GROWTH
        count = layer.sublayers
        while count == layer.sublayers or _growth(total, count, first) > most * (1.0 + 1e-9):
            count += 1
        fine = layer.model_copy(update={"sublayers": count, "first_sublayer_um": first})
    layers = (*scenario.layers[:number], fine, *scenario.layers[number + 1 :])
    return scenario.model_copy(update={"layers": layers})


def _growth(total: float, count: int, first: float) -> float:
    parts = graded(total, count, first)
    return float(parts[1] / parts[0])
