"""Several mesas against linear heat flow, symmetry and distance."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.exact_stacks import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_several_mesas(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
