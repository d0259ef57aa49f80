"""What all sections share: frozen, no unknown keys; sections of several kinds; ranges and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.problems import Finding, Where

# No quantity of a device comes near these limits; products of a few numbers within them stay far from overflow.
Positive = Annotated[float, Field(ge=1e-15, le=1e15)]
NonNegative = Annotated[float, Field(ge=0, le=1e15)]
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
# What a gap or a scattering rate can be: far above it nothing is a superconductor.
Energy = Annotated[float, Field(ge=1e-15, le=1e3)]
# From a picometre to a metre: what a mesh can hold.
Length = Annotated[float, Field(ge=1e-6, le=1e6)]
Place = Annotated[float, Field(ge=-1e6, le=1e6)]
Point = tuple[Place, Place]
# Names end up in file names, column headers and mesh regions.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
FILE: dict[str, Any] = {"format": "path"}
"""Marks a key that holds the name of a file, relative to the scenario that names it."""
File = Annotated[str, Field(json_schema_extra=FILE)]


class Section(BaseModel):
    """Base of all sections: frozen, and a key that is not in the schema is an error.

    Attributes:
        words: what a section is in a few words, a format of its keys; see `describe`.
    """

    words: ClassVar[str] = ""
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def describe(self) -> str:
        """The section in a few words."""
        return self.words.format(**dict(self))

    def contradictions(self) -> Iterator[Finding]:
        """What cannot be true together inside this section; paths begin at the section."""
        yield from ()

    def differs(self, key: str) -> bool:
        """Whether a key has another value than its default."""
        return bool(getattr(self, key) != type(self).model_fields[key].default)


def findings_in(value: object, path: Where = ()) -> Iterator[Finding]:
    """What every section inside a value finds wrong with itself."""
    if isinstance(value, Section):
        yield from (finding.below(path) for finding in value.contradictions())
        for name in type(value).model_fields:
            yield from findings_in(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from findings_in(item, (*path, name))
    elif isinstance(value, tuple) and value and isinstance(value[0], Section):
        for i, item in enumerate(value):
            yield from findings_in(item, (*path, i))


class Curve(Section):
    """A property tabulated against temperature (log-log interpolation, constant outside)."""

    T_K: tuple[Positive, ...] = Field(description="temperatures, increasing", min_length=2, max_length=10_000)
    values: tuple[Positive, ...] = Field(
        description="values in the unit of the key that holds the curve", min_length=2, max_length=10_000
    )
    source: str = Field("", description="where the numbers come from")

    @property
    def interpolated(self) -> PowerCurve:
        """The property at any temperature, in the unit of the key."""
        return PowerCurve(np.array(self.T_K), np.array(self.values))

    def __format__(self, spec: str) -> str:
        """Return what stands in words where a number would."""
        return "(curve of T)"

    def contradictions(self) -> Iterator[Finding]:
        """As many values as temperatures, and these increase."""
        if len(self.T_K) != len(self.values):
            text = f"{len(self.values)} values for {len(self.T_K)} temperatures T_K; there must be as many"
            yield Finding(("values",), text, (("T_K",),))
        for k, (low, high) in enumerate(zip(self.T_K[:-1], self.T_K[1:], strict=True)):
            if high <= low:
                text = f"temperatures must increase; after {low:g} K comes {high:g} K (number {k + 1})"
                yield Finding(("T_K",), text)
                return
