"""Line meshes of strips and of rotationally symmetric discs, graded, with nodes exactly at the region borders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from hotmesa.meshes.raw import MeshError, RawMesh, region_names
from hotmesa.meshes.sizes import Sizes, size_function
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Disc, Scenario

SAME_PLACE_UM = 1e-9
SAMPLES = 400  # of the element size between two borders


def line_mesh(scenario: Scenario, sizes: Sizes) -> RawMesh:
    """Return the line mesh of a strip (x from end to end) or of a disc (radius from 0 to the outer end), µm.

    A strip that is its own mirror image gets a mesh that is its own mirror image to the last bit.

    Raises:
        MeshError: If a contact or the mesa reaches beyond what holds it, or a contact of a disc is off the centre.
    """
    spans = _spans(scenario)
    start = spans[0][0]
    borders = sorted({0.0 if abs(b) < SAME_PLACE_UM else b for span in spans for b in span} | {start})
    borders = [b for k, b in enumerate(borders) if k == 0 or b - borders[k - 1] > SAME_PLACE_UM]
    size = size_function(scenario, sizes)
    symmetric = start < 0 and all(abs(a + b) < SAME_PLACE_UM for a, b in zip(borders, reversed(borders), strict=True))
    if symmetric:
        half = graded([0.0, *(b for b in borders if b > 0)], size)
        x = np.concatenate([-half[:0:-1], half])
    else:
        x = graded(borders, size)
    middle = (x[1:] + x[:-1]) / 2
    member = np.column_stack([(middle > a) & (middle < b) for a, b in spans[1:]])
    cells = np.column_stack([np.arange(len(x) - 1), np.arange(1, len(x))])
    rim = [[len(x) - 1]] if scenario.geometry == "disc" else [[0], [len(x) - 1]]
    names = region_names([c.name for c in scenario.contacts])
    return RawMesh(x[:, np.newaxis], cells.astype(np.int64), names, member, np.array(rim, dtype=np.int64))


def graded(borders: list[float], size: Callable[[float, float], float]) -> Array:
    """Return points from the first border to the last that hit every border and follow the wanted size (µm).

    Between two borders the points divide the integral of dx / size evenly.

    Args:
        borders: Increasing coordinates, µm.
        size: Wanted element size as a function of (x, 0), µm.
    """
    points = [np.array(borders[:1])]
    for a, b in pairwise(borders):
        fine = np.linspace(a, b, SAMPLES + 1)
        middle = (fine[1:] + fine[:-1]) / 2
        count = np.concatenate([[0.0], np.cumsum([(b - a) / SAMPLES / size(float(x), 0.0) for x in middle])])
        number = max(1, int(np.ceil(count[-1] - 1e-6)))
        part = np.interp(np.linspace(0.0, count[-1], number + 1), count, fine)
        part[-1] = b
        points.append(part[1:])
    return np.concatenate(points)


def _spans(scenario: Scenario) -> list[tuple[float, float]]:
    """Return the intervals of the whole line, the mesa and the contacts in µm; on a disc they are even in the radius.

    Raises:
        MeshError: If one reaches beyond what holds it.
    """
    round_ = scenario.geometry == "disc"
    mesa, crystal = scenario.mesa, scenario.crystal
    if round_ and not all(isinstance(shape, Disc) for shape in (mesa, crystal) if shape is not None):
        raise MeshError('geometry = "disc": a disc needs mesa and crystal of shape "disc"')
    half = mesa.extent_um[0] / 2
    whole = half if crystal is None else crystal.extent_um[0] / 2
    if whole < half - SAME_PLACE_UM:
        raise MeshError(f"the crystal ends at {whole:g} µm, inside the mesa ({half:g} µm)")
    inner = [(c.name, *c.patch.span_um) for c in scenario.contacts]
    for (name, low, high), contact in zip(inner, scenario.contacts, strict=True):
        if round_ and (contact.x_um, contact.y_um) != (0.0, 0.0):
            raise MeshError(f"contact {name!r}: on a disc a contact can only sit in the centre")
        end = half if contact.on == "mesa" else whole
        if low < -end - SAME_PLACE_UM or high > end + SAME_PLACE_UM:
            raise MeshError(f"contact {name!r} reaches beyond the {contact.on}, which ends at {end:g} µm")
    start = 0.0 if round_ else -1.0
    spans = [(start * whole, whole), (start * half, half)]
    return spans + [(max(low, 0.0) if round_ else low, high) for _, low, high in inner]
