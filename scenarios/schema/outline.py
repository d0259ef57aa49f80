"""Outlines of mesa and crystal in the plane, one class a shape; lengths in µm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from hotmesa.scenarios import polygon
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import Length, Point, Section


def opened(vertices: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return corners without the first one at the end, with which most programs for layout close a polygon."""
    return vertices[:-1] if len(vertices) > 3 and vertices[0] == vertices[-1] else vertices


def outline_findings(vertices: tuple[Point, ...], what: str = "mesa") -> Iterator[Finding]:
    """Edges that meet where they must not, or enclose no area.

    Args:
        vertices: corners, each once.
        what: has the outline.
    """
    pair = polygon.crossing_edges(vertices)
    if pair is not None:
        text = f"the outline crosses or touches itself at its edges {pair[0]} and {pair[1]} (from 0)"
        yield Finding(("vertices_um",), text)
    elif polygon.area(vertices) == 0:
        yield Finding(("vertices_um",), f"the corners lie on one line; the {what} has no area")


class Outline(Section):
    """A shape in the plane; rectangles and discs have their centre at the origin."""

    @property
    def corners(self) -> tuple[Point, ...]:
        """Points (µm) whose hull is the shape, counter-clockwise for rectangles; for a disc 64 points on its rim."""
        raise NotImplementedError

    @property
    def extent_um(self) -> tuple[float, float]:
        """Extents along x and y."""
        x, y = zip(*self.corners, strict=True)
        return max(x) - min(x), max(y) - min(y)

    @property
    def area_um2(self) -> float:
        """Area; that of a strip counts with its depth."""
        return abs(polygon.area(self.corners))

    def room_um(self, x: float, y: float) -> float:
        """Distance from a place to the edge, negative outside."""
        return polygon.room(self.corners, x, y)

    def grown_area_um2(self, shift_um: float) -> float:
        """Area with every edge moved outwards by a length; of a strip both pairs of walls move."""
        return polygon.grown_area(self.corners, shift_um)


class Rectangle(Outline):
    """A rectangle, or a strip with its depth out of the plane."""

    words: ClassVar[str] = "{width_um:g} µm × {depth_um:g} µm"
    shape: Literal["rectangle"] = "rectangle"
    width_um: Length = Field(10.0, description="extent along x")
    depth_um: Length = Field(10.0, description="extent along y; of a strip its depth out of the plane")

    @property
    def corners(self) -> tuple[Point, ...]:
        """The four corners."""
        x, y = self.width_um / 2, self.depth_um / 2
        return ((-x, -y), (x, -y), (x, y), (-x, y))

    @property
    def extent_um(self) -> tuple[float, float]:
        """Width and depth."""
        return self.width_um, self.depth_um

    @property
    def area_um2(self) -> float:
        """Width times depth."""
        return self.width_um * self.depth_um

    def room_um(self, x: float, y: float) -> float:
        """Distance from a place to the edge, negative outside."""
        dx, dy = abs(x) - self.width_um / 2, abs(y) - self.depth_um / 2
        return -max(dx, dy) if dx <= 0 or dy <= 0 else -math.hypot(dx, dy)


class Disc(Outline):
    """A disc."""

    words: ClassVar[str] = "disc of radius {radius_um:g} µm"
    shape: Literal["disc"] = "disc"
    radius_um: Length = Field(description="radius")

    @property
    def corners(self) -> tuple[Point, ...]:
        """Points on the rim."""
        angles = [2 * math.pi * k / 64 for k in range(64)]
        return tuple((self.radius_um * math.cos(angle), self.radius_um * math.sin(angle)) for angle in angles)

    @property
    def extent_um(self) -> tuple[float, float]:
        """The diameter, twice."""
        return 2 * self.radius_um, 2 * self.radius_um

    @property
    def area_um2(self) -> float:
        """Area."""
        return math.pi * self.radius_um**2

    def room_um(self, x: float, y: float) -> float:
        """Distance from a place to the rim, negative outside."""
        return self.radius_um - math.hypot(x, y)

    def grown_area_um2(self, shift_um: float) -> float:
        """Area with the rim moved outwards by a length."""
        return math.pi * (self.radius_um + shift_um) ** 2


class Polygon(Outline):
    """A polygon."""

    shape: Literal["polygon"] = "polygon"
    vertices_um: Annotated[tuple[Point, ...], AfterValidator(opened)] = Field(
        description="corners, in order (the first may end them again)", min_length=3, max_length=1000
    )

    @property
    def corners(self) -> tuple[Point, ...]:
        """The corners, each once."""
        return self.vertices_um

    def describe(self) -> str:
        """The size in a few words."""
        return f"polygon with {len(self.vertices_um)} corners"

    def contradictions(self) -> Iterator[Finding]:
        """Edges that do not meet, around some area."""
        yield from super().contradictions()
        yield from outline_findings(self.vertices_um)
