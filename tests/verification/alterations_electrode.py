"""Wrong physics of a resistive electrode on purpose; see alterations.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hotmesa.solver.device import electrode, electrodes, layout

Patch = pytest.MonkeyPatch


def electrode_makes_no_heat(patch: Patch) -> None:
    """The current along the electrode heats nothing."""
    solve = electrode.Electrode.solve

    def cold(self: electrode.Electrode, V: float, T: layout.Array) -> electrode.ElectrodeState:
        state = solve(self, V, T)
        return replace(state, heat=0.0 * state.heat)

    patch.setattr(electrode.Electrode, "solve", cold)


def sheet_resistance_doubled(patch: Patch) -> None:
    """The electrode conducts half as well."""
    film = electrodes._film
    patch.setattr(electrodes, "_film", lambda *device: film(*device).scaled(0.5))


def electrode_without_radius(patch: Patch) -> None:
    """The sheet of a disc has one width everywhere."""
    links = electrodes._links

    def even(scenario: object, *parts: object) -> electrode.Links:
        found = links(scenario, *parts)
        return replace(found, shape=np.full(found.shape.shape, found.shape.mean()))

    patch.setattr(electrodes, "_links", even)
