"""One search: a gradient method with limits, whose failed steps are shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hotmesa.optimise_model import Iterate, Place, shortfalls, size_of
from hotmesa.optimise_rounds import Ask
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.optimise import OptimisationPlan

FAR = 1e3
"""Scaled objective of a place without a run: the line search then takes the smallest part of its step, a tenth."""
RESTARTS = 3
"""A search is begun again so often at most, from where it ended."""
STRIDE = 0.25
"""Part of the way between its bounds that the steepest variable goes first in a search that is begun again."""
EDGE = 1e-9


@dataclass(frozen=True)
class Limit:
    """A number of a run that must be at most a level, besides the limits of the file."""

    name: str
    sign: float
    level: float


@dataclass(frozen=True)
class Search:
    """Where a search begins, and what it makes small.

    Attributes:
        name: of the search, in tables.
        start: the first place.
        goal: number of the objective.
        levels: further limits.
    """

    name: str
    start: Place
    goal: int = 0
    levels: tuple[Limit, ...] = ()


@dataclass
class Trace:
    """What became of a search.

    Attributes:
        search: which.
        iterates: what it looked at, in order, each once.
        roles: what each was for: "step", or "difference" for a derivative.
        converged: whether the method says so.
        message: its words.
        differences: derivatives that were differences of runs, with the reason.
    """

    search: Search
    iterates: list[Iterate] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    converged: bool = False
    message: str = ""
    differences: dict[str, str] = field(default_factory=dict)


def descend(plan: OptimisationPlan, search: Search, ask: Ask) -> Trace:
    """Return what a search finds: SLSQP over the free variables as parts of the way between their bounds."""
    descent = _Descent(plan, search, ask)
    trace, free = descent.trace, plan.task.free
    first = descent.at(descent.start)
    if first.problem:
        trace.message = f"nothing can be computed at its start: {first.problem}"
    elif not free:
        trace.converged, trace.message = True, "nothing but the choice"
    else:
        _minimise(descent, plan)
    return trace


def _minimise(descent: _Descent, plan: OptimisationPlan) -> None:
    """Minimise, and go on from where a small slope, not a minimum, made the steps too short to be seen.

    The first Hessian of SLSQP is the identity, so that a variable with a small slope takes small steps. Functions and
    tolerance times a factor are the same problem with a Hessian smaller by it.
    """
    from scipy.optimize import minimize

    place, before = descent.start, np.inf
    for _ in range(RESTARTS):
        limits = descent.limits(place).size
        constraints: dict[str, Any] = {"type": "ineq", "fun": descent.limits, "jac": descent.limit_slopes}
        result = minimize(
            descent.objective, place, jac=descent.slope, method="SLSQP", bounds=[(0.0, 1.0)] * len(plan.task.free),
            constraints=[constraints] if limits else [],
            options={"maxiter": plan.task.max_steps, "ftol": plan.task.tolerance * descent.factor},
        )  # fmt: skip
        descent.trace.converged, descent.trace.message = bool(result.success), str(result.message)
        place = np.clip(result.x, 0.0, 1.0)
        value = descent.objective(place) / descent.factor
        if not result.success or before - value <= plan.task.tolerance or not descent.stretches(place):
            return
        before = value


class _Descent:
    """Objective and limits over the parts u of the way between the bounds, shape (variables,), with derivatives."""

    def __init__(self, plan: OptimisationPlan, search: Search, ask: Ask) -> None:
        self._plan, self._search, self._ask = plan, search, ask
        self._free, self._goal = plan.task.free, plan.task.goals[search.goal]
        self.start = np.array([v.part(x) for v, x in zip(self._free, search.start.values, strict=True)])
        self.trace = Trace(search)
        self._good: Array = self.start
        self._scale = 0.0
        self.factor = 1.0

    def stretches(self, u: Array) -> bool:
        """Take the factor by which the steepest variable that can move takes a `STRIDE`; whether one may gain by it."""
        slope = self.slope(u) / self.factor
        movable = np.where(slope > 0.0, u > EDGE, u < 1.0 - EDGE)
        steepest = float(np.abs(slope[movable]).max(initial=0.0))
        if steepest <= self._plan.task.tolerance:
            return False
        self.factor = max(1.0, STRIDE / steepest)
        return True

    def at(self, u: Array) -> Iterate:
        """Return the iterate at a place."""
        found = self._asked([u], "step")[0]
        if not found.problem:
            self._good = np.array(u)
        return found

    def objective(self, u: Array) -> float:
        """Return the scaled objective, small where it is good."""
        found = self.at(u)
        if found.problem:
            return FAR * self.factor
        value = self._goal.sign * found.numbers[self._goal.name]
        self._scale = self._scale or abs(value) or 1.0
        return value / self._scale * self.factor

    def slope(self, u: Array) -> Array:
        """Return its derivatives, shape (variables,)."""
        scale = self._scale or 1.0
        return self._goal.sign * self._slopes(u, [self._goal.name])[0] / scale * self.factor

    def limits(self, u: Array) -> Array:
        """Return what must not be negative, shape (limits,); at a place without a run that of the last one with."""
        found = self.at(u)
        found = self.at(self._good) if found.problem else found
        rows = shortfalls(self._plan, found)
        for level in self._search.levels:
            rows.append(level.sign * (level.level - found.numbers[level.name]) / size_of(level.level))
        return np.array(rows) * self.factor

    def limit_slopes(self, u: Array) -> Array:
        """Return their derivatives, shape (limits, variables)."""
        names = [one.observed for one in self._plan.task.constraints if one.observed is not None]
        names += [level.name for level in self._search.levels]
        known = dict(zip(names, self._slopes(u, names), strict=True))
        steps = np.array([v.slope(x) for v, x in zip(self._free, self._values(u), strict=True)])
        rows: list[Array] = []
        for one in self._plan.task.constraints:
            if one.required is not None:
                continue
            weights = np.array([(one.sum or {}).get(str(v.key), 0.0) for v in self._free])
            slope = known[one.observed] if one.observed is not None else weights * steps
            rows += [sign * slope / size_of(limit) for sign, limit in one.limits]
        rows += [-level.sign * known[level.name] / size_of(level.level) for level in self._search.levels]
        return np.array(rows) * self.factor

    def _values(self, u: Array) -> tuple[float, ...]:
        return tuple(variable.at(float(part)) for variable, part in zip(self._free, u, strict=True))

    def _asked(self, us: Sequence[Array], role: str) -> list[Iterate]:
        places = [Place(self._search.start.choice, self._values(u)) for u in us]
        found = self._ask(places)
        for iterate in found:
            if all(iterate.place != known.place for known in self.trace.iterates):
                self.trace.iterates.append(iterate)
                self.trace.roles.append(role)
        return found

    def _slopes(self, u: Array, names: Sequence[str]) -> list[Array]:
        """Return the derivatives of numbers by the parts, from the branch or from differences of runs."""
        found = self.at(u)
        if found.problem:  # asked for only where nothing better was found
            u, found = self._good, self.at(self._good)
        missing = sorted({k for name in names for k in range(len(self._free)) if (name, k) not in found.slopes})
        ends = {k: self._ends(u, k) for k in missing}
        sides = self._asked([end for both in ends.values() for end in both], "difference") if ends else []
        pairs = dict(zip(missing, zip(sides[::2], sides[1::2], strict=True), strict=True))
        rows: list[Array] = []
        for name in names:
            row: Array = np.zeros(len(self._free))
            for k, variable in enumerate(self._free):
                if (name, k) in found.slopes:
                    row[k] = found.slopes[name, k] * variable.slope(found.place.values[k])
                else:
                    self.trace.differences[f"{name} by {variable.name}"] = found.unknown.get((name, k), "")
                    row[k] = _difference(name, u[k], found, list(zip(ends[k], pairs[k], strict=True)), k)
            rows.append(row)
        return rows

    def _ends(self, u: Array, k: int) -> tuple[Array, Array]:
        """Return the places on both sides of a variable, within its bounds."""
        low, high = np.array(u, dtype=np.float64), np.array(u, dtype=np.float64)
        step = self._plan.task.derivative_step
        low[k], high[k] = max(u[k] - step, 0.0), min(u[k] + step, 1.0)
        return low, high


def _difference(name: str, here: float, found: Iterate, sides: Sequence[tuple[Array, Iterate]], k: int) -> float:
    """Return a difference between two sides, one-sided where one of them has no run; 0 where both have none."""
    points = [(float(u[k]), one.numbers[name]) for u, one in sides if not one.problem]
    points = points if len(points) == 2 else [*points, (float(here), found.numbers[name])]
    (u0, y0), (u1, y1) = points[0], points[-1]
    return (y1 - y0) / (u1 - u0) if u1 != u0 else 0.0
