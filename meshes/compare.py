"""Whether the regions of a user's mesh are those of the scenario: area, extent and place, with the probable cause."""

from __future__ import annotations

import logging
import math

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.outlines import outline
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes
from hotmesa.scenarios.schema import Contact, Crystal, Patch, Polygon, Scenario

UNITS = {"um": 1.0, "nm": 1e-3, "mm": 1e3, "m": 1e6}
"""Length of each `mesh.unit` in µm."""
SAME_AREA = 0.02  # a mesa that differs by more is worth a warning
SAME_PATCH = 0.1  # contacts are small polygons: eight corners on a circle lack 10 %
OTHER_DEVICE = 2.0  # a ratio of areas beyond it is no matter of drawing
OFF_CENTRE = 0.1  # of the root of the mesa area
LOG = logging.getLogger("hotmesa")

Vector = NDArray[np.float64]


def compare_with_scenario(raw: RawMesh, scenario: Scenario) -> None:
    """Warn where the regions of the mesh differ from those of the scenario.

    Raises:
        MeshError: If they are so different that the mesh is another device, in another unit or in another place.
    """
    areas = _areas(raw, scenario)
    _compare_mesa(raw, areas, scenario)
    for contact, chosen in zip(scenario.contacts, raw.member.T[1:], strict=True):
        _compare_contact(raw, areas, chosen, contact, scenario)
    if scenario.crystal is not None:
        _compare_crystal(raw, scenario.crystal, scenario.geometry)


def _areas(raw: RawMesh, scenario: Scenario) -> Vector:
    """Return the area of every cell in µm²: a strip counts with its depth, a disc all around."""
    sizes = np.abs(cell_sizes(raw.points, raw.cells))
    if scenario.geometry == "strip":
        return np.asarray(sizes * scenario.mesa.extent_um[1])
    if scenario.geometry == "disc":
        return np.asarray(sizes * 2 * math.pi * raw.points[raw.cells, 0].mean(axis=1))
    return sizes


def _compare_mesa(raw: RawMesh, areas: Vector, scenario: Scenario) -> None:
    mesa = raw.member[:, 0]
    of_file, of_scenario = float(areas[mesa].sum()), scenario.mesa.area_um2
    words = (
        f"the mesa of the mesh has {of_file:.4g} µm² ({_extent(raw, mesa)}), that of the scenario {of_scenario:.4g} µm²"
    )
    ratio = of_file / of_scenario
    if not 1 / OTHER_DEVICE < ratio < OTHER_DEVICE:
        length = ratio if scenario.geometry == "strip" else math.sqrt(ratio)
        swapped = 1 / OTHER_DEVICE < float(areas[~mesa].sum()) / of_scenario < OTHER_DEVICE
        raise MeshError(f"{words}: {_cause(length, swapped, scenario)}")
    _compare_place(raw, areas, mesa, scenario)
    if abs(ratio - 1) > SAME_AREA:
        LOG.warning("%s; the mesh counts (its unit is %s: mesh.unit)", words, scenario.mesh.unit)


def _cause(length_ratio: float, swapped: bool, scenario: Scenario) -> str:
    """Return why a mesa of the file is so much larger or smaller."""
    present = scenario.mesh.unit
    for unit, factor in UNITS.items():
        if unit != present and 0.7 < length_ratio * factor / UNITS[present] < 1.4:
            return f'its lengths seem to be in {unit}, not in {present}: set mesh.unit = "{unit}"'
    if swapped:
        return "mesa and crystal seem to be swapped: see the names in the file, or mesh.regions"
    return "see mesh.unit, mesh.regions, and the keys of [mesa]"


def _compare_place(raw: RawMesh, areas: Vector, mesa: NDArray[np.bool_], scenario: Scenario) -> None:
    if scenario.geometry == "disc":
        return  # the radius says where the centre is
    centre = _centroid(raw, areas, mesa)
    expected = _mesa_centroid(scenario)[: len(centre)]
    off = centre - expected
    if float(np.linalg.norm(off)) > OFF_CENTRE * math.sqrt(scenario.mesa.area_um2):
        x, y = np.array(scenario.mesh.origin_um) + np.append(off, [0.0])[:2]
        raise MeshError(
            f"the centre of the mesa lies at {_point(centre)} in the mesh and at {_point(expected)} in the scenario: "
            f"set mesh.origin_um = [{x:.6g}, {y:.6g}], the place in the file (in µm) that is the origin"
        )


