"""Residuals of a fit: every set of parameter values is a set of cases, each computed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.case import OK, STOPPED, Outcome, Task, fingerprint, known_outcome
from hotmesa.pool import Workers
from hotmesa.postprocess.absent import NEVER, lies_beyond
from hotmesa.postprocess.accuracy import accuracy_warnings
from hotmesa.postprocess.fit import Comparison, compare_curves, sigmas
from hotmesa.postprocess.sensitivity import needs_state
from hotmesa.postprocess.tables import column, read_table
from hotmesa.postprocess.values import observe, read_summary, table_of
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import parameters
from hotmesa.scenarios.plans.fit import FitPlan, Measurement, Parameter
from hotmesa.solver.law.variation import spelled_out

SAME = 10
"""Digits of a parameter that count: rounding must not make a new case."""


@dataclass(frozen=True)
class Point:
    """One set of parameter values with what it gave.

    Attributes:
        values: parameters by key.
        residual: (model - measured)/sigma of everything, shape (data,).
        model: the model in the measured quantities, same shape, NaN where there is none.
        problems: what went wrong, by datum.
        warnings: measured points that the computed curve cannot meet, and what its mesh does not resolve, by datum.
        scenarios: what was computed, by datum.
    """

    values: Mapping[str, float]
    residual: Array
    model: Array
    problems: Mapping[str, str]
    warnings: Mapping[str, str]
    scenarios: Mapping[str, Scenario | None]

    @property
    def chi_squared(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residual @ self.residual)


class Evaluator:
    """Residuals at parameter values; several points at once share the workers."""

    def __init__(self, plan: FitPlan, folder: Path, workers: Workers, seen: Callable[[Point, int], None]) -> None:
        """Take what is fitted, where the cases are kept, who computes, and who is told of each new point.

        Attributes:
            plan: what is fitted.
            computed: number of cases that were computed.
            derives: whether branches are computed with their derivatives at once.
        """
        self.plan, self._folder, self._workers, self._seen = plan, folder, workers, seen
        self._points: dict[tuple[float, ...], Point] = {}
        self.computed = 0
        self.derives = plan.fit.method == "least_squares" and plan.fit.derivatives == "adjoint"
        names = [datum.data.observable for datum in plan.measurements]
        self._observables = [name for name in names if name is not None] or ["V_mV@I_mA=0"]

    @property
    def points(self) -> tuple[Point, ...]:
        """All points so far, in order."""
        return tuple(self._points.values())

    def at(self, internal: Array) -> Point:
        """Return the point at internal parameters (logarithms where the scale says so)."""
        return self.many([internal])[0]

    def many(self, internal: Sequence[Array]) -> list[Point]:
        """Return several points, computing what is missing side by side."""
        keys = [tuple(map(_rounded, self._physical(u))) for u in internal]
        new = list(dict.fromkeys(key for key in keys if key not in self._points))
        names = [parameter.key for parameter in self.plan.fit.parameters]
        scenarios = {key: self.scenarios(dict(zip(names, key, strict=True))) for key in new}
        every = [scenario for result in scenarios.values() for scenario in result.values()]
        outcomes = self.outcomes([scenario for scenario in every if isinstance(scenario, Scenario)], self.derives)
        for key in new:
            point = self._point(dict(zip(names, key, strict=True)), scenarios[key], outcomes)
            self._points[key] = point
            self._seen(point, len(self._points))
        return [self._points[key] for key in keys]

    def values(self, internal: Array) -> dict[str, float]:
        """Return the values of the parameters by key."""
        keys = [parameter.key for parameter in self.plan.fit.parameters]
        return dict(zip(keys, map(_rounded, self._physical(internal)), strict=True))

    def _physical(self, internal: Array) -> list[float]:
        result = []
        for parameter, u in zip(self.plan.fit.parameters, internal, strict=True):
            value = float(np.exp(u)) if parameter.scale == "log" else float(u)
            result.append(min(max(value, parameter.min), parameter.max))
        return result

    def scenarios(self, values: Mapping[str, float]) -> dict[str, Scenario | ScenarioError]:
        """Return the scenario of every measurement at values of the parameters, or why it is none, by datum."""
        result: dict[str, Scenario | ScenarioError] = {}
        for datum in self.plan.measurements:
            try:
                result[datum.data.name] = self.plan.scenario(datum, values)
            except ScenarioError as error:  # a combination that the bounds one by one do not show
                result[datum.data.name] = error
        return result

    def outcomes(self, scenarios: Sequence[Scenario], derive: bool = False) -> dict[str, Outcome]:
        """Compute what is missing, branches with their derivatives if these are wanted; outcomes by fingerprint.

        Raises:
            KeyboardInterrupt: one was interrupted.
        """
        tasks = {fingerprint(scenario): self._task(scenario, derive) for scenario in scenarios}
        outcomes = {digest: known for digest, task in tasks.items() if (known := known_outcome(task)) is not None}
        due = [task for digest, task in tasks.items() if digest not in outcomes]
        self.computed += len(due)
        for outcome in self._workers.outcomes(due):
            if outcome.status == STOPPED:
                raise KeyboardInterrupt
            outcomes[outcome.scenario_sha256] = outcome
        return outcomes

    def folder(self, scenario: Scenario) -> Path:
        """Return where a case is kept."""
        return self._folder / fingerprint(scenario)[:16]

    def derived_keys(self, scenario: Scenario) -> tuple[str, ...]:
        """Return the fitted keys by which a branch can be derived; none of another kind of run."""
        if scenario.mode != "branch":
            return ()
        known = {item.key for item in parameters(spelled_out(scenario))}
        fitted = (key for parameter in self.plan.fit.parameters for key in (parameter.key, *parameter.also))
        return tuple(key for key in fitted if key in known)

    def _task(self, scenario: Scenario, derive: bool = False) -> Task:
        folder = self.folder(scenario)
        if not derive:
            return Task(folder.name, folder, scenario, "hotmesa fit")
        keys, columns = self.derived_keys(scenario), needs_state(self._observables)
        return Task(folder.name, folder, scenario, "hotmesa fit", derived=keys, columns=columns)

    def _point(
        self,
        values: Mapping[str, float],
        scenarios: Mapping[str, Scenario | ScenarioError],
        outcomes: Mapping[str, Outcome],
    ) -> Point:
        residuals, models, problems, warnings = [], [], dict[str, str](), dict[str, str]()
        for datum in self.plan.measurements:
            scenario = scenarios[datum.data.name]
            if isinstance(scenario, ScenarioError):
                result, problem = None, "; ".join(scenario.problems)
            else:
                result, problem = self.compare(datum, scenario, outcomes[fingerprint(scenario)])
            if problem:
                problems[datum.data.name] = problem
            texts = [result.warning, *self._mesh_warnings(scenario)] if result is not None else []
            if any(texts):
                warnings[datum.data.name] = "; ".join(filter(None, texts))
            count = size_of(datum)
            residuals.append(np.full(count, self.plan.fit.missing) if result is None else result.residual)
            models.append(np.full(count, np.nan) if result is None else result.model)
        valid = {name: item if isinstance(item, Scenario) else None for name, item in scenarios.items()}
        return Point(values, np.concatenate(residuals), np.concatenate(models), problems, warnings, valid)

    def _mesh_warnings(self, scenario: Scenario | ScenarioError) -> list[str]:
        if isinstance(scenario, ScenarioError):
            return []
        try:
            return accuracy_warnings(read_summary(self.folder(scenario)), scenario)
        except (OSError, ValueError):
            return []

    def compare(self, datum: Measurement, scenario: Scenario, outcome: Outcome) -> tuple[Comparison | None, str]:
        """Return what a case leaves of a measurement, and what went wrong or is noticed."""
        folder = self.folder(scenario)
        if outcome.status != OK:
            return None, outcome.reason
        try:
            if datum.curve is not None:
                table = read_table(table_of(folder), ("V_mV", "I_mA"), strict=False)
                return compare_curves(column(table, "V_mV"), column(table, "I_mA"), datum.curve, datum.data), ""
            value = observe(folder, [str(datum.data.observable)])[str(datum.data.observable)]
        except (OSError, ValueError, KeyError) as error:
            return None, f"the results cannot be read: {error}"
        if value.word == NEVER and lies_beyond(str(datum.data.observable)) and datum.data.limit == "at-least":
            at_limit = np.array([float(datum.data.value or 0.0)])
            return Comparison(np.zeros(1), at_limit, np.array([datum.data.sigma]), f"never: {value.reason}"), ""
        if value.number is None or datum.data.value is None or datum.data.sigma is None:
            return None, f"{datum.data.observable}: {value.reason}"
        miss = beyond(value.number - datum.data.value, datum.data.limit) / datum.data.sigma
        return Comparison(np.array([miss]), np.array([value.number]), np.array([datum.data.sigma])), ""


def _rounded(x: float) -> float:
    return float(f"{x:.{SAME}g}")


def size_of(datum: Measurement) -> int:
    """Return how many residuals a measurement has."""
    return 1 if datum.curve is None else datum.curve.V_mV.size


def beyond(difference: float, limit: str | None) -> float:
    """Return a difference model - measured, and zero on the allowed side of a limit (its square stays smooth there)."""
    if limit == "at-least":
        return min(difference, 0.0)
    return max(difference, 0.0) if limit == "at-most" else difference


def bounds(parameter: Parameter) -> tuple[float, float]:
    """Return the bounds of a parameter in its internal scale."""
    ends = (parameter.min, parameter.max)
    return (float(np.log(ends[0])), float(np.log(ends[1]))) if parameter.scale == "log" else ends


def measured_rows(datum: Measurement) -> list[tuple[float, float, float]]:
    """Return (place, measured, sigma) of the points of a measurement; the place is V or I, NaN for a number."""
    data, curve = datum.data, datum.curve
    if curve is None:
        return [(float("nan"), float(data.value or 0.0), float(data.sigma or 1.0))]
    sigma_V, sigma_I = sigmas(curve, data)
    if data.compare == "I-at-V":
        columns = (curve.V_mV, curve.I_mA, sigma_I)
    else:
        columns = (curve.I_mA, curve.V_mV, sigma_V)
    return [(float(x), float(y), float(s)) for x, y, s in zip(*columns, strict=True)]
