"""Plane outlines of mesa and crystal: area, what lies inside, and derived sizes. Lengths in µm."""

from __future__ import annotations

import math
from itertools import pairwise

from hotmesa.scenarios.schema import Contact, Crystal, Mesa, Point, Scenario

# Room for rounding in "touches the edge from inside", relative to sizes of 0.1 to 1000 µm.
_SLACK_UM = 1e-9


def polygon_area(vertices: tuple[Point, ...]) -> float:
    """Area in µm², positive for counter-clockwise corners (shoelace formula)."""
    closed = (*vertices, vertices[0])
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed))


def _edges(vertices: tuple[Point, ...]) -> list[tuple[Point, Point]]:
    return list(pairwise((*vertices, vertices[0])))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two segments share a point, ends included."""
    (a, b), (c, d) = first, second
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((turns[0], c, first), (turns[1], d, first), (turns[2], a, second), (turns[3], b, second))
    return any(turn == 0 and _within(point, segment) for turn, point, segment in ends)


def _within(point: Point, segment: tuple[Point, Point]) -> bool:
    """Whether a point on the line of a segment lies between its ends."""
    (x, y), ((ax, ay), (bx, by)) = point, segment
    return min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)


def crossing_edges(vertices: tuple[Point, ...]) -> tuple[int, int] | None:
    """Numbers (from 0) of two edges of a polygon that cross or touch, or None for a simple polygon."""
    edges = _edges(vertices)
    count = len(edges)
    for i in range(count):
        if edges[i][0] == edges[i][1]:
            return i, (i + 1) % count
        for j in range(i + 2, count):
            if (j + 1) % count != i and _cross(edges[i], edges[j]):
                return i, j
    return None


def _distance(point: Point, edge: tuple[Point, Point]) -> float:
    (x, y), ((ax, ay), (bx, by)) = point, edge
    dx, dy = bx - ax, by - ay
    t = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)))
    return math.hypot(x - ax - t * dx, y - ay - t * dy)


def _in_polygon(point: Point, vertices: tuple[Point, ...]) -> bool:
    """Even-odd rule."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in _edges(vertices):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def room_um(mesa: Mesa, x: float, y: float) -> float:
    """Distance from a point to the edge of the mesa in µm, negative outside."""
    if mesa.shape == "disc":
        return (mesa.radius_um or 0.0) - math.hypot(x, y)
    if mesa.shape == "rectangle":
        return min(mesa.width_um / 2 - abs(x), mesa.depth_um / 2 - abs(y))
    vertices = mesa.vertices_um or ()
    nearest = min(_distance((x, y), edge) for edge in _edges(vertices))
    return nearest if _in_polygon((x, y), vertices) else -nearest


def contact_fits(scenario: Scenario, contact: Contact) -> bool:
    """Whether the whole patch lies on the mesa (touching its edge is allowed)."""
    if scenario.geometry == "strip":
        return abs(contact.x_um) + contact.radius_um <= scenario.mesa.width_um / 2 + _SLACK_UM
    return contact.radius_um <= room_um(scenario.mesa, contact.x_um, contact.y_um) + _SLACK_UM


def corners(mesa: Mesa) -> tuple[Point, ...]:
    """Points whose hull is the mesa; for a disc 64 points on its rim."""
    if mesa.shape == "polygon":
        return mesa.vertices_um or ()
    if mesa.shape == "disc":
        radius = mesa.radius_um or 0.0
        angles = [2 * math.pi * k / 64 for k in range(64)]
        return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)
    x, y = mesa.width_um / 2, mesa.depth_um / 2
    return ((-x, -y), (x, -y), (x, y), (-x, y))


def crystal_holds(crystal: Crystal, mesa: Mesa, on_a_line: bool) -> bool:
    """Whether the whole mesa lies on the crystal; on a strip only the widths count."""
    if on_a_line:
        return mesa.width_um <= crystal.width_um + _SLACK_UM
    if crystal.shape == "disc":
        limit = (crystal.radius_um or 0.0) + _SLACK_UM
        return all(math.hypot(x, y) <= limit for x, y in corners(mesa))
    x_max, y_max = crystal.width_um / 2 + _SLACK_UM, crystal.depth_um / 2 + _SLACK_UM
    return all(abs(x) <= x_max and abs(y) <= y_max for x, y in corners(mesa))


def mesa_area_um2(mesa: Mesa) -> float:
    """Area of the mesa in µm²."""
    if mesa.shape == "disc":
        return math.pi * (mesa.radius_um or 0.0) ** 2
    if mesa.shape == "polygon":
        return abs(polygon_area(mesa.vertices_um or ()))
    return mesa.width_um * mesa.depth_um


def outline_area_um2(scenario: Scenario) -> float:
    """Area of the mesa of a scenario in µm²; a strip counts with its depth."""
    if scenario.geometry == "disc":
        return math.pi * (scenario.mesa.radius_um or 0.0) ** 2
    return mesa_area_um2(scenario.mesa)


def normal_resistance_ohm(mesa: Mesa) -> float:
    """R_N = N r / A in Ω, r the specific resistance of one junction."""
    return mesa.junctions * mesa.specific_resistance_ohm_um2 / mesa_area_um2(mesa)


def mesa_height_um(mesa: Mesa) -> float:
    """Height of the stack, N times the spacing, in µm."""
    return mesa.junctions * mesa.spacing_nm * 1e-3


def normal_resistivity_ohm_cm(mesa: Mesa) -> float:
    """Resistivity of a normal junction in Ω cm: specific resistance over spacing (1 Ω cm nm = 10 Ω µm²)."""
    return mesa.specific_resistance_ohm_um2 / (10 * mesa.spacing_nm)


def resistive_junctions(scenario: Scenario) -> int:
    """Number n <= N of junctions that carry voltage."""
    return scenario.mesa.resistive_junctions or scenario.mesa.junctions


def junction_resistance_ohm(scenario: Scenario) -> float:
    """Normal resistance R_j of one junction in Ω: specific resistance over area."""
    return scenario.mesa.specific_resistance_ohm_um2 / mesa_area_um2(scenario.mesa)
