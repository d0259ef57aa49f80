"""Reading the CSV tables of a user: a gap, a scattering rate, or a whole law i(v, T)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.tables import read_numbers
from hotmesa.solver.law.spectrum import Pairs


class LawError(HotmesaError, ValueError):
    """A junction law cannot be made from what the user gave; the message says which file or key and why."""


def read_gap(path: Path) -> Pairs:
    """Gap table (T in K, Delta in meV) from a table with the columns T_K, Delta_meV; Delta >= 0.

    Raises:
        TableError: the file cannot be read.
        LawError: its values are not as described.
    """
    return _read_pairs(path, "Delta_meV", zero_allowed=True)


def read_gamma(path: Path) -> Pairs:
    """Scattering-rate table (T in K, Gamma in meV) from a table with the columns T_K, Gamma_meV; Gamma > 0.

    Raises:
        TableError: the file cannot be read.
        LawError: its values are not as described.
    """
    return _read_pairs(path, "Gamma_meV", zero_allowed=False)


def read_current(path: Path) -> tuple[Array, Array, Array]:
    """Law from a table with the columns T_K, v_mV, i_mV: temperatures (m,), voltages (k,), ln(i/v) (m, k).

    Rows may come in any order, but every temperature needs the same voltages, at least 4 of each. Rows with v = 0 are
    allowed where i = 0 and carry no information. The current must be positive and rise with voltage.

    Raises:
        TableError: the file cannot be read.
        LawError: its values are not as described.
    """
    table = read_numbers(path, ("T_K", "v_mV", "i_mV"))
    rows = np.column_stack(list(table.columns.values()))
    at_rest = (rows[:, 1] == 0) & (rows[:, 2] == 0)
    table.require(rows[:, 0] > 0, "T_K must be positive")
    table.require(at_rest | (rows[:, 1] > 0), "v_mV must be positive (or 0 with i_mV = 0)")
    table.require(at_rest | (rows[:, 2] > 0), "i_mV must be positive")
    rows = rows[~at_rest]
    T, v = np.unique(rows[:, 0]), np.unique(rows[:, 1])
    if T.size < 4 or v.size < 4:
        raise LawError(f"{path}: needs at least 4 temperatures and 4 voltages above 0, has {T.size} and {v.size}")
    cells = np.unique(rows[:, :2], axis=0)
    if len(cells) != len(rows):
        raise LawError(f"{path}: the same pair T_K, v_mV occurs more than once")
    if len(rows) != T.size * v.size:
        raise LawError(
            f"{path}: every temperature needs the same voltages; {T.size} temperatures x {v.size} voltages need "
            f"{T.size * v.size} rows, found {len(rows)}"
        )
    current = rows[np.lexsort((rows[:, 1], rows[:, 0])), 2].reshape(T.size, v.size)
    falling = np.argwhere(np.diff(current, axis=1) <= 0)
    if falling.size:
        row, column = falling[0]
        raise LawError(f"{path}: i_mV does not rise with v_mV at T_K = {T[row]:g}, v_mV = {v[column + 1]:g}")
    return T, v, np.log(current / v)


def _read_pairs(path: Path, column: str, zero_allowed: bool) -> Pairs:
    table = read_numbers(path, ("T_K", column))
    T, values = table["T_K"], table[column]
    table.require(T > 0, "T_K must be positive")
    rule = f"{column} must be {'>= 0' if zero_allowed else 'positive'}"
    table.require(values >= 0 if zero_allowed else values > 0, rule)
    if len(T) < 2:
        raise LawError(f"{path}: needs at least 2 rows of numbers, has {len(T)}")
    falls = np.diff(T) <= 0
    if falls.any():
        row = int(np.argmax(falls)) + 1
        where = f"{path}: line {table.lines[row]}"
        raise LawError(f"{where}: T_K must increase from row to row; {T[row]:g} follows {T[row - 1]:g}")
    return tuple(zip(T.tolist(), values.tolist(), strict=True))
