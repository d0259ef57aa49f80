"""Tables of a run: rows as they are computed, columns as numpy arrays, CSV files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.errors import ResultError
from hotmesa.scenarios.arrays import Array

Column = NDArray[np.float64] | NDArray[np.str_]
Table = Mapping[str, Column]
Row = dict[str, float | int | str]


def read_table(path: str | Path, required: Sequence[str] = (), text: Sequence[str] = ("fold",)) -> dict[str, Column]:
    """Return the columns of a CSV file by their header, each of shape (rows,).

    Columns named in `text` stay strings; every other column is float64, with empty fields as NaN.

    Args:
        path: the file, with one header line.
        required: columns that must be there.
        text: columns that hold words.

    Raises:
        ResultError: the file is missing, empty, cut off, lacks a required column or holds a word instead of a number.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = [line for line in csv.reader(stream) if line]
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ResultError(f"{path}: cannot be read ({error})") from error
    if not lines:
        raise ResultError(f"{path}: is empty, a header line was expected")
    header, body = lines[0], lines[1:]
    _check_shape(path, header, body, required)
    columns = zip(*body, strict=True) if body else [()] * len(header)
    return {
        name: np.array(column, dtype=np.str_) if name in text else _floats(path, name, column)
        for name, column in zip(header, columns, strict=True)
    }


def _check_shape(path: Path, header: Sequence[str], body: Sequence[Sequence[str]], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        raise ResultError(f"{path}: has no column {', '.join(missing)}; its columns are {', '.join(header)}")
    for number, line in enumerate(body, start=1):
        if len(line) != len(header):
            raise ResultError(
                f"{path}: row {number} has {len(line)} fields instead of {len(header)}; "
                "the file was cut off or edited: delete that row or compute the run again"
            )


def _floats(path: Path, name: str, column: Sequence[str]) -> Array:
    values = np.empty(len(column))
    for number, field in enumerate(column):
        try:
            values[number] = float(field) if field.strip() else np.nan
        except ValueError:
            raise ResultError(f"{path}: row {number + 1}, column {name}: '{field}' is not a number") from None
    return values


def column(table: Table, name: str) -> Array:
    """Return a column of numbers, shape (rows,); NaN throughout where the table does not have it."""
    if name in table:
        return np.asarray(table[name], dtype=np.float64)
    return np.full(len(next(iter(table.values()), np.empty(0))), np.nan)


def as_columns(rows: Sequence[Row], text: Sequence[str] = ("fold",)) -> dict[str, Column]:
    """Return rows as columns, as `read_table` would read them: the first row names the columns."""
    return {
        name: np.array([str(row[name]) for row in rows], dtype=np.str_)
        if name in text
        else np.array([np.nan if row[name] == "" else float(row[name]) for row in rows])
        for name in (rows[0] if rows else ())
    }


def rows_of(table: Table) -> list[Row]:
    """Return the rows of a table."""
    columns = [values.tolist() for values in table.values()]
    return [dict(zip(table, values, strict=True)) for values in zip(*columns, strict=True)]


def same_table(a: Table, b: Table) -> bool:
    """Return whether two tables hold the same values in the same columns, empty fields at the same places."""
    return list(a) == list(b) and all(
        np.array_equal(a[name], b[name], equal_nan=a[name].dtype.kind == "f" and b[name].dtype.kind == "f")
        for name in a
    )
