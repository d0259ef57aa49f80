"""What a run needs to go on where it was cut short, and its file resume.npz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.states import read_arrays
from hotmesa.postprocess.tables import ResultError, Row
from hotmesa.scenarios.writing import whole_file

FILE = "resume.npz"
Arrays = Mapping[str, NDArray[Any]]
_LENGTH = "rows_of_"
_STATES = "states_kept"


@dataclass(frozen=True)
class Checkpoint:
    """A place in a run behind which it goes on.

    Attributes:
        arrays: what the kind of run has put down there.
        lengths: rows before it, by table; those of a part under its folder, "branch_01/iv.csv".
        states: number of those before it, by part; "" for the run itself.
        rows: of the main table before it; filled in where a run goes on.
    """

    arrays: Arrays
    lengths: Mapping[str, int]
    states: Mapping[str, int]
    rows: Sequence[Row] = ()

    def save(self, folder: Path) -> None:
        """Write resume.npz, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        lengths = {_LENGTH + name: np.array(length) for name, length in self.lengths.items()}
        states = {_STATES + part: np.array(n) for part, n in self.states.items()}
        values: dict[str, Any] = {**self.arrays, **lengths, **states}
        with whole_file(folder / FILE) as stream:
            np.savez(stream, **values)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return what resume.npz of a folder holds, None where there is none.

    Raises:
        ResultError: it is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return None
    with path.open("rb") as stream:
        arrays = read_arrays(path, stream)
    lengths, states = (
        {name.removeprefix(prefix): int(arrays.pop(name)) for name in [*arrays] if name.startswith(prefix)}
        for prefix in (_LENGTH, _STATES)
    )
    if "" not in states:
        raise ResultError(f"{path}: is damaged (it lacks {_STATES}); compute the run again")
    return Checkpoint(arrays, lengths, states)
