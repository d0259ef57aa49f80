"""What the schema says about every key: type, unit, range, default, description; read from its JSON schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import unit_of

CURVE = "a curve {T_K = [...], values = [...]}"
VALUES = "table of whole numbers or texts"

Node = Mapping[str, Any]
"""A part of a JSON schema."""

_LIMITS = (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))
_TYPES = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false"}
_PLURAL = {"number": "numbers", "integer": "whole numbers", "array": "pairs [x, y]", "string": "texts"}


@dataclass(frozen=True)
class Key:
    """One key of a scenario file; list indices and material names appear as ``*`` in the path.

    Attributes:
        kinds: to which kinds of its section the key belongs, such as 'kind = "ohmic"'; "" if to all.
    """

    path: str
    type: str
    unit: str
    range: str
    default: str
    description: str
    choices: tuple[str | int, ...] = ()
    otherwise: str = ""
    kinds: str = ""

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


class Kind(NamedTuple):
    """One of the kinds of a section: the key that tells them apart, its word for this one, and the keys it has."""

    tag: str
    word: str
    node: Node


_LONGEST = 90  # signs of a value in a message


def toml_value(value: object) -> str:
    """A value as a user would type it; long ones are cut, before megabytes of them are written."""
    text = inline(value[:_LONGEST] if isinstance(value, list | tuple | str) else value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a scenario as pydantic makes it; a section that may be missing is told as if it could not."""
    result = Scenario.with_kinds().model_json_schema()
    for node in result["properties"].values():
        for member in node.get("anyOf", ()):
            if "x-tag" in member:
                node.update(member | {"anyOf": None})
                del node["anyOf"]
    return result


def forget() -> None:
    """Read the schema anew at the next question: a kind of run was added."""
    schema.cache_clear()
    groups.cache_clear()


def members(node: Node) -> tuple[Node, ...]:
    """What may stand at a node: itself, or the members of a union, with references followed."""
    if "$ref" in node:
        node = schema()["$defs"][node["$ref"].rpartition("/")[2]]
    inside = node.get("anyOf") or node.get("oneOf")
    if inside is None:
        return (node,)
    return tuple(member for item in inside for member in members(item) if member.get("type") != "null")


def kinds_at(node: Node) -> tuple[Kind, ...]:
    """The kinds of a section that comes in kinds; () for any other."""
    tag = node.get("x-tag", "")
    result = members(node) if tag else ()
    return tuple(Kind(tag, str(member["properties"][tag]["const"]), member) for member in result)


def _limits(node: Node) -> str:
    """The range in the form "> 0" or ">= 1 and <= 200"."""
    return " and ".join(f"{sign} {node[name]:g}" for name, sign in _LIMITS if name in node)


def _words(node: Node) -> Key:
    """Type, range and choices of the values at a node, as a key without name."""
    first, *others = members(node)
    result = Key("", _TYPES.get(first.get("type", ""), "table"), "", _limits(first), "", "")
    if first.get("format") == "path" and "words" not in first:
        result = replace(result, type="file name")
    elif "enum" in first or "const" in first:
        result = replace(result, type="choice", choices=tuple(first.get("enum") or (first["const"],)))
    elif "prefixItems" in first:
        result = replace(result, type="pair of numbers")
    elif first.get("type") == "array":
        (item, *_) = members(first["items"])
        if "properties" in item:
            return replace(result, type=f"list of tables{_size(first)}")
        each = _limits(item)
        kind = f"list of {_PLURAL[item['type']]}{_size(first)}"
        result = replace(result, type=kind, range=f"each {each}" if each else "")
    elif "additionalProperties" in first and "properties" not in first:
        tables = "properties" in members(first["additionalProperties"])[0]
        result = replace(result, type="tables by name" if tables else VALUES)
    if any(other.get("type") == "string" for other in others):
        return replace(result, otherwise="or a text")
    curve = any("properties" in other for other in others) and "x-tag" not in node
    return replace(result, otherwise=f"or {CURVE}") if curve else result


def _size(node: Node) -> str:
    """How long a list may be, in brackets."""
    words = {"minItems": "or more", "maxItems": "at most"}
    parts = [f"{node[name]} {text}" for name, text in words.items() if name in node]
    return f" ({', '.join(parts)})" if parts else ""


def _key(path: str, name: str, node: Node, required: bool) -> Key:
    default = node.get("default")
    if isinstance(default, Mapping):  # a section: its keys tell their own defaults
        default = None
    text = "required" if required else "none" if default is None else toml_value(default)
    words = _words(node)
    return replace(words, path=path, unit=unit_of(name), default=text, description=node.get("description", ""))


def _of_section(node: Node) -> Iterator[tuple[str, Key]]:
    """The keys of a section by name; those that tell its kinds apart first."""
    kinds = kinds_at(node)
    if not kinds:
        for name, inner in members(node)[0].get("properties", {}).items():
            yield name, _key(name, name, inner, name in members(node)[0].get("required", ()))
        return
    tag = kinds[0].tag
    text = "; ".join(f'"{kind.word}": {_uncapitalised(kind.node["description"])}' for kind in kinds)
    words = tuple(kind.word for kind in kinds)
    yield tag, Key(tag, "choice", "", "", toml_value(node["x-usual"]), text, words)
    names = dict.fromkeys(name for kind in kinds for name in kind.node["properties"])
    for name in names:
        for key in () if name == tag else _of_kinds(name, kinds):
            yield name, key


