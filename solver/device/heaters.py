"""Where heat from outside enters: the power of every heater over the nodes of the sublayers that it warms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import heats_mesa_alone
from hotmesa.scenarios.schema import Heater, Scenario
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.errors import RequestError
from hotmesa.solver.parallel import global_max, global_sum

COARSEST = 1.0
"""Elements may be as large as the radius of a spot: a Gaussian is then summed to 1e-3, a disc to some per cent."""


def heat_of_heaters(scenario: Scenario, layout: Layout) -> Array:
    """Return the heat (µW) that all heaters put into each unknown of this rank. Collective.

    The intensity at a node counts with its lumped area, and the sum over all nodes is the power, so that nothing is
    lost between coarse elements.

    Raises:
        RequestError: elements are larger than the spot of a heater.
    """
    total = np.zeros(layout.size)
    for heater in scenario.heaters:
        total += _heat(scenario, layout, heater)
    return total


def _heat(scenario: Scenario, layout: Layout, heater: Heater) -> Array:
    heat, largest, comm = np.zeros(layout.size), 0.0, layout.operators.comm
    for rows, nodes, area, share in _places(scenario, layout, heater):
        distance = _distance(scenario, layout.operators.xy[nodes], heater)
        size = _sizes(scenario, layout.operators.mass[nodes], layout.operators.xy[nodes, 0])
        heat[rows] += share * area * _intensity(heater, distance, size)
        largest = max(largest, float(size[distance <= heater.radius_um + size].max(initial=0.0)))
    if scenario.bath.rim == "bath":
        heat[layout.rim_rows] = 0.0  # held at the bath, it takes no heat
    largest, whole = global_max(comm, largest), global_sum(comm, heat.sum())
    if largest > COARSEST * heater.radius_um or not whole > 0.0:
        raise RequestError(
            f"heaters.{heater.name}.radius_um: elements of {largest:.3g} µm are larger than the spot of radius "
            f"{heater.radius_um:g} µm; set mesh.size_um (beside the mesa mesh.rim_size_um) to {heater.radius_um:g} or "
            "less, or widen the spot"
        )
    return np.asarray(heat * (heater.power_uW / whole))


def _places(
    scenario: Scenario, layout: Layout, heater: Heater
) -> Iterator[tuple[slice, NDArray[np.int64], Array, float]]:
    """Yield the sublayers that a heater warms: unknowns, nodes, heated area of each (µm²), share of the power."""
    mesa, plan = layout.operators.mesa_mass, layout.operators.mass
    if heater.layer is None:
        yield layout.rows(0), layout.nodes_of(0), (mesa if layout.mesa_layers else plan)[layout.nodes_of(0)], 1.0
        if layout.mesa_layers and not heats_mesa_alone(scenario, heater):
            first = len(layout.mesa_layers)
            nodes = layout.nodes_of(first)
            yield layout.rows(first), nodes, (plan - mesa)[nodes], 1.0
        return
    layer = next(layer for layer in scenario.layers if layer.name == heater.layer)
    numbers = [k for k, s in enumerate(layout.sublayers) if s.name in layer.sublayer_names]
    whole = sum(layout.sublayers[k].thickness for k in numbers)
    for k in numbers:
        yield layout.rows(k), layout.nodes_of(k), layout.mass(k), layout.sublayers[k].thickness / whole


def _distance(scenario: Scenario, xy: Array, heater: Heater) -> Array:
    if scenario.geometry == "plan":
        return np.hypot(xy[:, 0] - heater.x_um, xy[:, 1] - heater.y_um)
    return np.abs(xy[:, 0] - heater.x_um)


def _sizes(scenario: Scenario, mass: Array, r: Array) -> Array:
    """Return the size of the elements around each node (µm), from its lumped area."""
    if scenario.geometry == "plan":
        return np.sqrt(mass)
    if scenario.geometry == "strip":
        return mass / scenario.mesa.extent_um[1]
    # Of a hat function around the axis the integral is pi h^2 / 3.
    return np.where(r > 0.0, mass / (2.0 * np.pi * np.maximum(r, 1e-12)), np.sqrt(3.0 * mass / np.pi))


def _intensity(heater: Heater, distance: Array, size: Array) -> Array:
    """Return the intensity in any unit; the edge of a disc goes over one element, as the lumped areas do."""
    if heater.profile == "disc":
        return np.clip((heater.radius_um - distance) / size + 0.5, 0.0, 1.0)
    inside = distance <= heater.reach_um
    return np.where(inside, np.exp2(-((distance / heater.radius_um) ** 2)), 0.0)
