"""Compiled forms on disk: each with its sum beside it, so that a damaged one is compiled again and never called.

DOLFINx loads what it finds under the name of a form. A library whose end is missing ends the process, and one in which
a bit has flipped computes something else.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotmesa.scenarios.writing import write_text

SUM = ".sha256"
READY = ".c.cached"
"""Ending of what DOLFINx puts down when a form is compiled."""


def discard_damaged(folder: Path) -> None:
    """Remove the compiled forms of a folder that are not as they were when they were made, or lack their library.

    Raises:
        OSError: one cannot be read or removed.
    """
    if not folder.is_dir():
        return
    with _alone(folder):
        for file in sorted(folder.glob(f"*{SUM}")):
            if not _is_whole(folder, file.stem, file):
                _remove(folder, file.stem)
        for file in folder.glob(f"*{READY}"):
            if _library(folder, name := file.name.removesuffix(READY)) is None:
                _remove(folder, name)


def remember(library: Path) -> None:
    """Put down the sum of a compiled form beside it; a folder that cannot be written to is no error."""
    file = library.with_name(library.name.partition(".")[0] + SUM)
    if not file.exists():
        with suppress(OSError):
            write_text(file, _sum(library))


def _is_whole(folder: Path, name: str, file: Path) -> bool:
    library = _library(folder, name)
    return library is not None and file.read_bytes() == _sum(library).encode()


def _library(folder: Path, name: str) -> Path | None:
    return next(folder.glob(f"{name}.*.so"), None) or next(folder.glob(f"{name}.so"), None)


def _remove(folder: Path, name: str) -> None:
    """Remove all files of a form, first that by which others would take it for damaged."""
    for file in (folder / f"{name}{SUM}", *folder.glob(f"{name}.*")):
        file.unlink(missing_ok=True)


def _sum(library: Path) -> str:
    return hashlib.sha256(library.read_bytes()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from looking meanwhile, where the file system has locks."""
    number = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
