"""The tidy table of a study: one row a case, as CSV and, where pyarrow is installed, as Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hotmesa.case import OK, Outcome
from hotmesa.postprocess.values import Value, observe
from hotmesa.scenarios.plans.load_study import Case, Plan, parameters_of
from hotmesa.scenarios.writing import field, whole_file, write_table

Row = dict[str, Any]
NO_PARQUET = "table.parquet is left out: pyarrow is missing (pip install 'hotmesa[study]'); table.csv holds the same"
COSTS = ("wall_s", "cpu_s")


def rows_of(plan: Plan, outcomes: Mapping[str, Outcome], folder: Path) -> list[Row]:
    """Return the rows: case, status, named points, keys, observables, cost, reason; the same columns everywhere."""
    heads, bodies, names = [], [], dict[str, None]()
    for case in plan.cases:
        outcome = outcomes[case.name]
        values, reason = _observables(plan, case, outcome, folder)
        names.update(dict.fromkeys(values))
        points = {label: case.points.get(label) for label in plan.axes}
        heads.append({"case": case.name, "status": outcome.status} | points | parameters_of(case, plan.keys))
        bodies.append((values, {"wall_s": outcome.wall_s, "cpu_s": outcome.cpu_s, "reason": reason}))
    rows = []
    for head, (values, tail) in zip(heads, bodies, strict=True):
        numbers = {name: values[name].number if name in values else None for name in names if name not in COSTS}
        rows.append(head | numbers | tail)
    return rows


def _observables(plan: Plan, case: Case, outcome: Outcome, folder: Path) -> tuple[dict[str, Value], str]:
    wanted = plan.study.observables
    if wanted is not None and plan.study.rank_by:
        wanted = list(dict.fromkeys((*wanted, plan.study.rank_by)))
    if outcome.status != OK:
        return ({name: Value(None) for name in wanted or ()}, outcome.reason)
    try:
        values = observe(folder / "cases" / case.name, wanted)
    except (OSError, ValueError) as error:
        return ({}, f"the results cannot be read: {error}")
    reasons = [f"{name}: {value.reason}" for name, value in values.items() if wanted and value.reason]
    return values, "; ".join(reasons)


def write_tables(folder: Path, rows: Sequence[Row]) -> tuple[Path, ...]:
    """Write table.csv, and table.parquet if pyarrow is there; their paths.

    Raises:
        OSError: they cannot be written.
    """
    file = write_table(folder / "table.csv", rows)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return (file,)
    parquet = folder / "table.parquet"
    with whole_file(parquet) as stream:
        pyarrow.parquet.write_table(pyarrow.table({name: _column(rows, name) for name in rows[0]}), stream)
    return (file, parquet)


def _column(rows: Sequence[Row], name: str) -> list[Any]:
    """Return a column with one type, as Parquet wants it: numbers as floats, anything mixed as text."""
    values = [row[name] for row in rows]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and kinds != {int}:
        return [None if value is None else float(value) for value in values]
    return values if len(kinds) <= 1 else [None if value is None else field(value) for value in values]
