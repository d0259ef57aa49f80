"""Material files: conductivities and heat capacity of one material with source and range, bundled or one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from hotmesa.scenarios import toml
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.problems import Finding, did_you_mean
from hotmesa.scenarios.schema.material import LIBRARY
from hotmesa.scenarios.schema.section import Curve, Name, Positive, Section, findings_in

FOLDER = Path(__file__).resolve().parent / "library" / "materials"


class MaterialError(HotmesaError, ValueError):
    """A material file cannot be used."""


class MaterialFile(Section):
    """What a material file holds."""

    name: Name = Field(description="short name")
    title: str = Field("", description="one line in words")
    source: str = Field(min_length=1, description="publication or database that the numbers come from")
    range_K: tuple[Positive, Positive] = Field(description="temperatures between which they hold")
    in_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity along the layers")
    out_of_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity across the layers")
    heat_capacity_J_per_m3K: Positive | Curve | None = Field(None, description="volumetric heat capacity")

    def contradictions(self) -> Iterator[Finding]:
        """A range, and something that holds in it."""
        if self.range_K[1] <= self.range_K[0]:
            yield Finding(("range_K",), "must be [low, high] with low < high, in K")
        if self.in_plane_W_per_mK is None and self.out_of_plane_W_per_mK is None:
            if self.heat_capacity_J_per_m3K is None:
                text = "is missing; give a conductivity in W/(m K), a heat capacity in J/(m³ K), or both"
                yield Finding(("out_of_plane_W_per_mK",), text)


def read_material(name_or_path: str) -> MaterialFile:
    """Return a material by its name in the library, or from a file.

    Raises:
        MaterialError: there is no such file, or it breaks a rule; every problem with its key.
    """
    bundled = name_or_path in LIBRARY
    file = FOLDER / f"{name_or_path}.toml" if bundled else Path(name_or_path)
    label = f"{file.name} (bundled)" if bundled else str(file)
    try:
        data = toml.read(file)
    except OSError as error:
        hint = did_you_mean(file.name, LIBRARY) or f"; bundled are {', '.join(LIBRARY)}"
        raise MaterialError(f"{label}: cannot be read: {error.strerror}{hint}") from None
    except ValueError as error:
        raise MaterialError(f"{label}: {error}") from None
    try:
        material = MaterialFile.model_validate(_frozen(data), strict=True)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)]
        raise MaterialError("\n".join(f"{label}: {text}" for text in dict.fromkeys(said))) from None
    wrong = [f"{label}: {'.'.join(map(str, found.where))}: {found.text}" for found in findings_in(material)]
    if wrong:
        raise MaterialError("\n".join(wrong))
    return material


def _frozen(value: object) -> object:
    """Lists as tuples, and whole numbers as numbers: the strict validation takes neither for the other."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value
