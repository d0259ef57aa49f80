"""Mesas beside the first one on the same crystal: where each stands, and what drives its current."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.patch import Patched
from hotmesa.scenarios.schema.section import Length, Name, Number
from hotmesa.scenarios.schema.union import Kinds

FIRST = "first"
"""Name of the first mesa, that of [mesa]."""
Count = Annotated[int, Field(ge=1, le=100)]


class FurtherMesa(Patched, Kinds):
    """A mesa beside the first one, or an array of alike ones: made of the same layers, with its own source."""

    tag: ClassVar[str] = "source"
    usual: ClassVar[str] = "idle"
    has: ClassVar[str] = "mesa"

    name: Name = Field(description="unique name, used in result files; those of an array get _1, _2 ... behind it")
    shape: Literal["disc", "rectangle", "polygon"] = Field("rectangle", description="outline")
    columns: Count = Field(1, description="mesas of an array along x; (x_um, y_um) is the place of the first one")
    rows: Count = Field(1, description="mesas of an array along y")
    pitch_x_um: Length | None = Field(None, description="distance of the centres of neighbours along x")
    pitch_y_um: Length | None = Field(None, description="distance of the centres of neighbours along y")

    @property
    def count(self) -> int:
        """Number of mesas that it stands for."""
        return self.columns * self.rows

    def contradictions(self) -> Iterator[Finding]:
        """An outline around some area, and a pitch for just the directions in which there are several."""
        yield from super().contradictions()
        if self.shape == "rectangle" and self.depth_um is None:
            yield Finding(("depth_um",), 'is missing; shape = "rectangle" needs its extent along y in µm (> 0)')
        for many, key in (("columns", "pitch_x_um"), ("rows", "pitch_y_um")):
            number, pitch = getattr(self, many), getattr(self, key)
            if number > 1 and pitch is None:
                yield Finding((key,), f"is missing; {many} = {number} needs the distance of neighbours", ((many,),))
            if number == 1 and pitch is not None:
                yield Finding((key,), f"has no effect with {many} = 1; raise {many} or leave it out", ((many,),))

    def describe(self) -> str:
        """Name, place, number and source in a few words."""
        array = f", an array of {self.columns} × {self.rows}" if self.count > 1 else ""
        words = self.patch.describe().replace("patch", "disc", 1) if self.shape == "disc" else self.patch.describe()
        return f"{self.name}: {words}{array}, {super().describe()}"


class IdleMesa(FurtherMesa):
    """Nothing is connected: no current, no voltage."""

    words: ClassVar[str] = "idle"
    source: Literal["idle"] = "idle"


class CurrentMesa(FurtherMesa):
    """A current source of its own; with a small current the mesa is a thermometer."""

    words: ClassVar[str] = "at {current_mA:g} mA"
    source: Literal["current"] = "current"
    current_mA: Number = Field(description="current through each mesa")


class VoltageMesa(FurtherMesa):
    """A voltage source of its own."""

    words: ClassVar[str] = "at {voltage_mV:g} mV"
    source: Literal["voltage"] = "voltage"
    voltage_mV: Number = Field(description="voltage over each mesa")


class ParallelMesa(FurtherMesa):
    """Parallel to the first mesa: a common electrode on top, one voltage, the currents add up to that of the run."""

    words: ClassVar[str] = "parallel to the first mesa"
    source: Literal["parallel"] = "parallel"


class SeriesMesa(FurtherMesa):
    """In series with the first mesa: one current, the voltages add up to that of the run."""

    words: ClassVar[str] = "in series with the first mesa"
    source: Literal["series"] = "series"


class LeadingMesa(FurtherMesa):
    """The run goes on with the current and voltage of this mesa, and the first one keeps a current."""

    words: ClassVar[str] = "the run follows its current, with {mesa_current_mA:g} mA in the first mesa"
    source: Literal["leading"] = "leading"
    mesa_current_mA: Number = Field(0.0, description="current that the first mesa keeps; 0: it is idle")