def _of_kinds(name: str, kinds: tuple[Kind, ...]) -> Iterator[Key]:
    """A key of some kinds: once for all that say the same about it."""
    words: dict[Key, list[str]] = {}
    for kind in kinds:
        if name in kind.node["properties"]:
            words.setdefault(_of_kind(name, kind), []).append(f'"{kind.word}"')
    for key, having in words.items():
        some = len(having) < len(kinds)
        yield replace(key, kinds=f"{kinds[0].tag} = " + " or ".join(having) if some else "")


def _of_kind(name: str, kind: Kind) -> Key:
    return _key(name, name, kind.node["properties"][name], name in kind.node.get("required", ()))


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def below(node: Node, part: str | int) -> Node | None:
    """The node of a key, of an element of a list or of a named table."""
    for member in members(node):
        if part in member.get("properties", {}):
            result: Node = member["properties"][part]
            return result
        if member.get("type") == "array":
            item = dict(member.get("items") or member["prefixItems"][0])
            if isinstance(part, int) or any("name" in kind.get("properties", {}) for kind in members(item)):
                return item  # by its number, or by its name
        if isinstance(part, str) and isinstance(member.get("additionalProperties"), Mapping):
            return dict(member["additionalProperties"])
    return None


def node_at(path: tuple[str | int, ...]) -> Node | None:
    """The part of the schema at a path of a scenario; None where it has none."""
    node: Node | None = schema()
    for part in path:
        node = None if node is None else below(node, part)
    return node


def find_key(path: tuple[str | int, ...], word: str = "") -> Key | None:
    """The key at a path such as ("layers", 0, "thickness_um"); None where the schema has none.

    Args:
        path: names and numbers from the top of the file on.
        word: which kind of a section that comes in kinds; the first that has the key where it does not say.
    """
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return None
    last = len(path) - 1 - list(reversed(path)).index(names[-1])
    section = node_at(path[:last])
    if section is None:
        return None
    known = [key for name, key in _of_section(section) if name == names[-1]]
    if known:
        return next((key for key in known if word and f'"{word}"' in key.kinds), known[0])
    node = node_at(path)  # a table that the user has named
    return None if node is None else _key(names[-1], names[-1], node, False)


def leaves_out(path: tuple[str | int, ...], value: object) -> bool:
    """Return whether a value is the word none as "leave this key out" and not as one of the choices of the key."""
    if value != "none":
        return False
    known = find_key(path)
    return known is None or "none" not in known.choices


def names_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Names of the keys that the schema knows inside a section, of all its kinds; () where there is none."""
    node = node_at(path)
    if node is None:
        return ()
    return tuple(dict.fromkeys(name for member in members(node) for name in member.get("properties", {})))


@cache
def groups() -> tuple[Group, ...]:
    """All sections in the order of the schema; the first holds the keys at the top of the file."""
    top: list[Key] = []
    result: list[Group] = []
    for name, node in schema()["properties"].items():
        words = _key(name, name, node, name in schema()["required"])
        section: Node = node
        header, prefix = f"[{name}]", name
        if words.type.startswith("list of tables"):
            section, header, prefix = node["items"], f"[[{name}]]", f"{name}.*"
        elif words.type == "tables by name":
            section, header, prefix = node["additionalProperties"], f"[{name}.NAME]", f"{name}.*"
        elif words.type != "table":
            top.append(words)
            continue
        result.append(_group(header, prefix, section))
    curve = schema()["$defs"]["Curve"]
    return (Group("top of the file", schema()["description"], tuple(top)), *result, _group(CURVE, "CURVE", curve))


def _group(header: str, prefix: str, section: Node) -> Group:
    text = section.get("description") or members(section)[0].get("description", "")
    keys = tuple(replace(key, path=f"{prefix}.{name}") for name, key in _of_section(section))
    return Group(header, text.splitlines()[0], keys)


@cache
def file_keys() -> dict[tuple[str, str], tuple[str, ...]]:
    """Section and name of every key that holds a file name, with the words that may stand there instead."""
    result: dict[tuple[str, str], tuple[str, ...]] = {}
    for section, node in schema()["properties"].items():
        entry = node.get("additionalProperties", node)  # of a table whose keys are names
        for member in members(node.get("items", entry)):
            for name, inner in member.get("properties", {}).items():
                if "path" in (inner.get("format"), *(item.get("format") for item in members(inner))):
                    result[section, name] = tuple(inner.get("words", ()))
    return result


def left_behind(section: str, table: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of a section that have no place once changes make it another kind, where the section lets them go."""
    node = node_at((section,)) or {}
    tag, usual = str(node.get("x-tag")), node.get("x-usual")
    if not node.get("x-leaves-behind") or tag not in changes or changes[tag] == table.get(tag, usual):
        return ()
    new = next((kind.node["properties"] for kind in kinds_at(node) if kind.word == changes[tag]), None)
    return () if new is None else tuple(key for key in table if key in names_at((section,)) and key not in new)
