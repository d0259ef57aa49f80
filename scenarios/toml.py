"""TOML to data, with limits that no honest file reaches, and values to TOML; tomli-w does the writing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import tomli_w

DEEPEST, MOST_KEYS = 20, 20_000
LARGEST_MB = 1
"""Reading more would take seconds; long tables of numbers have a CSV file each."""
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*"""
_LONG_KEY = re.compile(rf"(?m)(?:^[ \t]*\[{{0,2}}|[{{,])[ \t]*(?:{_PART}\.[ \t]*){{{DEEPEST}}}")
_TOO_DEEP = f"lists or tables are nested more than {DEEPEST} deep"


def parse(text: str) -> dict[str, Any]:
    """The data of a TOML text.

    Raises:
        ValueError: no TOML, nested too deeply, or a number of thousands of digits.
    """
    return cast("dict[str, Any]", tables_apart(_parsed(text)))


@lru_cache(maxsize=1)  # a file is asked for its kind first, and then for what it says
def _parsed(text: str) -> dict[str, Any]:
    if _LONG_KEY.search(text):  # for which the parser takes the square of its length
        raise ValueError(_TOO_DEEP)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _refuse_large(data)
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [inner for item in level for inner in (item.values() if isinstance(item, Mapping) else item)]
        level = [item for item in level if isinstance(item, Mapping | list)]
    if level:
        raise ValueError(_TOO_DEEP)
    return data


def tables_apart(node: Any) -> Any:
    """A copy whose tables can lose and win keys; lists of numbers, of which there may be megabytes, are shared."""
    if isinstance(node, Mapping):
        return {key: tables_apart(item) for key, item in node.items()}
    if isinstance(node, list) and any(isinstance(item, Mapping) for item in node):
        return [tables_apart(item) for item in node]
    return node


def _refuse_large(data: Mapping[str, Any]) -> None:
    """Raise ValueError where a table, or one in it, has more keys than anyone writes."""
    for name, item in {"the file": data, **data}.items():
        if isinstance(item, Mapping) and len(item) > MOST_KEYS:
            raise ValueError(f"{name[:100]} has {len(item)} keys, more than {MOST_KEYS}")


def read(file: Path) -> dict[str, Any]:
    """The data of a TOML file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is a device or a pipe, too large, no text in UTF-8, or no TOML; the message says which.
    """
    if not file.is_file() and file.exists():
        raise ValueError("this is a device, a pipe or a folder, not a file")
    if file.stat().st_size > LARGEST_MB * 1e6:
        raise ValueError(f"the file is larger than {LARGEST_MB} MB")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("the file is not text in UTF-8") from None
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"this is not valid TOML: {error}") from None


def inline(value: Any) -> str:
    """A value as TOML in one line, tables in braces."""
    if isinstance(value, Mapping):
        pairs = (f"{_name(key)} = {inline(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _name(key: object) -> str:
    return tomli_w.dumps({str(key): 0}).removesuffix(" = 0\n")
