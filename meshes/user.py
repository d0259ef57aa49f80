"""Meshes of the user: read, moved into µm, regions found, and checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.abaqus import read_inp
from hotmesa.meshes.compare import UNITS, compare_with_scenario
from hotmesa.meshes.file_mesh import FileMesh
from hotmesa.meshes.gmsh_file import read_msh
from hotmesa.meshes.raw import (
    CONTACT_PREFIX,
    MESA,
    MeshError,
    RawMesh,
    oriented,
    outer_boundary,
    region_names,
    without_unused_nodes,
)
from hotmesa.meshes.sound import holes, numbered, refuse_pieces, refuse_unsound
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Scenario

CRYSTAL = "crystal"
GMSH = (".msh", ".msh2", ".msh4")
LOG = logging.getLogger("hotmesa")
Mask = NDArray[np.bool_]


def user_mesh(scenario: Scenario) -> RawMesh:
    """Return the mesh in the file `mesh.file` of a scenario; coordinates in µm, origin at the mesa centre.

    A plan needs triangles, a strip or a disc needs lines along x. The regions "mesa", every contact by its name (or
    "contact:<name>") and, with a [crystal], "crystal" are groups of the file, by name or as `mesh.regions` says; the
    cells of a contact count as mesa.

    Raises:
        MeshError: If the file cannot be read, its cells do not cover their place once, a region is missing or in
            pieces, cells belong to none, or the regions are not those of the scenario.
    """
    path = Path(scenario.mesh.file or "")
    try:
        return _checked(_merged(_read(path, 2 if scenario.geometry == "plan" else 1)), scenario)
    except MeshError as error:
        raise MeshError(f"{path}: {error}") from error.__cause__


def _read(path: Path, dimension: int) -> FileMesh:
    if not path.is_file():
        raise MeshError("there is no such file (mesh.file)")
    ending = path.suffix.lower()
    try:
        if ending in GMSH:
            return read_msh(path, dimension)
        if ending == ".inp":
            return read_inp(path.read_text(encoding="utf-8-sig", errors="replace"), dimension)
    except (OSError, OverflowError) as error:
        raise MeshError(f"the file cannot be read: {error}") from error
    raise MeshError(
        f"meshes are read from gmsh's .msh and Abaqus' .inp, not from {ending or 'files without ending'}: convert it "
        "(gmsh FILE -save -format msh41 -o mesh.msh reads MED, UNV, Nastran, Medit, VTK and more)"
    )


def _merged(mesh: FileMesh) -> FileMesh:
    """Return the mesh with one cell where the file repeats a cell once for each group that it is in.

    Raises:
        MeshError: If a cell is repeated in the same group, or without any.
    """
    number = numbered(mesh.cells)
    _, first = np.unique(number, return_index=True)
    if len(first) == len(mesh.cells):
        return mesh
    grouped = np.zeros(len(first), dtype=np.int64)
    groups = []
    for group in mesh.groups:
        members, counts = np.unique(number[group.cells], return_counts=True)
        _refuse_copies(mesh, number, members[counts > 1], f" in group {group}")
        grouped[members] += 1
        groups.append(replace(group, cells=members))
    copies = np.bincount(number)
    _refuse_copies(mesh, number, np.flatnonzero((copies > 1) & (copies != grouped)), "")
    return FileMesh(mesh.points, mesh.cells[first], mesh.labels[first], tuple(groups))


def _refuse_copies(mesh: FileMesh, number: NDArray[np.int64], copied: NDArray[np.int64], where: str) -> None:
    if len(copied):
        labels = " and ".join(str(label) for label in mesh.labels[number == copied[0]])
        around = ", ".join(f"{x:.4g}" for x in mesh.points[mesh.cells[number == copied[0]][0]].mean(axis=0)[:2])
        raise MeshError(
            f"{len(copied)} cells stand in the file more than once{where}: {labels} have the same nodes, around "
            f"({around}) in the unit of the file; remove the copies"
        )


def _checked(mesh: FileMesh, scenario: Scenario) -> RawMesh:
    """Return the mesh with the regions of the scenario."""
    member, crystal = _membership(mesh, scenario)
    points, cells = without_unused_nodes(_coordinates(mesh, scenario), mesh.cells)
    cells = oriented(points, cells)
    names = region_names([c.name for c in scenario.contacts])
    raw = RawMesh(points, cells, names, member, np.empty((0, points.shape[1]), dtype=np.int64))
    compare_with_scenario(raw, scenario)

    def name_of(cell: int) -> str:
        inside = [name for name, chosen in zip(names, member[cell], strict=True) if chosen] or [CRYSTAL]
        return f"cell {mesh.labels[cell]} ({inside[-1].removeprefix(CONTACT_PREFIX)})"

    refuse_unsound(points, cells, name_of)
    for name, chosen in zip(names, member.T, strict=True):
        refuse_pieces(points, cells[chosen], name.removeprefix(CONTACT_PREFIX))
    _refuse_unnamed(member, crystal, scenario)
    gaps = holes(points, cells) if scenario.geometry == "plan" else []
    if gaps:
        LOG.warning("the mesh has holes (%d, as at %s): no heat passes their edges", len(gaps), gaps[0])
    rim = outer_boundary(points, cells)
    if scenario.geometry == "disc":
        rim = rim[np.argmax(points[rim[:, 0], 0])].reshape(1, 1)
    return replace(raw, rim=rim)


def _membership(mesh: FileMesh, scenario: Scenario) -> tuple[Mask, Mask]:
    """Return membership in the mesa and the contacts (cells, regions), and in the crystal (cells,).

    Raises:
        MeshError: If a region is not in the file, or a contact is said to be outside the mesa.
    """
    contacts = [contact.name for contact in scenario.contacts]
    required = [MESA, *contacts, *([CRYSTAL] if scenario.crystal is not None else [])]
    _refuse_unknown(scenario.mesh.regions, required)
    masks = {name: _cells_of(mesh, name, scenario.mesh.regions.get(name)) for name in required}
    missing = [name for name, mask in masks.items() if not mask.any()]
    if missing:
        example = ", ".join(f"{name} = ..." for name in missing)
        raise MeshError(
            f"the mesh lacks the regions {', '.join(missing)}; {_listed(mesh)}: name the groups so, or say which they "
            f"are by number or name: mesh.regions = {{ {example} }}"
        )
    mesa, crystal = masks[MESA], masks.get(CRYSTAL, np.zeros(len(mesh.cells), dtype=bool))
    for name in contacts:
        # Where mesa and crystal share cells the crystal lies under all of it, and says nothing about the contact.
        if not (mesa & crystal).any() and (masks[name] & crystal & ~mesa).any():
            raise MeshError(f"cells of contact {name!r} are in the crystal, outside the mesa: a contact is on the mesa")
    # Formats that give a cell one group only cannot say that the cells of a contact are mesa too.
    masks[MESA] = np.any([masks[name] for name in (MESA, *contacts)], axis=0)
    return np.column_stack([masks[name] for name in (MESA, *contacts)]), crystal


def _refuse_unknown(regions: Mapping[str, int | str], required: list[str]) -> None:
    for name in regions:
        if name not in required:
            text = f"mesh.regions: {name!r} is no region of this device ({', '.join(required)})"
            raise MeshError(text + did_you_mean(name, required, 1, 0.6))


def _cells_of(mesh: FileMesh, region: str, chosen: int | str | None) -> Mask:
    """Return the cells of a region; none where the file has no such group.

    Raises:
        MeshError: If `mesh.regions` names a group that the file does not have, or names differ in capitals only.
    """
    if isinstance(chosen, int):
        result = [group for group in mesh.groups if group.number == chosen]
    else:
        names = (region, CONTACT_PREFIX + region) if chosen is None else (chosen,)
        result = [group for group in mesh.groups if group.name in names]
        if not result:
            result = [group for group in mesh.groups if group.name.lower() in [name.lower() for name in names]]
            if len(result) > 1:
                raise MeshError(f"{region!r} may be any of {', '.join(map(str, result))}: say which in mesh.regions")
    if chosen is not None and not result:
        raise MeshError(f"mesh.regions: {region} = {chosen!r} is no group of the mesh; {_listed(mesh)}")
    mask = np.zeros(len(mesh.cells), dtype=bool)
    for group in result:
        mask[group.cells] = True
    return mask


def _listed(mesh: FileMesh) -> str:
    groups = ", ".join(f"{group} of {len(group.cells)}" for group in mesh.groups)
    return f"its groups of cells: {groups}" if groups else "its cells are in no group"


def _refuse_unnamed(member: Mask, crystal: Mask, scenario: Scenario) -> None:
    """Raise MeshError for cells outside the mesa that are not crystal, or where the scenario has no crystal."""
    outside = ~member[:, 0]
    if scenario.crystal is None and outside.any():
        raise MeshError(f"{outside.sum()} cells lie outside the mesa, but the scenario has no [crystal]")
    if (outside & ~crystal).any():
        raise MeshError(f"{(outside & ~crystal).sum()} cells belong neither to the mesa nor to the crystal")


def _coordinates(mesh: FileMesh, scenario: Scenario) -> NDArray[np.float64]:
    """Return the coordinates in µm that the geometry uses; refuse a mesh that bends out of them."""
    dimension = mesh.cells.shape[1] - 1
    used = mesh.points[np.unique(mesh.cells)]
    if not np.isfinite(used).all():
        raise MeshError("the mesh has coordinates that are not finite")
    extent = np.ptp(used, axis=0)
    if (extent[dimension:] > 1e-9 * extent.max()).any():
        raise MeshError(f"the mesh must lie in the {'x-y plane' if dimension == 2 else 'x axis'}")
    points = mesh.points[:, :dimension] * UNITS[scenario.mesh.unit] - np.array(scenario.mesh.origin_um)[:dimension]
    if scenario.geometry == "disc" and float(points[np.unique(mesh.cells)].min()) < 0:
        raise MeshError(f"the radius of a disc cannot be negative ({points.min():g} µm)")
    return np.asarray(points)
