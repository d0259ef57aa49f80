"""How stability is drawn: one kind of line for each answer, the same in all figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.tables import Table, column

STABLE, UNSTABLE_UNDER_VOLTAGE, UNSTABLE_UNDER_CURRENT = 0, 1, 2
LOOKS: dict[int, dict[str, Any]] = {
    STABLE: {"linestyle": "-", "linewidth": 2.0},
    UNSTABLE_UNDER_VOLTAGE: {"linestyle": (0, (5, 1.6)), "linewidth": 1.6},
    UNSTABLE_UNDER_CURRENT: {"linestyle": (0, (1, 1.4)), "linewidth": 1.4},
}
NAMES = {
    STABLE: "stable",
    UNSTABLE_UNDER_VOLTAGE: "unstable under voltage bias only",
    UNSTABLE_UNDER_CURRENT: "unstable under current bias",
}


@dataclass(frozen=True)
class Stretch:
    """Rows `first` to `last` (included) of a branch that are drawn with one kind of line."""

    answer: int
    first: int
    last: int


def answers(rows: Table) -> NDArray[np.int64]:
    """Return the answer of every row, shape (rows,); a row whose stability was not computed has that before it.

    A branch without any answer passes as stable: nothing is known against it.
    """
    nothing = np.full(len(rows["V_mV"]), np.nan)
    voltage, current = (
        column(rows, name) if name in rows else nothing
        for name in ("unstable_modes_voltage_bias", "unstable_modes_current_bias")
    )
    found = np.where(current > 0, UNSTABLE_UNDER_CURRENT, np.where(voltage > 0, UNSTABLE_UNDER_VOLTAGE, STABLE))
    known = np.flatnonzero(np.isfinite(voltage) | np.isfinite(current))
    if known.size == 0:
        return np.full(len(found), STABLE)
    latest = np.searchsorted(known, np.arange(len(found)), side="right") - 1
    return np.asarray(found[known[np.maximum(latest, 0)]], dtype=np.int64)


def stretches(answer: NDArray[np.int64]) -> Iterator[Stretch]:
    """Yield the stretches of equal answers; each begins at the last row of the one before, so that no gap shows."""
    edges = [0, *(np.flatnonzero(np.diff(answer)) + 1), len(answer)]
    for first, end in pairwise(edges):
        if end > first:
            yield Stretch(int(answer[first]), max(int(first) - 1, 0), int(end) - 1)
