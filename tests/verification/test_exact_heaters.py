from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.exact_heaters import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exact_result_of_a_heater(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
