"""What an optimisation found, and its files: optimise.csv, pareto.csv, table.csv, optimise.json, best.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.case import INVALID, Outcome
from hotmesa.optimise_model import Iterate, is_feasible
from hotmesa.optimise_search import Trace
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.plans.optimise import OptimisationPlan
from hotmesa.scenarios.plans.study import Case, Plan, Study
from hotmesa.scenarios.writing import write_json, write_table, write_text
from hotmesa.study_table import rows_of, write_tables


@dataclass(frozen=True)
class OptimisationResult:
    """What an optimisation found.

    Attributes:
        plan: what was asked for.
        folder: of the results.
        best: the best candidate by the (first) objective; None where no place keeps the limits.
        front: with two objectives the Pareto front, by the first one; else ().
        finer: the best place on finer elements; None without a best one.
        traces: what became of every search.
        computed: number of cases that were computed now.
        files: what was written.
    """

    plan: OptimisationPlan
    folder: Path
    best: Iterate | None
    front: tuple[Iterate, ...]
    finer: Iterate | None
    traces: tuple[Trace, ...]
    computed: int
    files: tuple[Path, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether a candidate was found, by a search that converged, and its run on finer elements did not fail."""
        if self.best is None or self.finer is None or self.finer.problem:
            return False
        return any(trace.converged and self.best in trace.iterates for trace in self.traces)

    @property
    def values(self) -> dict[str, Any]:
        """The variables at the best place, by key; none without one."""
        return {} if self.best is None else values_at(self.plan, self.best)


def values_at(plan: OptimisationPlan, iterate: Iterate) -> dict[str, Any]:
    """Return the values of all keys of the variables at an iterate."""
    found = dict(plan.choices[iterate.place.choice].values)
    for variable, value in zip(plan.task.free, iterate.place.values, strict=True):
        found |= dict.fromkeys(variable.keys, value)
    return found


def numbers_of(plan: OptimisationPlan) -> list[str]:
    """Return the names of the numbers that objectives and limits speak of."""
    return list(dict.fromkeys([*(goal.name for goal in plan.task.goals), *plan.observables]))


