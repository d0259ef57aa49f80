"""Exact results of heat conduction, of two-phase states and of the uniform model, reproduced by the solver."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.exact import CASES
from verification.exact_beside import CASES as BESIDE
from verification.exact_electrode import CASES as ELECTRODE
from verification.exact_film import exact
from verification.exact_pseudogap import CASES as PSEUDOGAP
from verification.exact_step import RADII, spot_alpha
from verification.exact_walls import CASES as WALLS


@pytest.mark.parametrize("case", (*CASES, *ELECTRODE, *WALLS, *BESIDE, *PSEUDOGAP), ids=lambda case: case.name)
def test_exact_result(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_published_numbers_of_the_film_with_a_sink():
    # The digits in which the numbers were published.
    assert exact()["rim (K)"] == pytest.approx(26.022, abs=6e-4)
    assert exact()["mean (K)"] == pytest.approx(15.909, abs=6e-4)
    assert exact()["crossing (mW)"] == pytest.approx(0.6590, abs=6e-5)
    assert exact()["sink (mW)"] == pytest.approx(0.8555, abs=6e-5)


@pytest.mark.parametrize(("radius", "alpha"), RADII.items())
def test_published_numbers_of_circular_spots(radius: float, alpha: float):
    assert spot_alpha(radius) == pytest.approx(alpha, abs=6e-6)
