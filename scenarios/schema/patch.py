"""The place that a contact covers: a disc, a rectangle or a polygon, turned and moved; lengths in µm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, cast

from pydantic import AfterValidator, Field

from hotmesa.scenarios import polygon
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.outline import Disc, Outline, Polygon, Rectangle, opened, outline_findings
from hotmesa.scenarios.schema.section import Length, Name, Place, Point, Section

Turn = tuple[tuple[float, float], tuple[float, float]]
"""Rows of a rotation or a reflection of the plane."""
QUARTERS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
"""Cosine and sine of whole quarter turns, without rounding, so that such a patch keeps its mirror lines."""
ELEMENTS_ACROSS = 8
"""Elements across a patch where no size is given: four along the radius of a disc."""


@dataclass(frozen=True)
class Patch:
    """A shape, turned counter-clockwise about its own origin and moved there."""

    shape: Outline
    x_um: float = 0.0
    y_um: float = 0.0
    angle_deg: float = 0.0

    @property
    def axes(self) -> Turn:
        """Directions that the x and y of the shape have in the plane."""
        turns, rest = divmod(self.angle_deg, 90.0)
        angle = math.radians(self.angle_deg)
        c, s = (math.cos(angle), math.sin(angle)) if rest else QUARTERS[int(turns) % 4]
        return (c, s), (-s, c)

    @property
    def corners(self) -> tuple[Point, ...]:
        """The corners in the plane; of a disc 64 points on its rim."""
        (ax, ay), (bx, by) = self.axes
        return tuple((self.x_um + ax * x + bx * y, self.y_um + ay * x + by * y) for x, y in self.shape.corners)

    @property
    def area_um2(self) -> float:
        """Area."""
        return self.shape.area_um2

    @property
    def extent_um(self) -> Point:
        """Extents along x and y."""
        x, y = zip(*self.corners, strict=True)
        return max(x) - min(x), max(y) - min(y)

    @property
    def centre_um(self) -> Point:
        """Centroid."""
        if not isinstance(self.shape, Polygon):
            return self.x_um, self.y_um
        return polygon.centroid(self.corners)

    @property
    def span_um(self) -> tuple[float, float]:
        """Ends along x."""
        if isinstance(self.shape, Disc):
            return self.x_um - self.shape.radius_um, self.x_um + self.shape.radius_um
        x = [x for x, _ in self.corners]
        return min(x), max(x)

    @property
    def half_width_um(self) -> float:
        """Half of the extent along x: of an interval on a strip or disc."""
        low, high = self.span_um
        return self.shape.radius_um if isinstance(self.shape, Disc) else 0.5 * (high - low)

    @property
    def radius_um(self) -> float:
        """Radius of the disc of the same area."""
        return self.shape.radius_um if isinstance(self.shape, Disc) else math.sqrt(self.area_um2 / math.pi)

    def element_um(self, on_a_line: bool) -> float:
        """Element size that resolves the patch; of a polygon its width is 4 area / perimeter, twice that of a strip."""
        if on_a_line or isinstance(self.shape, Disc):
            width = 2 * self.half_width_um
        elif isinstance(self.shape, Rectangle):
            width = min(self.shape.extent_um)
        else:
            width = 4 * self.area_um2 / polygon.perimeter(self.corners)
        return width / ELEMENTS_ACROSS

    def room_um(self, x: float, y: float) -> float:
        """Distance from a place to the edge, negative outside."""
        (ax, ay), (bx, by) = self.axes
        x, y = x - self.x_um, y - self.y_um
        return self.shape.room_um(ax * x + ay * y, bx * x + by * y)

    def gap_um(self, other: Patch) -> float:
        """Distance between two patches, 0 where polygons cross, negative where discs overlap."""
        if isinstance(self.shape, Disc) and isinstance(other.shape, Disc):
            centres = math.hypot(self.x_um - other.x_um, self.y_um - other.y_um)
            return centres - self.shape.radius_um - other.shape.radius_um
        if isinstance(self.shape, Disc):
            return -other.room_um(self.x_um, self.y_um) - self.shape.radius_um
        if isinstance(other.shape, Disc):
            return other.gap_um(self)
        return polygon.gap(self.corners, other.corners)

    def image(self, mirror: Turn = ((1.0, 0.0), (0.0, 1.0))) -> tuple[float | int | tuple[Point, ...], ...]:
        """What the patch is after a reflection: the same for two patches if they cover the same place."""
        round_ = self.shape.radius_um if isinstance(self.shape, Disc) else 0.0
        points = ((self.x_um, self.y_um),) if isinstance(self.shape, Disc) else self.corners
        (ax, ay), (bx, by) = mirror
        return round_, tuple(sorted((ax * x + ay * y + 0.0, bx * x + by * y + 0.0) for x, y in points))

    def describe(self) -> str:
        """Shape and place in a few words."""
        place = f"at ({self.x_um:g}, {self.y_um:g}) µm"
        turned = f", turned by {self.angle_deg:g}°" if self.angle_deg else ""
        if isinstance(self.shape, Disc):
            return f"patch of radius {self.shape.radius_um:g} µm {place}"
        return f"{self.shape.describe()} {place}{turned}"


class Patched(Section):
    """The keys of a place in the plane; which of them belong together tells the shape.

    Attributes:
        OF_SHAPE: keys of each shape besides its place.
        has: what has the outline.
    """

    OF_SHAPE: ClassVar[dict[str, tuple[str, ...]]] = {
        "disc": ("radius_um",),
        "rectangle": ("width_um", "depth_um", "angle_deg"),
        "polygon": ("vertices_um", "angle_deg"),
    }
    has: ClassVar[str] = "contact"

    name: Name = Field("wire", description="unique name, used in result files")
    shape: Literal["disc", "rectangle", "polygon"] = Field("disc", description="outline of the patch")
    x_um: Place = Field(0.0, description="centre of the patch; of a polygon the place from which its corners count")
    y_um: Place = Field(0.0, description="centre of the patch (plan)")
    radius_um: Length = Field(2.5, description="radius of a disc")
    width_um: Length | None = Field(None, description="extent of a rectangle along x, before it is turned")
    depth_um: Length | None = Field(None, description="extent of a rectangle along y, before it is turned (plan)")
    angle_deg: Annotated[float, Field(ge=-360, le=360)] = Field(
        0.0, description="turn of a rectangle or polygon about (x_um, y_um), counter-clockwise (plan)"
    )
    vertices_um: Annotated[tuple[Point, ...], AfterValidator(opened)] | None = Field(
        None, description="corners of a polygon, in order, counted from (x_um, y_um)", min_length=3, max_length=1000
    )

    @property
    def shape_keys(self) -> tuple[str, ...]:
        """The keys that the shape has besides its place."""
        return self.OF_SHAPE[self.shape]

    @property
    def patch(self) -> Patch:
        """The place; a rectangle of a strip, which has no depth, as a square."""
        if self.shape == "disc":
            return Patch(Disc(radius_um=self.radius_um), self.x_um, self.y_um)
        if self.shape == "polygon":
            shape: Outline = Polygon(vertices_um=cast(tuple[Point, ...], self.vertices_um))
        else:
            width = cast(float, self.width_um)
            shape = Rectangle(width_um=width, depth_um=self.depth_um or width)
        return Patch(shape, self.x_um, self.y_um, self.angle_deg)

    def contradictions(self) -> Iterator[Finding]:
        """The keys of the shape and no others, and an outline around some area."""
        yield from super().contradictions()
        yield from self.odd_outline()

    def odd_outline(self) -> Iterator[Finding]:
        """What the keys of the shape cannot be together."""
        for key in dict.fromkeys(key for keys in self.OF_SHAPE.values() for key in keys):
            if key not in self.shape_keys and self.differs(key):
                having = " or ".join(f'"{shape}"' for shape, keys in self.OF_SHAPE.items() if key in keys)
                text = f'has no effect with shape = "{self.shape}"; set shape = {having} or leave it out'
                yield Finding((key,), text, (("shape",),))
        if self.shape == "rectangle" and self.width_um is None:
            yield Finding(("width_um",), 'is missing; shape = "rectangle" needs its extent along x in µm (> 0)')
        if self.shape == "polygon" and self.vertices_um is None:
            text = 'is missing; shape = "polygon" needs its corners, a list of 3 or more pairs [x, y] in µm'
            yield Finding(("vertices_um",), text)
        elif self.shape == "polygon" and self.vertices_um is not None:
            yield from outline_findings(self.vertices_um, self.has)
