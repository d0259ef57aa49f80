"""Meshes of the user, in any format that meshio reads, with named regions. Nothing else here uses meshio."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.raw import (
    CONTACT_PREFIX,
    MeshError,
    RawMesh,
    cell_sizes,
    oriented,
    outer_boundary,
    region_names,
    without_unused_nodes,
)
from hotmesa.meshes.sizes import mesa_area
from hotmesa.scenarios.schema import Scenario

CRYSTAL = "crystal"
AREA_TOLERANCE = 0.02
LOG = logging.getLogger("hotmesa")

Regions = dict[str, NDArray[np.bool_]]


def user_mesh(scenario: Scenario) -> RawMesh:
    """Return the mesh in the file `mesh.file` of a scenario; coordinates in µm, origin at the mesa centre.

    A plan needs triangles, a strip or a disc needs lines along x. The regions "mesa", every contact by its name (or
    "contact:<name>") and, with a [crystal], "crystal" are taken from named cell sets or named physical groups; the
    cells of a contact count as mesa.

    Raises:
        MeshError: If the file cannot be read, has no fitting cells, lacks a named region or leaves cells unnamed.
    """
    path = Path(scenario.mesh.file or "")
    file = _read(path)
    kind = "triangle" if scenario.geometry == "plan" else "line"
    cells = _cells(file, kind, path)
    found = _named_cells(file, kind)
    names = region_names([c.name for c in scenario.contacts])
    member, crystal = _membership(found, names, len(cells), scenario.crystal is not None, path)
    _refuse_unnamed(member, crystal, scenario.crystal is not None, path)
    points = _coordinates(np.asarray(file.points, dtype=np.float64), cells, kind, path)
    points, cells = without_unused_nodes(points, cells)
    _refuse_duplicates(points, path)
    cells = oriented(points, cells)
    rim = outer_boundary(points, cells)
    if scenario.geometry == "disc":
        if float(points.min()) < 0:
            raise MeshError(f"{path}: the radius of a disc cannot be negative ({points.min():g} µm)")
        rim = rim[np.argmax(points[rim[:, 0], 0])].reshape(1, 1)
    raw = RawMesh(points, cells, names, member, rim)
    _compare_area(raw, scenario, path)
    return raw


def _read(path: Path) -> Any:
    """Return what meshio reads; its messages go to the log."""
    if not path.is_file():
        raise MeshError(f"mesh.file: there is no file {path}")
    try:
        import meshio
    except ImportError as error:
        raise MeshError(f"mesh.file: meshio is needed to read {path} and could not be loaded: {error}") from error
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("ignore")
            mesh = meshio.read(path)
    # meshio ends the interpreter on some files that it does not know.
    except (Exception, SystemExit) as error:
        words = " ".join(said.getvalue().split()) or str(error) or type(error).__name__
        raise MeshError(f"{path}: meshio cannot read this mesh: {words}") from error
    if said.getvalue().strip():
        LOG.info("%s: meshio says: %s", path, " ".join(said.getvalue().split()))
    return mesh


def _cells(file: Any, kind: str, path: Path) -> NDArray[np.int64]:
    """Return the nodes of all cells of a kind; refuse cells of the same dimension that are of another kind."""
    types = sorted({block.type for block in file.cells})
    blocks = [np.asarray(block.data, dtype=np.int64) for block in file.cells if block.type == kind]
    other = [t for t in types if t.startswith(("quad", "polygon", "triangle") if kind == "triangle" else "line")]
    if not blocks or other != [kind]:
        raise MeshError(f"{path}: the mesh must consist of {kind} cells; it has {', '.join(types) or 'no cells'}")
    return np.concatenate(blocks)


def _named_cells(file: Any, kind: str) -> Regions:
    """Return for every name in the file which cells of the kind carry it (cell sets, physical groups, MED families)."""
    blocks = [k for k, block in enumerate(file.cells) if block.type == kind]
    lengths = [len(file.cells[k].data) for k in blocks]
    found: Regions = {}

    def add(name: str, masks: list[NDArray[np.bool_]]) -> None:
        mask = np.concatenate(masks)
        found[name] = found.get(name, np.zeros(len(mask), dtype=bool)) | mask

    for name, members in file.cell_sets.items():
        if not name.startswith("gmsh:"):
            pairs = zip(blocks, lengths, strict=True)
            add(name, [_indicator(members[k], length) for k, length in pairs])
    dimension = 2 if kind == "triangle" else 1
    for name, (tag, of_dimension) in _groups(file).items():
        if of_dimension == dimension and "gmsh:physical" in file.cell_data:
            add(name, [np.asarray(file.cell_data["gmsh:physical"][k]) == tag for k in blocks])
    for tag, names in getattr(file, "cell_tags", {}).items():
        for name in names:
            add(name, [np.asarray(file.cell_data["cell_tags"][k]) == tag for k in blocks])
    return {name: mask for name, mask in found.items() if mask.any()}


def _indicator(members: Any, length: int) -> NDArray[np.bool_]:
    mask = np.zeros(length, dtype=bool)
    if members is not None:
        mask[np.asarray(members, dtype=np.int64)] = True
    return mask


def _groups(file: Any) -> Mapping[str, tuple[int, int]]:
    """Return the physical groups: name to tag and dimension."""
    return {name: (int(data[0]), int(data[1])) for name, data in file.field_data.items() if np.size(data) == 2}


def _membership(
    found: Regions, names: tuple[str, ...], cells: int, with_crystal: bool, path: Path
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return membership in the mesa and the contacts (cells, regions), and in the crystal (cells,)."""
    masks: list[NDArray[np.bool_]] = []
    missing = []
    for name in names:
        mask = found.get(name, found.get(name.removeprefix(CONTACT_PREFIX)))
        if mask is None:
            missing.append(name.removeprefix(CONTACT_PREFIX))
        masks.append(np.zeros(cells, dtype=bool) if mask is None else mask)
    if with_crystal and CRYSTAL not in found:
        missing.append(CRYSTAL)
    if missing:
        listed = ", ".join(sorted(found)) or "none"
        raise MeshError(f"{path}: the mesh lacks the named regions {', '.join(missing)}; found: {listed}")
    # Formats that give a cell one group only cannot say that the cells of a contact are mesa too.
    masks[0] = np.any(masks, axis=0)
    return np.column_stack(masks), found.get(CRYSTAL, np.zeros(cells, dtype=bool))


