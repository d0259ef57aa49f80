"""From a fit file to what has to be computed; all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.plans.data import Measured, read_measured
from hotmesa.scenarios.plans.errors import StudyError
from hotmesa.scenarios.plans.fit import Data, Fit
from hotmesa.scenarios.plans.load_study import base_scenario, find_plan, read_plan
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.scenarios.plans.values import flat, override, path_of
from hotmesa.scenarios.schema import Scenario


@dataclass(frozen=True)
class Measurement:
    """One measurement with what it needs.

    Attributes:
        data: what the file says.
        curve: the measured points, None for a number.
    """

    data: Data
    curve: Measured | None


@dataclass(frozen=True)
class FitPlan:
    """A fit ready to be computed."""

    fit: Fit
    file: Path
    text: str
    measurements: tuple[Measurement, ...]

    def scenario(self, datum: Measurement, values: Mapping[str, float]) -> Scenario:
        """Return the scenario of a measurement at values of the parameters, by key.

        Raises:
            ScenarioError: it is not valid.
        """
        folder = self.file.resolve().parent
        base = base_scenario(datum.data.scenario or self.fit.scenario, folder)
        changes = flat(self.fit.fixed) | flat(datum.data.set)
        for parameter in self.fit.parameters:
            changes |= dict.fromkeys((parameter.key, *parameter.also), values[parameter.key])
        return load_scenario(base, [override(key, value, folder) for key, value in changes.items()], complete=True)


def load_fit(name_or_path: str | Path, vocabulary: Vocabulary | None = None) -> FitPlan:
    """Return a fit with its data.

    Args:
        name_or_path: of a bundled fit, or a file.
        vocabulary: the observables that there are; None leaves their names unchecked.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "fit")
    fit, text = read_plan(file, Fit)
    problems = _doubles(fit) + _parameters(fit)
    measurements: list[Measurement] = []
    for data in fit.data:
        try:
            measurements.append(_measurement(fit, data, file.resolve().parent))
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError([f"{file}: {problem}" for problem in problems])
    plan = FitPlan(fit, file, text, tuple(measurements))
    problems = _trial(plan, vocabulary)
    if problems:
        raise StudyError([f"{file}: {problem}" for problem in problems])
    return plan


def _doubles(fit: Fit) -> list[str]:
    keys = Counter(key for parameter in fit.parameters for key in (parameter.key, *parameter.also))
    names = Counter(data.name for data in fit.data)
    problems = [f"{key} is fitted twice" for key, count in keys.items() if count > 1]
    problems += [f"{count} data sets are called {name}" for name, count in names.items() if count > 1]
    held = {"fixed": flat(fit.fixed)} | {f"data {data.name}": flat(data.set) for data in fit.data}
    return problems + [
        f"{key} is fitted and also set in {where}" for where, given in held.items() for key in given if key in keys
    ]


def _parameters(fit: Fit) -> list[str]:
    problems = []
    for parameter in fit.parameters:
        for key in (parameter.key, *parameter.also):
            known = find_key(path_of(key))
            if known is not None and known.type != "number":
                problems.append(f"{key} is {known.type or 'no number'}: only keys that hold any number can be fitted")
    return problems


def _measurement(fit: Fit, data: Data, folder: Path) -> Measurement:
    if data.file is None:
        return Measurement(data, None)
    given = flat(fit.fixed) | flat(data.set)
    base = load_scenario(
        base_scenario(data.scenario or fit.scenario, folder), [override(k, v, folder) for k, v in given.items()],
        complete=True,
    )
    curve = read_measured((folder / data.file).resolve(), resistive_junctions(base))
    use = np.ones(curve.I_mA.shape, dtype=bool)
    if data.first_mA is not None:
        use &= curve.I_mA >= data.first_mA
    if data.last_mA is not None:
        use &= curve.I_mA <= data.last_mA
    if not use.any():
        raise StudyError([f"data {data.name}: no point of {data.file} lies between first_mA and last_mA"])
    sigma_V, sigma_I = (None if part is None else part[use] for part in (curve.sigma_V_mV, curve.sigma_I_mA))
    lines = tuple(line for line, used in zip(curve.lines, use, strict=True) if used)
    return Measurement(data, Measured(curve.V_mV[use], curve.I_mA[use], sigma_V, sigma_I, lines))


def _trial(plan: FitPlan, vocabulary: Vocabulary | None) -> list[str]:
    """Return what is wrong with the scenarios at the start and with each parameter at its bounds."""
    start = {parameter.key: parameter.start for parameter in plan.fit.parameters}
    points = {"at the start": start}
    for parameter in plan.fit.parameters:
        for word, value in (("min", parameter.min), ("max", parameter.max)):
            points[f"with {parameter.key} at its {word} {value:g}"] = start | {parameter.key: value}
    problems: dict[str, None] = {}
    for datum in plan.measurements:
        found: set[str] = set()
        for where, values in points.items():
            try:
                scenario = plan.scenario(datum, values)
            except ScenarioError as error:
                texts = {text.removeprefix("--set ") for text in error.problems}
                problems |= dict.fromkeys(f"{text} ({where})" for text in texts - found)
                found |= texts
                if where == "at the start":
                    break
                continue
            if vocabulary is not None and datum.data.observable is not None and where == "at the start":
                problem = vocabulary.problem_with(datum.data.observable, (scenario.mode,))
                problems |= {f"data {datum.data.name}: {problem}": None} if problem else {}
    return list(problems)
