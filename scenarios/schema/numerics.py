"""How finely and how exactly it is computed: mesh and numerics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import File, Length, Point, Positive, Section


class Mesh(Section):
    """Element sizes; defaults follow from the thermal healing length."""

    file: File | None = Field(None, description="a mesh file with named regions instead of a generated one")
    unit: Literal["um", "nm", "mm", "m"] = Field("um", description="unit of the lengths in that file")
    origin_um: Point = Field((0.0, 0.0), description="place in that file that is the origin, the centre of the mesa")
    regions: dict[str, Annotated[int, Field(strict=True)] | str] = Field(
        default_factory=dict, max_length=200,
        description="region to the number or name of its group in that file: { mesa = 2 }",
    )  # fmt: skip
    size_um: Length | None = Field(None, description="element size in the mesa")
    contact_size_um: Length | None = Field(None, description="element size in the contact patches")
    rim_size_um: Length | None = Field(None, description="element size at the rim of the crystal")
    edge_size_um: Length | None = Field(None, description="element size at the edge of the mesa, growing from there")
    growth: Annotated[float, Field(ge=0.01, le=1.0)] | None = Field(
        None, description="growth of the element size per µm of distance; default 0.25 on plans, 0.1 on lines"
    )
    refine: Positive = Field(1.0, description="divides every element size")
    accuracy_percent: Annotated[float, Field(ge=0.01, le=10.0)] | None = Field(
        None, description="refine elements and sublayers until the estimated error of V is below this"
    )
    max_unknowns: Annotated[int, Field(ge=1000, le=100_000_000)] = Field(
        2_000_000, description="of the largest model that is solved to estimate errors and to refine"
    )
    refine_for_walls: bool = Field(
        True, description="in diagrams and sweeps: smaller elements in the mesa where rows of them would hold walls"
    )

    chosen: bool = Field(False, description="a run has chosen these sizes for accuracy_percent: they stay as they are")

    def contradictions(self) -> Iterator[Finding]:
        """What describes a mesh file where there is none."""
        for key in ("unit", "origin_um", "regions"):
            if self.file is None and getattr(self, key) != Mesh().model_dump()[key]:
                yield Finding((key,), "has no effect without mesh.file", (("file",),))
        if self.accuracy_percent is not None and self.file is not None:
            text = (
                "a mesh of your own is not refined: leave it out, and the branch still estimates its errors; "
                "or leave mesh.file out"
            )
            yield Finding(("accuracy_percent",), text, (("file",),))
        if self.file is not None and not self.refine_for_walls:
            text = "has no effect with a mesh of your own, which is not refined"
            yield Finding(("refine_for_walls",), text, (("file",),))
        if self.chosen and self.accuracy_percent is None:
            yield Finding(("chosen",), "has no effect without mesh.accuracy_percent", (("accuracy_percent",),))


class Numerics(Section):
    """Tolerances and choice of the linear algebra."""

    path: Literal["auto", "condensed", "sparse"] = Field(
        "auto", description="condensed needs one rank and a linear crystal"
    )
    tolerance: Annotated[float, Field(ge=1e-11, le=1e-4)] = Field(1e-10, description="heat imbalance over Joule power")
    table_max_mV: Annotated[float, Field(ge=1, le=1000)] = Field(
        120.0, description="largest voltage per junction of the law table"
    )
    estimate_error: bool = Field(
        True, description="estimate at the end of a branch how far mesh and sublayers let it be off"
    )
