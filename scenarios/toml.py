"""TOML to data, with limits that no honest file reaches, and values to TOML; tomli-w does the writing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

DEEPEST = 20
LARGEST_MB = 10


def parse(text: str) -> dict[str, Any]:
    """The data of a TOML text.

    Raises:
        ValueError: no TOML, nested too deeply, or a number of thousands of digits.
    """
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"lists or tables are nested more than {DEEPEST} deep") from None
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [inner for item in level for inner in (item.values() if isinstance(item, Mapping) else item)]
        level = [item for item in level if isinstance(item, Mapping | list)]
    if level:
        raise ValueError(f"lists or tables are nested more than {DEEPEST} deep")
    return data


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