def _refuse_unnamed(member: NDArray[np.bool_], crystal: NDArray[np.bool_], with_crystal: bool, path: Path) -> None:
    """Raise MeshError for cells outside the mesa that are not crystal, or where the scenario has no crystal."""
    outside = ~member[:, 0]
    if not with_crystal and outside.any():
        raise MeshError(f"{path}: {outside.sum()} cells lie outside the mesa, but the scenario has no [crystal]")
    if (outside & ~crystal).any():
        raise MeshError(f"{path}: {(outside & ~crystal).sum()} cells belong neither to the mesa nor to the crystal")


def _coordinates(points: NDArray[np.float64], cells: NDArray[np.int64], kind: str, path: Path) -> NDArray[np.float64]:
    """Return the coordinates that the geometry uses; refuse a mesh that bends out of them."""
    dimension = 2 if kind == "triangle" else 1
    used = points[np.unique(cells)]
    if not np.isfinite(used).all():
        raise MeshError(f"{path}: the mesh has coordinates that are not finite")
    extent = np.ptp(used, axis=0)
    if (extent[dimension:] > 1e-9 * extent.max()).any():
        raise MeshError(f"{path}: the mesh must lie in the {'x-y plane' if dimension == 2 else 'x axis'}")
    return points[:, :dimension].copy()


def _refuse_duplicates(points: NDArray[np.float64], path: Path) -> None:
    """Raise MeshError where two nodes lie at the same place: heat could not pass between them."""
    scaled = np.round(points / (1e-9 * max(float(np.ptp(points, axis=0).max()), 1e-300)))
    count = len(points) - len(np.unique(scaled, axis=0))
    if count:
        raise MeshError(f"{path}: {count} nodes lie on top of others: merge duplicate nodes at the region borders")


def _compare_area(raw: RawMesh, scenario: Scenario, path: Path) -> None:
    """Warn where the mesa of the file is not the mesa of the scenario, as when the file is in metres."""
    sizes = np.abs(cell_sizes(raw.points, raw.cells))
    if scenario.geometry == "strip":
        sizes = sizes * scenario.mesa.depth_um
    elif scenario.geometry == "disc":
        sizes = sizes * 2 * math.pi * raw.points[raw.cells, 0].mean(axis=1)
    of_file, of_scenario = float(sizes[raw.member[:, 0]].sum()), mesa_area(scenario)
    if abs(of_file - of_scenario) > AREA_TOLERANCE * of_scenario:
        LOG.warning(
            "%s: the mesa of the mesh has %.4g µm², that of the scenario %.4g µm²; the mesh counts (it must be in µm)",
            path,
            of_file,
            of_scenario,
        )
