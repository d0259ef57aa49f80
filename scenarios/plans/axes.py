"""The axes of a study: five spellings of points in the file, each turned into an `Axis` of points by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from hotmesa.scenarios.keys import find_key, groups
from hotmesa.scenarios.overrides import OverrideError, parse
from hotmesa.scenarios.plans.files import StudyError, flat, is_plain, path_of, short_key, value_name
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Name, Section
from hotmesa.scenarios.tables import TableError, read_fields, with_point

NAME_COLUMN = "case"
FORMS = ("values", "range", "rows", "cases", "file")


class Range(Section):
    """Numbers from first to last; give either how many or how far apart."""

    first: float = Field(description="first number")
    last: float = Field(description="last number")
    points: int | None = Field(None, ge=1, le=10_000, description="how many")
    step: Annotated[float, Field(gt=0)] | None = Field(None, description="distance; the last number is not passed")
    spacing: Literal["linear", "log"] = Field("linear", description="equal differences or equal ratios")

    @model_validator(mode="after")
    def _one_of_both(self) -> Range:
        if (self.points is None) == (self.step is None):
            raise ValueError("a range needs points or step, not both")
        if self.step is not None and (self.spacing == "log" or self.last < self.first):
            raise ValueError("a range with step is linear and goes upwards")
        if self.spacing == "log" and not (self.first > 0 and self.last > 0):
            raise ValueError("a range with spacing = log needs positive ends")
        return self

    @model_validator(mode="after")
    def _not_endless(self) -> Range:
        if self.step is not None and (self.last - self.first) / self.step >= 10_000:
            raise ValueError(f"a range has at most 10000 points; step = {self.step:g} makes more")
        return self

    def numbers(self) -> list[float]:
        """Return the numbers, with ends as they were written."""
        if self.step is not None:
            count = int(np.floor((self.last - self.first) / self.step * (1 + 1e-12))) + 1
            return [float(f"{self.first + k * self.step:.12g}") for k in range(count)]
        space = np.geomspace if self.spacing == "log" else np.linspace
        return [float(f"{number:.12g}") for number in space(self.first, self.last, self.points or 1)]


class Vary(Section):
    """One axis: a key over values or a range, several keys together (rows), named cases, or a CSV file of cases."""

    label: Name | None = Field(None, description="column of the table and word in pictures; default the key")
    decides: str = Field("", description="what its keys decide; `hotmesa check` tells it where they are assumed")
    key: str | None = Field(None, description="scenario key, with values or range")
    values: list[Any] | None = Field(None, description="its values; the word none leaves the key out")
    range: Range | None = Field(None, description="{first, last, points or step, spacing}")
    keys: list[str] | None = Field(None, description="keys that change together, with rows")
    rows: list[list[Any]] | None = Field(None, description="their values, one row a point")
    names: list[Name] | None = Field(None, description="names of the points of values, range or rows")
    cases: dict[Name, dict[str, Any]] | None = Field(None, description="points by name, each with its keys")
    file: str | None = Field(None, description="CSV file: keys in the header, one line a point, `case` for its name")

    @model_validator(mode="after")
    def _one_form(self) -> Vary:
        forms = [form for form in FORMS if getattr(self, form) is not None]
        if len(forms) != 1:
            given = " and ".join(forms) or "none of them"
            raise ValueError(f"an axis needs one of {', '.join(FORMS)}; there is {given}")
        form = forms[0]
        if (self.key is not None) != (form in ("values", "range")):
            raise ValueError("key belongs to values or range")
        if (self.keys is not None) != (form == "rows"):
            raise ValueError("keys belongs to rows")
        if form == "file" and self.names is not None:
            raise ValueError("the names of a CSV file stand in its column case")
        return self


@dataclass(frozen=True)
class Point:
    """One point of an axis: its part of the name of a case, and the keys that it changes."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
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


def axis_of(vary: Vary, number: int, folder: Path) -> Axis:
    """Return the points of the axis with a number (for messages), file names relative to the folder.

    Raises:
        StudyError: no points, rows of the wrong length, names that do not fit, a CSV file that cannot be used.
    """
    label = f"vary.{number}"
    if vary.file is not None:
        points = _from_file(folder / vary.file, label)
        return Axis(vary.label or (vary.file.rpartition("/")[2]).rpartition(".")[0], True, points)
    if vary.cases is not None:
        named = tuple(Point(name, flat(values)) for name, values in vary.cases.items())
        return Axis(vary.label or f"variant_{number}", True, _not_empty(named, label))
    if vary.keys is not None:
        return _from_rows(vary, label)
    key = vary.key or ""
    values = list(vary.values or ()) if vary.range is None else _range_values(vary, key)
    names = _names(vary, len(values), label)
    result = [
        Point(name or f"{vary.label or short_key(key)}-{value_name(value) or number}", {key: value})
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    has_names = vary.names is not None or not all(is_plain(value) for value in values)
    return Axis(vary.label or key, has_names, _not_empty(result, label))


def _not_empty(points: Any, label: str) -> tuple[Point, ...]:
    if not points:
        raise StudyError([f"{label}: has no values, so there is no case"])
    return tuple(points)


def _range_values(vary: Vary, key: str) -> list[float | int]:
    numbers = vary.range.numbers() if vary.range is not None else []
    known = find_key(path_of(key))
    if known is not None and known.type == "whole number":
        return [int(number) if number == int(number) else number for number in numbers]
    return list(numbers)


def _names(vary: Vary, count: int, label: str) -> list[str | None]:
    if vary.names is None:
        return [None] * count
    if len(vary.names) != count:
        raise StudyError([f"{label}.names: {len(vary.names)} names for {count} points"])
    return list(vary.names)


def _from_rows(vary: Vary, label: str) -> Axis:
    keys, rows = vary.keys or [], vary.rows or []
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
        for name, row in zip(_names(vary, len(rows), label), rows, strict=True)
    ]
    return Axis(vary.label or "_".join(map(short_key, keys)), vary.names is not None, _not_empty(points, label))


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
