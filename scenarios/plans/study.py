"""Study files: their schema, and from a file to its cases, each with a validated scenario; all problems at once."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.plans.axes import Axis, Range, Vary, axis_of
from hotmesa.scenarios.plans.files import (
    LONGEST_NAME,
    PlanFile,
    StudyError,
    base_scenario,
    find_plan,
    flat,
    is_plain,
    look_up,
    override,
    path_of,
    read_plan,
    refuse,
)
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.scenarios.schema import Positive, Scenario, Section

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
_SHOWN = 12
TAKEN = ("case", "status", "reason", "wall_s", "cpu_s")
"""Columns that every table of a study has."""


class Phases(Section):
    """The phase diagram of the hot spot that is made of a study: where it is at these currents in every case."""

    currents_mA: list[Positive] | None = Field(None, description="currents, increasing; one where two keys are varied")
    range: Range | None = Field(None, description="or {first, last, points or step, spacing}")

    @model_validator(mode="after")
    def _one_of_both(self) -> Phases:
        if (self.currents_mA is None) == (self.range is None):
            raise ValueError("give either currents_mA or range")
        numbers = self.numbers
        if not numbers or not numbers[0] > 0 or any(b <= a for a, b in pairwise(numbers)):
            raise ValueError(f"the currents must be above zero and increase, not {numbers}; the last one ends the runs")
        return self

    @property
    def numbers(self) -> tuple[float, ...]:
        """The currents in mA."""
        return tuple(self.range.numbers() if self.range is not None else self.currents_mA or ())


class Observed(Section):
    """What a finite voltage resolution makes of the conductance peak in every case (`hotmesa observe`)."""

    windows_mV_per_junction: list[Annotated[float, Field(ge=0, le=1000)]] = Field(
        description="windows of the difference, mV per junction; 0: the exact derivative", min_length=1, max_length=6
    )


class Study(PlanFile):
    """A study: all combinations of the axes."""

    vary: list[Vary] = Field(default_factory=list, description="the axes")
    observables: list[str] | None = Field(None, description="columns of the table; default all numbers of summary.json")
    rank_by: str | None = Field(None, description="observable by which the cases are ranked")
    best: Literal["largest", "smallest"] = Field("largest", description="which end of the ranking comes first")
    rank_stable: bool = Field(False, description="rank only states that the source holds, as compare --stable does")
    invalid: Literal["refuse", "skip"] = Field("refuse", description="what to do if a combination is no valid scenario")
    phases: Phases | None = Field(None, description="draw a phase diagram of the hot spot, phases.csv and phases.png")
    observed: Observed | None = Field(None, description="what a voltmeter resolves: observed.csv and observed.png")
    figures: bool = Field(False, description="draw the figures of every case")
    states: bool = Field(False, description="keep the fields of every case (states.npz)")
    max_cases: int = Field(10_000, ge=1, le=1_000_000, description="refuse larger studies")


@dataclass(frozen=True)
class Case:
    """One case of a study.

    Attributes:
        name: folder of its results.
        points: names of the points of the named axes, by the label of the axis.
        scenario: what is computed; None if the combination is no valid scenario.
        problems: why not.
        sweep: what is computed besides where its source loses a state of the branch; of phase diagrams.
        derived: keys by which the branch is derived besides.
        columns: those besides V and I whose derivatives are wanted.
    """

    name: str
    points: Mapping[str, str]
    scenario: Scenario | None
    problems: tuple[str, ...] = ()
    sweep: Scenario | None = None
    derived: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A study ready to be computed.

    Attributes:
        study: what the file says.
        file: where it stands.
        text: its text.
        cases: all combinations, in the order of the axes, the last one fastest.
        axes: labels of the axes whose points have names, in order: columns of the table.
        keys: keys that are varied and hold plain values, in order: columns of the table.
        columns: column of the table that stands for each axis, in order.
    """

    study: Study
    file: Path
    text: str
    cases: tuple[Case, ...]
    axes: tuple[str, ...] = ()
    keys: tuple[str, ...] = field(default=())
    columns: tuple[str, ...] = ()


