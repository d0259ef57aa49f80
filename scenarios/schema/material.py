"""Thermal properties of the layers: from the library, with changes, or home-made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import FILE, Curve, Positive
from hotmesa.scenarios.schema.union import Kinds

LIBRARY = tuple(sorted(file.stem for file in (Path(__file__).parents[1] / "library" / "materials").glob("*.toml")))
"""Names of the bundled material files."""


class Material(Kinds):
    """Thermal properties; anything not given is taken from `base`."""

    tag: ClassVar[str] = "base"
    usual: ClassVar[str] = "none"

    in_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity along the layers")
    out_of_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity across the layers")
    anisotropy: Positive | None = Field(
        None, description="in-plane over out-of-plane conductivity; sets in_plane from out_of_plane"
    )
    conductivity_ratio_xy: Annotated[float, Field(ge=1e-4, le=1e4)] = Field(
        1.0, description="conductivity along x over that along y; in_plane is that along x (plan)"
    )
    heat_capacity_J_per_m3K: Positive | Curve | None = Field(
        None, description="volumetric heat capacity; without one nothing can be said of what happens in time"
    )
    heat_capacity_of: Literal["bi2212", "gold"] | None = Field(
        None, description="the same as that of a material of the library"
    )
    source: str = Field("", description="source and confidence tag of the values")

    @classmethod
    def kind_of(cls, value: object) -> str:
        """The word of the kind that a material is meant to be; a file tells it where the word is missing."""
        given = value.get if isinstance(value, Mapping) else partial(getattr, value)
        if given(cls.tag, None) is None and given("file", None) is not None:
            return "from-file"
        return super().kind_of(value)

    def contradictions(self) -> Iterator[Finding]:
        """One value of the in-plane conductivity, and of the heat capacity."""
        if self.heat_capacity_J_per_m3K is not None and self.heat_capacity_of is not None:
            text = "given together with heat_capacity_J_per_m3K; both set the heat capacity, keep one"
            yield Finding(("heat_capacity_of",), text, (("heat_capacity_J_per_m3K",),))
        if self.in_plane_W_per_mK is not None and self.anisotropy is not None:
            text = f"given together with anisotropy = {self.anisotropy:g}; both set the in-plane conductivity, keep one"
            yield Finding(("in_plane_W_per_mK",), text, (("anisotropy",),))

    def describe(self) -> str:
        """The conductivities, or the material of the library, in a few words."""
        if self.in_plane_W_per_mK is None and self.out_of_plane_W_per_mK is None:
            return f"{self.word}{self._directions}"
        along, across = (_number(value) for value in (self.in_plane_W_per_mK, self.out_of_plane_W_per_mK))
        if self.in_plane_W_per_mK is None and self.anisotropy is not None:
            along = f"{self.anisotropy:g} ×"
        return f"{along} along, {across} across, W/(m K){self._directions}"

    @property
    def _directions(self) -> str:
        ratio = self.conductivity_ratio_xy
        return "" if ratio == 1.0 else f", along x {ratio:g} × that along y"


def _number(value: float | Curve | None) -> str:
    if value is None:
        return "library"
    return "κ(T)" if isinstance(value, Curve) else f"{value:g}"


class HomeMade(Material):
    """A material of one's own, with both conductivities given."""

    base: Literal["none"] = "none"

    def contradictions(self) -> Iterator[Finding]:
        """Both conductivities."""
        yield from super().contradictions()
        needs = 'is missing; with base = "none" both conductivities in W/(m K) must be given'
        if self.out_of_plane_W_per_mK is None:
            yield Finding(("out_of_plane_W_per_mK",), needs, (("base",),))
        if self.in_plane_W_per_mK is None and self.anisotropy is None:
            yield Finding(("in_plane_W_per_mK",), f"{needs} (or anisotropy)", (("base",), ("anisotropy",)))


class LibraryMaterial(Material):
    """A material of the library."""

    divide_conductivity_by: Positive = Field(1.0, description="divides both conductivities of the base material")

    def contradictions(self) -> Iterator[Finding]:
        """What changes the conductivities of the library where both are given anyway."""
        yield from super().contradictions()
        given = self.in_plane_W_per_mK is not None or self.anisotropy is not None
        if not given or self.out_of_plane_W_per_mK is None:
            return
        text = "has no effect: both conductivities are given; leave it out"
        for key in ("divide_conductivity_by", "residual_resistivity_ohm_m", "lorenz_factor"):
            if key in type(self).model_fields and self.differs(key):
                yield Finding((key,), text, (("in_plane_W_per_mK",), ("out_of_plane_W_per_mK",), ("anisotropy",)))

    def describe(self) -> str:
        """The conductivities, or the material of the library and by how much they are reduced."""
        reduced = f" with conductivity / {self.divide_conductivity_by:g}" if self.divide_conductivity_by != 1 else ""
        return super().describe() + reduced


class Bi2212(LibraryMaterial):
    """Pristine Bi2Sr2CaCu2O8+d."""

    base: Literal["bi2212"] = "bi2212"


class GoldFilm(LibraryMaterial):
    """A thin gold film by the Wiedemann-Franz law."""

    base: Literal["gold-film"] = "gold-film"
    residual_resistivity_ohm_m: Positive = Field(1e-8, description="rho_0 of the Wiedemann-Franz law")
    lorenz_factor: Positive = Field(1.0, description="xi, Lorenz number over its free-electron value")


class GoldWire(LibraryMaterial):
    """Annealed bulk gold."""

    base: Literal["gold-wire"] = "gold-wire"


class FromFile(LibraryMaterial):
    """A material of a file, bundled or one's own."""

    base: Literal["from-file"] = "from-file"
    file: str = Field(
        json_schema_extra=FILE | {"words": [*LIBRARY]},
        description="name of a bundled material, or a TOML file with conductivities, heat capacity, range and source",
    )

    def describe(self) -> str:
        """The conductivities, or the file, and by how much they are reduced."""
        return super().describe().replace(self.word, Path(self.file).stem, 1)
