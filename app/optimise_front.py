"""Which searches an optimisation makes, and what is the best of all they found: one optimum, or a Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from hotmesa.optimise_model import Iterate, Place, is_feasible
from hotmesa.optimise_rounds import Ask, together
from hotmesa.optimise_search import Limit, Search, Trace, descend
from hotmesa.scenarios.plans.optimise import OptimisationPlan, sum_of


def first_searches(plan: OptimisationPlan) -> list[Search]:
    """Return the searches for every objective alone: from every start, with every choice."""
    found = []
    for goal in range(len(plan.task.goals)):
        for number, choice in enumerate(plan.choices):
            for k, values in enumerate(_starts(plan, number)):
                parts = [choice.name, f"start{k + 1}", f"goal{goal + 1}" if plan.task.objectives else ""]
                found.append(Search("-".join(filter(None, parts)), Place(number, values), goal))
    return found


def _starts(plan: OptimisationPlan, number: int) -> Iterator[tuple[float, ...]]:
    """Yield the first values, and the points of the Sobol sequence that keep the limits of sums."""
    yield plan.starts[number]
    free, left = plan.task.free, plan.task.starts - 1
    if not free or not left:
        return
    from scipy.stats.qmc import Sobol

    for point in Sobol(len(free), scramble=False).random(2 ** int(np.ceil(np.log2(16 * left + 2))))[1:]:
        values = tuple(variable.at(float(part)) for variable, part in zip(free, point, strict=True))
        sums = [(one, sum_of(plan.task, one, values)) for one in plan.task.constraints if one.sum is not None]
        if left and all(sign * (value - limit) >= 0.0 for one, value in sums for sign, limit in one.limits):
            left -= 1
            yield values


def search_all(plan: OptimisationPlan, searches: Sequence[Search], compute: Ask) -> list[Trace]:
    """Return what searches find side by side."""
    return together([partial(descend, plan, search) for search in searches], compute)


def candidates(plan: OptimisationPlan, traces: Sequence[Trace]) -> list[Iterate]:
    """Return all iterates that keep the limits, each once."""
    every = {iterate.place: iterate for trace in traces for iterate in trace.iterates}
    return [iterate for iterate in every.values() if is_feasible(plan, iterate)]


def best_of(plan: OptimisationPlan, found: Sequence[Iterate], goal: int = 0) -> Iterate | None:
    """Return the candidate that is best by one objective, the first of equal ones; None without any."""
    return min(found, key=lambda iterate: worth(plan, iterate, goal), default=None)


def worth(plan: OptimisationPlan, iterate: Iterate, goal: int) -> float:
    """Return an objective with the sign by which small is good."""
    chosen = plan.task.goals[goal]
    return chosen.sign * iterate.numbers[chosen.name]


def front_searches(plan: OptimisationPlan, traces: Sequence[Trace]) -> list[Search]:
    """Return the searches between the ends of a front: the first objective, with the second at most at a level.

    The levels divide the second objective evenly between its values at both ends (the epsilon-constraint method, which
    also finds what is not convex: Haimes, Lasdon and Wismer, IEEE Trans. SMC 1, 296 (1971)).
    """
    found = candidates(plan, traces)
    ends = best_of(plan, found, 0), best_of(plan, found, 1)
    if ends[0] is None or ends[1] is None:
        return []
    goal = plan.task.goals[1]
    levels = np.linspace(worth(plan, ends[0], 1), worth(plan, ends[1], 1), plan.task.front_points)[1:-1]
    searches = []
    for k, level in enumerate(levels):
        for number, choice in enumerate(plan.choices):
            own = [iterate for iterate in found if iterate.place.choice == number]
            within = [iterate for iterate in own if worth(plan, iterate, 1) <= level]
            start = best_of(plan, within, 0) or best_of(plan, own, 1)
            if start is not None:
                limit = Limit(goal.name, goal.sign, float(goal.sign * level))
                name = "-".join(filter(None, [choice.name, f"level{k + 1}"]))
                searches.append(Search(name, start.place, 0, (limit,)))
    return searches


def front_of(plan: OptimisationPlan, traces: Sequence[Trace]) -> list[Iterate]:
    """Return the Pareto front by its first objective: the ends, and the best of every level, none of them dominated."""
    found = candidates(plan, traces)
    levels = {trace.search.levels for trace in traces if trace.search.levels}
    chosen = [best_of(plan, found, 0), best_of(plan, found, 1)]
    for (limit,) in levels:
        slack = plan.task.tolerance * abs(limit.level)
        within = [i for i in found if worth(plan, i, 1) <= limit.sign * limit.level + slack]
        chosen.append(best_of(plan, within, 0))
    front: list[Iterate] = []
    unique = {iterate.place: iterate for iterate in chosen if iterate is not None}
    for iterate in sorted(unique.values(), key=lambda i: (worth(plan, i, 0), worth(plan, i, 1))):
        if not front or worth(plan, iterate, 1) < worth(plan, front[-1], 1):
            front.append(iterate)
    return front
