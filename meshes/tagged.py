"""A distributed DOLFINx mesh with named regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import basix.ufl
import dolfinx.mesh
import numpy as np
from dolfinx.mesh import Mesh, MeshTags
from mpi4py import MPI
from numpy.typing import NDArray

from hotmesa.meshes.compat import IntArray, geometry_dofmap
from hotmesa.meshes.raw import MeshError, RawMesh, region_tags

RIM = 1
Geometry = Literal["plan", "strip", "disc"]


@dataclass(frozen=True)
class TaggedMesh:
    """A mesh with named regions.

    Attributes:
        mesh: DOLFINx mesh, coordinates in µm: triangles for "plan", intervals for "strip" (x) and "disc" (radius).
        cell_tags: Every local cell has one tag.
        facet_tags: Tag RIM on the outer boundary: all of it for "plan", both ends for "strip", the outer end
            for "disc".
        regions: Name to the cell tags that make it up: "plan" (all cells), "mesa", and "contact:<name>" for every
            contact, which is part of the mesa.
        geometry: What the coordinates mean.
    """

    mesh: Mesh
    cell_tags: MeshTags
    facet_tags: MeshTags
    regions: Mapping[str, tuple[int, ...]]
    geometry: Geometry

    def cells(self, name: str) -> IntArray:
        """Return the local cells (owned and ghosts) of a region, sorted.

        Raises:
            MeshError: If there is no region of that name.
        """
        if name not in self.regions:
            raise MeshError(f"there is no region {name!r}; there are {', '.join(self.regions)}")
        result = np.isin(self.cell_tags.values, self.regions[name])
        return np.asarray(self.cell_tags.indices[result], dtype=np.int32)

    def rim_facets(self) -> IntArray:
        """Return the local facets of the outer boundary, sorted."""
        return np.asarray(self.facet_tags.find(RIM), dtype=np.int32)


def distribute(raw: RawMesh, geometry: Geometry, comm: MPI.Comm) -> TaggedMesh:
    """Return the DOLFINx mesh of arrays that every process holds. Collective.

    Args:
        raw: The whole mesh, the same on all processes.
        geometry: What the coordinates mean.
        comm: Communicator over which the cells are distributed.
    """
    tags, regions = region_tags(raw)
    dimension = raw.points.shape[1]
    shape = "triangle" if dimension == 2 else "interval"
    element = basix.ufl.element("Lagrange", shape, 1, shape=(dimension,), dtype=np.float64)
    # DOLFINx takes the cells that each process brings: the first brings all of them.
    share = slice(None) if comm.rank == 0 else slice(0, 0)
    mesh = dolfinx.mesh.create_mesh(comm, cells=raw.cells[share], x=raw.points[share], e=element)
    local = np.arange(len(mesh.topology.original_cell_index), dtype=np.int32)
    cell_tags = dolfinx.mesh.meshtags(mesh, dimension, local, tags[mesh.topology.original_cell_index])
    rim = _local_rim(mesh, raw)
    facet_tags = dolfinx.mesh.meshtags(mesh, dimension - 1, rim, np.full(len(rim), RIM, dtype=np.int32))
    return TaggedMesh(mesh, cell_tags, facet_tags, regions, geometry)


def _local_rim(mesh: Mesh, raw: RawMesh) -> IntArray:
    """Return the local facets whose nodes are those of a facet of the outer boundary."""
    dimension = mesh.topology.dim
    mesh.topology.create_entities(dimension - 1)
    mesh.topology.create_connectivity(dimension, 0)
    nodes = _input_node_of_vertex(mesh)
    if dimension == 1:
        return np.flatnonzero(np.isin(nodes, raw.rim)).astype(np.int32)
    mesh.topology.create_connectivity(1, 0)
    edges = np.sort(nodes[mesh.topology.connectivity(1, 0).array.reshape(-1, 2)], axis=1)
    count = len(raw.points)
    return np.flatnonzero(np.isin(_key(edges, count), _key(raw.rim, count))).astype(np.int32)


def _key(edges: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return edges[:, 0] * count + edges[:, 1]


def _input_node_of_vertex(mesh: Mesh) -> NDArray[np.int64]:
    """Return for every local vertex the number that its node had in the arrays the mesh was made from."""
    topology = mesh.topology
    index_map = topology.index_map(0)
    nodes = np.full(index_map.size_local + index_map.num_ghosts, -1, dtype=np.int64)
    # On affine simplices the vertices and the geometry nodes of a cell come in the same order.
    vertices = topology.connectivity(topology.dim, 0).array
    nodes[vertices] = mesh.geometry.input_global_indices[geometry_dofmap(mesh).ravel()]
    return nodes
