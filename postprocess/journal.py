"""What is safe of a run that is computed or was killed: rows are appended to its tables, kept fields to a journal."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.postprocess.states import FILE as STATES
from hotmesa.postprocess.states import States, read_states, unpacked
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.writing import append_bytes, append_row, whole_file, write_table

FILE = "journal.bin"
"""Beside the tables of an unfinished run; of a finished one states.npz has the fields."""
_SIZE = 8
"""Bytes before each record that tell its length."""


class Journal:
    """Appends points to the files of a run as they come; `Run.save` writes them anew and removes the journal.

    What a killed process has begun to write is incomplete at the end of its file, and left out by whoever reads it.
    """

    def __init__(
        self, folder: Path, tables: Mapping[str, Sequence[Row]], states: Mapping[str, States | None]
    ) -> None:
        """Begin with what there is: rows by the paths of their tables inside the folder, and fields by its part.

        Raises:
            OSError: a file cannot be written.
        """
        self.folder = folder
        self._columns: dict[Path, list[str]] = {}
        self._rows: dict[Path, int] = {}
        for part, fields in states.items():
            _begin_journal(folder / part, fields)
        for name, rows in tables.items():
            self._begin(folder / name, rows)
        for part in states:
            (folder / part / STATES).unlink(missing_ok=True)

    def _begin(self, path: Path, rows: Sequence[Row]) -> None:
        write_table(path, rows)
        self._columns[path], self._rows[path] = list(rows[0]) if rows else [], len(rows)

    def append(self, table: str, row: Row, state: States | None) -> None:
        """Add a row to a table, given by its path inside the folder, and the fields that belong to it.

        Raises:
            OSError: a file cannot be written.
        """
        path = self.folder / table
        if self._columns.get(path):
            append_row(path, row, self._columns[path])
            self._rows[path] += 1
        else:
            if path.parent != self.folder:
                path.parent.mkdir(exist_ok=True)
                _begin_journal(path.parent, None)
            self._begin(path, [row])
        if state is not None:
            append_bytes(path.with_name(FILE), _record(state.at_row(self._rows[path] - 1)))


def read_saved(path: Path, table: str, points: int) -> list[States]:
    """Return the fields in a states.npz, or in a journal up to the last record that is complete.

    Args:
        path: the file.
        table: name of the table that it belongs to, for messages.
        points: number of its rows.

    Raises:
        ResultError: it is damaged, or does not fit its table.
    """
    if path.name != FILE:
        return [read_states(path, table, points)]
    result = []
    with path.open("rb") as stream:
        left = os.fstat(stream.fileno()).st_size
        while left >= _SIZE:
            size = int.from_bytes(stream.read(_SIZE), "little")
            left -= _SIZE + size
            if left < 0:
                break
            result.append(unpacked(path, io.BytesIO(stream.read(size))))
    return [states for states in result if states.row.max() < points]


def _record(states: States) -> bytes:
    block = io.BytesIO()
    arrays: dict[str, Any] = states.arrays()  # mypy would take names of arrays for options of numpy
    np.savez(block, **arrays)
    return len(block.getbuffer()).to_bytes(_SIZE, "little") + block.getvalue()


def _begin_journal(folder: Path, states: States | None) -> None:
    with whole_file(folder / FILE) as stream:
        stream.write(b"" if states is None else _record(states))
