"""TOML text of values; tomli-w does the writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w


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
