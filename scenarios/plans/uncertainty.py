"""Files of `hotmesa uncertainty`: what is assumed and how widely, and the cases that tell what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy.stats import norm, qmc

from hotmesa.scenarios.arrays import Array
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
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.scenarios.plans.study import Case, Plan, Study
from hotmesa.scenarios.schema import Positive, Scenario, Section

CENTRE = "centre"
"""Name of the case with the values of the scenario."""
BASIS = 2
"""Polynomials of each assumed number of which first-order shares are made."""
PER_TERM = 2
"""Samples for each of their coefficients at least."""


class Assumed(Section):
    """One number that is assumed, with its range or its standard deviation."""

    key: str = Field(description="scenario key")
    also: list[str] = Field(default_factory=list, description="further keys that always have the same value")
    label: str | None = Field(None, min_length=1, max_length=60, description="name in reports; default the key")
    min: float | None = Field(None, description="lower end of the range, every value inside equally likely")
    max: float | None = Field(None, description="upper end")
    sigma: Positive | None = Field(
        None, description="or a standard deviation around the value of the scenario; of its logarithm with scale = log"
    )
    scale: Literal["linear", "log"] = Field("linear", description="log: equal ratios are equally likely")

    @model_validator(mode="after")
    def _range_or_sigma(self) -> Assumed:
        if (self.min is None) != (self.max is None) or (self.min is None) == (self.sigma is None):
            raise ValueError(f"{self.key}: give either min and max (a range) or sigma (a standard deviation)")
        if self.min is not None and self.max is not None:
            if not self.min < self.max:
                raise ValueError(f"{self.key}: min = {self.min:g} is not below max = {self.max:g}")
            if self.scale == "log" and not self.min > 0:
                raise ValueError(f"{self.key}: scale = log needs positive ends, min is {self.min:g}")
        return self

    @property
    def name(self) -> str:
        """How reports call it."""
        return self.label or self.key

    def inner(self, value: float) -> float:
        """Return a value in the scale in which it is spread: its logarithm with scale = log."""
        return float(np.log(value)) if self.scale == "log" else value

    def spread(self, parts: Array, value: float) -> Array:
        """Return where given parts (0 to 1) of all devices lie below, in the inner scale.

        Args:
            parts: of any shape.
            value: that of the scenario.
        """
        if self.min is None or self.max is None:
            return np.asarray(self.inner(value) + (self.sigma or 0.0) * norm.ppf(parts))
        low, high = self.inner(self.min), self.inner(self.max)
        return np.asarray(low + (high - low) * parts)

    @property
    def deviation(self) -> float:
        """Standard deviation in the inner scale."""
        if self.min is None or self.max is None:
            return float(self.sigma or 0.0)
        return (self.inner(self.max) - self.inner(self.min)) / float(np.sqrt(12.0))

    def basis(self, parts: Array) -> Array:
        """Return polynomials of mean zero, variance one and no correlation over the distribution, shape (..., BASIS).

        Of Legendre for a range, of Hermite for a normal distribution.
        """
        if self.min is None:
            z = norm.ppf(parts)
            return np.stack([z, (z**2 - 1.0) / np.sqrt(2.0)], axis=-1)
        x = 2.0 * parts - 1.0
        return np.stack([np.sqrt(3.0) * x, np.sqrt(5.0) * (1.5 * x**2 - 0.5)], axis=-1)


class Uncertainty(PlanFile):
    """What is assumed of a scenario, and what shall be known of its results."""

    assumed: list[Assumed] = Field(description="the numbers that are assumed", min_length=1)
    observables: list[str] | None = Field(None, description="numbers that get bands; default the usual ones")
    currents: int = Field(30, ge=2, le=1000, description="currents at which V gets a band, equally spaced to the last")
    samples: int = Field(64, ge=4, le=65536, description="Sobol points, a power of two; more keep the first ones")
    seed: int = Field(0, ge=0, description="of their scrambling")

    @model_validator(mode="after")
    def _samples_are_balanced(self) -> Uncertainty:
        if self.samples & (self.samples - 1):
            near = 1 << self.samples.bit_length()
            text = f"Sobol points are spread evenly in powers of two: {near // 2} or {near}"
            raise ValueError(f"samples = {self.samples}: {text}")
        least = PER_TERM * (BASIS * len(self.assumed) + 1)
        if self.samples < least:
            near = 1 << (least - 1).bit_length()
            raise ValueError(f"samples = {self.samples} tell {len(self.assumed)} numbers not apart: {near} are needed")
        return self


@dataclass(frozen=True)
class UncertaintyPlan:
    """What is assumed, ready to be computed.

    Attributes:
        uncertainty: what the file says.
        file, text: where it stands, and its text.
        scenario: the device with its own values.
        values: of the assumed numbers there, by key.
    """

    uncertainty: Uncertainty
    file: Path
    text: str
    scenario: Scenario
    values: Mapping[str, float]

    @cached_property
    def parts(self) -> Array:
        """The Sobol points, parts of each distribution, shape (samples, assumed)."""
        return self.points(self.uncertainty.samples)

    def points(self, count: int) -> Array:
        """Return as many Sobol points, shape (count, assumed), none of them on an edge."""
        sequence = qmc.Sobol(len(self.uncertainty.assumed), scramble=True, seed=self.uncertainty.seed)
        return np.asarray(np.clip(sequence.random(count), 1e-12, 1.0 - 1e-12))

    def inner(self, parts: Array) -> Array:
        """Return the assumed numbers in their inner scales at parts of their distributions, same shape."""
        columns = [one.spread(parts[:, k], self.values[one.key]) for k, one in enumerate(self.uncertainty.assumed)]
        return np.column_stack(columns)

    @property
    def here(self) -> Array:
        """The assumed numbers of the scenario in their inner scales, shape (assumed,)."""
        return np.array([one.inner(self.values[one.key]) for one in self.uncertainty.assumed])

    def cases(self, columns: tuple[str, ...]) -> Plan:
        """Return the cases as those of a study: the scenario itself with its derivatives, and one for each sample.

        Args:
            columns: those besides V and I whose derivatives are needed.
        """
        given, folder = self.uncertainty, self.file.resolve().parent
        keys = tuple(key for one in given.assumed for key in (one.key, *one.also))
        cases = [Case(CENTRE, {}, self.scenario, derived=keys, columns=columns)]
        inner = self.inner(self.parts)
        digits = len(str(given.samples - 1))
        for number, row in enumerate(inner):
            values = dict[str, float]()
            for one, x in zip(given.assumed, row, strict=True):
                value = float(f"{np.exp(x) if one.scale == 'log' else x:.10g}")
                values |= dict.fromkeys((one.key, *one.also), value)
            cases.append(_sample(given, values, f"sample-{number:0{digits}d}", folder))
        study = Study(name=given.name, title=given.title, scenario=given.scenario, fixed=given.fixed)
        study = study.model_copy(update={"observables": given.observables})
        return Plan(study, self.file, self.text, tuple(cases), keys=keys)


def load_uncertainty(name_or_path: str | Path, vocabulary: Vocabulary | None = None) -> UncertaintyPlan:
    """Return what is assumed of a scenario.

    Args:
        name_or_path: of a bundled file, or a file.
        vocabulary: the observables that there are; None leaves their names unchecked.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "uncertainty")
    given, text = read_plan(file, Uncertainty, "uncertainty")
    problems = _clashes(given)
    refuse(file, problems)
    scenario = _scenario(given, {}, file.resolve().parent)
    if scenario.mode != "branch":
        problems.append(f'mode = "{scenario.mode}": derivatives are those of a branch; set mode = "branch" in [fixed]')
    data, values = scenario.model_dump(), dict[str, float]()
    for one in given.assumed:
        value = look_up(data, one.key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"{one.key}: {scenario.name} has no number there that could be assumed")
            continue
        values[one.key] = float(value)
        problems += _outside(one, float(value))
    refuse(file, problems)
    problems = _ends(given, values, file.resolve().parent)
    if vocabulary is not None:
        names = given.observables or ()
        problems += [problem for name in names if (problem := vocabulary.problem_with(name, (scenario.mode,)))]
    refuse(file, problems)
    return UncertaintyPlan(given, file, text, scenario, values)


