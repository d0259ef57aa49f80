"""The element size wanted at every place of a plan or a line."""

from __future__ import annotations

import math
from collections.abc import Callable

from hotmesa.meshes.outlines import mesa_outline, required_radius, signed_distance
from hotmesa.meshes.sizes import Sizes
from hotmesa.scenarios.schema import Contact, Scenario

Place = Callable[[float, float], float]

LEAST_PART = 0.05  # of the mesa size: narrower gaps are not resolved further


def size_function(scenario: Scenario, sizes: Sizes) -> Place:
    """Return a function of x and y (µm) that gives the wanted element size (µm); on lines y is ignored.

    The size is constant in a contact patch and in the mesa, and grows linearly with the distance from them. On a plan
    a narrow gap between the edges of a contact and of the mesa gets elements that fit into it.
    """
    to_mesa = mesa_distance(scenario, sizes)
    plan = scenario.geometry == "plan"
    patches = tuple(zip(scenario.contacts, sizes.contacts, strict=True))
    with_gap = tuple(c for c in scenario.contacts if plan and not _covers_mesa(scenario, c))
    least = LEAST_PART * sizes.mesa

    def size(x: float, y: float) -> float:
        edge = to_mesa(x, y)
        wanted = min(sizes.rim, sizes.mesa + sizes.growth * max(edge, 0.0))
        inside = math.inf
        for contact, patch_size in patches:
            distance = _distance_to_patch(contact, x, y if plan else None)
            if distance <= 0:
                inside = min(inside, patch_size)
            wanted = min(wanted, patch_size + sizes.growth * max(distance, 0.0))
        wanted = wanted if inside == math.inf else inside
        for contact in with_gap:
            gap = abs(edge) + abs(math.hypot(x - contact.x_um, y - contact.y_um) - contact.radius_um)
            wanted = min(wanted, max(sizes.gap * gap, least))
        return wanted

    return size


def mesa_distance(scenario: Scenario, sizes: Sizes) -> Place:
    """Return a function of x and y (µm) that gives the distance from the edge of the mesa (µm), negative inside."""
    mesa = scenario.mesa
    if scenario.geometry == "strip":
        return lambda x, y: abs(x) - mesa.width_um / 2
    if scenario.geometry == "disc" or mesa.shape == "disc":
        radius = required_radius(mesa.radius_um, "mesa")
        return lambda x, y: math.hypot(x, y) - radius
    if mesa.shape == "rectangle":
        return _rectangle_distance(mesa.width_um / 2, mesa.depth_um / 2)
    corners = [(float(x), float(y)) for x, y in mesa_outline(mesa, sizes.mesa)]
    return lambda x, y: signed_distance(corners, x, y)


def _rectangle_distance(half_x: float, half_y: float) -> Place:
    def distance(x: float, y: float) -> float:
        dx, dy = abs(x) - half_x, abs(y) - half_y
        return max(dx, dy) if dx <= 0 or dy <= 0 else math.hypot(dx, dy)

    return distance


def _distance_to_patch(contact: Contact, x: float, y: float | None) -> float:
    """Return the distance from a contact in µm, not above 0 inside; y is None on a line."""
    if y is None:
        return abs(x - contact.x_um) - contact.radius_um
    # The corners of the polygon that stands for the disc lie up to 2.4 % outside of it.
    return math.hypot(x - contact.x_um, y - contact.y_um) - 1.025 * contact.radius_um


def _covers_mesa(scenario: Scenario, contact: Contact) -> bool:
    """Return whether the edge of a contact is the edge of a disc mesa, so that there is no gap."""
    mesa = scenario.mesa
    return mesa.shape == "disc" and (contact.x_um, contact.y_um, contact.radius_um) == (0.0, 0.0, mesa.radius_um)
