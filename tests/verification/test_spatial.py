"""Contacts of any outline against one another."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.spatial import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outlines(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
