"""The source of a transient as points in time: from the keys of a scenario, or from a CSV file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.tables import read_numbers


class SourceTable(NamedTuple):
    """Points of the source, linear between them: times in µs and values in mA or mV; equal times are a jump."""

    t_us: tuple[float, ...]
    values: tuple[float, ...]


def source_unit(scenario: Scenario) -> str:
    """Unit of the source: "mA" under current bias, else "mV"."""
    return "mA" if scenario.bias.kind == "current" else "mV"


def source_points(scenario: Scenario) -> SourceTable:
    """Return the source of a scenario as points.

    Raises:
        ValueError: a table is missing, cannot be read or is not increasing in time.
    """
    transient, unit = scenario.transient, source_unit(scenario)
    if transient.waveform == "table":
        return _table(scenario, unit)
    before = getattr(transient, f"before_{unit}") or 0.0
    level = getattr(transient, f"level_{unit}") or 0.0
    at, rise = transient.at_us, transient.rise_us
    if transient.waveform == "step":
        return SourceTable((at, at), (before, level))
    if transient.waveform == "ramp":
        return SourceTable((at, at + rise), (before, level))
    times: list[float] = []
    values: list[float] = []
    width = transient.width_us or 0.0
    for number in range(transient.pulses):
        begin = at + number * (transient.period_us or 0.0)
        times += [begin, begin + rise, begin + rise + width, begin + width + 2 * rise]
        values += [before, level, level, before]
    return SourceTable(tuple(times), tuple(values))


def _table(scenario: Scenario, unit: str) -> SourceTable:
    transient = scenario.transient
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
