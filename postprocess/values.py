"""Observables of a finished run: numbers of its summary.json, and columns of its table at a place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.postprocess.absent import NOT_ASKED, UNSTABLE, why_absent, word_at
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.stable import Flags, source_of, speaks_of_stable, stable_at, stable_rows
from hotmesa.postprocess.tables import Table, read_table
from hotmesa.postprocess.tables import column as numbers_in
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.plans.observables import At, parse_at

STABLE_AT = "stable_at_I_mA="
LANDED = 1e-9
"""Relative difference of a value that is asked for from a point that was put on it."""
_SKIPPED = ("reasons", "name")


@dataclass(frozen=True)
class Value:
    """A number, or None and the reason why there is none, with a word for it: "never", "not asked", "unstable"."""

    number: float | None
    reason: str = ""
    word: str = ""

    @property
    def field(self) -> float | str | None:
        """What stands in a table: the number, or the word."""
        return self.word or None if self.number is None else self.number


def flat_summary(summary: Mapping[str, Any], before: str = "", tables: bool = False) -> dict[str, float | None]:
    """Return the numbers of a summary under dotted names, lists by position; those of tables only if asked for."""
    result: dict[str, float | None] = {}
    for key, value in summary.items():
        name = f"{before}{key}"
        if key in _SKIPPED:
            continue
        if isinstance(value, Mapping):
            result.update(flat_summary(value, f"{name}.", tables))
        elif isinstance(value, list):
            if all(isinstance(item, int | float) for item in value):
                result.update({f"{name}.{index}": float(item) for index, item in enumerate(value)})
            elif tables:
                rows = {str(index): item for index, item in enumerate(value) if isinstance(item, Mapping | list)}
                result.update(flat_summary(rows, f"{name}.", tables))
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            result[name] = value
    return result


def read_summary(folder: Path) -> dict[str, Any]:
    """Return summary.json of a run.

    Raises:
        OSError, ValueError: it is missing or damaged.
    """
    value = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{folder / 'summary.json'} holds no table")
    return value


def observe(folder: Path, names: Iterable[str] | None, stable: bool = False) -> dict[str, Value]:
    """Return observables of the run in a folder.

    Args:
        folder: of the run.
        names: of the observables; None for all numbers of its summary.
        stable: whether a number counts only where the source of the run holds the state that it speaks of.

    Raises:
        OSError, ValueError: summary.json is missing or damaged.
    """
    summary = read_summary(folder)
    # As many rows as a run has jumps would make columns that other runs lack: only those that are named.
    numbers = flat_summary(summary, tables=names is not None)
    if names is None:
        return {name: Value(number, *_absent(name, number, summary)) for name, number in numbers.items()}
    table: Table | None = None
    result = {}
    for name in names:
        at = parse_at(name)
        if at is not None:
            table = read_table(table_of(folder), strict=False) if table is None else table
            result[name] = value_at(table, at, *((_flags(folder, table),) if stable else ()))
        elif name.startswith(STABLE_AT):
            result[name] = _stable_at(summary, folder, name)
        else:
            number = numbers.get(name)
            value = Value(number, *_absent(name, number, summary))
            result[name] = _held(name, value, summary) if stable and number is not None else value
    return result


def _absent(name: str, number: float | None, summary: Mapping[str, Any]) -> tuple[str, str]:
    """Return reason and word of a number that may be absent."""
    if number is not None:
        return "", ""
    word, reason = why_absent(name, summary)
    return reason, word


def _held(name: str, value: Value, summary: Mapping[str, Any]) -> Value:
    stable = speaks_of_stable(name, summary)
    if stable is None:
        return Value(None, "stability not computed", NOT_ASKED)
    return value if stable else Value(None, f"{value.number:.6g} is of states that the source does not hold", UNSTABLE)


def _flags(folder: Path, table: Table) -> Flags | None:
    """Return which rows of the table of a run its source holds; None where that was not computed."""
    run = load_run(folder)
    if run.kind.stable:
        return np.full(len(numbers_in(table, "I_mA")), True)
    return stable_rows(table, source_of(run.scenario))


def _stable_at(summary: Mapping[str, Any], folder: Path, name: str) -> Value:
    """Return 1 where the source of a run holds a state at a current, 0 where it does not."""
    try:
        I_mA = float(name.removeprefix(STABLE_AT))
    except ValueError:
        return Value(None, f"{name}: write a current in mA, for example {STABLE_AT}1.2")
    end = (summary.get("end") or {}).get("I_mA")
    if end is not None and I_mA > end:
        return Value(None, f"the branch ends at {end:.4g} mA", NOT_ASKED)
    stable = stable_at(summary.get("stable_ranges"), source_of(load_run(folder).scenario), I_mA)
    return Value(None, "stability not computed", NOT_ASKED) if stable is None else Value(float(stable))


def table_of(folder: Path) -> Path:
    """Return the table of a run: of its mode where there is one, else of the uniform model.

    Raises:
        FileNotFoundError: it has none.
    """
    kinds = KINDS.values()
    # A table that may stand beside another comes behind it.
    names = sorted({kind.table: 0 for kind in kinds}, key=lambda name: sum(name in kind.beside for kind in kinds))
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{folder}: holds no table of a run ({', '.join(names)})")


def value_at(table: Table, at: At, *stable: Flags | None) -> Value:
    """Return a column where another one first takes a value, by monotone cubic interpolation over the rows.

    Args:
        table: of a run.
        at: which column, and where.
        stable: where given, only places between rows that are marked there count; None: that is not known.
    """
    for name in (at.column, at.along):
        if name not in table:
            return Value(None, f"the table of this run has no column {name}")
    if any(flags is None for flags in stable):
        return Value(None, "stability not computed", NOT_ASKED)
    along, column = numbers_in(table, at.along), numbers_in(table, at.column)
    use = np.isfinite(along) & np.isfinite(column)
    along, column = along[use], column[use]
    if along.size < 2:
        return Value(None, "fewer than two points")
    rows = np.arange(along.size, dtype=np.float64)
    # The rows are the parameter of the curve: it may turn back in any of its columns.
    places = PchipInterpolator(rows, along).solve(at.value, extrapolate=False)
    places = places[np.isfinite(places)]
    if places.size == 0:  # an end that was asked for is met to rounding only
        places = np.flatnonzero(np.abs(along - at.value) <= LANDED * abs(at.value)).astype(np.float64)
    if places.size == 0:
        span = f"{along.min():.4g} to {along.max():.4g}"
        return Value(None, f"{at.along} goes from {span} only", word_at(at.along, table))
    for flags in (flags[use] for flags in stable if flags is not None):
        places = places[[bool(flags[int(s)] and flags[int(np.ceil(s))]) for s in places]]
        if places.size == 0:
            return Value(None, f"no stable state has {at.along} = {at.value:g}", UNSTABLE)
    return Value(float(PchipInterpolator(rows, column)(places.min())))
