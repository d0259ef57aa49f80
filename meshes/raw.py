"""A mesh as plain arrays on one process: the common form of generated and of read meshes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.errors import HotmesaError

MESA = "mesa"
PLAN = "plan"
CONTACT_PREFIX = "contact:"


class MeshError(HotmesaError, ValueError):
    """A mesh could not be made or read, or it does not fit the scenario; the message says where and what to try."""


@dataclass(frozen=True)
class RawMesh:
    """Nodes, simplices and the named regions of every cell.

    Attributes:
        points: Coordinates in µm, shape (nodes, gdim).
        cells: Nodes of every cell, shape (cells, gdim + 1).
        names: Names of the regions: "mesa", then "contact:<name>" for every contact.
        member: Whether a cell belongs to a region, shape (cells, regions).
        rim: Nodes of the facets of the outer boundary, sorted within a facet, shape (facets, gdim).
    """

    points: NDArray[np.float64]
    cells: NDArray[np.int64]
    names: tuple[str, ...]
    member: NDArray[np.bool_]
    rim: NDArray[np.int64]


def region_names(contacts: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the regions: the mesa, then the contacts."""
    return (MESA, *(CONTACT_PREFIX + name for name in contacts))


def region_tags(raw: RawMesh) -> tuple[NDArray[np.int32], Mapping[str, tuple[int, ...]]]:
    """Return a tag for every cell, and the tags that make up every region.

    Cells that belong to the same regions share a tag, so that regions may overlap; tags count from 1.

    Raises:
        MeshError: If a region has no cells.
    """
    kinds, tags = np.unique(raw.member, axis=0, return_inverse=True)
    regions = {PLAN: tuple(range(1, len(kinds) + 1))}
    for column, name in enumerate(raw.names):
        regions[name] = tuple(int(k) + 1 for k in np.flatnonzero(kinds[:, column]))
        if not regions[name]:
            raise MeshError(f"the mesh has no cells in {name!r}")
    return (tags.reshape(-1) + 1).astype(np.int32), regions


def cell_sizes(points: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the signed length (µm) of line cells or area (µm²) of triangles, shape (cells,)."""
    corner = points[cells]
    if points.shape[1] == 1:
        return np.asarray(corner[:, 1, 0] - corner[:, 0, 0])
    a, b = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    return np.asarray((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)


def oriented(points: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cells with the corners in positive order."""
    turned = cells.copy()
    negative = cell_sizes(points, cells) < 0
    turned[negative, -2:] = turned[negative, -2:][:, ::-1]
    return turned


def without_unused_nodes(
    points: NDArray[np.float64], cells: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points and cells renumbered so that every node belongs to a cell; the order of nodes is kept."""
    used, cells_of_used = np.unique(cells, return_inverse=True)
    return points[used], cells_of_used.reshape(cells.shape).astype(np.int64)


def outer_boundary(points: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the facets that belong to one cell only and enclose the mesh, shape (facets, gdim).

    The edge of a hole is no outer boundary: of all closed loops the one of largest extent is taken; of a line, both
    ends.

    Raises:
        MeshError: If the mesh consists of several pieces that do not share nodes.
    """
    if points.shape[1] == 1:
        nodes, counts = np.unique(cells, return_counts=True)
        return np.asarray(nodes[counts == 1].reshape(-1, 1))
    edges = np.sort(np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
    edges, counts = np.unique(edges, axis=0, return_counts=True)
    boundary = edges[counts == 1]
    loop = _components(boundary, len(points))[boundary[:, 0]]
    extents = {k: np.ptp(points[boundary[loop == k]].reshape(-1, 2), axis=0).max() for k in np.unique(loop)}
    if len(np.unique(_components(cells, len(points)))) > 1:
        raise MeshError("the mesh falls into pieces that share no nodes: merge duplicate nodes at the region borders")
    return np.asarray(boundary[loop == max(extents, key=lambda k: extents[k])])


def mirrored(raw: RawMesh, axis: int, partner: Sequence[int]) -> RawMesh:
    """Return a mesh of the half on the positive side of a line together with its exact mirror image.

    Args:
        raw: Mesh of one half; nodes of the mirror line lie on it exactly.
        axis: The line: 0 for x = 0, 1 for y = 0, 2 for x = y.
        partner: For every region the region that its mirror image belongs to.
    """
    x, y = raw.points.T
    off_line = np.flatnonzero((x != y) if axis == 2 else (raw.points[:, axis] != 0))
    image = np.arange(len(raw.points))
    image[off_line] = len(raw.points) + np.arange(len(off_line))
    reflected = raw.points[off_line].copy()
    if axis == 2:
        reflected = reflected[:, ::-1]
    else:
        reflected[:, axis] *= -1
    points = np.concatenate([raw.points, reflected])
    cells = oriented(points, np.concatenate([raw.cells, image[raw.cells]]))
    member = np.concatenate([raw.member, raw.member[:, list(partner)]])
    return replace(raw, points=points, cells=cells, member=member)


def _components(groups: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Return for every node the smallest node that it is linked to by the groups; itself where it is in none."""
    label = np.arange(nodes)
    while True:
        lowest = label[groups].min(axis=1)
        new = label.copy()
        for column in groups.T:
            np.minimum.at(new, column, lowest)
        # Following the label of the label doubles the reach of every pass.
        new = new[new]
        if np.array_equal(new, label):
            return label
        label = new
