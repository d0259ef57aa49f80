"""The points of the axes of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.scenarios.keys import find_key, groups
from hotmesa.scenarios.overrides import OverrideError, parse
from hotmesa.scenarios.plans.errors import StudyError
from hotmesa.scenarios.plans.study import Axis
from hotmesa.scenarios.plans.values import flat, is_plain, path_of, short_key, value_name
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.tables import TableError, read_fields, with_point

NAME_COLUMN = "case"


@dataclass(frozen=True)
class Point:
    """One point of an axis: its part of the name of a case, and the keys that it changes."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Points:
    """The points of one axis.

    Attributes:
        label: column of the table for the names of the points, where it has one.
        named: whether it has one: the values of a single key say enough.
        points: them.
    """

    label: str
    named: bool
    points: tuple[Point, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that some point changes."""
        return tuple(dict.fromkeys(key for point in self.points for key in point.values))


def points_of(axis: Axis, number: int, folder: Path) -> Points:
    """Return the points of the axis with a number (for messages), file names relative to the folder.

    Raises:
        StudyError: no points, rows of the wrong length, names that do not fit, a CSV file that cannot be used.
    """
    label = f"vary.{number}"
    if axis.file is not None:
        points = _from_file(folder / axis.file, label)
        return Points(axis.label or (axis.file.rpartition("/")[2]).rpartition(".")[0], True, points)
    if axis.cases is not None:
        named = tuple(Point(name, flat(values)) for name, values in axis.cases.items())
        return Points(axis.label or f"variant_{number}", True, _not_empty(named, label))
    if axis.keys is not None:
        return _from_rows(axis, label)
    key = axis.key or ""
    values = list(axis.values or ()) if axis.range is None else _range_values(axis, key)
    names = _names(axis, len(values), label)
    found = [
        Point(name or f"{axis.label or short_key(key)}-{value_name(value) or number}", {key: value})
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    has_names = axis.names is not None or not all(is_plain(value) for value in values)
    return Points(axis.label or key, has_names, _not_empty(found, label))


def _not_empty(points: Any, label: str) -> tuple[Point, ...]:
    if not points:
        raise StudyError([f"{label}: has no values, so there is no case"])
    return tuple(points)


def _range_values(axis: Axis, key: str) -> list[float | int]:
    numbers = axis.range.numbers() if axis.range is not None else []
    known = find_key(path_of(key))
    if known is not None and known.type == "whole number":
        return [int(number) if number == int(number) else number for number in numbers]
    return list(numbers)


def _names(axis: Axis, count: int, label: str) -> list[str | None]:
    if axis.names is None:
        return [None] * count
    if len(axis.names) != count:
        raise StudyError([f"{label}.names: {len(axis.names)} names for {count} points"])
    return list(axis.names)


def _from_rows(axis: Axis, label: str) -> Points:
    keys, rows = axis.keys or [], axis.rows or []
    wrong = [str(index) for index, row in enumerate(rows) if len(row) != len(keys)]
    if wrong:
        raise StudyError([f"{label}.rows: rows {', '.join(wrong)} do not have {len(keys)} values, one for each key"])
    if len(set(keys)) != len(keys):
        raise StudyError([f"{label}.keys: a key stands there twice"])
    points = [
        Point(
            name or "_".join(_part(key, value) for key, value in zip(keys, row, strict=True)),
            dict(zip(keys, row, strict=True)),
        )
        for name, row in zip(_names(axis, len(rows), label), rows, strict=True)
    ]
    return Points(axis.label or "_".join(map(short_key, keys)), axis.names is not None, _not_empty(points, label))


def _part(key: str, value: Any) -> str:
    return f"{short_key(key)}-{value_name(value) or 'table'}"


def _from_file(file: Path, label: str) -> tuple[Point, ...]:
    """Read a table of cases; values as after --set, an empty field leaves the key as it is."""
    try:
        table = read_fields(file)
    except TableError as error:
        raise StudyError([f"{label}: {problem}" for problem in error.problems]) from None
    if not table.rows:
        raise StudyError([f"{label}: {file}: holds no case: a header line with keys and a line for each are needed"])
    problems = [f"{label}: {file}: {text}" for text in _not_keys(table.header)]
    if len(set(table.header)) != len(table.header):
        problems.append(f"{label}: {file}: a column stands there twice")
    points = []
    for (number, _), fields in zip(table.rows, table.dicts(), strict=True):
        name = fields.pop(NAME_COLUMN, "") or f"line-{number}"
        try:
            points.append(Point(name, {key: _value(key, with_point(text)) for key, text in fields.items() if text}))
        except OverrideError as error:
            problems.append(f"{label}: {file}: line {number}: {str(error).removeprefix('--set ')}")
    if problems:
        raise StudyError(problems)
    return tuple(points)


def _not_keys(header: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of the columns."""
    shown, problems = ", ".join(header), []
    for name in header:
        if name != NAME_COLUMN and find_key(path_of(name)) is None:
            near = did_you_mean(name, [key.path.replace("*", "0") for group in groups() for key in group.keys], 1)
            problems.append(f'the column "{name}" is no key of a scenario{near} (the header is: {shown})')
    return problems


def _value(key: str, text: str) -> Any:
    value = parse(f"{key}={text}")[1]
    return "none" if value is None else value
