"""Files of optimisations: their schema, and from a file to scenarios at values of the variables; with all problems."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.plans.files import (
    PlanFile,
    base_scenario,
    find_plan,
    flat,
    look_up,
    override,
    path_of,
    read_plan,
    refuse,
)
from hotmesa.scenarios.plans.goals import Constraint, Objective, Variable
from hotmesa.scenarios.plans.observables import Vocabulary, parse_at
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Scenario

MOST_CHOICES = 200


class Optimisation(PlanFile):
    """A search for the best device within limits."""

    variables: list[Variable] = Field(description="what may change", min_length=1)
    objective: Objective | None = Field(None, description="what shall be small or large")
    objectives: list[Objective] = Field(default_factory=list, description="or two of them: a Pareto front")
    constraints: list[Constraint] = Field(default_factory=list, description="what must hold")
    starts: int = Field(1, ge=1, le=100, description="places to start from: the first ones, and Sobol points")
    max_steps: int = Field(30, ge=1, le=1000, description="of each search")
    tolerance: Annotated[float, Field(ge=1e-8, le=0.1)] = Field(
        1e-4, description="relative change of the objective at which a search ends, and relative slack of limits"
    )
    derivatives: Literal["adjoint", "differences"] = Field(
        "adjoint", description="of a branch with it, as far as they are known, or by differences of whole runs"
    )
    derivative_step: Annotated[float, Field(gt=1e-6, lt=0.2)] = Field(
        0.01, description="step of differences over the distance of the bounds"
    )
    front_points: int = Field(5, ge=3, le=100, description="of a Pareto front, its ends included")
    verify_refine: Annotated[float, Field(gt=1.0, le=8.0)] = Field(
        1.5, description="the optimum is computed again with elements smaller by this"
    )

    @model_validator(mode="after")
    def _one_or_two(self) -> Optimisation:
        if (self.objective is None) == (not self.objectives):
            raise ValueError("give either [objective] or two [[objectives]]")
        if self.objectives and len(self.objectives) != 2:
            raise ValueError(f"a Pareto front is one of two objectives, not of {len(self.objectives)}")
        return self

    @property
    def goals(self) -> tuple[Objective, ...]:
        """The one or two objectives."""
        return tuple(self.objectives) if self.objective is None else (self.objective,)

    @property
    def free(self) -> tuple[Variable, ...]:
        """The variables that have any value between bounds."""
        return tuple(variable for variable in self.variables if variable.is_continuous)


@dataclass(frozen=True)
class Choice:
    """One combination of the discrete variables: its name and its keys."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class OptimisationPlan:
    """An optimisation ready to be computed.

    Attributes:
        task: what the file says.
        file: where it stands.
        text: its text.
        choices: all combinations of the discrete variables; one without a name where there are none.
        starts: first values of the free variables, in their order, by choice.
    """

    task: Optimisation
    file: Path
    text: str
    choices: tuple[Choice, ...]
    starts: tuple[tuple[float, ...], ...]

    @property
    def observables(self) -> tuple[str, ...]:
        """The numbers of a run that objectives and limits speak of."""
        names = [goal.observable for goal in self.task.goals]
        names += [name for one in self.task.constraints for name in (one.observed, one.required)]
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def scenario(self, choice: Choice, values: Sequence[float], refine: float = 1.0) -> Scenario:
        """Return the scenario at values of the free variables, its branch landing where it is looked at.

        Args:
            choice: of the discrete variables.
            values: of the free ones, in their order.
            refine: by which the elements are smaller.

        Raises:
            ScenarioError: it is not valid.
        """
        folder = self.file.resolve().parent
        changes = flat(self.task.fixed) | dict(choice.values)
        for variable, value in zip(self.task.free, values, strict=True):
            changes |= dict.fromkeys(variable.keys, value)
        words = [override(key, value, folder) for key, value in changes.items()]
        found = load_scenario(base_scenario(self.task.scenario, folder), words, complete=True)
        if refine != 1.0:
            mesh = found.mesh.model_copy(update={"refine": found.mesh.refine * refine})
            found = found.model_copy(update={"mesh": mesh})
        return _landing(found, self.observables)


