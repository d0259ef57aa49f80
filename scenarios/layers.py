"""Thickness of the layers and of their sublayers, in µm."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import mesa_height_um
from hotmesa.scenarios.schema import Layer, Scenario


def layer_thickness(scenario: Scenario, layer: Layer) -> float:
    """Return the thickness (um) of a layer; that of the junction layer is N times the spacing."""
    if layer.junctions:
        return mesa_height_um(scenario.mesa)
    if layer.thickness_um is None:
        raise ValueError(f"layer {layer.name} has no thickness")
    return layer.thickness_um


def graded(total: float, count: int, first: float | None) -> Array:
    """Return `count` thicknesses that sum to `total`, growing geometrically from `first` (um), shape (count,)."""
    if first is None or count == 1:
        return np.full(count, total / count)
    powers = np.arange(count)
    if abs(first * count - total) <= 1e-12 * total:
        return np.full(count, total / count)
    # The sum grows monotonically with the ratio, from `first` at ratio 0; where the last sublayer alone reaches the
    # total, or at equal sublayers, it is not too small.
    largest = max(1.0, (total / first) ** (1.0 / (count - 1)))
    ratio = brentq(lambda r: first * np.sum(r**powers) - total, 1e-12, largest, xtol=1e-14)
    thickness = first * ratio**powers
    return np.asarray(thickness * total / thickness.sum())
