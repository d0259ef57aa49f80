"""Samples of the parameters that data allow, drawn from the linearised fit and weighted by whole runs.

A point costs a run, and those of a chain cost one after the other. Importance sampling has the linearised posterior as
its proposal, widened to a Student distribution, at scrambled Sobol points: they are computed side by side, kept as
cases, and the same again after a kill. Weights exp(-chi^2/2)/q make up for what is not linear; q is the mixture of all
rounds (Owen and Zhou, J. Am. Stat. Assoc. 95, 135 (2000)), the second of which is drawn from what the first has found
(Cornuet et al., Scand. J. Stat. 39, 798 (2012)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaln
from scipy.stats import chi2, norm, qmc

from hotmesa.fit_bands import covariance_within_bounds
from hotmesa.fit_model import Evaluator, bounds
from hotmesa.fit_result import FitResult
from hotmesa.postprocess.posterior import QUANTILES, Posterior, plot_posterior
from hotmesa.postprocess.style import save_picture
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.writing import write_json, write_table
from hotmesa.solver.errors import RequestError

TAIL = 6.0
"""Degrees of freedom of the Student distribution that is drawn from: wider than a normal one in its tails."""
ROUNDS = 2
LEAST = 16
"""Samples for each parameter, at least."""
TRIES = 64
"""Draws for each sample that lies within the bounds, at most."""


@dataclass(frozen=True)
class Proposal:
    """A Student distribution, cut off at the bounds.

    Attributes:
        centre: shape (p,).
        root: of its scale matrix, lower triangle, shape (p, p).
        inside: part of it that lies within the bounds.
    """

    centre: Array
    root: Array
    inside: float = 1.0

    def log_density(self, places: Array) -> Array:
        """Return ln q at places of shape (n, p)."""
        p = len(self.centre)
        away = np.linalg.solve(self.root, (places - self.centre).T)
        size = gammaln(0.5 * (TAIL + p)) - gammaln(0.5 * TAIL) - 0.5 * p * np.log(TAIL * np.pi)
        size -= float(np.log(np.diag(self.root)).sum()) + np.log(self.inside)
        return np.asarray(size - 0.5 * (TAIL + p) * np.log1p((away**2).sum(axis=0) / TAIL))


def draw(proposal: Proposal, limits: Array, count: int, seed: int) -> tuple[Array, Proposal]:
    """Return places within limits of shape (p, 2), and the proposal with the part of it that lies there.

    Raises:
        RequestError: hardly any does.
    """
    p = len(limits)
    sequence = qmc.Sobol(p + 1, scramble=True, seed=seed)
    found, drawn = np.zeros((0, p)), 0
    while len(found) < count:
        if drawn >= TRIES * count:
            raise RequestError("--sample: the fit ends in a corner of its bounds; widen min and max")
        parts = np.clip(sequence.random(1 << (count - 1).bit_length()), 1e-12, 1.0 - 1e-12)
        length = np.sqrt(TAIL / chi2.ppf(parts[:, -1], TAIL))[:, None]
        places = proposal.centre + (norm.ppf(parts[:, :-1]) * length) @ proposal.root.T
        use = np.all((places >= limits[:, 0]) & (places <= limits[:, 1]), axis=1)
        found, drawn = np.concatenate([found, places[use]]), drawn + len(use)
    return found[:count], Proposal(proposal.centre, proposal.root, len(found) / drawn)


def sampled(result: FitResult, evaluator: Evaluator, count: int, seed: int = 0) -> Posterior:
    """Return weighted samples of the parameters of a fit; all values between the bounds are equally likely beforehand.

    Where data have no uncertainties the scatter of the best values is theirs, as in the covariance.

    Args:
        result: the fit.
        evaluator: who computes its points.
        count: samples.
        seed: of the draws.

    Raises:
        RequestError: too few samples, or too few of them within the bounds.
        KeyboardInterrupt: it was interrupted; what was computed is kept.
    """
    parameters = result.plan.fit.parameters
    refuse_few(count, len(parameters))
    limits = np.array([bounds(parameter) for parameter in parameters])
    scatter = 1.0 if result.absolute else result.best.chi_squared / max(result.free, 1)
    linear = covariance_within_bounds(result)
    centre, covariance = np.clip(result.internal, limits[:, 0], limits[:, 1]), linear
    places, proposals, sizes = np.zeros((0, len(parameters))), list[Proposal](), list[int]()
    chi_squared = np.zeros(0)
    evaluator.derives = False  # no step is made from these points
    for turn in range(ROUNDS):
        size = count // ROUNDS if turn + 1 < ROUNDS else count - len(places)
        new, proposal = draw(Proposal(centre, np.linalg.cholesky(covariance)), limits, size, seed + turn)
        found = np.array([point.chi_squared for point in evaluator.many(list(new))])
        places, chi_squared = np.concatenate([places, new]), np.concatenate([chi_squared, found])
        proposals, sizes = [*proposals, proposal], [*sizes, size]
        weights = _weights(places, chi_squared / scatter, proposals, sizes)
        now = Posterior(tuple(p.name for p in parameters), limits, places, weights, chi_squared, linear)
        if now.effective > 2 * len(parameters):  # enough of them to tell a covariance
            centre, covariance = now.mean, now.covariance + 1e-6 * linear
    return now


def refuse_few(count: int, parameters: int) -> None:
    """Refuse numbers of samples that tell nothing.

    Raises:
        RequestError: there are too few.
    """
    if count < LEAST * parameters:
        raise RequestError(f"--sample {count}: {parameters} parameters need {LEAST * parameters} samples at least")


def _weights(places: Array, chi_squared: Array, proposals: Sequence[Proposal], sizes: Sequence[int]) -> Array:
    """Return the weights of samples against the mixture of all proposals; they add up to one."""
    logs = np.array([np.log(size) + one.log_density(places) for one, size in zip(proposals, sizes, strict=True)])
    ratio = -0.5 * chi_squared - np.logaddexp.reduce(logs, axis=0)
    weights = np.exp(ratio - ratio.max())
    return np.asarray(weights / weights.sum())


def write_sample(found: Posterior, result: FitResult, folder: Path) -> tuple[Path, ...]:
    """Write sample.csv, sample.json and sample.png; their paths.

    Raises:
        OSError: they cannot be written.
    """
    scales = [parameter.scale for parameter in result.plan.fit.parameters]
    values = np.column_stack([_values(scale, found.places[:, k]) for k, scale in enumerate(scales)])
    rows = [
        {"weight": float(w), "chi_squared": float(c), **dict(zip(found.names, map(float, row), strict=True))}
        for w, c, row in zip(found.weights, found.chi_squared, values, strict=True)
    ]
    files = (write_table(folder / "sample.csv", rows), write_json(folder / "sample.json", as_dict(found, scales)))
    picture = save_picture(partial(plot_posterior, found, scales), folder / "sample.png")
    return (*files, *(() if picture is None else (picture,)))


def as_dict(found: Posterior, scales: Sequence[str]) -> dict[str, Any]:
    """Return sample.json."""
    quantiles, words = found.quantiles(), [f"{100 * part:g} %" for part in QUANTILES]
    sigma = np.sqrt(np.diag(found.covariance))
    correlations = found.covariance / np.outer(sigma, sigma)
    parameters = {
        name: {
            "quantiles": dict(zip(words, map(float, _values(scales[k], quantiles[k])), strict=True)),
            "sigma_over_linear": float(sigma[k] / np.sqrt(found.linear[k, k])),
            "correlations": {other: float(correlations[k, j]) for j, other in enumerate(found.names) if j != k},
        }
        for k, name in enumerate(found.names)
    }
    count = {"samples": len(found.weights), "effective_samples": found.effective}
    return {**count, "parameters": parameters, "directions": found.directions()}


def _values(scale: str, places: Array) -> Array:
    return np.exp(places) if scale == "log" else places


def sample_in_words(found: Posterior) -> str:
    """Return what a person is told: how good the samples are, and which combinations the data fix."""
    head = f"{len(found.weights)} samples, as good as {found.effective:.0f} independent ones"
    lines = [head if found.effective > LEAST else f"{head}: too few; take a larger --sample"]
    for item in found.directions():
        parts = sorted(item["parts"].items(), key=lambda pair: -abs(pair[1]))
        combination = " ".join(f"{part:+.2f} {name}" for name, part in parts if abs(part) > 0.2)
        verdict = "fixed by the data" if item["fixed"] else "left free"
        lines.append(f"  {combination}: {100 * item['of_bounds']:.3g} % of what the bounds allow, {verdict}")
    return "\n".join(lines)