def history_rows(plan: OptimisationPlan, traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """Return a row for every place that every search looked at, in order."""
    rows = []
    keys = list(dict.fromkeys(key for variable in plan.task.variables for key in variable.keys))
    for trace in traces:
        for number, (iterate, role) in enumerate(zip(trace.iterates, trace.roles, strict=True), 1):
            head: dict[str, Any] = {"search": trace.search.name, "number": number, "role": role}
            head |= {
                "case": iterate.outcome.name,
                "status": iterate.outcome.status,
                "feasible": int(is_feasible(plan, iterate)),
            }
            head["choice"] = plan.choices[iterate.place.choice].name
            values = values_at(plan, iterate)
            row = head | {key: values.get(key) for key in keys}
            row |= {name: iterate.numbers.get(name) for name in numbers_of(plan)}
            rows.append(row | {"reason": iterate.problem})
    return rows


def _front_rows(result: OptimisationResult) -> list[dict[str, Any]]:
    names = numbers_of(result.plan)
    return [
        {"case": one.outcome.name} | values_at(result.plan, one) | {name: one.numbers[name] for name in names}
        for one in result.front
    ]


def write_cases(folder: Path, plan: OptimisationPlan, iterates: Sequence[Iterate]) -> tuple[Path, ...]:
    """Write the table of all cases as a study has it, so that `hotmesa compare` ranks them."""
    runs = {i.outcome.name: i for i in iterates if i.outcome.status != INVALID and i.scenario is not None}
    if not runs:
        return ()
    keys = tuple(dict.fromkeys(key for variable in plan.task.variables for key in variable.keys))
    study = Study(name=plan.task.name, scenario=plan.task.scenario, observables=list(plan.observables) or None)
    cases = tuple(Case(name, {}, iterate.scenario) for name, iterate in runs.items())
    outcomes: dict[str, Outcome] = {name: iterate.outcome for name, iterate in runs.items()}
    return write_tables(folder, rows_of(Plan(study, plan.file, plan.text, cases, (), keys, keys), outcomes, folder))


def write_result(result: OptimisationResult, iterates: Sequence[Iterate], facts: dict[str, Any]) -> tuple[Path, ...]:
    """Write all files and return their paths."""
    plan, folder = result.plan, result.folder
    files = [write_table(folder / "optimise.csv", history_rows(plan, result.traces))]
    files += write_cases(folder, plan, [*iterates, *([result.finer] if result.finer else [])])
    if result.front:
        files.append(write_table(folder / "pareto.csv", _front_rows(result)))
    else:
        (folder / "pareto.csv").unlink(missing_ok=True)
    if result.best is not None and result.best.scenario is not None:
        files.append(write_text(folder / "best.toml", to_toml(result.best.scenario)))
    else:
        (folder / "best.toml").unlink(missing_ok=True)
    finer = None if result.finer is None else _facts(plan, result.finer) | {"by": plan.task.verify_refine}
    summary = {
        "name": plan.task.name,
        "objectives": [{"name": goal.name, "goal": goal.goal} for goal in plan.task.goals],
        "constraints": [one.sentence for one in plan.task.constraints],
        "converged": result.converged,
        "best": _facts(plan, result.best),
        "finer_elements": finer,
        "front": [_facts(plan, one) for one in result.front],
        "searches": [_search(trace) for trace in result.traces],
        "differences": {name: reason for trace in result.traces for name, reason in trace.differences.items()},
        "cases": len(iterates),
        "cases_failed": sum(bool(one.problem) for one in iterates),
        "cases_computed": result.computed,
    }
    return (*files, write_json(folder / "optimise.json", summary | facts))


def _facts(plan: OptimisationPlan, iterate: Iterate | None) -> dict[str, Any]:
    if iterate is None:
        return {}
    told = {"case": iterate.outcome.name, "variables": values_at(plan, iterate), "numbers": dict(iterate.numbers)}
    return told | ({"reason": iterate.problem} if iterate.problem else {})


def _search(trace: Trace) -> dict[str, Any]:
    steps = trace.roles.count("step")
    told = {"name": trace.search.name, "steps": steps, "differences": len(trace.roles) - steps}
    return told | {"converged": trace.converged, "message": trace.message}


def text_of(result: OptimisationResult) -> str:
    """Return what a person is told of the result."""
    plan = result.plan
    reasons = {name: reason for trace in result.traces for name, reason in trace.differences.items()}
    lines = [f"by differences of runs: {name}: {reason}" for name, reason in reasons.items()]
    if result.best is None:
        return "\n".join([*lines, "no place that was computed keeps all limits; give other starts or wider bounds"])
    lines.append("best: " + ", ".join(f"{key} = {_short(value)}" for key, value in result.values.items()))
    for name in numbers_of(plan):
        finer = "" if result.finer is None else f", {_of(result.finer, name)} with elements {plan.task.verify_refine:g}"
        lines.append(f"  {name} = {_of(result.best, name)}{finer}{' times finer' if finer else ''}")
    if result.finer is not None and not is_feasible(plan, result.finer, margins=False):
        lines.append(f"  warning: with finer elements it does not keep all limits{_because(result.finer)}")
    if result.front:
        lines.append(f"Pareto front of {len(result.front)} places in pareto.csv")
    if not result.converged:
        words = {trace.message for trace in result.traces if result.best in trace.iterates}
        lines.append(f"  warning: no search that came there has converged: {'; '.join(sorted(words))}")
    return "\n".join(lines)


def _because(iterate: Iterate) -> str:
    return f": {iterate.problem}" if iterate.problem else ""


def _of(iterate: Iterate, name: str) -> str:
    return f"{iterate.numbers[name]:.6g}" if name in iterate.numbers else "nothing"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
