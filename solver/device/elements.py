"""The elements of the mesa: their corners and sizes, and values at them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.libraries import fem
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.plan import PlanOperators, add_mode


class MesaElements:
    """The elements of the mesa that this rank owns, with nodal values at their corners.

    Attributes:
        places: coordinates of the corners (µm), shape (cells, corners, dimensions).
        stretch: by which a displacement of a place moves the corner.
        corners: the same coordinates, on a disc the area (µm²) inside the radius instead.
    """

    def __init__(self, scenario: Scenario, tagged: TaggedMesh, operators: PlanOperators) -> None:
        """Take the elements from the mesh. Collective."""
        mesh = tagged.mesh
        owned = mesh.topology.index_map(mesh.topology.dim).size_local
        cells = tagged.cells("mesa")
        self._dofs: NDArray[np.int64] = operators.space.dofmap.list[cells[cells < owned]]
        self._values = fem.Function(operators.space)
        self._depth = scenario.mesa.extent_um[1] if scenario.geometry == "strip" else 1.0
        self._owned, self._comm = operators.owned, operators.comm
        self.places: Array = np.stack([self.at_corners(x) for x in operators.xy[:, : mesh.geometry.dim].T], axis=-1)
        self.stretch: Array = np.ones(self.places.shape)
        self.corners = self.places
        if scenario.geometry == "disc":
            self.stretch, self.corners = 2.0 * np.pi * self.places, np.pi * self.places**2

    def at_corners(self, owned: Array) -> Array:
        """Return values of the owned nodes at the corners of the elements, shape (cells, corners). Collective."""
        self._values.x.array[: owned.size] = owned
        self._values.x.scatter_forward()
        return np.asarray(self._values.x.array[self._dofs])

    def to_nodes(self, by_corner: Array) -> Array:
        """Return the sums of values at the corners over the elements around each owned node. Collective."""
        array = self._values.x.array
        array[:] = 0.0
        np.add.at(array, self._dofs, by_corner)
        self._values.x.scatter_reverse(add_mode())
        return np.array(array[: self._owned])

    def at_places(self, owned: Array, places: Array) -> Array:
        """Return values of the owned nodes at places (µm) of shape (p, 2), linear in the elements, (p,). Collective.

        A place outside all elements, as beside a curved edge, has the value in the nearest one of the rank that has it.
        """
        corners, size = self.at_corners(owned), self.places.shape[2]
        found = np.array([_linear(self.places, corners, place[:size]) for place in places]).reshape(-1, 2)
        every = np.array(self._comm.allgather(found))
        nearest = np.argmin(every[:, :, 1], axis=0)
        return np.asarray(every[nearest, np.arange(len(places)), 0])

    def sizes(self, speed: Array | None = None) -> tuple[Array, Array]:
        """Return the area (µm²) of every element and, where its places move, its derivative."""
        a = self.corners[:, 1:] - self.corners[:, :1]
        b = np.zeros(a.shape)
        if speed is not None:
            moved = speed * self.stretch
            b = moved[:, 1:] - moved[:, :1]
        if self.corners.shape[2] == 1:
            return self._depth * np.abs(a[:, 0, 0]), self._depth * np.sign(a[:, 0, 0]) * b[:, 0, 0]
        area = 0.5 * (a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0])
        change = b[:, 0, 0] * a[:, 1, 1] + a[:, 0, 0] * b[:, 1, 1] - b[:, 0, 1] * a[:, 1, 0] - a[:, 0, 1] * b[:, 1, 0]
        return np.abs(area), 0.5 * np.sign(area) * change


def _linear(corners: Array, values: Array, place: Array) -> tuple[float, float]:
    """Return the value at a place of the element that holds it best, and how far outside it lies (0 inside)."""
    if not len(corners):
        return 0.0, np.inf
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    inner = np.linalg.solve(edges, (place - corners[:, 0])[:, :, None])[:, :, 0]
    weights = np.column_stack([1.0 - inner.sum(axis=1), inner])
    outside = np.maximum(-weights.min(axis=1), 0.0)
    best = int(np.argmin(outside))
    shares = np.clip(weights[best], 0.0, 1.0)
    return float(values[best] @ shares / shares.sum()), float(outside[best])