def _landing(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """Return a scenario whose branch has a point exactly at the currents at which it is looked at."""
    if scenario.mode != "branch":
        return scenario
    places = [at.value for name in names if (at := parse_at(name)) is not None and at.along == "I_mA"]
    within = {value for value in places if 0.0 < value < scenario.branch.end_current_mA}
    landed = tuple(sorted({*scenario.branch.at_mA, *within}))
    return scenario.model_copy(update={"branch": scenario.branch.model_copy(update={"at_mA": landed})})


def load_optimisation(name_or_path: str | Path, vocabulary: Vocabulary | None = None) -> OptimisationPlan:
    """Return an optimisation.

    Args:
        name_or_path: of a bundled one, or a file.
        vocabulary: the observables that there are; None leaves their names unchecked.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "optimise")
    task, text = read_plan(file, Optimisation, "optimise")
    refuse(file, [*_clashes(task), *_numeric(task), *_sums(task), *_functions(task, file)])
    discrete = [list(variable.choices()) for variable in task.variables if not variable.is_continuous]
    count = math.prod(map(len, discrete))
    refuse(file, [f"{count} combinations are more than {MOST_CHOICES}"] if count > MOST_CHOICES else [])
    choices = tuple(
        Choice("_".join(name for name, _ in parts), {key: value for _, own in parts for key, value in own.items()})
        for parts in itertools.product(*discrete)
    )
    bare = OptimisationPlan(task, file, text, choices, ())
    base = load_scenario(base_scenario(task.scenario, file.resolve().parent), complete=True)
    starts = tuple(_start(task, base, choice) for choice in choices)
    plan = OptimisationPlan(task, file, text, choices, starts)
    refuse(file, [*_violated(plan), *_trial(bare, starts, vocabulary)])
    return plan


def _clashes(task: Optimisation) -> list[str]:
    keys = Counter(key for variable in task.variables for key in variable.keys)
    names = Counter(variable.name for variable in task.variables)
    problems = [f"{key} is set by {count} variables" for key, count in keys.items() if count > 1]
    problems += [f"{count} variables are called {name}" for name, count in names.items() if count > 1]
    return problems + [f"{key} is both fixed and a variable" for key in flat(task.fixed) if key in keys]


def _numeric(task: Optimisation) -> list[str]:
    problems = []
    for variable in task.variables:
        for key in variable.keys if variable.min is not None else ():
            known = find_key(path_of(key))
            allowed = ("number", "whole number") if variable.integer else ("number",)
            if known is not None and known.type not in allowed:
                hint = "; add integer = true" if known.type == "whole number" else "; list its values"
                problems.append(f"{key} is {known.type or 'no number'}: it has no values between bounds{hint}")
    return problems


def _sums(task: Optimisation) -> list[str]:
    known = [str(variable.key) for variable in task.free]
    sums = [(f"constraint {one.sentence}", one.sum or {}) for one in task.constraints]
    sums += [(f"objective {goal.name}", goal.sum or {}) for goal in task.goals]
    return [
        f"{what}: {key} is no variable with any value between bounds{did_you_mean(key, known)}"
        for what, weights in sums for key in weights if key not in known
    ]  # fmt: skip


def _functions(task: Optimisation, file: Path) -> list[str]:
    paths = [goal.python.rpartition(":")[0] for goal in task.goals if goal.python is not None]
    folder = file.resolve().parent
    return [f"objective: there is no file {folder / path}" for path in paths if not (folder / path).is_file()]


def _start(task: Optimisation, base: Scenario, choice: Choice) -> tuple[float, ...]:
    """Return the first values: those of the file, else of the scenario within the bounds."""
    data, known = base.model_dump(), flat(task.fixed) | dict(choice.values)
    found = []
    for variable in task.free:
        value = variable.start
        if value is None:
            there = known.get(str(variable.key), look_up(data, str(variable.key)))
            value = float(there) if isinstance(there, int | float) else variable.at(0.5)
        found.append(min(max(value, float(variable.min or 0.0)), float(variable.max or 0.0)))
    return tuple(found)


def sum_of(task: Optimisation, one: Constraint | Objective, values: Sequence[float]) -> float:
    """Return the weighted sum of a constraint or an objective at values of the free variables."""
    weights = one.sum or {}
    return sum(weights.get(str(free.key), 0.0) * value for free, value in zip(task.free, values, strict=True))


def _violated(plan: OptimisationPlan) -> list[str]:
    """Return which sums are beyond their limits at the start already."""
    problems: dict[str, None] = {}
    for one, start in itertools.product(plan.task.constraints, plan.starts):
        value = sum_of(plan.task, one, start)
        if one.sum is not None and any(sign * (value - limit) < -1e-12 * abs(limit) for sign, limit in one.limits):
            text = f"the start violates the constraint {one.sentence}: it is {value:g} there; give another start"
            problems[text] = None
    return list(problems)


def _trial(
    plan: OptimisationPlan, starts: Sequence[tuple[float, ...]], vocabulary: Vocabulary | None
) -> list[str]:  # fmt: skip
    """Return what is wrong with the scenarios of all choices at the start, and with each variable at its bounds."""
    problems: dict[str, None] = {}
    for number, (choice, start) in enumerate(zip(plan.choices, starts, strict=True)):
        points = {f"at the start{f' of {choice.name}' if choice.name else ''}": start}
        for k, variable in enumerate(plan.task.free if number == 0 else ()):
            for word, value in (("min", variable.min), ("max", variable.max)):
                moved = (*start[:k], float(value or 0.0), *start[k + 1 :])
                points[f"with {variable.key} at its {word} {value:g}"] = moved
        for where, values in points.items():
            try:
                scenario = plan.scenario(choice, values)
            except ScenarioError as error:
                problems |= {f"{text.removeprefix('--set ')} ({where})": None for text in error.problems}
                if values is start:
                    break
                continue
            for name in plan.observables if vocabulary is not None and values is start else ():
                problem = vocabulary.problem_with(name, (scenario.mode,)) if vocabulary is not None else None
                problems |= {problem: None} if problem else {}
            if any(one.no_backbending for one in plan.task.constraints) and scenario.mode != "branch":
                problems[f'no_backbending speaks of a branch, not of mode = "{scenario.mode}"'] = None
            if any(one.required for one in plan.task.constraints) and scenario.stability.points == "none":
                problems['stable_at_mA needs stability.points, which is "none": leave it out'] = None
    return list(problems)
