"""Best readings against designs that are known, and against all pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hotmesa.postprocess.identify import Candidates, best_shares, precision, summary_rows
from hotmesa.postprocess.tables import ResultError


@pytest.mark.parametrize(("degree", "places"), [(1, [-1.0, 1.0]), (2, [-1.0, 0.0, 1.0]), (3, [-1.0, -0.5, 0.5, 1.0])])
def test_polynomials_are_read_best_where_theory_says(degree: int, places: list[float]):
    # Fedorov, Theory of Optimal Experiments (1972): equal shares at the ends and at the roots of P'_degree; of degree 3
    # these are +-1/sqrt(5) = +-0.447, between two places of this grid.
    x = np.linspace(-1.0, 1.0, 41)
    shares = best_shares(np.vander(x, degree + 1))
    for place in places:
        assert shares[np.abs(x - place) < 0.08].sum() == pytest.approx(1.0 / (degree + 1), abs=5e-3)


def test_no_pair_of_readings_is_better(seed: int = 5):
    slopes = np.random.default_rng(seed).normal(size=(12, 2)) @ np.array([[1.0, 0.9], [0.0, 0.2]])
    shares = best_shares(slopes)
    best = np.linalg.det((slopes.T * shares) @ slopes)
    pairs = [np.linalg.det(0.5 * slopes[list(pair)].T @ slopes[list(pair)]) for pair in combinations(range(12), 2)]
    assert best >= max(pairs) * (1.0 - 1e-3)
    worth = np.einsum("mi,ij,mj->m", slopes, np.linalg.inv((slopes.T * shares) @ slopes), slopes)
    assert worth.max() == pytest.approx(2.0, rel=5e-3)  # Kiefer and Wolfowitz


def test_uncertainties_are_those_of_a_straight_line():
    x = np.linspace(0.0, 1.0, 20)
    slopes = np.column_stack([np.ones(20), x])
    sigma, correlation = precision(slopes, np.full(20, 1 / 20), 20, 0.3)
    spread = np.sum((x - x.mean()) ** 2)
    assert sigma[1] == pytest.approx(0.3 / np.sqrt(spread), rel=1e-12)
    assert correlation[0, 1] == pytest.approx(-x.sum() / np.sqrt(20 * np.sum(x**2)), rel=1e-12)


def test_what_cannot_be_told_apart_is_said():
    slopes = np.outer(np.arange(1.0, 9.0), [1.0, 2.0])
    with pytest.raises(ResultError, match="leave a combination of the parameters free"):
        best_shares(slopes)
    found = Candidates(np.full(8, np.nan), np.arange(8.0), np.arange(8.0), slopes, ("a", "b"))
    row = summary_rows(found, np.full(8, 1 / 8), 10, 1.0, "")[0]
    assert row["uncertainty_percent_a"] == np.inf and row["largest_correlation"] == ""
