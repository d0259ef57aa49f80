"""Maps and directions against devices told in another way."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.places import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_maps_and_directions(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)
