"""The source of a transient as points in time: from the keys of a scenario, or from a CSV file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hotmesa.scenarios.schema import Levels, Scenario, SourceTable, TimeTable
from hotmesa.scenarios.tables import read_numbers


def source_points(scenario: Scenario) -> SourceTable:
    """Return the source of a scenario as points.

    Raises:
        ValueError: a table is missing, cannot be read or is not increasing in time.
    """
    transient, unit = scenario.transient, scenario.bias.unit
    if isinstance(transient, Levels):
        return transient.points(unit)
    if isinstance(transient, TimeTable):
        return _table(transient, unit)
    raise NotImplementedError(f"no source for {transient.waveform}")


def _table(transient: TimeTable, unit: str) -> SourceTable:
    if transient.table is not None:
        table = read_source(Path(transient.table), unit)
    else:
        table = SourceTable(transient.table_us or (), getattr(transient, f"table_{unit}") or ())
    if len(table.t_us) != len(table.values):
        raise ValueError(f"{len(table.values)} values for {len(table.t_us)} times table_us; there must be as many")
    if len(table.t_us) < 2:
        raise ValueError("a table needs two times or more")
    for number, (first, second) in enumerate(pairwise(table.t_us), start=2):
        if not second > first:
            raise ValueError(f"times must increase; after {first:g} µs comes {second:g} µs (number {number})")
    return table


def read_source(path: Path, unit: str) -> SourceTable:
    """Read a table with the columns t_us and source_mA or source_mV (as `unit` says).

    Raises:
        TableError: the file cannot be read as that; the message says where and why.
    """
    name = f"source_{unit}"
    table = read_numbers(path, ("t_us", name))
    table.require((table["t_us"] >= 0) & (table[name] >= 0), f"t_us and {name} must be 0 or more")
    return SourceTable(tuple(map(float, table["t_us"])), tuple(map(float, table[name])))
