"""Nodes and elements of the mesa on every rank, in an order that does not depend on the ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.parallel import Comm

Index = NDArray[np.int64]


@dataclass(frozen=True)
class MesaNodes:
    """All nodes of the mesa by their numbers in the mesh as it was made, known to every rank.

    Attributes:
        comm: communicator.
        numbers: of all nodes, increasing.
        own: places of the nodes of this rank among them.
    """

    comm: Comm
    numbers: Index
    own: Index

    @staticmethod
    def of(layout: Layout) -> MesaNodes:
        """Return the nodes of a layout. Collective."""
        mine, comm = layout.operators.input_node[layout.mesa_nodes], layout.operators.comm
        numbers = np.sort(np.concatenate(comm.allgather(mine)))
        return MesaNodes(comm, numbers, np.searchsorted(numbers, mine))

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.numbers.size)

    def elements(self, tagged: TaggedMesh, layout: Layout) -> Index:
        """Return the places of the corners of every element of the mesa, shape (elements, corners). Collective."""
        owned = tagged.mesh.topology.index_map(tagged.mesh.topology.dim).size_local
        cells = tagged.cells("mesa")
        corners = layout.operators.space.dofmap.list[cells[cells < owned]]
        mine = np.searchsorted(self.numbers, layout.operators.local_input_node[corners])
        every = np.sort(np.concatenate(self.comm.allgather(mine)), axis=1)
        return np.asarray(every[np.lexsort(every.T)])

    def everywhere(self, mine: Array) -> Array:
        """Return the values of all nodes from those of this rank, nodes on the last axis. Collective."""
        part = (np.ascontiguousarray(mine), self.own)
        parts = [part] if self.comm.size == 1 else self.comm.allgather(part)
        whole = np.empty((*mine.shape[:-1], self.count))
        for values, places in parts:
            whole[..., places] = values
        return whole

    def mine(self, everywhere: Array) -> Array:
        """Return the values of the nodes of this rank."""
        return np.asarray(everywhere[..., self.own])
