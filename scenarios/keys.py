"""What the schema says about every key: type, unit, range, default, description."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hotmesa.scenarios.schema import Scenario, Section
from hotmesa.scenarios.units import unit_of

CURVE = "a curve {T_K = [...], values = [...]}"
VALUES = "table of whole numbers or texts"


@dataclass(frozen=True)
class Key:
    """One key of a scenario file; list indices and material names appear as ``*`` in the path."""

    path: str
    type: str
    unit: str
    range: str
    default: str
    description: str
    choices: tuple[str | int, ...] = ()
    otherwise: str = ""

    @property
    def allowed(self) -> str:
        """What may stand here, in words: choices, or type with range and unit."""
        if self.choices:
            return "one of " + ", ".join(toml_value(choice) for choice in self.choices)
        parts = (self.type, self.range, f"({self.unit})" if self.unit else "", self.otherwise)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Group:
    """A section of the file: its header line, what it is, and its keys."""

    header: str
    text: str
    keys: tuple[Key, ...]


def toml_value(value: object) -> str:
    """A value as a user would type it; long ones are cut."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(toml_value(item) for item in value) + "]"
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    else:
        text = str(value)
    return text if len(text) <= 90 else text[:87] + "..."


@dataclass(frozen=True)
class _Kind:
    """What an annotation stands for."""

    name: str
    range: str = ""
    choices: tuple[str | int, ...] = ()
    otherwise: str = ""
    section: type[Section] | None = None


def _limits(metadata: Iterable[object]) -> str:
    """The range in the form "> 0" or ">= 1 and <= 200"."""
    parts: list[str] = []
    for item in metadata:
        if isinstance(item, FieldInfo):
            parts.append(_limits(item.metadata))
        elif isinstance(item, annotated_types.Gt):
            parts.append(f"> {item.gt:g}")
        elif isinstance(item, annotated_types.Ge):
            parts.append(f">= {item.ge:g}")
        elif isinstance(item, annotated_types.Lt):
            parts.append(f"< {item.lt:g}")
        elif isinstance(item, annotated_types.Le):
            parts.append(f"<= {item.le:g}")
    return " and ".join(part for part in parts if part)


def _kind(annotation: Any, metadata: Iterable[object] = ()) -> _Kind:
    """Take an annotation of the schema apart."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(args[0], (*args[1:], *metadata))
    if origin is Literal:
        return _Kind("choice", choices=args)
    if origin in (Union, types.UnionType):
        return _union(tuple(arg for arg in args if arg is not type(None)), metadata)
    if origin is dict:
        section = _kind(args[1]).section
        return _Kind("tables by name", section=section) if section else _Kind(VALUES)
    if origin is tuple:
        return _sequence(args, metadata)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return _Kind("table", section=annotation)
    names = {float: "number", int: "whole number", str: "text", bool: "true or false"}
    return _Kind(names[annotation], _limits(metadata))


def _union(args: tuple[Any, ...], metadata: Iterable[object]) -> _Kind:
    """A number, or a number or a curve."""
    first = _kind(args[0], metadata)
    if len(args) == 1:
        return first
    return _Kind(first.name, first.range, otherwise=f"or {CURVE}", section=_kind(args[1]).section)


def _sequence(args: tuple[Any, ...], metadata: Iterable[object]) -> _Kind:
    """A list of values, of points, or of tables."""
    if args[-1] is not Ellipsis:
        return _Kind("pair of numbers")
    inner = _kind(args[0])
    if inner.section is not None:
        return _Kind("list of tables", section=inner.section)
    least = [item.min_length for item in metadata if isinstance(item, annotated_types.MinLen)]
    size = f" ({least[0]} or more)" if least else ""
    plural = {"number": "numbers", "pair of numbers": "pairs [x, y]"}[inner.name]
    limits = f"each {inner.range}" if inner.range else ""
    return _Kind(f"list of {plural}{size}", limits)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    return "none" if value is None or value is PydanticUndefined else toml_value(value)


def _key(prefix: str, name: str, info: FieldInfo) -> Key:
    kind = _kind(info.annotation, info.metadata)
    path = f"{prefix}.{name}" if prefix else name
    text = info.description or ""
    return Key(path, kind.name, unit_of(name), kind.range, _default(info), text, kind.choices, kind.otherwise)


def _members(section: type[Section], prefix: str) -> tuple[Key, ...]:
    """The keys of one section that hold values."""
    return tuple(_key(prefix, name, info) for name, info in section.model_fields.items())


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().splitlines()[0]


def groups() -> tuple[Group, ...]:
    """All sections in the order of the schema; the first holds the keys at the top of the file."""
    top: list[Key] = []
    found: list[Group] = []
    curve: type[Section] | None = None
    for name, info in Scenario.model_fields.items():
        kind = _kind(info.annotation, info.metadata)
        if kind.section is None:
            top.append(_key("", name, info))
            continue
        header, prefix = {
            "table": (f"[{name}]", name),
            "list of tables": (f"[[{name}]]", f"{name}.*"),
            "tables by name": (f"[{name}.NAME]", f"{name}.*"),
        }[kind.name]
        found.append(Group(header, _first_line(kind.section), _members(kind.section, prefix)))
        for inner in kind.section.model_fields.values():
            curve = _kind(inner.annotation, inner.metadata).section or curve
    if curve is not None:
        found.append(Group(CURVE, _first_line(curve), _members(curve, "CURVE")))
    return (Group("top of the file", _first_line(Scenario), tuple(top)), *found)


def _walk(path: tuple[str | int, ...]) -> tuple[Key | None, type[Section] | None]:
    """The key at a path and the section that it opens, if any."""
    section: type[Section] | None = Scenario
    key: Key | None = None
    by_name = False
    for part in path:
        if isinstance(part, int) or by_name:  # a list index or the name of a material leads to the same section
            by_name = False
            continue
        if section is None or part not in section.model_fields:
            return None, None
        info = section.model_fields[part]
        kind = _kind(info.annotation, info.metadata)
        key, section, by_name = _key("", part, info), kind.section, kind.name in ("tables by name", VALUES)
    return key, section


def find_key(path: tuple[str | int, ...]) -> Key | None:
    """The key at a path such as ("layers", 0, "thickness_um"); None where the schema has none."""
    return _walk(path)[0]


def names_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Names of the keys that the schema knows inside a section; () where there is none."""
    section = _walk(path)[1]
    return tuple(section.model_fields) if section is not None else ()
