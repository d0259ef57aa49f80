"""Jumps of a sweep: where a stable state is lost, and where the next one lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotmesa.postprocess.tables import Table, column

SMALLEST_JUMP = 2e-3
"""A change of V and I below this part of their largest values is a continuous transition, not a jump."""


@dataclass(frozen=True)
class Jump:
    """One loss of the state that was followed: the rows before and after it (`before` + 1 = `after`)."""

    before: int
    after: int
    cause: str
    continuous: bool


def source_column(rows: Table) -> str:
    """Return the name of the column that holds the source, "source_mA" or "source_mV"."""
    return "source_mA" if "source_mA" in rows else "source_mV"


def jumps(rows: Table) -> tuple[Jump, ...]:
    """Return the jumps and continuous transitions of a sweep in order."""
    V, I = column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    marks, causes = rows["jump"], rows["jump_cause"]
    result = []
    for k in np.flatnonzero(marks[:-1] == "from"):
        if marks[k + 1] == "to":
            small = (bool(abs(y[k + 1] - y[k]) <= SMALLEST_JUMP * np.abs(y).max()) for y in (V, I))
            result.append(Jump(int(k), int(k) + 1, str(causes[k]), all(small)))
    return tuple(result)
