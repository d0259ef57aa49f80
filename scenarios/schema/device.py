"""The device and its cooling: mesa, crystal, layers, contacts, bath."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.outline import Disc, Outline, Polygon, Rectangle
from hotmesa.scenarios.schema.patch import Patched
from hotmesa.scenarios.schema.section import Curve, Length, Name, NonNegative, Positive, Section
from hotmesa.scenarios.schema.union import Kinds

UPRIGHT_DEG = 90.0
"""Angle of walls that leave the area the same at every depth."""


class Mesa(Outline, Kinds):
    """The stack of intrinsic junctions; its centre is the origin of coordinates."""

    tag: ClassVar[str] = "shape"
    usual: ClassVar[str] = "rectangle"
    leaves_behind: ClassVar[bool] = True

    junctions: int = Field(19, ge=1, le=100_000, description="number N of junctions in the stack")
    resistive_junctions: int | None = Field(
        None, ge=1, le=100_000, description="how many carry voltage, n <= N; default all"
    )
    spacing_nm: Positive = Field(2.151, description="height of one junction")
    specific_resistance_ohm_um2: Positive = Field(2421.0, description="normal resistance of one junction times area")
    wall_angle_deg: Annotated[float, Field(ge=20, le=160)] = Field(
        UPRIGHT_DEG,
        description="between walls and base: 90 upright, less for a base wider than the top; the outline is that in "
        "the middle of the junctions",
    )

    def contradictions(self) -> Iterator[Finding]:
        """No more resistive junctions than junctions."""
        yield from super().contradictions()
        if self.resistive_junctions is not None and self.resistive_junctions > self.junctions:
            text = f"{self.resistive_junctions} junctions cannot carry voltage, the stack has only {self.junctions}"
            yield Finding(("resistive_junctions",), text, (("junctions",),))


class MesaRectangle(Mesa, Rectangle):
    """A rectangle or strip."""


class MesaDisc(Mesa, Disc):
    """A disc."""


class MesaPolygon(Mesa, Polygon):
    """A polygon."""


class Crystal(Outline, Kinds):
    """Outline of the crystal around the mesa; without this section the plan is the mesa alone."""

    tag: ClassVar[str] = "shape"
    usual: ClassVar[str] = "rectangle"
    leaves_behind: ClassVar[bool] = True


class CrystalRectangle(Crystal, Rectangle):
    """A rectangle or strip."""

    width_um: Length = Field(60.0, description="extent along x")
    depth_um: Length = Field(60.0, description="extent along y")


class CrystalDisc(Crystal, Disc):
    """A disc."""


class CrystalPolygon(Crystal, Polygon):
    """A polygon."""


class Layer(Section):
    """One layer of the stack, listed from top to bottom."""

    name: Name = Field(description="unique name, used in result files")
    material: str = Field(description="key of [materials]")
    region: Literal["mesa", "crystal"] = Field("crystal", description="part of the plan that the layer covers")
    thickness_um: Length | None = Field(None, description="thickness; for the junction layer it is N times spacing")
    junctions: bool = Field(False, description="true for the one layer that holds the junctions")
    sublayers: int = Field(1, ge=1, le=200, description="finite volumes through the thickness")
    first_sublayer_um: Length | None = Field(None, description="thickness of the top sublayer (geometric grading)")
    boundary_W_per_m2K: Positive | Curve | None = Field(
        None, description="boundary conductance h to the layer below; of a curve h(T) the heat is its integral"
    )

    @property
    def sublayer_names(self) -> tuple[str, ...]:
        """Names of the sublayers from the top, as result files have them."""
        one = self.sublayers == 1
        return (self.name,) if one else tuple(f"{self.name}_{k + 1:02d}" for k in range(self.sublayers))


class Contact(Patched, Kinds):
    """A heat sink that touches a surface in a patch: contact, then a lumped wire; its resistance tells its kind."""

    usual: ClassVar[str] = "constant"

    on: Literal["mesa", "crystal"] = Field(
        "mesa", description="what it touches: the top of the mesa, or the crystal beside it"
    )

    wire_K_per_mW: NonNegative | None = Field(
        None, description="constant thermal resistance of the wire; without any wire its end is at bath temperature"
    )
    wire_length_mm: Positive | None = Field(None, description="length of a gold wire with kappa(T)")
    wire_diameter_um: Length = Field(100.0, description="diameter of that wire")

    @classmethod
    def kind_of(cls, value: object) -> str:
        """The word of the kind that a contact is meant to be; the resistance tells it where the word is missing."""
        given = value.get if isinstance(value, Mapping) else partial(getattr, value)
        if given(cls.tag, None) is None and given("contact_resistance_ohm", None) is not None:
            return "wiedemann-franz"
        return super().kind_of(value)

    def contradictions(self) -> Iterator[Finding]:
        """An outline around some area, and at most one resistance of the wire."""
        yield from super().contradictions()
        if self.wire_K_per_mW is not None and self.wire_length_mm is not None:
            text = "given together with wire_length_mm; the wire has either a constant resistance or a length, keep one"
            yield Finding(("wire_K_per_mW",), text, (("wire_length_mm",),))
        if self.wire_length_mm is None and self.differs("wire_diameter_um"):
            text = "has no effect without wire_length_mm, the length of a gold wire"
            yield Finding(("wire_diameter_um",), text, (("wire_length_mm",),))

    def describe(self) -> str:
        """Place, contact and wire in a few words."""
        if self.wire_length_mm is not None:
            wire = f"gold wire {self.wire_length_mm:g} mm long, {self.wire_diameter_um:g} µm thick"
        elif self.wire_K_per_mW:
            wire = f"wire {self.wire_K_per_mW:g} K/mW"
        else:
            wire = "its far side at bath temperature"
        place = self.patch.describe() + (", on the crystal" if self.on == "crystal" else "")
        return f"{self.name}: {place}, {super().describe()}, {wire}"


class ConstantContact(Contact):
    """A constant thermal resistance."""

    missing: ClassVar[dict[str, str]] = {
        "contact_K_per_mW": "is missing; give the thermal resistance of the contact in K/mW, or contact_resistance_ohm "
        "for a Wiedemann-Franz contact"
    }

    words: ClassVar[str] = "contact {contact_K_per_mW:g} K/mW"
    kind: Literal["constant"] = "constant"
    contact_K_per_mW: NonNegative = Field(description="constant thermal resistance of the contact")


class WiedemannFranzContact(Contact):
    """As good a conductor of heat as of current, by the Wiedemann-Franz law."""

    foreign: ClassVar[dict[str, str]] = {
        "contact_K_per_mW": "given together with contact_resistance_ohm; the contact is either constant or "
        "Wiedemann-Franz, keep one"
    }

    words: ClassVar[str] = "Wiedemann-Franz contact of {contact_resistance_ohm:g} Ω"
    kind: Literal["wiedemann-franz"] = "wiedemann-franz"
    contact_resistance_ohm: Positive = Field(description="electrical resistance of the contact")


class Bath(Kinds):
    """Temperature and coupling of the surroundings."""

    tag: ClassVar[str] = "bottom"
    usual: ClassVar[str] = "half-layer"

    temperature_K: Annotated[float, Field(ge=1.5, le=290.0)] = Field(4.2, description="bath temperature T_B")
    top_W_per_m2K: NonNegative = Field(0.0, description="conductance from the top layer to the bath")
    rim: Literal["insulated", "bath"] = Field("insulated", description="outer rim of the crystal layers")

    @property
    def below_W_per_m2K(self) -> float:
        """Conductance from the bottom face to the bath, W/(m² K); infinite where the face has its temperature."""
        raise NotImplementedError

    def sinks(self) -> dict[str, str]:
        """Every heat sink of the surroundings by name: what it is, in words, or "" where it is not there."""
        h = self.below_W_per_m2K
        below = "bottom face at bath temperature" if math.isinf(h) else f"bottom {h:g} W/(m² K)" if h else ""
        top = f"top {self.top_W_per_m2K:g} W/(m² K)" if self.top_W_per_m2K else ""
        return {"bottom": below, "top": top, "rim": "rim at bath temperature" if self.rim == "bath" else ""}


class HalfLayerBelow(Bath):
    """The bath holds the bottom face, half a sublayer below the last one."""

    bottom: Literal["half-layer"] = "half-layer"

    @property
    def below_W_per_m2K(self) -> float:
        """Infinite: the bottom face has the temperature of the bath."""
        return math.inf


class InsulatedBelow(Bath):
    """No heat through the bottom face."""

    bottom: Literal["insulated"] = "insulated"

    @property
    def below_W_per_m2K(self) -> float:
        """Zero."""
        return 0.0


class ConductanceBelow(Bath):
    """A conductance from the bottom face to the bath."""

    bottom: Literal["conductance"] = "conductance"
    bottom_W_per_m2K: Positive = Field(description="conductance from the bottom face to the bath")

    @property
    def below_W_per_m2K(self) -> float:
        """The conductance of the key, W/(m² K)."""
        return self.bottom_W_per_m2K
