"""What a fit has found: values, uncertainties, correlations, directions that the data do not tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.fit_jacobian import BY_CHOICE, Jacobian
from hotmesa.fit_model import Point, bounds, measured_rows
from hotmesa.postprocess.fit import has_uncertainty
from hotmesa.postprocess.posterior import Posterior
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.fit import FitPlan, Parameter
from hotmesa.scenarios.writing import write_json, write_table, write_text

AT_BOUND = 1e-3
FREE = 1e-6
"""Part of the most certain direction by which one must be seen to be fixed at all."""
TOLD = 3
"""Pairs of datum and parameter that are told of each reason."""


@dataclass(frozen=True, repr=False)
class FitResult:
    """The outcome of a fit.

    Attributes:
        plan: what was fitted.
        best: the best point.
        internal: its parameters in their internal scale (logarithms where the scale says so), shape (parameters,).
        slopes: derivatives of the residuals there.
        covariance: of these, shape (parameters, parameters); None where the data do not fix them.
        free: number of data minus number of parameters.
        absolute: whether all data had uncertainties, so that the covariance is not scaled by the scatter.
        converged: whether the method ended by itself.
        message: what it said.
        folder: of the results.
        files: that were written there.
        sample: of the parameters, where one was asked for: weighted sets of values with moments and directions.
    """

    plan: FitPlan
    best: Point
    internal: Array
    slopes: Jacobian
    covariance: Array | None
    free: int
    absolute: bool
    converged: bool
    message: str
    folder: Path
    files: tuple[Path, ...] = ()
    sample: Posterior | None = None

    def __repr__(self) -> str:
        """Return values, uncertainties and chi² in a few lines."""
        return f"<FitResult {self.plan.fit.name}\n{text_of(self)}>"

    @property
    def errors(self) -> list[float | None]:
        """Standard uncertainties of the parameters in their own units."""
        if self.covariance is None:
            return [None] * len(self.internal)
        sigma = np.sqrt(np.diag(self.covariance))
        scales = [self.best.values[p.key] if p.scale == "log" else 1.0 for p in self.plan.fit.parameters]
        return [float(s * scale) for s, scale in zip(sigma, scales, strict=True)]

    @property
    def correlations(self) -> Array | None:
        """Correlation matrix of the parameters."""
        if self.covariance is None:
            return None
        sigma = np.sqrt(np.diag(self.covariance))
        return np.asarray(self.covariance / np.outer(sigma, sigma))


def covariance_of(jacobian: Array, chi_squared: float, absolute: bool) -> Array | None:
    """Return (J^T J)^-1, scaled by chi^2 per degree of freedom unless sigmas are absolute; None if it is singular."""
    data, parameters = jacobian.shape
    scale = np.linalg.norm(jacobian, axis=0)
    if not np.all(scale > 0) or data < parameters:
        return None
    values, vectors = np.linalg.eigh((jacobian / scale).T @ (jacobian / scale))
    if values[0] < FREE**2 * values[-1]:
        return None
    inverse = (vectors / values) @ vectors.T / np.outer(scale, scale)
    if not absolute:
        inverse = inverse * chi_squared / max(data - parameters, 1)
    return np.asarray(inverse)


def is_absolute(plan: FitPlan) -> bool:
    """Return whether all data have uncertainties."""
    return all(datum.curve is None or has_uncertainty(datum.curve, datum.data) for datum in plan.measurements)


def directions(result: FitResult) -> list[dict[str, Any]]:
    """Return the principal axes of the uncertainty, least certain first, in units of the distances of the bounds.

    Along an axis of large `sigma` the parameters can change together, by these parts, without the data noticing; None
    stands for one that no datum depends on.
    """
    parameters = result.plan.fit.parameters
    span = np.array([np.ptp(bounds(parameter)) for parameter in parameters])
    _, lengths, axes = np.linalg.svd(result.slopes.matrix * span, full_matrices=True)
    lengths = np.append(lengths, np.zeros(len(parameters) - len(lengths)))
    scatter = 1.0 if result.absolute else np.sqrt(result.best.chi_squared / max(result.free, 1))
    names = [parameter.name for parameter in parameters]
    return [
        {
            "sigma": float(scatter / lengths[k]) if lengths[k] > FREE * lengths[0] else None,
            "parts": dict(zip(names, axes[k].tolist(), strict=True)),
        }
        for k in np.argsort(lengths)
    ]


def bound_reached(result: FitResult, parameter: Parameter) -> str | None:
    """Return "min" or "max" where a parameter has ended at a bound, None elsewhere."""
    k = result.plan.fit.parameters.index(parameter)
    low, high = bounds(parameter)
    place = (result.internal[k] - low) / (high - low)
    return "min" if place < AT_BOUND else "max" if place > 1 - AT_BOUND else None


def as_dict(result: FitResult, cost: Mapping[str, Any]) -> dict[str, Any]:
    """Return fit.json."""
    parameters, best = result.plan.fit.parameters, result.best
    correlations = result.correlations
    found = {}
    for k, (parameter, error) in enumerate(zip(parameters, result.errors, strict=True)):
        value = best.values[parameter.key]
        others = {} if correlations is None else {
            other.name: float(correlations[k, j]) for j, other in enumerate(parameters) if j != k
        }  # fmt: skip
        at = bound_reached(result, parameter)
        found[parameter.name] = {
            "key": parameter.key, "value": value, "uncertainty": error, "start": parameter.start,
            "min": parameter.min, "max": parameter.max, "at_bound": at, "correlations": others,
        }  # fmt: skip
    return {
        "name": result.plan.fit.name,
        "converged": result.converged,
        "message": result.message,
        "chi_squared": best.chi_squared,
        "data": int(best.residual.size),
        "degrees_of_freedom": result.free,
        "chi_squared_reduced": best.chi_squared / result.free if result.free > 0 else None,
        "uncertainties_from": "given uncertainties" if result.absolute else "scatter of the data",
        "parameters": found,
        "directions": directions(result),
        "differences": [
            {"data": datum, "parameter": parameter, "reason": reason}
            for (datum, parameter), reason in result.slopes.differences.items()
        ],
        "problems": dict(best.problems),
        "warnings": dict(best.warnings),
        **cost,
    }


def write_result(folder: Path, result: FitResult, points: Sequence[Point], cost: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write fit.json, residuals.csv, history.csv and best-NAME.toml; their paths.

    Raises:
        OSError: they cannot be written.
    """
    written = [write_json(folder / "fit.json", as_dict(result, cost))]
    rows = []
    start = 0
    for datum in result.plan.measurements:
        for place, value, sigma in measured_rows(datum):
            model, residual = float(result.best.model[start]), float(result.best.residual[start])
            rows.append({
                "data": datum.data.name, "quantity": datum.data.observable or datum.data.compare, "at": place,
                "measured": value, "sigma": sigma, "model": model, "residual": residual,
            })  # fmt: skip
            start += 1
    written.append(write_table(folder / "residuals.csv", rows))
    written.append(write_history(folder, result.plan, points))
    for name, scenario in result.best.scenarios.items():
        if scenario is not None:
            written.append(write_text(folder / f"best-{name}.toml", to_toml(scenario)))
    return tuple(written)


