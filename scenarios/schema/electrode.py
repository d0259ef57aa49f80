"""The electrode on the mesa as a sheet with a resistance: where the current enters, and where the voltage is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from annotated_types import MaxLen, MinLen
from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import Curve, Name, Positive
from hotmesa.scenarios.schema.union import Kinds

SUM = 1e-9
"""By how much shares of the current may miss one: rounding of what a user writes."""


class Electrode(Kinds):
    """The electrode as a sheet with a resistance; without this section one voltage drives every place of the mesa."""

    usual: ClassVar[str] = "film"

    inject: Annotated[tuple[Name, ...], MinLen(1), MaxLen(200)] = Field(
        description="names of the contacts through which the current enters; it leaves through the base of the stack"
    )
    shares: Annotated[tuple[Positive, ...], MaxLen(200)] = Field(
        (), description="part of the current through each of them; default: one common lead, so that V decides"
    )
    contact_ohm: Positive | None = Field(
        None, description="resistance between each contact and the electrode; default: none below the whole patch"
    )
    voltmeter: Name | None = Field(None, description="name of the contact that V is read at; default the first")
    layer: Name | None = Field(None, description="name of its layer, which its Joule heat warms; default the top layer")
    planes_ohm: Positive | Curve | None = Field(
        None, description="normal sheet resistance of CuO2 planes in parallel, which short the sheet below T_c"
    )

    def contradictions(self) -> Iterator[Finding]:
        """Each contact once; a share for each, which add up to one."""
        for name, count in Counter(self.inject).items():
            if count > 1:
                yield Finding(("inject",), f'"{name}" is named {count} times; name each contact once')
        if self.shares and len(self.shares) != len(self.inject):
            text = f"{len(self.shares)} shares for {len(self.inject)} contacts; give one for each, or none"
            yield Finding(("shares",), text, (("inject",),))
        elif self.shares and abs(sum(self.shares) - 1.0) > SUM:
            text = f"add up to {sum(self.shares):.6g}; the parts of the current must add up to 1"
            yield Finding(("shares",), text)

    @property
    def meter(self) -> str:
        """Name of the contact that V is read at."""
        return self.voltmeter or self.inject[0]

    def describe(self) -> str:
        """Sheet and contacts in a few words."""
        planes = "" if self.planes_ohm is None else f", in parallel with CuO2 planes of {self.planes_ohm:g} Ω"
        parts = [f"{name} ({share:g})" for name, share in zip(self.inject, self.shares, strict=False)]
        joints = "" if self.contact_ohm is None else f" of {self.contact_ohm:g} Ω"
        where = ", ".join(parts or self.inject)
        return f"{super().describe()}{planes}; current through {where}{joints}; V read at {self.meter}"


class FilmElectrode(Electrode):
    """The resistance of a gold film: rho_0 + rho_phonon(T) of its Wiedemann-Franz law over its thickness."""

    words: ClassVar[str] = "sheet of the gold film"
    kind: Literal["film"] = "film"


class SheetElectrode(Electrode):
    """A sheet resistance of one's own."""

    words: ClassVar[str] = "sheet of {sheet_ohm:g} Ω per square"
    kind: Literal["sheet"] = "sheet"
    sheet_ohm: Positive | Curve = Field(description="sheet resistance per square, a number or a curve of T")
