"""Wrong physics on purpose in several mesas on one crystal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device import circuit, stacks
from hotmesa.solver.device.heating import JunctionState

Patch = pytest.MonkeyPatch


def nodes_of_a_mesa_count_alike(patch: Patch) -> None:
    """The mean over a mesa counts every node alike."""
    patch.setattr(
        stacks.Stacks, "mean", lambda self, values: np.array([values[..., nodes].mean() for nodes in self.nodes])
    )


def a_mesa_of_its_own_makes_no_heat(patch: Patch) -> None:
    """A mesa with a current of its own makes no heat."""
    true = circuit.Circuit.heat

    def cold(self: circuit.Circuit, mass: Array, junctions: JunctionState, driven: object) -> object:
        if self.stacks is None or len(self.stacks.nodes) < 3:
            return true(self, mass, junctions, driven)
        Q = junctions.Q.copy()
        Q[:, self.stacks.nodes[2]] = 0.0
        return true(self, mass, replace(junctions, Q=Q), driven)

    patch.setattr(circuit.Circuit, "heat", cold)


def mesas_in_series_have_one_voltage(patch: Patch) -> None:
    """Mesas in series each get the whole voltage."""
    patch.setattr(stacks, "are_in_series", lambda scenario: False)
