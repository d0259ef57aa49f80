"""Walls between hot and cold parts of a mesa, measured in the elements that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hotmesa.postprocess.states import States
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.schema import Scenario

NARROW = 5.0
"""A wall of fewer elements is held by their rows and moves in leaps, which look like folds; measured: 2.7 to 4.5."""

PINNED = "pinned"
"""Word for a fold or a change of stability that is of the mesh."""
PINNED_MODE = f"{PINNED} mode"
"""Word for a state of which more or fewer modes grow on the mesh than on the device."""

ELEMENTS = {
    "elements_um": "size of elements in the mesa of a diagram or a sweep",
    "elements_asked_um": "that of the scenario, from which they were refined where rows of them would hold walls",
}
"""Numbers that tell on which elements walls were looked at, with their meaning; a run keeps them in its provenance."""

AMPLITUDE, DECAY = 1.8, 0.89
"""Of the law below, by measurement from 5 to 15 elements on a strip; see test_pinning.py."""


def elements(provenance: Mapping[str, Any]) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return these numbers of a run from its provenance, and why they do not exist where they do not."""
    values = {name: provenance.get(name) for name in ELEMENTS}
    reason = "known of meshes that a run has made itself"
    return values, {name: reason for name, value in values.items() if value is None}


def finer_words(scenario: Scenario, factor: float, sizes: Mapping[str, Any]) -> str:
    """Return what to set for elements that are smaller by a factor.

    Args:
        scenario: of the run.
        factor: above 1.
        sizes: numbers of the run, those of `ELEMENTS` among them where it has them.
    """
    mesh, refines = scenario.mesh, KINDS[scenario.mode].walls
    if mesh.file is not None:
        return "refine mesh.file"
    if refines and not mesh.refine_for_walls:
        return "leave mesh.refine_for_walls out"
    size, asked = (sizes.get(name) or 1.0 for name in ELEMENTS)
    return f"set mesh.refine = {factor * mesh.refine * asked / size:.2g}"


def rows_add(elements: float) -> float:
    """Return what rows of elements add at most to the rate of a shift of a wall, over the rate of the next mode.

    Its shift costs nothing on a uniform device. On a mesh the energy has the period of the rows, with an amplitude that
    is the Fourier coefficient of the smooth profile of the wall at that period: exponentially small in the number n of
    elements that the wall covers, 1.8 exp(-0.89 n), or about exp(-π w/h) for elements h and the half-width w of a wall
    that `healing_lengths` gives. Elements half as large leave exp(-0.89 n) of it.

    Args:
        elements: width of the wall, as `wall_elements` gives it.
    """
    return float(AMPLITUDE * np.exp(-DECAY * elements))


def wall_elements(states: States, junction_T_K: Array, hot_K: float) -> Array:
    """Return the width of the steepest wall in elements at every state, NaN where there is none, shape (k,).

    A wall is where the mesa passes the hot temperature. It is as wide as the temperature, at its steepest slope there,
    needs from the coldest to the hottest place of the mesa.

    Args:
        states: with their mesh.
        junction_T_K: temperature of the junctions, shape (k, n).
        hot_K: hot temperature.
    """
    cells = states.cells[states.cell_in_mesa]
    corners, T = states.node_xy[cells], junction_T_K[:, cells]
    passes = (T.min(axis=2) < hot_K) & (T.max(axis=2) > hot_K)
    size = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    drop = T.max(axis=(1, 2)) - T.min(axis=(1, 2))
    per_element = np.where(passes, _slopes(corners, T) * size, 0.0).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(per_element > 0.0, drop / per_element, np.nan)


def _slopes(corners: Array, T: Array) -> Array:
    """Return the magnitude of the gradient of T (K/µm) in every cell, shape (k, m)."""
    rise = T[:, :, 1:] - T[:, :, :1]
    edges = corners[:, 1:] - corners[:, :1]
    if edges.shape[1] == 1:
        return np.asarray(np.abs(rise[:, :, 0]) / np.abs(edges[:, 0, 0]))
    (ax, ay), (bx, by) = edges[:, 0].T, edges[:, 1].T
    area = ax * by - ay * bx
    x = (rise[:, :, 0] * by - rise[:, :, 1] * ay) / area
    y = (rise[:, :, 1] * ax - rise[:, :, 0] * bx) / area
    return np.asarray(np.hypot(x, y))
