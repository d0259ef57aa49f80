"""Changes of single keys: --set key=value with the value in TOML syntax, or key and value from Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from pathlib import PurePath
from typing import Any

import numpy as np

from hotmesa.scenarios import toml
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.keys import leaves_out
from hotmesa.scenarios.problems import did_you_mean

_BARE_WORD = re.compile(r"^[A-Za-z0-9_./~-][^\"'\[\]{}=,]*$")
_INDEX = re.compile(r"^\d+$")

Path = tuple[str | int, ...]


class OverrideError(HotmesaError, ValueError):
    """One --set that cannot be applied; the text says why."""


def parse(change: str | tuple[str, object]) -> tuple[Path, Any]:
    """Path and value of "layers.0.thickness_um=0.05", or of ("layers.0.thickness_um", 0.05).

    Numbers in the path count the elements of a list from 0; `numbered` finds them by their names. A value that is no
    TOML but a plain word is taken as text (mode=uniform, mesh.file=01.msh), and so is a date; the word none (from
    Python None) stands for "leave this key out" and gives the value None, except where it is a choice of the key
    (stability.points=none).

    Raises:
        OverrideError: no "=", an empty key, or a value that is neither TOML nor a word.
    """
    text = change if isinstance(change, str) else f"{change[0]}={change[1]}"
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.strip().split(".")]
    if not equals or not all(parts):
        raise OverrideError(f"--set {text}: write key=value, for example --set mesa.junctions=12")
    path: Path = tuple(int(part) if _INDEX.match(part) else part for part in parts)
    if not isinstance(change, str):
        return path, _plain(change[1])
    return path, None if leaves_out(path, value.strip()) else _parse_value(text, value.strip())


def _plain(value: Any) -> Any:
    """Return a value of Python as a TOML file would give it: numbers of numpy as numbers, arrays as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _parse_value(text: str, value: str) -> Any:
    try:
        parsed = toml.parse(f"value = {value}")
    except ValueError as error:
        if "nested" in str(error):
            raise OverrideError(f"--set {text[:60]}...: {error}") from None
        if _BARE_WORD.match(value):
            return value
        raise OverrideError(
            f"--set {text}: {value or 'nothing'} is not a value; write a number, true, false, a word, "
            '"text", [list] or {key = value}'
        ) from None
    if set(parsed) != {"value"}:
        raise OverrideError(f"--set {text}: one value is expected")
    # No key is a date, but a file or a name may look like one.
    return value if isinstance(parsed["value"], date | time) else parsed["value"]


def numbered(data: Mapping[str, Any], path: Path) -> Path:
    """Return a path with elements of lists by their numbers where it names them: contacts.wire.x_um.

    Raises:
        OverrideError: no element of the list has the name.
    """
    node: Any = data
    result: list[str | int] = []
    for part in path:
        key = _number(path, tuple(result), part, node) if isinstance(node, list) and isinstance(part, str) else part
        result.append(key)
        if isinstance(node, list):
            node = node[key] if isinstance(key, int) and key < len(node) else None
        else:
            node = node.get(key) if isinstance(node, dict) else None
    return tuple(result)


def _number(path: Path, so_far: Path, part: str, items: list[Any]) -> int:
    names = [str(item.get("name", "")) if isinstance(item, dict) else "" for item in items]
    if part not in names:
        raise OverrideError(_unknown_name(path, so_far, part, names))
    return names.index(part)


def _unknown_name(path: Path, so_far: Path, part: str, names: list[str]) -> str:
    where, known = _dotted(so_far), [name for name in names if name]
    there = f"; there {'is' if len(known) == 1 else 'are'} {', '.join(known)}" if known else ""
    hint = did_you_mean(part, known) or there
    return f"--set {_dotted(path)}: {where} has no element {part}{hint}; a number does as well, {where}.0"


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
