"""Files of ours are written whole or not at all: tables, JSON, and whatever else goes through `whole_file`."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, SupportsFloat, SupportsIndex

PART = ".part"
"""Ending of the name beside a file while it is written."""


@contextmanager
def whole_file(path: Path, ending: str = PART) -> Iterator[IO[bytes]]:
    """Give a stream (its `name` is that of a file) that becomes `path` when all is written: nobody meets half a file.

    What is written goes into a new file beside it, which takes the name at the end and disappears on an error. A link
    at either name is replaced, never followed. A device or pipe (`/dev/stdout`) is written to directly.

    Args:
        path: the file.
        ending: of the name beside it; one of its own where several processes may write the same file at once.

    Raises:
        OSError: it cannot be written; the message names `path`.
    """
    part = path.with_name(path.name + ending)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        try:
            with _new_file(part) as stream:
                yield stream
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or f"cannot be written ({error})"
        raise OSError(error.errno or errno.EIO, reason, str(path)) from error


def _new_file(part: Path) -> IO[bytes]:
    """Open a file that was not there; what a killed process has left under its name goes first."""
    with suppress(FileNotFoundError):
        part.unlink()
    return part.open("xb")  # "x" follows no link


def write_text(path: Path, text: str) -> Path:
    """Write a text in UTF-8 whole or not at all and return its path.

    Raises:
        OSError: it cannot be written.
    """
    with whole_file(path) as stream:
        stream.write(text.encode())
    return path


def write_json(path: Path, values: Mapping[str, Any]) -> Path:
    """Write a JSON file whole or not at all and return its path; numbers that are not finite become null.

    Raises:
        OSError: it cannot be written.
    """
    return write_text(path, json.dumps(_finite(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_table(path: Path, rows: Iterable[Mapping[str, object]], columns: Sequence[str] = ()) -> Path:
    """Write rows as CSV with every digit, whole or not at all, and return the path.

    Args:
        path: the file.
        rows: values by column; a value that is missing, None or NaN leaves its field empty.
        columns: the header, or its beginning; the columns of the rows follow in the order in which they are met.

    Raises:
        OSError: it cannot be written.
    """
    rows = list(rows)
    names = dict.fromkeys([*columns, *(name for row in rows for name in row)])
    return write_text(path, _lines([dict(zip(names, names, strict=True)), *rows], names))


def append_row(path: Path, row: Mapping[str, object], columns: Iterable[str]) -> None:
    """Add a row to the end of a table with these columns; a link is not followed.

    Raises:
        OSError: it cannot be written.
    """
    append_bytes(path, _lines([row], columns).encode())


def append_bytes(path: Path, data: bytes) -> None:
    """Add to the end of a file that is there; a link is not followed.

    Raises:
        OSError: it cannot be written; the message names `path`.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with open(number, "ab") as stream:
            stream.write(data)
    except OSError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def _lines(rows: Iterable[Mapping[str, object]], names: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    names = list(names)
    csv.writer(text, lineterminator="\n").writerows([field(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def rows_of(columns: Mapping[str, Iterable[object]]) -> list[dict[str, object]]:
    """Return columns of equal length as rows."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def field(value: object) -> str:
    """Return a value as it stands in a table: every digit of a number; nothing for None and NaN."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | SupportsIndex):
        return str(value)
    return repr(float(value)) if isinstance(value, SupportsFloat) else str(value)
