"""Values in study files: flat keys, TOML text, names for folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from hotmesa.scenarios.files import absolute
from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.messages import inside
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import split_unit

_CURVE = {"T_K", "values"}
LONGEST_NAME = 120


def path_of(key: str) -> tuple[str | int, ...]:
    """Return the path of "layers.0.thickness_um", numbers as numbers."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return {"bath.top_W_per_m2K": 1.0} for nested tables or for keys that are dotted already; curves stay whole."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        dotted = f"{before}.{key}" if before else key
        if isinstance(value, Mapping) and not value.keys() >= _CURVE:
            found.update(flat(value, dotted))
        else:
            found[dotted] = value
    return found


def override(key: str, value: Any, folder: Path) -> str:
    """Return the change "key=value" as `load_scenario` takes it; file names are relative to the folder."""
    value = absolute(path_of(key), value, folder)
    return f"{key}={'none' if leaves_out(key, value) else inline(value)}"


def leaves_out(key: str, value: Any) -> bool:
    """Return whether the word none is meant as "leave this key out" and not as one of the choices of the key."""
    known = find_key(path_of(key))
    return value == "none" and not (known is not None and "none" in known.choices)


def short_key(key: str) -> str:
    """Return the last part of a key without its unit: "thickness" of layers.0.thickness_um."""
    last = key.rpartition(".")[2]
    return split_unit(last)[0] or last


def value_name(value: Any) -> str | None:
    """Return a value as part of a folder name; None for lists and tables."""
    if isinstance(value, Mapping | list | tuple):
        return None
    text = inline(value).strip('"')
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(text).name if isinstance(value, str) else text.replace("+", ""))


def is_plain(value: Any) -> bool:
    """Return whether a value fits into one field of a table."""
    return value is None or isinstance(value, str | int | float | bool)


def look_up(data: Any, key: str) -> Any:
    """Return what stands at a dotted key in nested tables and lists; None where there is nothing."""
    return reduce(inside, path_of(key), data)
