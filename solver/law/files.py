"""Reading the CSV tables of a user: a gap, a scattering rate, or a whole law i(v, T)."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.solver.law.gap import Pairs


class LawError(HotmesaError, ValueError):
    """A junction law cannot be made from what the user gave; the message says which file or key and why."""


def read_gap(path: Path) -> Pairs:
    """Gap table (T in K, Delta in meV) from a CSV file with the columns T_K, Delta_meV; Delta >= 0.

    Raises:
        LawError: for a file that cannot be read or whose values are not as described.
    """
    return _read_pairs(path, "Delta_meV", zero_allowed=True)


def read_gamma(path: Path) -> Pairs:
    """Scattering-rate table (T in K, Gamma in meV) from a CSV file with the columns T_K, Gamma_meV; Gamma > 0.

    Raises:
        LawError: for a file that cannot be read or whose values are not as described.
    """
    return _read_pairs(path, "Gamma_meV", zero_allowed=False)


def read_current(path: Path) -> tuple[Array, Array, Array]:
    """Law from a CSV file with the columns T_K, v_mV, i_mV: temperatures (m,), voltages (k,), ln(i/v) (m, k).

    Rows may come in any order, but every temperature needs the same voltages, at least 4 of each. Rows with v = 0 are
    allowed where i = 0 and carry no information. The current must be positive and rise with voltage.

    Raises:
        LawError: for a file that cannot be read or whose values are not as described.
    """
    rows = read_columns(path, ("T_K", "v_mV", "i_mV"))
    rows = rows[~((rows[:, 1] == 0) & (rows[:, 2] == 0))]
    _require(path, rows, rows[:, 0] > 0, "T_K must be positive")
    _require(path, rows, rows[:, 1] > 0, "v_mV must be positive (or 0 with i_mV = 0)")
    _require(path, rows, rows[:, 2] > 0, "i_mV must be positive")
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
    rows = read_columns(path, ("T_K", column))
    _require(path, rows, rows[:, 0] > 0, "T_K must be positive")
    sign = rows[:, 1] >= 0 if zero_allowed else rows[:, 1] > 0
    _require(path, rows, sign, f"{column} must be {'>= 0' if zero_allowed else 'positive'}")
    if len(rows) < 2:
        raise LawError(f"{path}: needs at least 2 rows of numbers, has {len(rows)}")
    steps = np.diff(rows[:, 0])
    if np.any(steps <= 0):
        where = int(np.argmax(steps <= 0)) + 1
        raise LawError(f"{path}: T_K must increase from row to row; {rows[where, 0]:g} follows {rows[where - 1, 0]:g}")
    return tuple((float(T), float(value)) for T, value in rows)


def read_columns(path: Path, columns: tuple[str, ...]) -> Array:
    """Numbers of the named columns, shape (rows, columns); lines that start with # are comments.

    Raises:
        LawError: for a file that cannot be read, lacks a column, or holds anything but finite numbers there.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LawError(f"{path}: cannot be read ({error})") from error
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    table = csv.reader(line for _, line in numbered)
    header = [name.strip() for name in next(table, [])]
    missing = [name for name in columns if name not in header]
    if missing:
        raise LawError(
            f"{path}: column {', '.join(missing)} is missing; the header is: {', '.join(header) or '(empty)'}"
        )
    places = [header.index(name) for name in columns]
    rows = []
    for (number, _), fields in zip(numbered[1:], table, strict=False):
        rows.append([_number(path, number, name, fields, place) for name, place in zip(columns, places, strict=True)])
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(columns))


def _number(path: Path, line: int, name: str, fields: list[str], place: int) -> float:
    text = fields[place].strip() if place < len(fields) else ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise LawError(f"{path}, line {line}: {name} = {text!r} is not a finite number")
    return value


def _require(path: Path, rows: Array, good: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rule: str) -> None:
    if not np.all(good):
        values = ", ".join(f"{value:g}" for value in rows[int(np.argmin(good))])
        raise LawError(f"{path}: {rule}; found a row {values}")
