"""Factors of maps at the nodes of a plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.maps import map_of, read_factor
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import RequestError

AtNodes = Callable[[Array], Array]
"""Returns a factor at nodes, of their coordinates (µm), shape (n, 2): positive, shape (n,)."""


def factor_at_nodes(scenario: Scenario, target: str) -> AtNodes | None:
    """Return the factor that the maps of a scenario put on a value; None without such a map.

    A node has the value at its place: the same on any number of ranks, and a step is as sharp as the elements.

    Args:
        scenario: with maps.
        target: what the map is of.
    """
    item = map_of(scenario, target)
    if item is None:
        return None
    factor = read_factor(item, beyond=True)

    def at(xy: Array) -> Array:
        values = factor(xy[:, 0], xy[:, 1])
        wrong = ~(np.isfinite(values) & (values > 0.0))
        if wrong.any():
            x, y = xy[np.argmax(wrong)]
            text = f"the map of {target} is {values[np.argmax(wrong)]:.4g} at x = {x:.4g}, y = {y:.4g} µm; "
            raise RequestError(text + "it must be a number above 0 at every node of the mesh")
        return values

    return at


def factor_at(scenario: Scenario, target: str, xy: Array) -> Array | None:
    """Return the factor of the maps on a value at given nodes (µm), shape (n,); None without such a map."""
    factor = factor_at_nodes(scenario, target)
    return None if factor is None else factor(xy)
