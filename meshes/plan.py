"""Plan meshes (x, y) through gmsh: mesa, contact patches and the crystal around them, fragmented by OpenCASCADE."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.outlines import DIAGONAL, clip, line_coordinate, on_line, outline, patch_outline
from hotmesa.meshes.raw import (
    MESA,
    MeshError,
    RawMesh,
    mirrored,
    oriented,
    outer_boundary,
    region_names,
    without_unused_nodes,
)
from hotmesa.meshes.session import gmsh_session
from hotmesa.meshes.sizes import Sizes, size_function
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.mesas import mesas_of
from hotmesa.scenarios.schema import Contact, Patch, Polygon, Scenario
from hotmesa.scenarios.schema.patch import Turn

FURTHER = "mesa:"
"""Begins the names of outlines of further mesas, which are parts of one region."""

OPTIONS = {
    "General.Terminal": 0,
    "General.NumThreads": 1,  # with one thread the mesh is the same in every run
    "Mesh.RandomSeed": 1,
    "Mesh.Algorithm": 6,  # Frontal-Delaunay: the best angles
    "Mesh.MeshSizeExtendFromBoundary": 0,
    "Mesh.MeshSizeFromPoints": 0,
    "Mesh.MeshSizeFromCurvature": 0,
    "Mesh.ElementOrder": 1,
}


@dataclass(frozen=True)
class Mirror:
    """A mirror line of the device (x = 0, y = 0 or x = y: axis 0, 1 or DIAGONAL), and the image of every region."""

    axis: int
    partner: tuple[int, ...]


def plan_mesh(scenario: Scenario, sizes: Sizes) -> RawMesh:
    """Return the triangle mesh of a plan scenario.

    A device with mirror lines x = 0 or y = 0 is meshed on its half or quarter and reflected, one that has the symmetry
    of a square on its eighth, so that the mesh has exactly the symmetry of the device.

    Raises:
        MeshError: If the geometry contradicts itself or gmsh cannot mesh it.
    """
    mirrors = mirror_lines(scenario)
    outlines = _outlines(scenario, sizes)
    for mirror in mirrors:
        outlines = {name: clip(corners, mirror.axis) for name, corners in outlines.items()}
    outlines = {name: corners for name, corners in outlines.items() if len(corners)}
    names = region_names([c.name for c in scenario.contacts])
    size = size_function(scenario, sizes)
    with gmsh_session("mesh the plan", "check the outlines and the element sizes", OPTIONS) as gmsh:
        pieces = _joined(_fragment(gmsh, outlines))
        on = dict(zip(names[1:], (contact.on for contact in scenario.contacts), strict=True))
        _check_nesting(pieces, [name for name, what in on.items() if what == "crystal"])
        points, cells, member = _triangulate(gmsh, pieces, names, size)
    for mirror in mirrors:
        for k in np.flatnonzero(line_coordinate(points, mirror.axis) == 0.0):
            points[k] = on_line(points[k], mirror.axis)
    raw = RawMesh(points, oriented(points, cells), names, member, np.empty((0, 2), dtype=np.int64))
    for mirror in reversed(mirrors):
        raw = mirrored(raw, mirror.axis, mirror.partner)
    return RawMesh(raw.points, raw.cells, raw.names, raw.member, outer_boundary(raw.points, raw.cells))


def mirror_lines(scenario: Scenario) -> tuple[Mirror, ...]:
    """Return the mirror lines that the device has: the axes, and with both of them x = y (none for polygons)."""
    mesas = [mesa.patch for mesa in mesas_of(scenario)]
    if any(isinstance(shape, Polygon) for shape in (*(mesa.shape for mesa in mesas), scenario.crystal)):
        return ()
    mirrors = []
    for axis in (0, 1):
        partner = _partners(scenario.contacts, axis)
        if partner is not None and _partners_of(mesas, axis) is not None:
            mirrors.append(Mirror(axis, (0, *(1 + p for p in partner))))
    partner = _partners(scenario.contacts, DIAGONAL)
    alike = partner is not None and _partners_of(mesas, DIAGONAL) is not None
    if len(mirrors) == 2 and alike and partner is not None and _is_square(scenario):
        mirrors.append(Mirror(DIAGONAL, (0, *(1 + p for p in partner))))
    return tuple(mirrors)


def _is_square(scenario: Scenario) -> bool:
    """Return whether mesa and crystal are squares or discs."""
    shapes = (scenario.mesa, scenario.crystal or scenario.mesa)
    return all(shape.extent_um[0] == shape.extent_um[1] for shape in shapes)


def _partners(contacts: Sequence[Contact], axis: int) -> list[int] | None:
    """Return for every contact the contact that is its mirror image, or None if one has no image."""
    return _partners_of([contact.patch for contact in contacts], axis)


def _partners_of(patches: Sequence[Patch], axis: int) -> list[int] | None:
    """Return for every patch the one that is its mirror image, or None if one has no image."""
    swap: Turn = ((-1.0, 0.0), (0.0, 1.0)) if axis == 0 else ((1.0, 0.0), (0.0, -1.0))
    if axis == DIAGONAL:
        swap = ((0.0, 1.0), (1.0, 0.0))
    if any(isinstance(patch.shape, Polygon) for patch in patches):
        return None  # half of one may come in two parts
    partner = []
    for patch in patches:
        # Only exact images count: a nearly symmetric device is meshed as it is.
        match = [k for k, other in enumerate(patches) if other.image() == patch.image(swap)]
        if len(match) != 1:
            return None
        partner.append(match[0])
    return partner


def _outlines(scenario: Scenario, sizes: Sizes) -> dict[str, Array]:
    """Return the outlines of the crystal (if any), the mesa and the contacts by region name."""
    outlines: dict[str, Array] = {}
    if scenario.crystal is not None:
        outlines["crystal"] = outline(scenario.crystal, sizes.rim)
    outlines[MESA] = outline(scenario.mesa, sizes.edge)
    for mesa in mesas_of(scenario)[1:]:
        outlines[f"{FURTHER}{mesa.name}"] = patch_outline(mesa.patch, sizes.edge)
    names = region_names([c.name for c in scenario.contacts])[1:]
    for name, contact, size in zip(names, scenario.contacts, sizes.contacts, strict=True):
        outlines[name] = patch_outline(contact.patch, size)
    return outlines


def _fragment(gmsh: Any, outlines: dict[str, Array]) -> dict[str, set[int]]:
    """Cut the outlines at each other; return for every region the tags of its surfaces."""
    occ = gmsh.model.occ
    surfaces = []
    for corners in outlines.values():
        points = [occ.addPoint(float(x), float(y), 0.0) for x, y in corners]
        lines = [occ.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)]
        surfaces.append((2, occ.addPlaneSurface([occ.addCurveLoop(lines)])))
    if len(surfaces) == 1:
        parts = [surfaces]
    else:
        _, parts = occ.fragment(surfaces[:1], surfaces[1:])
    occ.synchronize()
    return {name: {tag for dim, tag in part if dim == 2} for name, part in zip(outlines, parts, strict=True)}


def _joined(pieces: dict[str, set[int]]) -> dict[str, set[int]]:
    """Return the pieces with those of further mesas in the region of the mesas, which is one."""
    joined = {name: tags for name, tags in pieces.items() if not name.startswith(FURTHER)}
    further = [tags for name, tags in pieces.items() if name.startswith(FURTHER)]
    if further:
        joined[MESA] = joined.get(MESA, set()).union(*further)
    return joined


def _check_nesting(pieces: dict[str, set[int]], beside: Collection[str] = ()) -> None:
    """Raise MeshError where a contact leaves the mesa or, `beside` it, meets it, or where one leaves the crystal."""
    for name, surfaces in pieces.items():
        if name == "crystal":
            continue
        if name in beside and surfaces & pieces[MESA]:
            raise MeshError(f"{name!r} on the crystal reaches into the mesa: move it or make it smaller")
        outer = "crystal" if name == MESA or name in beside else MESA
        if outer in pieces and not surfaces <= pieces[outer]:
            raise MeshError(
                f"{name!r} reaches to or beyond the outline of the {outer}: move it inside or make it smaller"
            )


def _triangulate(
    gmsh: Any, pieces: dict[str, set[int]], names: tuple[str, ...], size: Callable[[float, float], float]
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
    """Return points (nodes, 2), triangles (cells, 3) and membership (cells, regions)."""
    gmsh.model.mesh.setSizeCallback(lambda dim, tag, x, y, z, lc: size(x, y))
    gmsh.model.mesh.generate(2)
    node_tags, coordinates, _ = gmsh.model.mesh.getNodes()
    order = np.argsort(node_tags)
    points = np.asarray(coordinates).reshape(-1, 3)[order, :2]
    triangles, members = [], []
    for surface in sorted(set().union(*pieces.values())):
        _, nodes = gmsh.model.mesh.getElementsByType(2, tag=surface)
        triangles.append(np.searchsorted(node_tags[order], nodes).reshape(-1, 3).astype(np.int64))
        kind = np.array([surface in pieces.get(name, ()) for name in names])
        members.append(np.tile(kind, (len(triangles[-1]), 1)))
    if not all(len(t) for t in triangles):
        # gmsh 4.15 returns an empty surface where earlier versions raise.
        raise MeshError("gmsh could not mesh the plan: check the outlines and the element sizes")
    points, cells = without_unused_nodes(points, np.concatenate(triangles))
    return points, cells, np.concatenate(members)
