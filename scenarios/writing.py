"""Files of ours are written whole or not at all: tables, JSON, and whatever else goes through `whole_file`."""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import json
import math
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, SupportsFloat, SupportsIndex

PART = ".part"
"""Ending of the name beside a file while it is written."""


@contextmanager
def whole_file(path: Path, ending: str = PART) -> Iterator[IO[bytes]]:
    """Give a stream (its `name` is that of a file) that becomes `path` when all is written: nobody meets half a file.

    What is written goes into a new file beside it, which takes the name at the end and disappears on an error. Of
    processes that write the same file each waits for the other. A link at either name is replaced, never followed. A
    device or pipe (`/dev/stdout`) is written to directly.

    Args:
        path: the file.
        ending: of the name beside it; one of its own where processes that write the same file shall not wait.

    Raises:
        OSError: it cannot be written; the message names `path`.
    """
    part = path.with_name(path.name + ending)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        with _claimed(part) as number:
            # Closed before it takes its name: some file systems tell only then that there is no room.
            with open(part, "wb", opener=lambda *_: os.dup(number)) as stream:
                yield stream
            os.replace(part, path)
    except OSError as error:
        reason = error.strerror or f"cannot be written ({error})"
        raise OSError(error.errno or errno.EIO, reason, str(path)) from error


@contextmanager
def _claimed(part: Path) -> Iterator[int]:
    """Open a new file under a name that no other process takes meanwhile; on an error it is removed."""
    while True:
        number = _opened(part)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(number, fcntl.LOCK_EX)  # waits for who writes there
            if _is_new(number, part):
                break
        except BaseException:
            os.close(number)
            raise
        os.close(number)
    try:
        yield number
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    finally:
        os.close(number)


def _is_new(number: int, part: Path) -> bool:
    """Whether an open file is what has a name, and empty; what a killed process has left there goes."""
    opened = os.fstat(number)
    try:
        there = part.lstat()
    except FileNotFoundError:
        return False  # it has got its own name meanwhile
    if not os.path.samestat(opened, there):
        return False
    if opened.st_size == 0 and opened.st_nlink == 1:
        return True
    part.unlink()
    return False


def _opened(part: Path) -> int:
    """Open a file, or make it; what is no file, or nobody may write to, goes first. No link is followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(part.lstat().st_mode):
            part.unlink()
    try:
        return os.open(part, flags, 0o666)
    except PermissionError:
        part.unlink(missing_ok=True)
        return os.open(part, flags, 0o666)


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
    return write_text(path, json_text(values))


def json_text(values: Any) -> str:
    """Return mappings, lists, texts and numbers as JSON with an end of line; numbers that are not finite are null."""
    return json.dumps(_finite(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


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
