"""Derivatives of the residuals of a fit: those that came with the branches, and differences of runs for all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from hotmesa.case import OK, fingerprint
from hotmesa.fit_model import Evaluator, beyond, bounds, size_of
from hotmesa.postprocess.derivatives import Kept, load
from hotmesa.postprocess.fit import compare_curves
from hotmesa.postprocess.tables import ResultError, Table, column
from hotmesa.scenarios import Scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.fit import Measurement, Parameter

BY_CHOICE = 'derivatives = "differences"'


@dataclass(frozen=True)
class Jacobian:
    """Derivatives of the residuals by the parameters in their internal scale.

    Attributes:
        matrix: shape (data, parameters).
        differences: why a derivative was taken by a difference of runs, by names of datum and parameter.
    """

    matrix: Array
    differences: Mapping[tuple[str, str], str]


def jacobian(evaluator: Evaluator, internal: Array) -> Jacobian:
    """Return the derivatives of the residuals at internal parameters, shape (data, parameters).

    Branches are derived by the adjoint on the way, so that these cost no further run. What is not known in this way is
    a central difference of runs, one-sided at a bound.
    """
    data, parameters = evaluator.plan.measurements, evaluator.plan.fit.parameters
    blocks, reasons = _known(evaluator, internal)
    ends = _Ends(evaluator, internal)
    whole = [k for k, p in enumerate(parameters) if all((d.data.name, p.name) in reasons for d in data)]
    for k, difference in zip(whole, ends.of_all(whole), strict=True):
        for datum in data:
            blocks[datum.data.name][:, k] = difference[datum.data.name]
    pairs = [(d, k) for k, p in enumerate(parameters) for d in data if (d.data.name, p.name) in reasons]
    single = [(datum, k) for datum, k in pairs if k not in whole]
    for (datum, k), values in zip(single, ends.of_pairs(single), strict=True):
        blocks[datum.data.name][:, k] = values
    return Jacobian(np.concatenate([blocks[datum.data.name] for datum in data]), reasons)


def _known(evaluator: Evaluator, internal: Array) -> tuple[dict[str, Array], dict[tuple[str, str], str]]:
    """Return the derivatives that came with the branches, by datum, and why others are not known."""
    parameters, data = evaluator.plan.fit.parameters, evaluator.plan.measurements
    values = evaluator.values(internal)
    blocks: dict[str, Array] = {datum.data.name: np.zeros((size_of(datum), len(parameters))) for datum in data}
    if evaluator.plan.fit.derivatives == "differences":
        return blocks, {(datum.data.name, p.name): BY_CHOICE for datum in data for p in parameters}
    scenarios = evaluator.scenarios(values)
    valid = {name: item for name, item in scenarios.items() if isinstance(item, Scenario)}
    outcomes = evaluator.outcomes([item for item in valid.values() if item.mode == "branch"], derive=True)
    reasons: dict[tuple[str, str], str] = {}
    for datum in data:
        name, scenario = datum.data.name, valid.get(datum.data.name)
        outcome = None if scenario is None else outcomes.get(fingerprint(scenario))
        if scenario is None or (outcome is not None and outcome.status != OK):
            continue  # its residual is a constant
        source = _Source.of(evaluator, datum, scenario)
        for k, parameter in enumerate(parameters):
            reason = source.why_not(parameter)
            if reason:
                reasons[name, parameter.name] = reason
            else:
                scale = values[parameter.key] if parameter.scale == "log" else 1.0
                blocks[name][:, k] = scale * source.derivative(parameter)
    return blocks, reasons


@dataclass(frozen=True)
class _Source:
    """A measurement, and the derivatives of its branch."""

    datum: Measurement
    scenario: Scenario
    known: tuple[str, ...]
    kept: Kept | None
    value: float | None
    is_missing: bool

    @staticmethod
    def of(evaluator: Evaluator, datum: Measurement, scenario: Scenario) -> _Source:
        """Read what a case left."""
        folder = evaluator.folder(scenario)
        try:
            kept = load(folder)
        except ResultError:
            kept = None
        if scenario.mode != "branch":
            return _Source(datum, scenario, (), None, None, False)
        comparison, _ = evaluator.compare(datum, scenario, evaluator.outcomes([scenario])[fingerprint(scenario)])
        value = None if comparison is None or datum.curve is not None else float(comparison.model[0])
        return _Source(datum, scenario, evaluator.derived_keys(scenario), kept, value, comparison is None)

    def why_not(self, parameter: Parameter) -> str:
        """Return why the derivatives by a parameter are not known; "" where they are."""
        if self.scenario.mode != "branch":
            return f'derivatives are those of a branch, not of mode = "{self.scenario.mode}"'
        if self._is_settled:
            return ""
        for key in (parameter.key, *parameter.also):
            if key not in self.known:
                return f"{key} is no number that steady states depend on"
            if self.kept is None:
                return "they are missing in the folder of the case"
            if key not in self.kept.columns:
                return self.kept.refused.get(key, f"{key} was not among what the branch was derived by")
        name = self.datum.data.observable
        if name is not None and self.kept is not None and not self.kept.knows(name):
            return f"no derivative of {name} is known"
        return ""

    @property
    def _is_settled(self) -> bool:
        """Whether the residual does not change: there is no number, or its limit is kept."""
        if self.is_missing or self.value is None:
            return self.is_missing
        data = self.datum.data
        return data.limit is not None and beyond(self.value - (data.value or 0.0), data.limit) == 0.0

    def derivative(self, parameter: Parameter) -> Array:
        """Return the derivative of the residuals by the value of a parameter."""
        keys, data, kept = (parameter.key, *parameter.also), self.datum.data, self.kept
        if self._is_settled or kept is None:
            return np.zeros(size_of(self.datum))
        if self.datum.curve is not None:
            return np.asarray(sum(kept.of_table(key, self._residual) for key in keys))
        return np.array([sum(kept.of_number(str(data.observable), key) for key in keys) / (data.sigma or 1.0)])

    def _residual(self, table: Table) -> Array:
        if self.datum.curve is None:
            raise AssertionError("a number has no curve")
        return compare_curves(column(table, "V_mV"), column(table, "I_mA"), self.datum.curve, self.datum.data).residual


class _Ends:
    """Differences of whole runs to both sides of parameters."""

    def __init__(self, evaluator: Evaluator, internal: Array) -> None:
        """Take who computes, and the place."""
        self._evaluator, self._internal = evaluator, internal
        fit = evaluator.plan.fit
        self._bounds = np.array([bounds(p) for p in fit.parameters])
        self._steps = fit.derivative_step * np.ptp(self._bounds, axis=1)

    def _moved(self, k: int) -> tuple[Array, Array]:
        """Return the places on both sides of a parameter, within its bounds."""
        low, high = (np.array(self._internal, dtype=np.float64) for _ in range(2))
        low[k] = max(low[k] - self._steps[k], self._bounds[k, 0])
        high[k] = min(high[k] + self._steps[k], self._bounds[k, 1])
        return low, high

    def of_all(self, columns: Sequence[int]) -> Iterator[dict[str, Array]]:
        """Yield the differences of all data by parameters, by datum: whole points of the fit."""
        ends = [end for k in columns for end in self._moved(k)]
        points = self._evaluator.many(ends) if ends else []
        sizes = [size_of(datum) for datum in self._evaluator.plan.measurements]
        names = [datum.data.name for datum in self._evaluator.plan.measurements]
        for at, k in enumerate(columns):
            apart = ends[2 * at + 1][k] - ends[2 * at][k]
            slope = (points[2 * at + 1].residual - points[2 * at].residual) / apart
            yield dict(zip(names, np.split(slope, np.cumsum(sizes)[:-1]), strict=True))

    def of_pairs(self, pairs: Sequence[tuple[Measurement, int]]) -> Iterator[Array]:
        """Yield the differences of single data by single parameters."""
        evaluator = self._evaluator
        places = [(datum, self._moved(k)) for datum, k in pairs]
        sides = [
            [evaluator.scenarios(evaluator.values(end))[datum.data.name] for end in ends] for datum, ends in places
        ]
        outcomes = evaluator.outcomes([item for both in sides for item in both if isinstance(item, Scenario)])
        missing = partial(np.full, fill_value=evaluator.plan.fit.missing)
        for (datum, ends), both, (_, k) in zip(places, sides, pairs, strict=True):
            residuals = []
            for item in both:
                found = None
                if isinstance(item, Scenario):
                    found = evaluator.compare(datum, item, outcomes[fingerprint(item)])[0]
                residuals.append(missing(size_of(datum)) if found is None else found.residual)
            yield (residuals[1] - residuals[0]) / (ends[1][k] - ends[0][k])