def _clashes(given: Uncertainty) -> list[str]:
    keys = Counter(key for one in given.assumed for key in (one.key, *one.also))
    fixed = flat(given.fixed)
    problems = [f"{key} is assumed twice" for key, count in keys.items() if count > 1]
    problems += [f"{key} is both fixed and assumed" for key in keys if key in fixed]
    for key in keys:
        known = find_key(path_of(key))
        if known is not None and known.type != "number":
            problems.append(f"{key} is {known.type or 'no number'}: only keys that hold any number can be assumed")
    return problems


def _outside(one: Assumed, value: float) -> list[str]:
    if one.min is not None and one.max is not None and not one.min <= value <= one.max:
        return [f"{one.key}: the scenario has {value:g}, outside of the assumed {one.min:g} to {one.max:g}"]
    if one.scale == "log" and not value > 0.0:
        return [f"{one.key}: scale = log needs a positive value, the scenario has {value:g}"]
    return []


def _ends(given: Uncertainty, values: Mapping[str, float], folder: Path) -> list[str]:
    """Return what is wrong with the ends of every range, one number at a time."""
    problems: dict[str, None] = {}
    for one in given.assumed:
        for word, end in (("min", one.min), ("max", one.max)):
            if end is None:
                continue
            try:
                _scenario(given, {**values} | dict.fromkeys((one.key, *one.also), end), folder)
            except ScenarioError as error:
                texts = [text.removeprefix("--set ") for text in error.problems]
                problems |= dict.fromkeys(f"{text} (with {one.key} at its {word} {end:g})" for text in texts)
    return list(problems)


def _scenario(given: Uncertainty, values: Mapping[str, float], folder: Path, name: str = "") -> Scenario:
    changes: dict[str, Any] = flat(given.fixed) | dict(values) | ({"name": name} if name else {})
    overrides = [override(key, value, folder) for key, value in changes.items()]
    return load_scenario(base_scenario(given.scenario, folder), overrides, complete=True)


def _sample(given: Uncertainty, values: Mapping[str, float], name: str, folder: Path) -> Case:
    try:
        return Case(name, {}, _scenario(given, values, folder, name))
    except ScenarioError as error:  # a combination, or a far end of a distribution, that is no device
        return Case(name, {}, None, tuple(text.removeprefix("--set ") for text in error.problems))
