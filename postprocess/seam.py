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
_KEPT = "states_kept"


@dataclass(frozen=True)
class Seam:
    """A place in a run behind which it goes on.

    Attributes:
        arrays: what the kind of run has put down there.
        lengths: rows before it, by table; those of a part under its folder, "branch_01/iv.csv".
        kept: states before it, by part; "" for the run itself.
        rows: of the main table before it; filled in where a run goes on.
    """

    arrays: Arrays
    lengths: Mapping[str, int]
    kept: Mapping[str, int]
    rows: Sequence[Row] = ()

    def save(self, folder: Path) -> None:
        """Write resume.npz, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        lengths = {_LENGTH + name: np.array(length) for name, length in self.lengths.items()}
        kept = {_KEPT + part: np.array(states) for part, states in self.kept.items()}
        values: dict[str, Any] = {**self.arrays, **lengths, **kept}
        with whole_file(folder / FILE) as stream:
            np.savez(stream, **values)


def read_seam(folder: Path) -> Seam | None:
    """Return what resume.npz of a folder holds, None where there is none.

    Raises:
        ResultError: it is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return None
    with path.open("rb") as stream:
        arrays = read_arrays(path, stream)
    lengths, kept = (
        {name.removeprefix(prefix): int(arrays.pop(name)) for name in [*arrays] if name.startswith(prefix)}
        for prefix in (_LENGTH, _KEPT)
    )
    if "" not in kept:
        raise ResultError(f"{path}: is damaged (it lacks {_KEPT}); compute the run again")
    return Seam(arrays, lengths, kept)
