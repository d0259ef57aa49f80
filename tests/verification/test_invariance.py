"""The same device, computed or described in another way; and that the comparison sees a device that is not the same."""

from __future__ import annotations

import pytest
from verification.cases import Case, describe, evaluate
from verification.invariance import CASES, device, difference, reference, solve, wire


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_invariance(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_another_device_is_seen():
    contact = wire(-2.0, -1.5).model_copy(update={"contact_K_per_mW": 3.0 * (1 + 1e-5)})
    # One part in 1e5 of the contact resistance changes the coldest temperature by about 1e-6.
    assert difference(reference(), solve(device(contacts=(contact,)))) > 1e-7
