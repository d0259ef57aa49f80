"""Plane polygons: area, edges that cross, and how far inside a place lies. Lengths in µm."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[Point, Point]


def edges(vertices: tuple[Point, ...]) -> list[Edge]:
    """Return the edges of a polygon, the last one back to the first corner."""
    return list(pairwise((*vertices, vertices[0])))


def area(vertices: tuple[Point, ...]) -> float:
    """Return the area in µm², positive for counter-clockwise corners (shoelace formula)."""
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(vertices))


def grown_area(vertices: tuple[Point, ...], shift: float) -> float:
    """Return the area in µm² with every edge moved outwards by a length (µm), as long as no edge vanishes.

    A + P t + t² sum tan(θ/2), θ the angle by which the outline turns at each corner (Steiner's formula, sharp corners).
    """
    corners = vertices if area(vertices) > 0.0 else vertices[::-1]
    turns = 0.0
    for (a, b), (_, c) in pairwise((*edges(corners), edges(corners)[0])):
        along, across = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]), _turn(a, b, c)
        turns += math.tan(0.5 * math.atan2(across, along))
    return area(corners) + perimeter(corners) * shift + turns * shift**2


def perimeter(vertices: tuple[Point, ...]) -> float:
    """Return the length of all edges in µm."""
    return sum(math.dist(a, b) for a, b in edges(vertices))


def centroid(vertices: tuple[Point, ...]) -> Point:
    """Return the centroid of a simple polygon in µm."""
    ox, oy = vertices[0]  # from one corner: far from the origin the sums would cancel
    parts = [(ax - ox, ay - oy, bx - ox, by - oy) for (ax, ay), (bx, by) in edges(vertices)]
    weights = [ax * by - bx * ay for ax, ay, bx, by in parts]
    x = sum(w * (ax + bx) for w, (ax, _, bx, _) in zip(weights, parts, strict=True))
    y = sum(w * (ay + by) for w, (_, ay, _, by) in zip(weights, parts, strict=True))
    return ox + x / (3 * sum(weights)), oy + y / (3 * sum(weights))


def holds(room_um: Callable[[float, float], float], outer: tuple[Point, ...], inner: tuple[Point, ...], slack: float
) -> bool:  # fmt: skip
    """Return whether a simple polygon lies inside a shape without holes; touching its edge is allowed.

    Args:
        room_um: distance from a place to the edge of the shape, negative outside.
        outer: corners of the shape; () for one that is convex.
        inner: corners of the polygon.
        slack: what counts as touching, µm.
    """
    sides = edges(outer) if outer else []
    for a, b in edges(inner):
        parts = sorted({0.0, *filter(None, (_crossing((a, b), side) for side in sides))})
        for low, high in pairwise((*parts, 1.0)):
            for t in (low, 0.5 * (low + high)):
                if room_um(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) < -slack:
                    return False
    return True


def gap(first: tuple[Point, ...], second: tuple[Point, ...]) -> float:
    """Return the distance between two simple polygons in µm: 0 where edges cross, negative with one in the other."""
    if any(_cross(one, other) for one in edges(first) for other in edges(second)):
        return 0.0
    return min(*(-room(second, *corner) for corner in first), *(-room(first, *corner) for corner in second))


def _crossing(edge: Edge, other: Edge) -> float | None:
    """Return where along an edge, between 0 and 1, it meets the line of another one that reaches it; None nowhere."""
    (a, b), (c, d) = edge, other
    at_a, at_b = _turn(c, d, a), _turn(c, d, b)
    if at_a * at_b >= 0.0 or _turn(a, b, c) * _turn(a, b, d) > 0.0:
        return None
    return at_a / (at_a - at_b)


def room(vertices: tuple[Point, ...], x: float, y: float) -> float:
    """Return the distance from a place to the nearest edge in µm, negative outside (even-odd rule)."""
    inside, nearest = False, math.inf
    for (ax, ay), (bx, by) in edges(vertices):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
        ex, ey = bx - ax, by - ay
        t = min(1.0, max(0.0, ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)))
        nearest = min(nearest, math.hypot(x - ax - t * ex, y - ay - t * ey))
    return nearest if inside else -nearest


def crossing_edges(vertices: tuple[Point, ...]) -> tuple[int, int] | None:
    """Return the numbers (from 0) of two edges that cross or touch, None for a simple polygon."""
    sides = edges(vertices)
    count = len(sides)
    for i in range(count):
        if sides[i][0] == sides[i][1]:
            return i, (i + 1) % count
        for j in range(i + 2, count):
            if (j + 1) % count != i and _cross(sides[i], sides[j]):
                return i, j
    return None


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(first: Edge, second: Edge) -> bool:
    """Return whether two segments share a point, ends included."""
    (a, b), (c, d) = first, second
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((turns[0], c, first), (turns[1], d, first), (turns[2], a, second), (turns[3], b, second))
    return any(turn == 0 and _within(point, segment) for turn, point, segment in ends)


def _within(point: Point, segment: Edge) -> bool:
    """Return whether a point on the line of a segment lies between its ends."""
    (x, y), ((ax, ay), (bx, by)) = point, segment
    return min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
