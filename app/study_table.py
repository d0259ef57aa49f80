"""The tidy table of a study: one row a case, as CSV and, where pyarrow is installed, as Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.case import FAILED, OK, Outcome
from hotmesa.postprocess.absent import NEVER, WORDS, lies_beyond, why_absent
from hotmesa.postprocess.accuracy import ENOUGH_PERCENT, accuracy_warnings
from hotmesa.postprocess.values import Value, observe, read_summary
from hotmesa.scenarios.plans.study import Case, Plan, parameters_of
from hotmesa.scenarios.writing import field, whole_file, write_table

Row = dict[str, Any]
NO_PARQUET = "table.parquet is left out: pyarrow is missing (pip install 'hotmesa[study]'); table.csv holds the same"
COSTS = ("wall_s", "cpu_s")
EXACT = ("mesh_error_V_percent", "mesh_error_T_K", "layer_error_V_percent", "wall_elements", "folds_not_resolved")
WARNING = "warning"
"""Columns behind the observables that tell how exact a case is, where its kind of run estimates that."""


def rows_of(plan: Plan, outcomes: Mapping[str, Outcome], folder: Path) -> list[Row]:
    """Return the rows: case, status, named points, keys, observables, errors, cost, reason; all with the same columns.

    A number that a case does not have is empty or a word: "never" (within its range), "not asked", "failed".
    """
    bodies = [_observables(plan, case, outcomes[case.name], folder) for case in plan.cases]
    names = _names([body.values for body in bodies])
    names = [name for name in names if name not in (*COSTS, *(EXACT if plan.study.observables is not None else ()))]
    told = any(body.exact for body in bodies)
    rows = []
    for case, body in zip(plan.cases, bodies, strict=True):
        outcome = outcomes[case.name]
        points = {label: case.points.get(label) for label in plan.axes}
        head = {"case": case.name, "status": outcome.status} | points | parameters_of(case, plan.keys)
        numbers = {name: _field(name, body, outcome) for name in names}
        exact = {name: body.exact.get(name) for name in (*EXACT, WARNING)} if told else {}
        costs = {"wall_s": outcome.wall_s, "cpu_s": outcome.cpu_s, "reason": body.reason}
        rows.append(head | numbers | exact | costs)
    return rows


@dataclass(frozen=True)
class _Body:
    """What the folder of a case gives: observables, errors and warnings of its mesh, why something is missing."""

    values: Mapping[str, Value]
    exact: Mapping[str, Any]
    reason: str
    summary: Mapping[str, Any]


def _observables(plan: Plan, case: Case, outcome: Outcome, folder: Path) -> _Body:
    requested = plan.study.observables
    if requested is not None and plan.study.rank_by:
        requested = list(dict.fromkeys((*requested, plan.study.rank_by)))
    if outcome.status != OK or case.scenario is None:
        word = FAILED if outcome.status == FAILED else ""
        return _Body({name: Value(None, word=word) for name in requested or ()}, {}, outcome.reason, {})
    try:
        values, summary = observe(folder / "cases" / case.name, requested), read_summary(folder / "cases" / case.name)
    except (OSError, ValueError) as error:
        return _Body({}, {}, f"the results cannot be read: {error}", {})
    exact: Row = {}
    if EXACT[0] in summary:
        exact = {name: summary.get(name) for name in EXACT}
        exact |= {WARNING: "; ".join(accuracy_warnings(summary, case.scenario))}
    reasons = [f"{name}: {value.reason}" for name, value in values.items() if requested and value.reason]
    return _Body(values, exact, "; ".join(reasons), summary)


def _names(values: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return all names once, without those of tables that are missing where other cases have their numbers."""
    names = dict.fromkeys(name for result in values for name in result)
    return [name for name in names if not any(other.startswith(f"{name}.") for other in names)]


def _field(name: str, body: _Body, outcome: Outcome) -> float | str | None:
    if name in body.values:
        return body.values[name].field
    if outcome.status == FAILED:
        return FAILED
    return why_absent(name, body.summary)[0] or None if body.summary else None


def closing(rows: Sequence[Row]) -> str:
    """Return the line that ends a study: how many cases failed and how many are not converged."""
    states = [row["status"] for row in rows]
    parts = [f"{states.count(state)} {state}" for state in (FAILED, *sorted({*states} - {OK, FAILED}))]
    if WARNING in rows[0]:
        done = [row for row in rows if row["status"] == OK]
        coarse = sum(bool(row[WARNING]) for row in done)
        parts.append(
            f"{coarse} not converged (V changes by more than {ENOUGH_PERCENT} % by mesh or sublayers, or walls that "
            "the mesh does not resolve: column warning)"
        )
        open_ = sum(row[EXACT[0]] is None and not row[WARNING] for row in done)
        parts += [f"{open_} without an estimate"] if open_ else []
    return f"{len(rows)} cases: {', '.join(parts)}"


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
    """Return a column with one type, as Parquet wants it: numbers as floats, anything mixed as text.

    Among numbers "never" is infinity where it means a value beyond the end of the run; other words are null.
    """
    values = [row[name] for row in rows]
    kinds = {type(value) for value in values if value is not None and value not in WORDS}
    if kinds and kinds <= {int, float}:
        beyond = float("inf") if lies_beyond(name) else None
        values = [beyond if value == NEVER else None if value in WORDS else value for value in values]
    if kinds <= {int, float} and kinds != {int}:
        return [None if value is None or isinstance(value, str) else float(value) for value in values]
    return values if len(kinds) <= 1 else [None if value is None else field(value) for value in values]
