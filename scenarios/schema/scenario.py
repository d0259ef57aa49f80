"""The whole scenario."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import MaxLen
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.schema.device import Bath, Contact, Crystal, HalfLayerBelow, Layer, Mesa, MesaRectangle
from hotmesa.scenarios.schema.electrode import Electrode
from hotmesa.scenarios.schema.heater import Heater
from hotmesa.scenarios.schema.law import DWave, Law
from hotmesa.scenarios.schema.maps import Map
from hotmesa.scenarios.schema.material import Material
from hotmesa.scenarios.schema.mesas import FurtherMesa
from hotmesa.scenarios.schema.numerics import Mesh, Numerics
from hotmesa.scenarios.schema.runs import Branch, Diagram, Family, Josephson, Output, Stability, Uniform
from hotmesa.scenarios.schema.section import Name, Section
from hotmesa.scenarios.schema.sinks import Sink
from hotmesa.scenarios.schema.source import Bias, CurrentBias, Step, Transient


def _known(word: str) -> str:
    if word not in KINDS:
        raise ValueError("no such kind of run")
    return word


def _choices(schema: JsonDict) -> None:
    schema["enum"] = [*KINDS]


class Scenario(Section):
    """A device, its cooling and what is computed."""

    name: Name = Field(description="short name; results go to out/NAME by default")
    title: str = Field("", description="one line in words")
    source: str = Field("", description="publication, DOI or tag")
    mode: Annotated[str, AfterValidator(_known)] = Field(
        "branch",
        description="the branch of steady states from rest, the uniform model alone, a sweep as in an experiment, "
        "in time, all branches that can be found, or the branches of partial stacks",
        json_schema_extra=_choices,
    )
    geometry: Literal["plan", "strip", "disc"] = Field("plan", description="plan x, y; strip x; disc radius")
    mesa: Mesa = MesaRectangle()
    mesas: tuple[FurtherMesa, ...] = Field((), max_length=20)
    crystal: Crystal | None = None
    layers: tuple[Layer, ...] = Field((), max_length=100)
    materials: dict[str, Material] = Field(default_factory=dict, max_length=200)
    contacts: tuple[Contact, ...] = Field((), max_length=200)
    sinks: tuple[Sink, ...] = Field((), max_length=20)
    electrode: Electrode | None = None
    heaters: tuple[Heater, ...] = Field((), max_length=50)
    maps: tuple[Map, ...] = Field((), max_length=20)
    bath: Bath = HalfLayerBelow()
    law: Law = DWave()
    josephson: Josephson = Josephson()
    branch: Branch = Branch()
    bias: Bias = CurrentBias()
    stability: Stability = Stability()
    diagram: Diagram = Diagram()
    family: Family = Family()
    mesh: Mesh = Mesh()
    numerics: Numerics = Numerics()
    uniform: Uniform = Uniform()
    transient: Transient = Step()
    output: Output = Output()

    @field_validator("mesas", "layers", "contacts", "sinks", "heaters", "maps", mode="before")
    @classmethod
    def _not_too_many(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a list that is too long as a whole, before anything is said about its elements."""
        result = cls.model_fields[str(info.field_name)].metadata
        most = min(rule.max_length for rule in result if isinstance(rule, MaxLen))
        if isinstance(value, tuple) and len(value) > most:
            raise PydanticCustomError("too_long", "too many")
        return value

    @property
    def critical_temperature_K(self) -> float:
        """T_c of the junctions (K)."""
        return self.josephson.critical_temperature_K or self.output.hot_temperature_K

    @property
    def electrode_layer(self) -> Layer:
        """The layer of the electrode: that of its key, else the top one."""
        name = None if self.electrode is None else self.electrode.layer
        return next((layer for layer in self.layers if layer.name == name), self.layers[0])

    def __repr__(self) -> str:
        """Return what it is in one line; the keys are in `model_dump()`."""
        parts = {"layer": len(self.layers), "contact": len(self.contacts)} if KINDS[self.mode].spatial else {}
        counts = [f"{count} {name}{'s' * (count != 1)}" for name, count in parts.items()]
        device = [f"{self.mesa.junctions} junctions", self.mesa.describe(), *counts]
        return f"<Scenario {self.name}: {self.mode}, {', '.join(device)}, bath {self.bath.temperature_K:g} K>"

    __str__ = __repr__

    @classmethod
    def with_kinds(cls) -> type[Scenario]:
        """Return the class, with the sections of kinds of run that it does not list."""
        sections = {kind.name: kind.keys for kind in KINDS.values() if kind.keys is not None}
        new = {name: keys for name, keys in sections.items() if name not in cls.model_fields}
        for name, keys in new.items():
            cls.model_fields[name] = FieldInfo(annotation=keys, default=keys())
        if new:
            cls.model_rebuild(force=True)
        return cls
