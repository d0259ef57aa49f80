"""Tables of a run: rows as they are computed, columns as numpy arrays, CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.tables import OWN_MB, Fields, TableError, read_fields, with_point


class ResultError(HotmesaError, ValueError):
    """A result folder is missing, incomplete or damaged; the message names the file, the place and what to do."""


Column = NDArray[np.float64] | NDArray[np.str_]
Table = Mapping[str, Column]
Row = dict[str, float | int | str]


class _Columns(dict[str, Column]):
    """The columns of a file; one that is asked for and is not there is an error of the file."""

    def __init__(self, path: Path, columns: Mapping[str, Column]) -> None:
        super().__init__(columns)
        self._path = path

    def __missing__(self, name: str) -> Column:
        """Name the file and what it has."""
        raise _lacking(self._path, [name], self)


def _lacking(path: Path, missing: Sequence[str], there: Iterable[str]) -> ResultError:
    return ResultError(f"{path}: has no column {', '.join(missing)}; its columns are {', '.join(there)}")


def read_table(
    path: str | Path, required: Sequence[str] = (), text: Sequence[str] = ("fold",), strict: bool = True,
    torn: bool = False,
) -> dict[str, Column]:  # fmt: skip
    """Return the columns of a CSV file by their header, each of shape (rows,).

    Columns named in `text` stay strings; every other column is float64, with empty fields as NaN.

    Args:
        path: the file, with one header line.
        required: columns that must be there.
        text: columns that hold words.
        strict: whether a word elsewhere is an error and not NaN.
        torn: whether the run may be unfinished, so that a last line without its end is left out.

    Raises:
        ResultError: the file is missing, empty, cut off, lacks a required column or holds a word instead of a number.
    """
    path = Path(path)
    if not path.exists():
        raise ResultError(f"{path}: no such file")
    try:
        table = read_fields(path, OWN_MB, torn)
    except TableError as error:
        raise ResultError(str(error)) from None
    missing = [name for name in required if name not in table.header]
    if missing:
        raise _lacking(path, missing, table.header)
    columns = zip(*(fields for _, fields in table.rows), strict=True) if table.rows else [()] * len(table.header)
    values = {
        name: np.array(column, dtype=np.str_) if name in text else _floats(table, name, column, strict)
        for name, column in zip(table.header, columns, strict=True)
    }
    return _Columns(path, values)


def _floats(table: Fields, name: str, column: Sequence[str], strict: bool) -> Array:
    values = np.empty(len(column))
    for number, field in enumerate(column):
        try:
            values[number] = float(with_point(field)) if field else np.nan
        except ValueError:
            if not strict:
                values[number] = np.nan
                continue
            line = table.rows[number][0]
            raise ResultError(f"{table.path}: line {line}, column {name}: '{field}' is not a number") from None
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


def text_rows(path: Path) -> list[Row]:
    """Return the rows of a table of an unfinished run as they stand there, each value as its text.

    Raises:
        ResultError: the file is missing or damaged.
    """
    try:
        table = read_fields(path, OWN_MB, torn=True)
    except TableError as error:
        raise ResultError(str(error)) from None
    return [dict(zip(table.header, fields, strict=True)) for _, fields in table.rows]


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
