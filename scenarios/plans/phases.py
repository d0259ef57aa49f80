"""What a phase diagram asks of the cases of its study: a branch that lands on its currents, a sweep through them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from hotmesa.scenarios.plans.study import Study
from hotmesa.scenarios.schema import Scenario

MIN_POINTS_PER_LEG = 2


class HasScenario(Protocol):
    """A case of a study."""

    @property
    def scenario(self) -> Scenario | None:
        """What is computed."""


def phase_values(study: Study) -> dict[str, Any]:
    """Return the keys that a phase diagram sets in all cases; none in a study without one."""
    if study.phases is None:
        return {}
    *before, last = study.phases.numbers
    return {"branch.at_mA": before, "branch.end_current_mA": last}


def phase_sweep(study: Study, branch: Scenario) -> Scenario | None:
    """Return the sweep of the current that follows the stable states of a case; None without a phase diagram.

    Its legs end on the currents, so that the states there are kept.
    """
    if study.phases is None or branch.bias.kind != "current" or branch.mode != "branch":
        return None
    legs = (0.0, *study.phases.numbers)
    points = max(MIN_POINTS_PER_LEG, -(-branch.branch.min_points // len(legs)))
    bias = branch.bias.model_copy(update={"legs_mA": legs, "points_per_leg": points})
    behind = branch.branch.model_copy(update={"at_mA": ()})
    return branch.model_copy(update={"mode": "sweep", "bias": bias, "branch": behind})


def phase_problems(study: Study, cases: Iterable[HasScenario]) -> list[str]:
    """Return why no phase diagram can be made of a study, in sentences."""
    if study.phases is None:
        return []
    currents, axes = len(study.phases.numbers), len(study.vary)
    problems = []
    if (axes, currents > 1) not in ((1, True), (2, False)):
        problems.append(
            f"phases: {axes} axes [[vary]] and {currents} currents: vary one key at several currents, or two at one"
        )
    for case in cases:
        asked = case.scenario
        if asked is not None and (asked.mode != "branch" or asked.bias.kind != "current"):
            given = f'mode = "{asked.mode}" and bias.kind = "{asked.bias.kind}"'
            problems.append(f'phases: need mode = "branch" and bias.kind = "current", not {given}')
            break
    return problems
