"""What the tables of bundled studies hold, and the files of their cases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from hotmesa import study
from hotmesa.postprocess.tables import text_rows
from hotmesa.scenarios.writing import write_table

Row = Mapping[str, str]


@cache
def study_rows(name: str) -> tuple[Row, ...]:
    """Return the rows of study-NAME as text, one a case, computing what is missing in out/NAME."""
    results = Path("out") / name
    study(f"study-{name}", out=results, command=f"hotmesa study study-{name}")
    return tuple({key: str(text) for key, text in row.items()} for row in text_rows(results / "table.csv"))


def by_stack(name: str, label: str) -> dict[str, dict[int, Row]]:
    """Return the rows of a study by a column and the number of junctions; all below "" without such a column."""
    found: dict[str, dict[int, Row]] = {}
    for row in study_rows(name):
        found.setdefault(row.get(label, ""), {})[int(row["mesa.junctions"])] = row
    return found


def value(row: Row, key: str) -> float:
    """Return a number of a row, NaN where there is none."""
    try:
        return float(row[key])
    except ValueError:
        return math.nan


def write_design(file: Path, rows: Sequence[Row]) -> None:
    """Write cases as a CSV file of a study."""
    write_table(file, rows)
