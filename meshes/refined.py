"""The mesh of a scenario with every element cut into equal parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from hotmesa.meshes.build import on_first, raw_mesh
from hotmesa.meshes.raw import RawMesh, outer_boundary
from hotmesa.meshes.tagged import TaggedMesh, distribute
from hotmesa.scenarios.schema import Scenario

Parents = NDArray[np.int64]


def halved_mesh(scenario: Scenario, comm: MPI.Comm = MPI.COMM_SELF) -> tuple[TaggedMesh, Parents]:
    """Return the mesh of a scenario with all edges halved, and the two nodes in whose middle each new node lies.

    Collective; the first process makes the mesh.

    Args:
        scenario: device and element sizes.
        comm: over which the mesh is distributed.

    Returns:
        The mesh; the parents (nodes of the coarse mesh as it was made; twice the same for a node that was there), shape
        (nodes, 2). Linear interpolation is the mean of both.
    """
    raw, parents = halved(on_first(comm, lambda: raw_mesh(scenario)))
    return distribute(raw, scenario.geometry, comm), parents


def halved(raw: RawMesh) -> tuple[RawMesh, Parents]:
    """Return a mesh with every interval cut into two or every triangle into four, and the parents of its nodes."""
    nodes, cells = len(raw.points), raw.cells
    pairs = [(0, 1)] if cells.shape[1] == 2 else [(0, 1), (1, 2), (2, 0)]
    edges, numbers = np.unique(
        np.sort(np.concatenate([cells[:, list(pair)] for pair in pairs]), axis=1), axis=0, return_inverse=True
    )
    middles = nodes + numbers.reshape(len(pairs), len(cells)).T
    if len(pairs) == 1:
        parts = [np.column_stack([cells[:, 0], middles[:, 0]]), np.column_stack([middles[:, 0], cells[:, 1]])]
    else:
        ab, bc, ca = middles.T
        a, b, c = cells.T
        parts = [np.column_stack(corners) for corners in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
    points = np.concatenate([raw.points, raw.points[edges].mean(axis=1)])
    fine = np.concatenate(parts)
    member = np.tile(raw.member, (len(parts), 1))
    parents = np.concatenate([np.repeat(np.arange(nodes)[:, None], 2, axis=1), edges])
    rim = raw.rim if len(pairs) == 1 else outer_boundary(points, fine)  # the centre of a disc is an end, and no rim
    return replace(raw, points=points, cells=fine, member=member, rim=rim), parents