def write_history(folder: Path, plan: FitPlan, points: Sequence[Point]) -> Path:
    """Write history.csv: every set of values that was computed, with its chi^2."""
    names = [parameter.key for parameter in plan.fit.parameters]
    rows: list[dict[str, Any]] = []
    for number, point in enumerate(points, start=1):
        problems = "; ".join(f"{name}: {text}" for name, text in point.problems.items())
        values = {name: point.values[name] for name in names}
        rows.append({"point": number, **values, "chi_squared": point.chi_squared, "problems": problems})
    return write_table(folder / "history.csv", rows, ["point", *names, "chi_squared", "problems"])


def differences_in_words(slopes: Jacobian) -> list[str]:
    """Return which derivatives took further runs, and why, a line for each reason that nobody has chosen."""
    reasons: dict[str, list[str]] = {}
    for (datum, parameter), reason in slopes.differences.items():
        reasons.setdefault(reason, []).append(f"{datum} by {parameter}")
    lines = []
    for reason, pairs in reasons.items():
        shown = ", ".join(pairs[:TOLD]) + (f" and {len(pairs) - TOLD} more" if len(pairs) > TOLD else "")
        lines += [] if reason == BY_CHOICE else [f"by differences of runs: {shown}: {reason}"]
    return lines


def text_of(result: FitResult) -> str:
    """Return the result as lines for a terminal."""
    parameters = result.plan.fit.parameters
    width = max(len(parameter.name) for parameter in parameters)
    lines = []
    for parameter, error in zip(parameters, result.errors, strict=True):
        value = result.best.values[parameter.key]
        spread = f"± {error:.2g}" if error is not None else "  (not fixed by the data)"
        at = bound_reached(result, parameter)
        note = f"  at its bound ({at}): the data want it further" if at else ""
        lines.append(f"{parameter.name:<{width}}  {value:12.6g} {spread}{note}")
    correlations = result.correlations
    if correlations is not None and len(parameters) > 1:
        k, j = np.unravel_index(np.argmax(np.abs(np.triu(correlations, 1))), correlations.shape)
        names = f"{parameters[k].name} and {parameters[j].name}"
        lines.append(f"largest correlation: {correlations[k, j]:+.3f} between {names}")
    reduced = f", {result.best.chi_squared / result.free:.4g} per degree of freedom" if result.free > 0 else ""
    lines.append(f"chi² = {result.best.chi_squared:.6g} for {result.best.residual.size} data{reduced}")
    for notes in (result.best.problems, result.best.warnings):
        lines += [f"{name}: {text}" for name, text in notes.items()]
    lines += differences_in_words(result.slopes)
    return "\n".join(lines if result.converged else [*lines, f"not converged: {result.message}"])
