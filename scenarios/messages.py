"""From what pydantic reports to sentences for a physicist."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from hotmesa.scenarios.keys import find_key, groups, names_at, toml_value
from hotmesa.scenarios.rules.findings import Finding, Where

FEW = 4  # keys that a message lists in passing
_ARTICLES = {"number": "a ", "whole": "a ", "list": "a ", "pair": "a ", "table": "a "}
# Tags that pydantic puts into a location for the members of "number or curve" and of "whole number or text".
_UNION_TAGS = ("float", "constrained-float", "Curve", "int", "str")


def schema_findings(error: ValidationError) -> tuple[Finding, ...]:
    """One finding for each invalid key, in the order of the file."""
    found: dict[Where, Finding] = {}
    for item in error.errors(include_url=False):
        where = _path(item["loc"])
        if not _other_member(item["loc"], item["input"]) and where not in found:
            found[where] = Finding(where, _sentence(where, item["type"], item["input"]))
    # A list with a bad element is reported a second time as a whole; the element says more.
    inner = {where[:-1] for where in found if isinstance(where[-1], int)}
    return tuple(finding for where, finding in found.items() if where not in inner)


def _path(location: tuple[int | str, ...]) -> Where:
    return tuple(part for i, part in enumerate(location) if not (i >= 2 and part in _UNION_TAGS))


def _other_member(location: tuple[int | str, ...], value: object) -> bool:
    """Whether the report is about the member of "number or curve" that the user did not mean."""
    last = location[-1] if len(location) > 2 else None
    return last in _UNION_TAGS and (last == "Curve") != isinstance(value, Mapping)


def _sentence(where: Where, kind: str, value: object) -> str:
    if kind == "extra_forbidden":
        return _unknown(where)
    key = find_key(where)
    allowed = _with_article(key.allowed) if key is not None else "something else"
    if key is not None and isinstance(where[-1], int) and key.range.startswith("each "):
        unit = f" ({key.unit})" if key.unit else ""
        allowed = f"a number {key.range.removeprefix('each ')}{unit}"
    if key is not None and key.allowed.startswith("table of ") and key.path.rpartition(".")[2] != where[-1]:
        allowed = "a whole number or a text"
    if kind == "missing":
        return f"is missing; it must be {allowed}"
    if kind == "string_pattern_mismatch":
        return f"{toml_value(value)} must be a name: a letter or digit, then letters, digits, dots, dashes, underscores"
    text = f"{toml_value(value)} must be {allowed}"
    if key is not None and key.choices:
        near = difflib.get_close_matches(str(value), [str(choice) for choice in key.choices], 1)
        text += f'; did you mean "{near[0]}"?' if near and isinstance(value, str) else ""
    return text


def _with_article(allowed: str) -> str:
    return _ARTICLES.get(allowed.split()[0], "") + allowed


def _unknown(where: Where) -> str:
    """The nearest key of the same section, else of any section, else all keys of the section."""
    name, section = str(where[-1]), where[:-1]
    names = [*names_at(section), *(() if section else ("base", "without"))]
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    elsewhere = {key.path.rpartition(".")[2]: key.path for group in groups() for key in group.keys}
    far = difflib.get_close_matches(name, list(elsewhere), 1, 0.75)
    if far:
        known = f"; this section knows {', '.join(names)}" if 0 < len(names) <= FEW else ""
        return f"unknown key here{known}; did you mean {elsewhere[far[0]]}?"
    return f"unknown key; this section knows {', '.join(names)}" if names else "unknown key"


def dotted(where: Where, data: Mapping[str, Any]) -> str:
    """The key as one writes it after --set; elements of a list with their name: layers.0 ("film").thickness_um."""
    parts: list[str] = []
    node: Any = data
    for part in where:
        node = _inside(node, part)
        name = node.get("name") if isinstance(part, int) and isinstance(node, Mapping) else None
        parts.append(f'{part} ("{name}")' if isinstance(name, str) else str(part))
    return ".".join(parts)


def _inside(node: Any, part: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(str(part))
    if isinstance(node, Sequence) and not isinstance(node, str) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
