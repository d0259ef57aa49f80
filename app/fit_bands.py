"""Bands of I(V) that the uncertainties of a fit leave: from the derivatives at its best values alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa.case import fingerprint
from hotmesa.fit_model import Evaluator, bounds
from hotmesa.fit_result import FitResult, directions
from hotmesa.postprocess.bands import band, displacements
from hotmesa.postprocess.derivatives import Kept, load
from hotmesa.postprocess.tables import ResultError, Row
from hotmesa.scenarios.arrays import Array

ACROSS = 1.0
"""Standard deviation, in units of the distances of the bounds, of a direction that the data leave free."""


@dataclass(frozen=True)
class Bands:
    """What bands.csv holds.

    Attributes:
        rows: of all branches.
        missing: why a branch has no band, by datum.
        bounded: whether bounds count beside the data, because the data leave a direction free.
    """

    rows: list[Row]
    missing: dict[str, str]
    bounded: bool


def bands(result: FitResult, evaluator: Evaluator) -> Bands:
    """Return the bands of the branches of a fit at its best values, one for each scenario that the data name.

    Where the data let parameters move together across their bounds, values are taken as equally likely between these
    beside the data.
    """
    free = is_bounded(result)
    covariance = covariance_within_bounds(result)
    rows: list[Row] = []
    seen, missing = set[str](), dict[str, str]()
    for name, scenario in result.best.scenarios.items():
        if scenario is None or scenario.mode != "branch" or fingerprint(scenario) in seen:
            continue
        seen.add(fingerprint(scenario))
        try:
            kept = load(evaluator.folder(scenario))
            changes = _changes(result, kept)
        except ResultError as error:
            missing[name] = str(error)
            continue
        if kept is not None and kept.branch is not None:
            rows += [{"data": name, **row} for row in band(kept.branch, changes, covariance)]
    return Bands(rows, missing, free)


def is_bounded(result: FitResult) -> bool:
    """Return whether the data let parameters move together across their bounds, so that these count beside them."""
    free = any(item["sigma"] is None or item["sigma"] >= ACROSS for item in directions(result))
    return free or result.covariance is None


def covariance_within_bounds(result: FitResult) -> Array:
    """Return the linearised covariance; where the data leave a direction free, with the bounds as further data."""
    return _within_bounds(result) if result.covariance is None or is_bounded(result) else result.covariance


def notes_on(found: Bands) -> dict[str, Any]:
    """Return what fit.json says of them."""
    count = "data, and bounds where these leave a direction free" if found.bounded else "data"
    return {"from": count, "missing": found.missing}


def _within_bounds(result: FitResult) -> Array:
    """Return the covariance with bounds as if each of them were a datum: (J^T J + 12/span^2)^-1."""
    span = np.array([np.ptp(bounds(parameter)) for parameter in result.plan.fit.parameters])
    matrix = result.slopes.matrix
    return np.asarray(np.linalg.inv(matrix.T @ matrix + np.diag(12.0 / span**2)))


def _changes(result: FitResult, kept: Kept | None) -> Array:
    """Return the displacements of a branch by the parameters in their internal scale, shape (points, parameters).

    Raises:
        ResultError: one of them is not known.
    """
    parameters = result.plan.fit.parameters
    if kept is None or kept.branch is None:
        raise ResultError("it has no derivatives")
    unknown = [key for p in parameters for key in (p.key, *p.also) if key not in kept.columns]
    if unknown:
        raise ResultError(f"its derivatives by {', '.join(unknown)} are not known")
    columns = [[kept.columns[key] for key in (p.key, *p.also)] for p in parameters]
    scales = [result.best.values[p.key] if p.scale == "log" else 1.0 for p in parameters]
    return displacements(kept.branch, columns, scales)
