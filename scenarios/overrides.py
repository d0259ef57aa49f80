"""Changes from the command line: --set key=value, with the value in TOML syntax."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from hotmesa.scenarios.errors import HotmesaError

_BARE_WORD = re.compile(r"^[A-Za-z_./~-][^\"'\[\]{}=,]*$")
_INDEX = re.compile(r"^\d+$")

Path = tuple[str | int, ...]


class OverrideError(HotmesaError, ValueError):
    """One --set that cannot be applied; the text says why."""


def parse(text: str) -> tuple[Path, Any]:
    """Path and value of "layers.0.thickness_um=0.05".

    Numbers in the path count the elements of a list from 0. A value that is no TOML but a plain word is taken as
    text (mode=uniform); the word none stands for "leave this key out" and gives the value None.

    Raises:
        OverrideError: no "=", an empty key, or a value that is neither TOML nor a word.
    """
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.strip().split(".")]
    if not equals or not all(parts):
        raise OverrideError(f"--set {text}: write key=value, for example --set mesa.junctions=12")
    path: Path = tuple(int(part) if _INDEX.match(part) else part for part in parts)
    return path, _parse_value(text, value.strip())


def _parse_value(text: str, value: str) -> Any:
    if value == "none":
        return None
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        if _BARE_WORD.match(value):
            return value
        raise OverrideError(
            f"--set {text}: {value or 'nothing'} is not a value; write a number, true, false, a word, "
            '"text", [list] or {key = value}'
        ) from None
    if set(parsed) != {"value"}:
        raise OverrideError(f"--set {text}: one value is expected")
    return parsed["value"]


def apply(data: dict[str, Any], path: Path, value: Any) -> None:
    """Put the value at the path; missing tables are made, None removes the key.

    Raises:
        OverrideError: an index beyond the list, or a path through something that holds no keys.
    """
    node: Any = data
    for depth, part in enumerate(path[:-1]):
        if isinstance(node, dict) and str(part) not in node:
            if value is None:
                return  # there is nothing to leave out
            if isinstance(path[depth + 1], int):
                where = _dotted(path[: depth + 1])
                raise OverrideError(
                    f"--set {_dotted(path)}: the scenario has no {where}; set the whole list {where}=[...]"
                )
            node[str(part)] = {}
        node = _child(node, part, path[: depth + 1])
    last = path[-1]
    _check_part(node, last, path)
    if isinstance(node, list):
        node[int(last) : int(last) + 1] = [] if value is None else [value]
    elif value is None:
        node.pop(str(last), None)
    else:
        node[str(last)] = value


def _child(node: Any, part: str | int, so_far: Path) -> Any:
    _check_part(node, part, so_far)
    return node[int(part)] if isinstance(node, list) else node[str(part)]


def _check_part(node: Any, part: str | int, so_far: Path) -> None:
    """Check that a node can have this part as a key or an element."""
    if isinstance(node, list):
        _check_index(node, part, so_far)
    elif not isinstance(node, dict):
        raise OverrideError(f"--set {_dotted(so_far)}: {_dotted(so_far[:-1])} is a value and holds no keys")


def _check_index(items: list[Any], part: str | int, path: Path) -> None:
    where = _dotted(path[:-1])
    if not isinstance(part, int):
        raise OverrideError(f"--set {_dotted(path)}: {where} is a list; name an element by its number, {where}.0")
    if part >= len(items):
        have = f"0 to {len(items) - 1}" if items else "none"
        raise OverrideError(f"--set {_dotted(path)}: {where} has {len(items)} elements (numbers: {have})")


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
