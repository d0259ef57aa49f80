"""Limits in which one geometry, device or model turns into another."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.limits import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_limit(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
