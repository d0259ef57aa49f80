"""A scenario back to TOML: complete, so that it reloads to the same scenario."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hotmesa.scenarios.schema import Scenario

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def to_toml(scenario: Scenario) -> str:
    """The resolved scenario as TOML: every key with its value, defaults included.

    Keys without a value are left out, and so are the gaps where `law.set` fixes them.
    """
    data = scenario.model_dump(exclude_none=True)
    if scenario.law.set is not None:
        del data["law"]["gaps_meV"]
    return emit(data)


def emit(data: Mapping[str, Any]) -> str:
    """TOML text of nested tables (mappings), lists of tables and plain values."""
    lines: list[str] = []
    _table(lines, data, ())
    return "\n".join(lines).strip() + "\n"


def _table(lines: list[str], data: Mapping[str, Any], path: tuple[str, ...]) -> None:
    """Values first: after a header, everything belongs to that header."""
    nested = {key: value for key, value in data.items() if isinstance(value, Mapping) or _is_tables(value)}
    lines.extend(f"{_name(key)} = {_value(value)}" for key, value in data.items() if key not in nested)
    for key, value in nested.items():
        inner = (*path, key)
        header = ".".join(_name(part) for part in inner)
        if isinstance(value, Mapping):
            lines.extend(["", f"[{header}]"])
            _table(lines, value, inner)
            continue
        for item in value:
            lines.extend(["", f"[[{header}]]"])
            _table(lines, item, inner)


def _is_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _name(key: str) -> str:
    return key if _BARE.match(key) else _text(key)


def _text(value: str) -> str:
    # JSON escapes are TOML escapes; only DEL is allowed raw in JSON and not in TOML.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return repr(value)  # the shortest text that reads back to the same number
