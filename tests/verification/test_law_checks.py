"""The rows of the tunnelling law on the page of verification."""

import pytest
from verification.cases import describe, evaluate
from verification.law_checks import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
