"""Wrong physics on purpose in the normal resistance of the junctions."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law import pseudogap

Patch = pytest.MonkeyPatch


def resistance_the_same_at_all_temperatures(patch: Patch) -> None:
    """The pseudogap has no part in the normal resistance."""
    patch.setattr(pseudogap, "over", lambda found, *_: found)


def pseudogap_below_T_c_too(patch: Patch) -> None:
    """What the pseudogap takes is taken below T_c once more."""
    true = pseudogap.NormalResistance.conductance

    def everywhere(self: pseudogap.NormalResistance, T: Array) -> tuple[Array, Array]:
        value, slope = true(self, T)
        return value * np.minimum(T / self.T_c, 1.0), slope

    patch.setattr(pseudogap.NormalResistance, "conductance", everywhere)


def slope_of_the_resistance_forgotten(patch: Patch) -> None:
    """The derivative of the current misses that of the resistance."""
    true = pseudogap.NormalResistance.conductance
    patch.setattr(pseudogap.NormalResistance, "conductance", lambda self, T: (true(self, T)[0], np.zeros(np.shape(T))))
