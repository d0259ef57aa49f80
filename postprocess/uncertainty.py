"""What is assumed of a scenario becomes bands of its results: by derivatives, and by samples as a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.uncertainty import BASIS, PER_TERM, UncertaintyPlan

LOW, HIGH = 0.16, 0.84
"""Ends of a band: it holds two thirds of all devices, as one standard deviation to both sides of a normal one does."""
CLOUD = 4096
"""Points at which the linear model is evaluated, which costs nothing."""
OF_BAND = "V_mV@I_mA="


@dataclass(frozen=True)
class Spread:
    """How one number of a run is spread.

    Attributes:
        name: of the number.
        value: with the values of the scenario; NaN where it has none there.
        slopes: its derivatives by the assumed numbers in their inner scales, shape (assumed,); NaN where not known.
        linear: what the linear model makes of its distribution, shape (CLOUD,).
        linear_shares: parts of the linear variance, shape (assumed,).
        sampled: values of whole runs, NaN where a run does not have it, shape (samples,).
        shares: first-order parts of the sampled variance, shape (assumed,); NaN where too few runs have the number.
        computed: samples that were computed.
    """

    name: str
    value: float
    slopes: Array
    linear: Array
    linear_shares: Array
    sampled: Array
    shares: Array
    computed: int

    @property
    def linear_deviation(self) -> float:
        """Standard deviation of the linear model."""
        return float(np.std(self.linear))

    @property
    def here(self) -> Array:
        """The sampled values that exist."""
        return np.asarray(self.sampled[np.isfinite(self.sampled)])


def spread_of(
    plan: UncertaintyPlan, name: str, value: float, slopes: Array, sampled: Array, computed: int
) -> Spread:  # fmt: skip
    """Return how a number is spread, from its derivatives and from its values in all samples."""
    assumed = plan.uncertainty.assumed
    deviations = np.array([one.deviation for one in assumed])
    linear = value + (plan.inner(plan.points(CLOUD)) - plan.here) @ slopes
    parts = (slopes * deviations) ** 2
    whole = parts.sum()
    shares = parts / whole if whole > 0.0 else np.full(len(assumed), np.nan)
    basis = [one.basis(plan.parts[:, k]) for k, one in enumerate(assumed)]
    return Spread(name, value, slopes, linear, shares, sampled, first_order(basis, sampled), computed)


def first_order(basis: Sequence[Array], values: Array) -> Array:
    """Return the part of the variance of values that each assumed number makes by itself: first-order Sobol indices.

    With orthonormal polynomials of every number the coefficients c of a least-squares fit give sum c^2 over the
    variance (Sudret, Reliab. Eng. Syst. Saf. 93, 964 (2008)). The square of a coefficient that is known with a variance
    s^2 is too large by s^2, which is taken off. The points are spread evenly, so that the variance is their mean
    square.

    Args:
        basis: polynomials of each number at the samples, shape (samples, BASIS) each.
        values: at the samples; NaN where there is none.

    Returns:
        Shape (numbers,); NaN where too few values exist, or all are the same.
    """
    use = np.isfinite(values)
    terms = np.column_stack([np.ones(int(use.sum())), *(part[use] for part in basis)])
    count, size = terms.shape
    y = values[use]
    if count < PER_TERM * size or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return np.full(len(basis), np.nan)
    inverse = np.linalg.pinv(terms.T @ terms)
    coefficients = inverse @ (terms.T @ y)
    scatter = float(np.sum((y - terms @ coefficients) ** 2)) / (count - size)
    squares = (coefficients**2 - scatter * np.diag(inverse))[1:].reshape(len(basis), BASIS)
    return np.asarray(np.clip(squares.sum(axis=1) / np.var(y), 0.0, 1.0))


def uncertainty_rows(spreads: Sequence[Spread]) -> list[Row]:
    """Return the rows of uncertainty.csv: each number with its bands, and how many samples have it."""
    return [
        {
            "observable": one.name, "value": one.value, "linear_deviation": one.linear_deviation,
            **_ends("linear", one.linear), "sampled_mean": _of(np.mean, one.here),
            "sampled_deviation": _of(np.std, one.here), **_ends("sampled", one.here), "have_it": len(one.here),
            "samples": one.computed,
        }
        for one in spreads
    ]  # fmt: skip


def share_rows(plan: UncertaintyPlan, spreads: Sequence[Spread]) -> list[Row]:
    """Return the rows of shares.csv: parts of the variance of each number that each assumed one makes by itself."""
    return [
        {
            "observable": one.name, "assumed": assumed.name, "key": assumed.key,
            "linear_share": float(one.linear_shares[k]), "sampled_share": float(one.shares[k]),
        }
        for one in spreads
        for k, assumed in enumerate(plan.uncertainty.assumed)
    ]  # fmt: skip


def band_rows(spreads: Sequence[Spread]) -> list[Row]:
    """Return the rows of bands.csv: V at constant current with its bands."""
    return [
        {
            "I_mA": float(one.name.removeprefix(OF_BAND)), "V_mV": one.value,
            "linear_deviation_mV": one.linear_deviation, **_ends("linear", one.linear, "_mV"),
            **_ends("sampled", one.here, "_mV"), "sampled_median_mV": _of(np.median, one.here),
            "have_it": len(one.here), "samples": one.computed,
        }
        for one in spreads
    ]  # fmt: skip


def _ends(word: str, values: Array, unit: str = "") -> Row:
    low, high = np.quantile(values, (LOW, HIGH)) if len(values) else (np.nan, np.nan)
    return {f"{word}_low{unit}": float(low), f"{word}_high{unit}": float(high)}


def _of(function: object, values: Array) -> float:
    return float(function(values)) if callable(function) and len(values) else float("nan")


def words(plan: UncertaintyPlan, spreads: Sequence[Spread], strongest: int = 3) -> str:
    """Return what a person is told: every number with both bands, and what decides it."""
    names = [one.name for one in plan.uncertainty.assumed]
    lines = ["number: with the values of the scenario; two thirds of all devices by derivatives; by samples"]
    for one in spreads:
        ends: Mapping[str, object] = _ends("linear", one.linear) | _ends("sampled", one.here)
        linear, sampled = (f"{ends[f'{word}_low']:.4g} to {ends[f'{word}_high']:.4g}" for word in ("linear", "sampled"))
        missing = one.computed - len(one.here)
        without = f"; {missing} of {one.computed} samples do not have it" if missing else ""
        lines.append(f"{one.name} = {one.value:.4g}: {linear}; {sampled}{without}")
        shares = one.shares if np.isfinite(one.shares).all() else one.linear_shares
        if np.isfinite(shares).all():
            first = np.argsort(-shares)[:strongest]
            lines.append("  by " + ", ".join(f"{names[k]} ({100 * shares[k]:.0f} %)" for k in first))
    return "\n".join(lines) + "\n"