def load_study(name_or_path: str | Path, vocabulary: Vocabulary | None = None) -> Plan:
    """Return a study with all its cases.

    Args:
        name_or_path: of a bundled study, or a file.
        vocabulary: the observables that there are; None leaves their names unchecked.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "study")
    study, text = read_plan(file, Study, "study")
    folder = file.resolve().parent
    if not study.vary:
        raise StudyError([f"{file}: the study is empty: it has no [[vary]], so there is nothing to compare"])
    load_scenario(base_scenario(study.scenario, folder), complete=True)  # its problems are not those of all cases
    axes = [axis_of(vary, number, folder) for number, vary in enumerate(study.vary)]
    problems = _clashes(study, axes)
    count = math.prod(len(axis.points) for axis in axes)
    if count > study.max_cases:
        problems.append(f"{count} cases are more than max_cases = {study.max_cases}")
    refuse(file, problems)
    cases = tuple(
        _case(study, axes, combination, folder) for combination in itertools.product(*(a.points for a in axes))
    )
    problems = _doubles(cases) + _invalid(study, cases) + phase_problems(study, cases)
    problems += _observables(study, cases, vocabulary)
    refuse(file, problems)
    keys = dict.fromkeys(key for axis in axes for key in axis.keys)
    plain = tuple(key for key in keys if _is_plain_everywhere(axes, key))
    columns = tuple(axis.label if axis.named else axis.keys[0] for axis in axes)
    return Plan(study, file, text, cases, tuple(axis.label for axis in axes if axis.named), plain, columns)


def _clashes(study: Study, axes: Sequence[Axis]) -> list[str]:
    keys = Counter(key for axis in axes for key in axis.keys)
    labels = Counter(axis.label for axis in axes if axis.named)
    problems = [f"{key} is varied by {count} axes" for key, count in keys.items() if count > 1]
    problems += [
        f"{count} axes are called {label}; give them a label each" for label, count in labels.items() if count > 1
    ]
    problems += [
        f"an axis cannot be called {label}: a column of the table has this name" for label in labels if label in TAKEN
    ]
    fixed = flat(study.fixed)
    problems += [f"{key} is set by [phases]" for key in (*keys, *fixed) if key in phase_values(study)]
    problems += [f"{key} is both fixed and varied" for key in keys if key in fixed]
    return problems + [f"the key {key} is set by the study itself" for key in (*keys, *fixed) if key == "name"]


def _case(study: Study, axes: Sequence[Axis], combination: Sequence[Any], folder: Path) -> Case:
    name = "_".join(point.name for point in combination)
    values = phase_values(study) | flat(study.fixed)
    values |= {key: value for point in combination for key, value in point.values.items()}
    named = {axis.label: point.name for axis, point in zip(axes, combination, strict=True) if axis.named}
    overrides = [override(key, value, folder) for key, value in values.items()]
    if _NAME.match(name):
        overrides.append(f'name="{name}"')
    try:
        scenario = load_scenario(base_scenario(study.scenario, folder), overrides, complete=True)
        return Case(name, named, scenario, sweep=phase_sweep(study, scenario))
    except ScenarioError as error:
        return Case(name, named, None, tuple(text.removeprefix("--set ") for text in error.problems))


def _doubles(cases: Sequence[Case]) -> list[str]:
    counts = Counter(case.name for case in cases)
    problems = [f"{count} cases are called {name}" for name, count in counts.items() if count > 1]
    for name in counts:
        if not _NAME.match(name):
            problems.append(f'"{name}" cannot name a case: only letters, digits, dots, dashes and underscores can')
        elif len(name) > LONGEST_NAME:
            problems.append(f"{name} is too long for the name of a case; give the points short names")
    return _cut(problems)


def _invalid(study: Study, cases: Sequence[Case]) -> list[str]:
    """Return each different problem once, with the number of cases that have it."""
    result: dict[str, list[str]] = {}
    for case in cases:
        for problem in case.problems:
            result.setdefault(problem, []).append(case.name)
    if study.invalid == "skip" and any(case.scenario is not None for case in cases):
        return []
    more = {text: f" and {len(names) - 1} more" if len(names) > 1 else "" for text, names in result.items()}
    return _cut([f"{text} (case {names[0]}{more[text]})" for text, names in result.items()])


def _observables(study: Study, cases: Sequence[Case], vocabulary: Vocabulary | None) -> list[str]:
    modes = dict.fromkeys(case.scenario.mode for case in cases if case.scenario is not None)
    names = dict.fromkeys([*(study.observables or ()), *([study.rank_by] if study.rank_by else ())])
    if not modes or vocabulary is None:
        return []
    return [problem for name in names if (problem := vocabulary.problem_with(name, modes)) is not None]


def _cut(problems: list[str]) -> list[str]:
    rest = len(problems) - _SHOWN
    return [*problems[:_SHOWN], f"and {rest} more of this kind"] if rest > 0 else problems


def _is_plain_everywhere(axes: Sequence[Axis], key: str) -> bool:
    """Return whether a key holds one number or word in all points; an element of a list may be missing elsewhere."""
    return all(is_plain(point.values.get(key)) for axis in axes for point in axis.points) and len(path_of(key)) > 0


def parameters_of(case: Case, keys: Sequence[str]) -> dict[str, Any]:
    """Return the values of the keys in the scenario of a case, None where they do not exist in it."""
    if case.scenario is None:
        return dict.fromkeys(keys)
    data = case.scenario.model_dump()
    values = {key: look_up(data, key) for key in keys}
    return {key: value if is_plain(value) else None for key, value in values.items()}


def phase_values(study: Study) -> dict[str, Any]:
    """Return the keys that a phase diagram sets in all cases; none in a study without one."""
    if study.phases is None:
        return {}
    *before, last = study.phases.numbers
    return {"branch.at_mA": before, "branch.end_current_mA": last}


def phase_sweep(study: Study, scenario: Scenario) -> Scenario | None:
    """Return the sweep that follows the stable states of a case; None without a phase diagram, or if there is none."""
    if study.phases is None:
        return None
    sweep: Scenario | None = KINDS[scenario.mode].stable_states(scenario, study.phases.numbers)
    return sweep


def phase_problems(study: Study, cases: Sequence[Case]) -> list[str]:
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
        scenario = case.scenario
        if scenario is not None and case.sweep is None:
            given = f'mode = "{scenario.mode}" and bias.kind = "{scenario.bias.kind}"'
            problems.append(f'phases: need mode = "branch" and bias.kind = "current", not {given}')
            break
    return problems
