"""The one file that knows how DOLFINx 0.9, 0.10 and 0.11 differ.

Only features are tested, never version strings ("0.9.0" < "0.10" is false).
"""

from __future__ import annotations

from typing import Any

import dolfinx.mesh
import numpy as np
from dolfinx.mesh import Mesh
from numpy.typing import NDArray

IntArray = NDArray[np.int32]


def geometry_dofmap(mesh: Mesh) -> IntArray:
    """Return the geometry nodes of every local cell, shape (cells, nodes per cell)."""
    geometry = mesh.geometry
    dofmap: IntArray = geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap
    return dofmap


def interpolation_points(space: Any) -> NDArray[np.float64]:
    """Return the reference points at which the element of a function space is evaluated, shape (points, tdim)."""
    points = space.element.interpolation_points
    values: NDArray[np.float64] = points() if callable(points) else points
    return values


def create_submesh(mesh: Mesh, dim: int, entities: IntArray) -> tuple[Mesh, Any, IntArray]:
    """Return a submesh, the entity maps for `fem.form`, and the parent entity of every cell of the submesh."""
    entity_map: Any  # an array in 0.9, an EntityMap since
    sub, entity_map, *_ = dolfinx.mesh.create_submesh(mesh, dim, entities)
    if hasattr(dolfinx.mesh, "EntityMap"):
        index_map = sub.topology.index_map(dim)
        cells = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
        return sub, [entity_map], entity_map.sub_topology_to_topology(cells, False)
    index_map = mesh.topology.index_map(dim)
    inverse = np.full(index_map.size_local + index_map.num_ghosts, -1, dtype=np.int32)
    inverse[entity_map] = np.arange(len(entity_map), dtype=np.int32)
    return sub, {sub: inverse}, np.asarray(entity_map, dtype=np.int32)
