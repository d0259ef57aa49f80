"""Maps: what differs from place to place, as a factor on a value of the scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import FILE, NonNegative, Point
from hotmesa.scenarios.schema.union import Kinds

RESISTANCE, LAW = "mesa.specific_resistance_ohm_um2", "law"
SHEET, BOUNDARY = "sheet_W_per_K", "boundary_W_per_m2K"
"""What can be mapped of a layer: the conductance κ d along it, and that of its boundary to the layer below."""

PNG = ".png"


class Map(Kinds):
    """A factor that depends on the place, on one value of the scenario."""

    usual: ClassVar[str] = "expression"

    of: str = Field(
        description=f'what the factor is on: "{RESISTANCE}"; "{LAW}" (gap, T_c and scattering rate together); '
        f'"layers.NAME.{SHEET}" (conductance along a layer); or "layers.NAME.{BOUNDARY}"'
    )

    @classmethod
    def kind_of(cls, value: object) -> str:
        """The word of the kind that a map is meant to be; a file tells it where the word is missing."""
        given = value.get if isinstance(value, Mapping) else partial(getattr, value)
        if given(cls.tag, None) is None and given("file", None) is not None:
            return "image" if str(given("file", None)).lower().endswith(PNG) else "table"
        return super().kind_of(value)

    @property
    def layer(self) -> str:
        """Name of the layer that it belongs to; "" for one of the junctions."""
        return self.of.removeprefix("layers.").rpartition(".")[0] if self.of.startswith("layers.") else ""


class ExpressionMap(Map):
    """An expression in x and y."""

    words: ClassVar[str] = "{expression}"
    kind: Literal["expression"] = "expression"
    expression: str = Field(
        description="factor against x and y in µm from the centre of the mesa (x is the radius of a disc), "
        "for example 1 + 0.2*exp(-((x-3)^2 + y^2)/4), or where(hypot(x, y) < 2, 0.1, 1)"
    )


class TableMap(Map):
    """A table of places, linear between them."""

    words: ClassVar[str] = "{file}"
    kind: Literal["table"] = "table"
    file: str = Field(
        json_schema_extra=FILE,
        description="CSV file with columns x_um, y_um (not on a line) and factor, whose places enclose the mesa",
    )


class ImageMap(Map):
    """A picture in levels of grey, linear between the middles of its pixels."""

    words: ClassVar[str] = "{file}"
    kind: Literal["image"] = "image"
    file: str = Field(json_schema_extra=FILE, description="PNG file in levels of grey, 8 or 16 bits, its top at high y")
    black: NonNegative = Field(description="factor where it is black")
    white: NonNegative = Field(description="factor where it is white; linear in the level in between")
    x_um: Point = Field(description="x of its left and of its right edge, which enclose the mesa")
    y_um: Point = Field(description="y of its lower and of its upper edge")

    def contradictions(self) -> Iterator[Finding]:
        """Edges of a rectangle, the smaller coordinate first."""
        for key in ("x_um", "y_um"):
            low, high = getattr(self, key)
            if not low < high:
                yield Finding((key,), f"{low:g} to {high:g} µm is no side of a rectangle; give the smaller value first")


