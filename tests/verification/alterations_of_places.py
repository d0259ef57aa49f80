"""Wrong physics on purpose in what differs from place to place and from direction to direction."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.solver.device import local, stack
from hotmesa.solver.device import plan as operators

Patch = pytest.MonkeyPatch


def maps_of_the_junctions_forgotten(patch: Patch) -> None:
    """Junctions are alike everywhere, whatever maps say."""
    patch.setattr(local, "factor_at_nodes", lambda *_: None)


def maps_seen_in_a_mirror(patch: Patch) -> None:
    """Maps are read at -x."""
    true = local.factor_at_nodes

    def mirrored(*asked: object) -> object:
        factor = true(*asked)
        return None if factor is None else lambda xy: factor(xy * np.array([-1.0, 1.0]))

    patch.setattr(local, "factor_at_nodes", mirrored)


def directions_alike(patch: Patch) -> None:
    """Layers conduct along y as along x."""
    true = operators._Forms.stiffness
    patch.setattr(operators._Forms, "stiffness", lambda self, region, weight=1.0, _=1.0: true(self, region, weight))


def walls_upright(patch: Patch) -> None:
    """Every sublayer of the mesa has the area of the outline."""
    patch.setattr(stack, "area_ratio", lambda *_: 1.0)


def walls_upside_down(patch: Patch) -> None:
    """The mesa is wide where it is narrow."""
    true = stack.area_ratio
    patch.setattr(stack, "area_ratio", lambda mesa, below: true(mesa, -below))
