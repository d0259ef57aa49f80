"""Several mesas against linear heat flow, symmetry and distance, and each of these checks seen failing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from verification import exact_stacks
from verification.cases import Case, describe, evaluate
from verification.exact_stacks import CASES

from hotmesa.solver.device import circuit, stacks


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_several_mesas(case: Case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_uneven_weights_are_seen(monkeypatch: pytest.MonkeyPatch):
    """The mean over a mesa counts every node alike."""
    monkeypatch.setattr(
        stacks.Stacks, "mean", lambda self, values: np.array([values[..., nodes].mean() for nodes in self.nodes])
    )
    assert exact_stacks.reciprocity(0.5) > 1e-7


def test_heat_that_other_mesas_do_not_make_is_seen(monkeypatch: pytest.MonkeyPatch):
    """A mesa with a current of its own makes no heat."""
    true = circuit.Circuit.heat

    def cold(self: circuit.Circuit, mass, junctions, driven):
        assert self.stacks is not None
        Q = junctions.Q.copy()
        Q[:, self.stacks.nodes[2]] = 0.0
        return true(self, mass, replace(junctions, Q=Q), driven)

    monkeypatch.setattr(circuit.Circuit, "heat", cold)
    assert exact_stacks.superposition(0.5) > 1e-3


def test_one_voltage_for_mesas_in_series_is_seen(monkeypatch: pytest.MonkeyPatch):
    """Mesas in series each get the whole voltage."""
    monkeypatch.setattr(stacks, "are_in_series", lambda scenario: False)
    assert abs(exact_stacks.far("series", 0.5)) > 0.1