def _compare_contact(
    raw: RawMesh, areas: Vector, chosen: NDArray[np.bool_], contact: Contact, scenario: Scenario
) -> None:
    """A patch may be drawn coarsely; one that does not even touch its place is another one."""
    area, centre = float(areas[chosen].sum()), _centroid(raw, areas, chosen)
    strip, disc = scenario.geometry == "strip", scenario.geometry == "disc"
    patch = contact.patch
    of_scenario = 2 * patch.half_width_um * scenario.mesa.extent_um[1] if strip else patch.area_um2
    radius = area / scenario.mesa.extent_um[1] / 2 if strip else math.sqrt(area / math.pi)
    expected = np.array(patch.centre_um)[: len(centre)]
    distance = 0.0 if disc else float(np.linalg.norm(centre - expected))
    words = f"contact {contact.name!r} has {area:.4g} µm² around {_point(centre)} in the mesh, in the scenario "
    words += f"{of_scenario:.4g} µm² around {_point(expected)}"
    if distance > radius + _reach(patch, strip):
        near = [c.name for c in scenario.contacts if _gap(c.patch.centre_um, centre) < _reach(c.patch, strip)]
        cause = f"that is the place of {near[0]!r}: are names or numbers swapped?" if near else "does the name belong?"
        raise MeshError(f"{words}: {cause} See mesh.regions and the keys of the contact")
    if abs(area - of_scenario) > SAME_PATCH * of_scenario or distance > SAME_PATCH * _reach(patch, strip):
        LOG.warning("%s; the mesh counts", words)


def _reach(patch: Patch, strip: bool) -> float:
    """Return the radius (µm) of a disc of the area of a patch, half the interval on a strip."""
    return patch.half_width_um if strip else patch.radius_um


def _gap(place: tuple[float, float], centre: Vector) -> float:
    return float(np.linalg.norm(centre - np.array(place)[: len(centre)]))


def _compare_crystal(raw: RawMesh, crystal: Crystal, geometry: str) -> None:
    extent = np.ptp(raw.points, axis=0)
    expected = np.array(crystal.extent_um)[: len(extent)]
    if geometry == "disc":  # a line from the centre outwards
        extent, expected = np.array([raw.points.max()]), expected / 2
    sizes = (" × ".join(f"{x:.4g}" for x in size) for size in (extent, expected))
    words = "the crystal of the mesh measures {} µm, that of the scenario {} µm".format(*sizes)
    if (np.abs(np.log10(extent / expected)) > 1).any():
        raise MeshError(f"{words}: a node may be misplaced, or see the keys of [crystal]")
    if (np.abs(extent - expected) > SAME_AREA * expected).any():
        LOG.warning("%s; the mesh counts", words)


def _extent(raw: RawMesh, chosen: NDArray[np.bool_]) -> str:
    corners = raw.points[raw.cells[chosen]].reshape(-1, raw.points.shape[1])
    ends = zip("xy", corners.min(axis=0), corners.max(axis=0), strict=False)
    return ", ".join(f"{axis} from {low:.4g} to {high:.4g}" for axis, low, high in ends)


def _centroid(raw: RawMesh, areas: Vector, chosen: NDArray[np.bool_]) -> Vector:
    middle = raw.points[raw.cells[chosen]].mean(axis=1)
    return np.asarray(np.average(middle, axis=0, weights=areas[chosen]))


def _mesa_centroid(scenario: Scenario) -> Vector:
    """Return the centroid of the mesa of the scenario; a polygon need not have it at the origin."""
    if scenario.geometry != "plan" or not isinstance(scenario.mesa, Polygon):
        return np.zeros(2)
    a = outline(scenario.mesa, 1.0)
    b = np.roll(a, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    return np.asarray(((a + b) * cross[:, None]).sum(axis=0) / (3 * cross.sum()))


def _point(point: Vector) -> str:
    return "(" + ", ".join(f"{x:.4g}" for x in point) + ") µm"
