"""Growth rates of hot domains against the exact ones."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.exact_stability import CASES, WIDTHS, exact_rate, rate


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rate_under_voltage_bias(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_published_rate():
    assert exact_rate(1.5) == pytest.approx(0.374490, abs=5e-7)  # the digits published


@pytest.mark.parametrize("width", WIDTHS)
def test_a_current_source_holds_the_domain(width: float):
    # Without a series resistance the voltage falls as the domain grows, and takes the heating away.
    assert rate(width, "current", 1.0) < -0.5
