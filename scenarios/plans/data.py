"""Measured curves from CSV files; units stand in the header."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.errors import StudyError

TO_MILLI = {"V": 1e3, "mV": 1.0, "uV": 1e-3, "µV": 1e-3, "A": 1e3, "mA": 1.0, "uA": 1e-3, "µA": 1e-3, "nA": 1e-6}
_HEADER = re.compile(r"^(?P<name>.*?[A-Za-z])\s*(?:[\[(/]|_|\s)\s*(?P<unit>[munµ]?[VA])[\])]?$")
_NAMES = {
    "v": "V",
    "u": "V",
    "voltage": "V",
    "i": "I",
    "current": "I",
    "sigma_v": "sigma_V",
    "sigma_i": "sigma_I",
    "v_per_junction": "V_per_junction",
}


@dataclass(frozen=True)
class Measured:
    """A curve: V in mV, I in mA, and their uncertainties where the file has them; shape (points,)."""

    V_mV: Array
    I_mA: Array
    sigma_V_mV: Array | None = None
    sigma_I_mA: Array | None = None


def read_columns(file: Path) -> dict[str, Array]:
    """Return the columns V, I (required), sigma_V, sigma_I, V_per_junction of a CSV file in mV and mA.

    Headers name the unit: V_mV, "V (mV)", "Current [uA]", I/mA. Fields are separated by commas, semicolons or tabs;
    lines that begin with # are skipped. Other columns are ignored.

    Raises:
        StudyError: unreadable, a column without unit, something that is no finite number (with its line).
    """
    lines = _lines(file)
    delimiter = next((mark for mark in (";", "\t", ",") if mark in lines[0][1]), ",")
    rows = [(number, next(csv.reader([text], delimiter=delimiter))) for number, text in lines]
    header = [name.strip() for name in rows[0][1]]
    scales = {index: found for index, name in enumerate(header) if (found := _meaning(file, name)) is not None}
    problems: list[str] = []
    columns: dict[str, list[float]] = {name: [] for name, _ in scales.values()}
    if len(columns) != len(scales):
        problems.append(f"{file}: two columns mean the same: {', '.join(header)}")
    for number, fields in rows[1:]:
        if len(fields) != len(header):
            problems.append(f"{file}: line {number} has {len(fields)} fields instead of {len(header)}")
            continue
        for index, (name, factor) in scales.items():
            value = _finite(fields[index])
            if value is None:
                problems.append(f'{file}: line {number}, column {header[index]}: "{fields[index]}" is no finite number')
            else:
                columns[name].append(value * factor)
    if problems:
        raise StudyError(problems[:10])
    return {name: np.array(values) for name, values in columns.items()}


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise StudyError([f"{file}: the file is not text in UTF-8"]) from None
    except OSError as error:
        raise StudyError([f"{file}: cannot be read: {error.strerror}"]) from None
    lines = list(enumerate(text.splitlines(), start=1))
    kept = [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(kept) < 2:
        raise StudyError([f"{file}: holds no data: a header line and one line for each point are needed"])
    return kept


def _meaning(file: Path, header: str) -> tuple[str, float] | None:
    """Return name and factor to mV or mA of a column; None for one that is not needed."""
    match = _HEADER.match(header)
    bare = header.lower().strip("\"' ")
    if match is None:
        if bare in _NAMES:
            raise StudyError([f"{file}: column {header} has no unit; write for example {header}_mV or {header} (mA)"])
        if _finite(header) is not None:
            raise StudyError([f"{file}: the first line has no names and units; write for example V_mV,I_mA"])
        return None
    name = _NAMES.get(match["name"].strip().lower().replace(" ", "_"))
    if name is None:
        return None
    unit = match["unit"]
    if (unit[-1] == "A") != name.endswith("I"):
        raise StudyError([f"{file}: column {header}: {unit} is no unit of {name}"])
    return name, TO_MILLI[unit]


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def read_measured(file: Path, junctions: int = 1) -> Measured:
    """Return a measured I(V).

    Args:
        file: CSV file, see `read_columns`; V_per_junction is multiplied by the number of junctions.
        junctions: that number.

    Raises:
        StudyError: it cannot be used, or V or I is missing.
    """
    columns = read_columns(file)
    if "V" not in columns and "V_per_junction" in columns:
        columns["V"] = columns["V_per_junction"] * junctions
    missing = [name for name in ("V", "I") if name not in columns]
    if missing:
        units = {"V": "V_mV", "I": "I_mA"}
        raise StudyError([f"{file}: has no column {' and '.join(units[name] for name in missing)}"])
    _positive(file, columns, ("sigma_V", "sigma_I"))
    return Measured(columns["V"], columns["I"], columns.get("sigma_V"), columns.get("sigma_I"))


def _positive(file: Path, columns: dict[str, Array], names: Sequence[str]) -> None:
    for name in names:
        if name in columns and not (columns[name] > 0).all():
            raise StudyError([f"{file}: {name} must be positive everywhere"])
