"""Heat from outside: a laser spot or a heater of finite power somewhere in the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import Length, Name, NonNegative, Number, Place, Section

GAUSSIAN_REACH = 3.0
"""Radii beyond which a Gaussian spot heats nothing: 0.2 % of its power, which counts inside."""


class Heater(Section):
    """A spot that is heated from outside: its power is what is absorbed, all of it inside the plan."""

    words: ClassVar[str] = "{power_uW:g} µW, {profile} of radius {radius_um:g} µm at ({x_um:g}, {y_um:g}) µm"

    name: Name = Field(description="unique name")
    x_um: Place = Field(0.0, description="centre of the spot")
    y_um: Place = Field(0.0, description="centre of the spot (plan)")
    radius_um: Length = Field(
        description="radius of the disc; of a Gaussian spot where it has half its intensity (half of the FWHM)"
    )
    profile: Literal["gaussian", "disc"] = Field("gaussian", description="intensity over the spot")
    power_uW: NonNegative = Field(description="absorbed power; of a line across a strip all over its depth")
    layer: Name | None = Field(
        None, description="layer that is heated through its whole thickness; without it what is uppermost at each place"
    )
    from_us: Number | None = Field(None, description="time at which it is switched on, in a transient")
    to_us: Number | None = Field(None, description="time at which it is switched off, in a transient")

    @property
    def reach_um(self) -> float:
        """Distance from the centre beyond which nothing is heated."""
        return self.radius_um * (GAUSSIAN_REACH if self.profile == "gaussian" else 1.0)

    @property
    def times_us(self) -> tuple[float, ...]:
        """When it is switched."""
        return tuple(t for t in (self.from_us, self.to_us) if t is not None)

    def is_on(self, t_us: float) -> bool:
        """Whether it heats at a time (µs)."""
        return (self.from_us is None or t_us >= self.from_us) and (self.to_us is None or t_us < self.to_us)

    def contradictions(self) -> Iterator[Finding]:
        """It is switched off after it is switched on."""
        if self.from_us is not None and self.to_us is not None and self.to_us <= self.from_us:
            text = f"{self.to_us:g} µs is not after from_us ({self.from_us:g} µs)"
            yield Finding(("to_us",), text, (("from_us",),))

    def describe(self) -> str:
        """Name, power, spot, place and times in a few words."""
        where = "the surface" if self.layer is None else f"layer {self.layer}"
        words = f"{self.name}: {super().describe()}, into {where}"
        if self.from_us is not None:
            words += f", from {self.from_us:g} µs"
        return words + (f", to {self.to_us:g} µs" if self.to_us is not None else "")
