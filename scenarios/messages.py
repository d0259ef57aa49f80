"""From what pydantic reports to sentences for a physicist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from hotmesa.scenarios.keys import (
    Key,
    Kind,
    Node,
    below,
    find_key,
    groups,
    kinds_at,
    members,
    names_at,
    node_at,
    schema,
    toml_value,
)
from hotmesa.scenarios.problems import Finding, Where, did_you_mean, nearest

MOST = 200  # findings that are told
FEW = 4  # keys that a message lists in passing
_ARTICLES = {"number": "a ", "whole": "a ", "list": "a ", "pair": "a ", "table": "a ", "file": "a "}
_NAME = "a name: a letter or digit, then letters, digits, dots, dashes, underscores"


class _Place(NamedTuple):
    """Where pydantic found something.

    Attributes:
        where: path as the user wrote it.
        kind: the kind of the section that holds the key, if it comes in kinds.
        member: which member of "number or curve" pydantic speaks of, "" where there is one only.
    """

    where: Where
    kind: Kind | None
    member: str


def schema_findings(error: ValidationError) -> tuple[Finding, ...]:
    """One finding for each invalid key, in the order of the file."""
    result: dict[Where, Finding] = {}
    odd: set[Where] = set()
    for item in error.errors(include_url=False)[:MOST]:
        place = _place(item["loc"])
        where, kind = place.where, place.kind
        if where in result or (place.member and (place.member == "Curve") != isinstance(item["input"], Mapping)):
            continue
        if kind is not None and where[-1] == kind.tag:
            odd.add(where[:-1])
        result[where] = Finding(where, _sentence(place, item["type"], item["input"]))
    # A list with a bad element is reported a second time as a whole; the element says more.
    inner = {where[:n] for where in result for n, part in enumerate(where) if isinstance(part, int)}
    return tuple(
        finding for where, finding in result.items() if where not in inner and not _of_another_kind(where, odd)
    )


def _of_another_kind(where: Where, odd: set[Where]) -> bool:
    """Whether a key is unknown only because its section names a kind that does not exist."""
    return where[:-1] in odd and where[-1] in names_at(where[:-1]) and where[-1] not in _tags(where[:-1])


def _tags(section: Where) -> tuple[str, ...]:
    node = node_at(section)
    return () if node is None else tuple(kind.tag for kind in kinds_at(node))


def _place(location: tuple[int | str, ...]) -> _Place:
    """Take the words out that pydantic puts into a location for the members of a union."""
    where: list[int | str] = []
    node: Node | None = schema()
    kind: Kind | None = None
    entered: Kind | None = None
    member = ""
    for part in location:
        kinds = () if node is None else kinds_at(node)
        if kinds:
            entered = next(item for item in kinds if item.word == part)
            node = entered.node
        elif node is not None and len(members(node)) > 1:
            member, node = str(part), members(node)[-1]
        else:
            kind, entered, member = entered, None, ""
            where.append(part)
            node = None if node is None else below(node, part)
    return _Place(tuple(where), kind, member)


def _sentence(place: _Place, error: str, value: object) -> str:
    where, kind = place.where, place.kind
    key = find_key(where, kind.word if kind else "")
    if error == "extra_forbidden":
        return _unknown(where) if kind is None or key is None else _foreign(key, kind, str(where[-1]))
    allowed = "something else" if key is None else _allowed(key, where)
    if error == "missing":
        if key is None or kind is None or not key.kinds:
            return f"is missing; it must be {allowed}"
        usual = f'is missing; {kind.tag} = "{kind.word}" needs {key.description}: {allowed}'
        return str(kind.node.get("x-missing", {}).get(where[-1], usual))
    if error == "greater_than_equal" and isinstance(value, int | float) and value <= 0.0 and key is not None:
        if "e-" in key.range.partition(" and ")[0]:  # a guard against rounding, no limit of nature
            return " ".join(part for part in (f"{toml_value(value)} must be greater than 0", _unit(key)) if part)
    if error == "string_pattern_mismatch":
        return f"{toml_value(value)} must be {_NAME}"
    if error == "too_long" and isinstance(value, Mapping):
        return f"{len(value)} entries are too many; {(node_at(where) or {}).get('maxProperties')} at most"
    text = f"{toml_value(value)} must be {allowed}"
    if key is None or not key.choices or not isinstance(value, str):
        return text
    near = {str(choice): toml_value(choice) for choice in key.choices}
    return "; ".join([text, *(f"did you mean {near[name]}?" for name in nearest(value, near))])


def _allowed(key: Key, where: Where) -> str:
    """What may stand at a key, or at an element of a list of numbers."""
    if isinstance(where[-1], int) and key.range.startswith("each "):
        return f"a number {key.range.removeprefix('each ')} {_unit(key)}".rstrip()
    return _ARTICLES.get(key.allowed.split()[0], "") + key.allowed


def _unit(key: Key) -> str:
    return f"({key.unit})" if key.unit else ""


def _foreign(key: Key, kind: Kind, name: str) -> str:
    """Why a key of another kind of its section has no place here."""
    reason = kind.node.get("x-foreign", {}).get(name)
    return str(reason or f'has no effect with {kind.tag} = "{kind.word}"; set {key.kinds} or leave it out')


def _unknown(where: Where) -> str:
    """The nearest key of the same section, else of any section, else all keys of the section."""
    name, section = str(where[-1]), where[:-1]
    names = [*names_at(section), *(() if section else ("base", "without"))]
    near = did_you_mean(name, names, 1, 0.6)
    if near:
        return f"unknown key{near}"
    elsewhere = {key.path.rpartition(".")[2]: key.path for group in groups() for key in group.keys}
    far = nearest(name, elsewhere, least=0.75)
    if far:
        known = f"; this section knows {', '.join(names)}" if 0 < len(names) <= FEW else ""
        return f"unknown key here{known}; did you mean {elsewhere[far[0]]}?"
    return f"unknown key; this section knows {', '.join(names)}" if names else "unknown key"


def dotted(where: Where, data: Mapping[str, Any]) -> str:
    """The key as one writes it after --set; elements of a list with their name: layers.0 ("film").thickness_um."""
    parts: list[str] = []
    node: Any = data
    for part in where:
        node = inside(node, part)
        name = node.get("name") if isinstance(part, int) and isinstance(node, Mapping) else None
        parts.append(f'{part} ("{name}")' if isinstance(name, str) else str(part))
    return ".".join(parts)


def inside(node: Any, part: str | int) -> Any:
    """What stands at a key of a table or at a place of a list; None where there is nothing."""
    if isinstance(node, Mapping):
        return node.get(str(part))
    if isinstance(node, Sequence) and not isinstance(node, str) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
