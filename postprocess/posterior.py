"""Weighted samples of fitted parameters: moments, what the data fix of them, and sample.png."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALONE = 1.0 / np.sqrt(12.0)
"""Standard deviation over the distance of the bounds where the data say nothing: of equally likely values."""
FIXED = 0.5
"""Part of `ALONE` below which the data are said to fix a combination."""
MOST = 6
"""Parameters that are drawn."""
QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)


@dataclass(frozen=True)
class Posterior:
    """Samples of n sets of p parameters in their internal scales.

    Attributes:
        names: of the parameters.
        bounds: of them, shape (p, 2).
        places: shape (n, p).
        weights: they add up to one, shape (n,).
        chi_squared: shape (n,).
        linear: covariance of the linearised problem, (p, p), which the samples were drawn from.
    """

    names: tuple[str, ...]
    bounds: Array
    places: Array
    weights: Array
    chi_squared: Array
    linear: Array

    @property
    def effective(self) -> float:
        """Number of equally weighted samples that would tell as much."""
        return float(1.0 / np.sum(self.weights**2))

    @cached_property
    def mean(self) -> Array:
        """Mean of the parameters, shape (p,)."""
        return np.asarray(self.weights @ self.places)

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the parameters, shape (p, p)."""
        away = self.places - self.mean
        return np.asarray((away.T * self.weights) @ away)

    def quantiles(self, parts: Sequence[float] = QUANTILES) -> Array:
        """Return quantiles of every parameter, shape (p, parts)."""
        found = []
        for column in self.places.T:
            order = np.argsort(column)
            below = np.cumsum(self.weights[order]) - 0.5 * self.weights[order]
            found.append(np.interp(parts, below, column[order]))
        return np.array(found)

    def directions(self) -> list[dict[str, Any]]:
        """Return the principal axes of the samples in units of the distances of the bounds, the best known first.

        Each with `sigma`, its part of what the bounds alone leave (`of_bounds`), whether the data fix it, and the parts
        of the parameters.
        """
        span = np.ptp(self.bounds, axis=1)
        values, axes = np.linalg.eigh(self.covariance / np.outer(span, span))
        sigmas = np.sqrt(np.maximum(values, 0.0))
        return [
            {
                "sigma": float(sigma), "of_bounds": float(sigma / ALONE), "fixed": bool(sigma < FIXED * ALONE),
                "parts": dict(zip(self.names, axes[:, k].tolist(), strict=True)),
            }
            for k, sigma in enumerate(sigmas)
        ]  # fmt: skip


@style.styled
def plot_posterior(found: Posterior, scales: Sequence[str]) -> Figure:
    """Return a figure: each parameter by itself, each pair as weighted points with the linearised ellipse.

    Args:
        found: the samples.
        scales: "log" or "linear" for each parameter.
    """
    count = min(MOST, len(found.names))
    figure = page.new_figure(1.0 + 2.3 * max(count, 2), 0.9 + 2.2 * max(count, 2))
    panels = figure.subplots(count, count, squeeze=False)
    centre = found.places[np.argmin(found.chi_squared)]
    shown = found.quantiles((0.001, 0.999))
    for row in range(count):
        for k in range(count):
            axes = panels[row, k]
            if k > row:
                axes.set_visible(False)
            elif k == row:
                _draw_one(axes, found, k, centre[k], scales[k])
            else:
                _draw_pair(axes, found, (k, row), centre, scales)
                axes.set_ylim(*_values(scales[row], shown[row]))
            axes.set_xlim(*_values(scales[k], shown[k]))
            style.tidy(axes)
            if row == count - 1:
                axes.set_xlabel(found.names[k])
            if k == 0 and row > 0:
                axes.set_ylabel(found.names[row])
    page.heading(figure, f"{len(found.weights)} samples, as good as {found.effective:.0f} independent ones")
    return figure


def _values(scale: str, places: Array) -> Array:
    return np.exp(places) if scale == "log" else places


def _draw_one(axes: Axes, found: Posterior, k: int, centre: float, scale: str) -> None:
    places = found.places[:, k]
    values = _values(scale, places)
    axes.hist(values, bins=20, weights=found.weights, density=True, color=style.BRANCH_COLOUR, alpha=0.5)
    sigma = float(np.sqrt(found.linear[k, k]))
    at = np.linspace(float(found.bounds[k, 0]), float(found.bounds[k, 1]), 400)
    density = np.exp(-0.5 * ((at - centre) / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))
    values = _values(scale, at)
    axes.plot(values, density / (values if scale == "log" else 1.0), color=style.ORANGE, linestyle="--", linewidth=1.2)
    axes.set_yticks([])


def _draw_pair(axes: Axes, found: Posterior, pair: tuple[int, int], centre: Array, scales: Sequence[str]) -> None:
    x, y = (_values(scales[k], found.places[:, k]) for k in pair)
    sizes = 400.0 * found.weights / found.weights.max() / np.sqrt(len(found.weights))
    axes.scatter(x, y, s=sizes, color=style.BRANCH_COLOUR, linewidths=0.0, alpha=0.7)
    part = found.linear[np.ix_(pair, pair)]
    values, vectors = np.linalg.eigh(part)
    turn = np.linspace(0.0, 2.0 * np.pi, 200)
    ring = vectors @ (np.sqrt(np.maximum(values, 0.0))[:, None] * np.array([np.cos(turn), np.sin(turn)]))
    ends = [_values(scales[k], centre[k] + part) for k, part in zip(pair, ring, strict=True)]
    axes.plot(*ends, color=style.ORANGE, linestyle="--", linewidth=1.2)
