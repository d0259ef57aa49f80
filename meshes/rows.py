"""Elements whose rows hold no wall of a hot spot: what diagrams and sweeps begin with.

The wall of a hot spot costs next to nothing to shift: what holds it are the ends of the mesa, which it feels by its
tails, exp(-x/λ). On a mesh its rows of elements hold it too, by exp(-π w/h) of the rate of the next mode for elements h
and the half-width w of the wall (`rows_add` in postprocess/walls.py). Elements are fine enough where that is no more
than what the device does itself.
"""

from __future__ import annotations

import math

from hotmesa.meshes.healing import DIGITS, HealingLengths, mesa_length
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.schema import Scenario

LEAST_SHARE = 1e-6
"""Of the rate of the next mode: with less nothing is lost within any time that is measured."""


def size_without_rows(scenario: Scenario, healing: HealingLengths | None) -> float:
    """Return the largest elements (µm) of which rows hold a wall less than the ends of the mesa do.

    The ends of a mesa of length L hold a wall in its middle by exp(-L/λ) of the rate of the next mode, two tails of
    length L/2, so that h = π w/(L/λ); where they hold it by less than 1e-6, h = π w/ln(1e6): a wall of 16 elements.

    Args:
        scenario: the device and its kind of run.
        healing: its healing lengths, None if unknown.

    Returns:
        The size; infinite in kinds of run that look for no loss of stability, and where `mesh.refine_for_walls` is off.
    """
    if healing is None or not KINDS[scenario.mode].walls or not scenario.mesh.refine_for_walls:
        return math.inf
    tails = mesa_length(scenario) / min(healing.cold, healing.normal)
    size = math.pi * healing.wall / min(tails, -math.log(LEAST_SHARE))
    return float(f"{size:.{DIGITS}g}")
