"""Plane polygons: area, edges that cross, and how far inside a place lies. Lengths in µm."""

from __future__ import annotations

import math
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[Point, Point]


def edges(vertices: tuple[Point, ...]) -> list[Edge]:
    """Return the edges of a polygon, the last one back to the first corner."""
    return list(pairwise((*vertices, vertices[0])))


def area(vertices: tuple[Point, ...]) -> float:
    """Return the area in µm², positive for counter-clockwise corners (shoelace formula)."""
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(vertices))


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
