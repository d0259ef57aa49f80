"""Outlines of the mesa, the crystal and the contacts as polygons, in µm, with the mesa centre at the origin.

A circle becomes a regular polygon of the same area, so that the area of a meshed disc is exact and only its edge
wavers, by about r (pi/n)^2 / 3 on n corners.
"""

from __future__ import annotations

import math

import numpy as np

from hotmesa.meshes.raw import MeshError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Disc, Outline, Patch

DIAGONAL = 2
"""Number of the mirror line x = y, after 0 for x = 0 and 1 for y = 0."""
SAME_PLACE_UM = 1e-9


def disc(x_um: float, y_um: float, radius_um: float, size_um: float) -> Array:
    """Return a regular polygon with the area of a disc and sides no longer than an element.

    The number n of corners is a multiple of four and one corner lies at angle zero, so that both axes through the
    centre are mirror lines. Circumradius R: n R^2 sin(2 pi/n) / 2 = pi r^2.

    Args:
        x_um: Centre.
        y_um: Centre.
        radius_um: Radius r of the disc.
        size_um: Element size at its edge.

    Returns:
        Corners, counter-clockwise, shape (n, 2), µm.
    """
    corners = 4 * max(3, math.ceil(2 * math.pi * radius_um / (4 * size_um)))
    step = 2 * math.pi / corners
    quarter = step * np.arange(corners // 4)
    c, s = np.cos(quarter), np.sin(quarter)
    s[0] = 0.0
    unit = np.concatenate([np.column_stack(q) for q in ((c, s), (-s, c), (-c, -s), (s, -c))])
    circumradius = radius_um * math.sqrt(step / math.sin(step))
    return np.asarray(np.array([x_um, y_um]) + circumradius * unit)


def patch_outline(patch: Patch, size_um: float) -> Array:
    """Return the outline of a contact with elements of a size, counter-clockwise, shape (n, 2), µm."""
    if isinstance(patch.shape, Disc):
        return disc(patch.x_um, patch.y_um, patch.shape.radius_um, size_um)
    corners = np.array(patch.corners, dtype=np.float64)
    return corners if signed_area(corners) > 0 else corners[::-1].copy()


def outline(shape: Outline, size_um: float) -> Array:
    """Return the outline of mesa or crystal with elements of a size, counter-clockwise, shape (n, 2), µm.

    Raises:
        MeshError: A polygon has no area.
    """
    if isinstance(shape, Disc):
        return disc(0.0, 0.0, shape.radius_um, size_um)
    corners = np.array(shape.corners, dtype=np.float64)
    area = signed_area(corners)
    if abs(area) < 1e-12 * float(np.ptp(corners, axis=0).max()) ** 2:
        raise MeshError("mesa.vertices_um: the polygon has no area")
    return corners if area > 0 else corners[::-1].copy()


def signed_area(corners: Array) -> float:
    """Return the area of a polygon in µm², positive where the corners run counter-clockwise."""
    x, y = corners[:, 0], corners[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def hydraulic_width(corners: Array) -> float:
    """Return 4 area / perimeter in µm: the side of a square, the diameter of a disc, twice the width of a strip."""
    perimeter = float(np.sum(np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)))
    return 4 * abs(signed_area(corners)) / perimeter


def clip(corners: Array, axis: int) -> Array:
    """Return the part of a convex polygon on one side of a line (Sutherland and Hodgman), shape (n, 2) or (0, 2).

    Args:
        corners: Convex polygon, shape (n, 2).
        axis: 0 for x >= 0, 1 for y >= 0, DIAGONAL for x >= y.
    """
    inside: list[Array] = []
    side = line_coordinate(corners, axis)
    for k, (here, there) in enumerate(zip(corners, np.roll(corners, -1, axis=0), strict=True)):
        near, far = side[k], side[(k + 1) % len(side)]
        if near >= 0:
            inside.append(here)
        if near * far < 0:
            inside.append(on_line(here + (there - here) * (near / (near - far)), axis))
    result = np.array(inside).reshape(-1, 2)
    # A polygon that only touches the line leaves a corner or an edge, which is no area to mesh.
    return result if len(result) > 2 and abs(signed_area(result)) > 1e-12 else np.empty((0, 2))


def line_coordinate(points: Array, axis: int) -> Array:
    """Return x (axis 0), y (axis 1) or x - y (DIAGONAL) of points, zero where they lie on the line but for rounding."""
    side = points[:, 0] - points[:, 1] if axis == DIAGONAL else points[:, axis].copy()
    side[np.abs(side) < SAME_PLACE_UM] = 0.0
    return np.asarray(side)


def on_line(point: Array, axis: int) -> Array:
    """Return a place moved onto x = 0 (axis 0), y = 0 (axis 1) or x = y (DIAGONAL)."""
    moved = np.full(2, point.mean()) if axis == DIAGONAL else point.copy()
    if axis != DIAGONAL:
        moved[axis] = 0.0
    return moved
