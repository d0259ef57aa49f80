"""Where the values of a bundled scenario come from: the comments behind them in its file and those of its bases."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from hotmesa.scenarios.files import available_scenarios, find_file
from hotmesa.scenarios.schema import Scenario

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([\w.\"-]+)\s*\]{1,2}\s*(?:#.*)?$")
_LINE = re.compile(r"^\s*[\w.\"-]+\s*=")


def origins(scenario: Scenario) -> dict[str, str]:
    """Return the comment behind each value, by its key with dots ("contacts.0.x_um").

    Only values that the scenario still has as its file gives them are told; a scenario that is not bundled has none.

    Args:
        scenario: resolved.
    """
    values = scenario.model_dump(exclude_none=True)
    found: dict[str, str] = {}
    name: object = scenario.name
    seen: set[object] = set()
    while isinstance(name, str) and name in available_scenarios() and name not in seen:
        seen.add(name)
        text = find_file(name).read_text(encoding="utf-8")
        for path, value, comment in commented(text):
            if _same(_at(values, path), value):
                found.setdefault(path, comment)
        name = tomllib.loads(text).get("base")
    return found


def commented(text: str) -> Iterator[tuple[str, Any, str]]:
    """Yield key with dots, value and comment of every line `key = value  # comment` of a TOML text."""
    before, counts = "", dict[str, int]()
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            name = header[2].replace('"', "")
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = f"{name}.{counts[name]}"
            before = f"{name}."
        elif _LINE.match(line) and "#" in line:
            yield from _of_line(before, line)


def _of_line(before: str, line: str) -> Iterator[tuple[str, Any, str]]:
    """Yield what a line holds; of several # the comment begins at the first behind a whole value."""
    for place in (number for number, letter in enumerate(line) if letter == "#"):
        try:
            data: Any = tomllib.loads(line[:place])
        except tomllib.TOMLDecodeError:
            continue
        path = before
        while isinstance(data, dict) and len(data) == 1:
            ((key, data),) = data.items()
            path += f"{key}."
        yield path.removesuffix("."), data, line[place + 1 :].strip()
        return


def _at(values: Any, path: str) -> Any:
    for part in path.split("."):
        try:
            values = values[int(part)] if isinstance(values, list | tuple) else values[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return values


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return list(a) == list(b)
    return type(a) is not type(None) and bool(a == b)
