"""Energy and current are conserved, to the tolerance of the solver and to rounding."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.conservation import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conservation(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
