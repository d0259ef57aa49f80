"""What can stand in a scenario? Every key with type, unit, range and default (units are part of the key names)."""

from hotmesa.scenarios.schema.device import Bath, ConstantContact, Contact, Crystal, Layer, Mesa, WiedemannFranzContact
from hotmesa.scenarios.schema.electrode import Electrode, FilmElectrode, SheetElectrode
from hotmesa.scenarios.schema.heater import Heater
from hotmesa.scenarios.schema.law import DWave, Law, Ohmic, Tabulated
from hotmesa.scenarios.schema.material import FromFile, GoldFilm, GoldWire, LibraryMaterial, Material
from hotmesa.scenarios.schema.mesas import CurrentMesa, FurtherMesa, IdleMesa, LeadingMesa, VoltageMesa
from hotmesa.scenarios.schema.numerics import Mesh, Numerics
from hotmesa.scenarios.schema.outline import Disc, Outline, Polygon, Rectangle
from hotmesa.scenarios.schema.patch import Patch
from hotmesa.scenarios.schema.runs import Branch, Diagram, Family, Josephson, Output, Stability, Uniform
from hotmesa.scenarios.schema.scenario import Scenario
from hotmesa.scenarios.schema.section import Curve, Name, Point, Positive, Section, findings_in
from hotmesa.scenarios.schema.sinks import Conductance, Helium, Measured, Sink
from hotmesa.scenarios.schema.source import (
    Bias,
    Levels,
    LoadLine,
    Pulses,
    Ramp,
    SourceTable,
    Step,
    TimeTable,
    Transient,
)
from hotmesa.scenarios.schema.union import Kinds

__all__ = [
    "Bath",
    "Bias",
    "Branch",
    "Conductance",
    "ConstantContact",
    "Contact",
    "Crystal",
    "CurrentMesa",
    "Curve",
    "DWave",
    "Diagram",
    "Disc",
    "Electrode",
    "Family",
    "FilmElectrode",
    "FromFile",
    "FurtherMesa",
    "GoldFilm",
    "GoldWire",
    "Heater",
    "Helium",
    "IdleMesa",
    "Josephson",
    "Kinds",
    "Law",
    "Layer",
    "LeadingMesa",
    "Levels",
    "LibraryMaterial",
    "LoadLine",
    "Material",
    "Measured",
    "Mesa",
    "Mesh",
    "Name",
    "Numerics",
    "Ohmic",
    "Outline",
    "Output",
    "Patch",
    "Point",
    "Polygon",
    "Positive",
    "Pulses",
    "Ramp",
    "Rectangle",
    "Scenario",
    "Section",
    "SheetElectrode",
    "Sink",
    "SourceTable",
    "Stability",
    "Step",
    "Tabulated",
    "TimeTable",
    "Transient",
    "Uniform",
    "VoltageMesa",
    "WiedemannFranzContact",
    "findings_in",
]
