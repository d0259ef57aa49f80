"""Where contacts touch the mesa, as files of fields hold it and pictures draw it."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Disc, Scenario

ROUND = 120
"""Corners of a circle as it is drawn."""
NO_CORNERS = np.zeros((0, 3))


def contact_circles(scenario: Scenario) -> Array:
    """Return centre and radius (µm) of every contact, shape (c, 3): half its width on a line, of its area on a plan."""
    line = scenario.geometry != "plan"
    patches = [contact.patch for contact in scenario.contacts]
    circles = [(*p.centre_um, p.half_width_um if line else p.radius_um) for p in patches]
    return np.array(circles).reshape(-1, 3)


def contact_heights(scenario: Scenario, contact_xyr: Array, top_um: float) -> list[float]:
    """Return the height (µm) of what every contact touches: the top of the mesa, or the crystal beside it, at 0."""
    return [top_um if scenario.mesa.room_um(x, y) >= 0.0 else 0.0 for x, y, _ in contact_xyr]


def contact_corners(scenario: Scenario) -> Array:
    """Return the corners (µm) of contacts that are no discs: number of the contact, x and y, shape (p, 3)."""
    if scenario.geometry != "plan":
        return NO_CORNERS
    patches = enumerate(contact.patch for contact in scenario.contacts)
    rows = [(k, *corner) for k, p in patches if not isinstance(p.shape, Disc) for corner in p.corners]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def outlines(circles: Array, corners: Array, count: int = ROUND) -> tuple[Array, ...]:
    """Return the outline of every contact, each of shape (n, 2), µm, not closed.

    Args:
        circles: centre and radius, (c, 3).
        corners: of those that are no discs, (p, 3).
        count: corners of a circle.
    """
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    unit = np.column_stack([np.cos(angles), np.sin(angles)])
    found = []
    for k, (x, y, radius) in enumerate(circles):
        own = corners[corners[:, 0] == k, 1:]
        found.append(own if len(own) else np.array([x, y]) + radius * unit)
    return tuple(found)
