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
        self._owned = operators.owned
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
