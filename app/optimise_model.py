"""What an optimisation knows of a place: numbers of its run with their derivatives, each place computed once."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotmesa.case import INVALID, OK, STOPPED, Outcome, Task, fingerprint, known_outcome
from hotmesa.pool import Workers
from hotmesa.postprocess.derivatives import Kept, load
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.sensitivity import needs_state
from hotmesa.postprocess.tables import ResultError
from hotmesa.postprocess.values import observe
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.parameters import parameters
from hotmesa.scenarios.plans.files import StudyError
from hotmesa.scenarios.plans.goals import Objective
from hotmesa.scenarios.plans.optimise import OptimisationPlan, sum_of
from hotmesa.solver.law.variation import spelled_out

Function = Callable[[Any], float]


@dataclass(frozen=True)
class Place:
    """A combination of the discrete variables by its number, and values of the free ones."""

    choice: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Iterate:
    """A place with what its run gave.

    Attributes:
        place: where.
        outcome: how the run ended; its name is that of the case.
        numbers: of objectives and limits, by name.
        slopes: their derivatives by the values of the free variables, by name and number of the variable.
        unknown: why others are not known.
        problem: why the place is no candidate; "" where it is one.
    """

    place: Place
    outcome: Outcome
    scenario: Scenario | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    slopes: Mapping[tuple[str, int], float] = field(default_factory=dict)
    unknown: Mapping[tuple[str, int], str] = field(default_factory=dict)
    problem: str = ""


class Evaluator:
    """Iterates at places; several places at once share the workers.

    Attributes:
        plan: what is optimised.
        folder: of the cases.
        computed: number of cases that were computed by now.
    """

    def __init__(
        self,
        plan: OptimisationPlan,
        functions: Mapping[str, Function],
        folder: Path,
        workers: Workers,
        seen: Callable[[Iterate, int], None],
    ) -> None:
        """Take what is optimised with its functions, where cases are kept, who computes, and who is told of places."""
        self.plan, self.folder, self.computed = plan, folder, 0
        self._workers, self._seen = workers, seen
        self._known: dict[Place, Iterate] = {}
        self._functions = functions

    @property
    def iterates(self) -> tuple[Iterate, ...]:
        """All so far, in order."""
        return tuple(self._known.values())

    def many(self, places: Sequence[Place]) -> list[Iterate]:
        """Return the iterates at several places, computing what is missing side by side.

        Raises:
            KeyboardInterrupt: one was interrupted.
        """
        new = [place for place in dict.fromkeys(places) if place not in self._known]
        scenarios = {place: self._scenario(place) for place in new}
        outcomes = self._outcomes([item for item in scenarios.values() if isinstance(item, Scenario)])
        for place in new:
            item = scenarios[place]
            if isinstance(item, Scenario):
                iterate = self._iterate(place, item, outcomes[fingerprint(item)])
            else:
                iterate = Iterate(place, Outcome("", INVALID, item), problem=item)
            self._known[place] = iterate
            self._seen(iterate, len(self._known))
        return [self._known[place] for place in places]

    def finer(self, place: Place) -> Iterate:
        """Return an iterate on the mesh on which an optimum is verified.

        Raises:
            KeyboardInterrupt: it was interrupted.
        """
        task = self.plan.task
        scenario = self.plan.scenario(self.plan.choices[place.choice], place.values, task.verify_refine)
        return self._iterate(place, scenario, self._outcomes([scenario])[fingerprint(scenario)])

    def _scenario(self, place: Place) -> Scenario | str:
        try:
            return self.plan.scenario(self.plan.choices[place.choice], place.values)
        except ScenarioError as error:  # a combination that the bounds one by one do not show
            return "; ".join(text.removeprefix("--set ") for text in error.problems)

    def _outcomes(self, scenarios: Sequence[Scenario]) -> dict[str, Outcome]:
        tasks = {fingerprint(scenario): self._task(scenario) for scenario in scenarios}
        outcomes = {digest: known for digest, task in tasks.items() if (known := known_outcome(task)) is not None}
        due = [task for digest, task in tasks.items() if digest not in outcomes]
        for outcome in self._workers.outcomes(due):
            if outcome.status == STOPPED:
                raise KeyboardInterrupt
            self.computed += 1
            outcomes[outcome.scenario_sha256] = outcome
        return outcomes

    def _task(self, scenario: Scenario) -> Task:
        folder = self.folder / fingerprint(scenario)[:16]
        names = self._derivable()
        keys = self._derived_keys(scenario) if names else ()
        states = bool(self._functions)
        columns = needs_state(names) if keys else ()
        return Task(folder.name, folder, scenario, "hotmesa optimise", states=states, derived=keys, columns=columns)

    def _derivable(self) -> tuple[str, ...]:
        required = [one.required for one in self.plan.task.constraints]
        return tuple(name for name in self.plan.observables if name not in required)

    def _derived_keys(self, scenario: Scenario) -> tuple[str, ...]:
        """Return the keys of free variables by which a branch can be derived."""
        if scenario.mode != "branch" or self.plan.task.derivatives == "differences":
            return ()
        known = {item.key for item in parameters(spelled_out(scenario))}
        return tuple(key for variable in self.plan.task.free for key in variable.keys if key in known)

    def _iterate(self, place: Place, scenario: Scenario, outcome: Outcome) -> Iterate:
        if outcome.status != OK:
            return Iterate(place, outcome, scenario, problem=outcome.reason or outcome.status)
        folder = self.folder / outcome.name
        try:
            found = observe(folder, self.plan.observables)
        except (OSError, ValueError) as error:
            return Iterate(place, outcome, scenario, problem=f"the results cannot be read: {error}")
        numbers = {name: value.number for name, value in found.items() if value.number is not None}
        problems = [f"{name}: {value.reason}" for name, value in found.items() if value.number is None]
        for one in self.plan.task.constraints:
            if one.required is not None and numbers.get(one.required) == 0.0:
                problems.append(f"there is no stable state at {one.stable_at_mA:g} mA")
        for name, function in self._functions.items():
            try:
                numbers[name] = _number(function(load_run(folder)))
            except Exception as error:  # whatever a function of a user does
                problems.append(f"{name}: {type(error).__name__}: {error}")
        slopes, unknown = self._slopes(folder, numbers)
        for goal in self.plan.task.goals:
            if goal.sum is not None:
                numbers[goal.name] = sum_of(self.plan.task, goal, place.values)
                weights = ((goal.sum.get(str(free.key), 0.0)) for free in self.plan.task.free)
                slopes |= {(goal.name, k): weight for k, weight in enumerate(weights)}
        return Iterate(place, outcome, scenario, numbers, slopes, unknown, "; ".join(problems))

    def _slopes(
        self, folder: Path, numbers: Mapping[str, float]
    ) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], str]]:  # fmt: skip
        """Return the derivatives that came with a branch, and why others are not known."""
        try:
            kept = load(folder)
        except ResultError:
            kept = None
        slopes, unknown = {}, {}
        for name in numbers:
            for k, variable in enumerate(self.plan.task.free):
                reason = self._why_not(name, variable.keys, kept)
                if not reason and kept is not None:
                    slope = sum(_derivative(kept, name, key) for key in variable.keys)
                    reason = "" if math.isfinite(slope) else "it does not exist there"
                    slopes[name, k] = slope
                if reason:
                    slopes.pop((name, k), None)
                    unknown[name, k] = reason
        return slopes, unknown

    def _why_not(self, name: str, keys: Sequence[str], kept: Kept | None) -> str:
        if name in self._functions:
            return "it is a function of yours"
        if self.plan.task.derivatives == "differences":
            return 'derivatives = "differences"'
        if kept is None:
            return "derivatives are those of a branch by numbers that steady states depend on"
        for key in keys:
            if key not in kept.columns:
                return kept.refused.get(key, f"{key} is no number that steady states depend on")
        return "" if kept.knows(name) else "its derivative is not known"


def _derivative(kept: Kept, name: str, key: str) -> float:
    try:
        return kept.of_number(name, key)
    except ResultError:
        return float("nan")


def _number(value: Any) -> float:
    """Return what a function made as a number.

    Raises:
        ValueError, TypeError: it is none.
    """
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"it returned {found}")
    return found


def functions_of(plan: OptimisationPlan) -> dict[str, Function]:
    """Return the functions that objectives name, by the name of the objective.

    Raises:
        StudyError: one cannot be loaded.
    """
    return {goal.name: _function(plan, goal) for goal in plan.task.goals if goal.python is not None}


def _function(plan: OptimisationPlan, goal: Objective) -> Function:
    """Return the function that an objective names as FILE.py:NAME.

    Raises:
        StudyError: the file fails, or has no such function.
    """
    file, _, name = str(goal.python).rpartition(":")
    path = plan.file.resolve().parent / file
    spec = importlib.util.spec_from_file_location(f"objective_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise StudyError([f"objective: {path} is no Python file"])
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise StudyError([f"objective: {path} fails: {type(error).__name__}: {error}"]) from error
    function = getattr(module, name, None)
    if not callable(function):
        names = ", ".join(key for key, value in vars(module).items() if callable(value)) or "none"
        raise StudyError([f"objective: {path} has no function {name}; it has {names}"])
    found: Function = function
    return found


def shortfalls(plan: OptimisationPlan, iterate: Iterate, margins: bool = True) -> list[float]:
    """Return by how much of its size each limit is kept: negative where it is violated, in the order of the file.

    Args:
        plan: with the limits.
        iterate: with the numbers.
        margins: whether their margins count.
    """
    found = []
    for one in plan.task.constraints:
        if one.required is not None:
            continue
        value = sum_of(plan.task, one, iterate.place.values) if one.sum else iterate.numbers.get(str(one.observed))
        for sign, limit in one.limits:
            kept = float("nan") if value is None else sign * (value - limit) / size_of(limit)
            found.append(kept - one.margin if margins else kept)
    return found


def size_of(limit: float) -> float:
    """Return the number by which the distance from a limit is divided."""
    return abs(limit) or 1.0


def is_feasible(plan: OptimisationPlan, iterate: Iterate, margins: bool = True) -> bool:
    """Return whether an iterate is a candidate that keeps all limits (and margins) within the tolerance."""
    return not iterate.problem and all(kept >= -plan.task.tolerance for kept in shortfalls(plan, iterate, margins))
