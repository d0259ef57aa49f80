"""The area of the mesa inside an isotherm, a smooth function of the temperatures: hot_fraction without its steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes.libraries import fem
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.plan import add_mode
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_sum
from hotmesa.solver.states.observables import junction_temperatures


class Isotherm:
    """The part of the mesa above output.hot_temperature_K, the temperature linear inside every element.

    The observable hot_fraction is a sum over nodes, whose derivative is zero nearly everywhere; both agree to about an
    element along the isotherm.
    """

    def __init__(self, model: Model) -> None:
        """Take the elements of the mesa that this rank owns. Collective."""
        self._model = model
        tagged, space = model.tagged, model.operators.space
        mesh = tagged.mesh
        owned = mesh.topology.index_map(mesh.topology.dim).size_local
        cells = tagged.cells("mesa")
        cells = cells[cells < owned]
        self._dofs: NDArray[np.int64] = space.dofmap.list[cells]
        self._values = fem.Function(space)
        places = model.operators.xy[:, : mesh.geometry.dim].T
        self._corners: Array = np.stack([self._local(axis) for axis in places], axis=-1)
        self._stretch: Array = np.ones(self._corners.shape)
        if model.scenario.geometry == "disc":  # by the area inside a radius instead of the radius
            self._stretch, self._corners = 2.0 * np.pi * self._corners, np.pi * self._corners**2

    def fraction(self, state: State) -> float:
        """Return the part of the area. Collective."""
        sizes, _ = self._measures(self._corners)
        share, _ = _shares(self._excess(state))
        return global_sum(self._model.comm, float(sizes @ share)) / self._model.area

    def gradient(self, state: State) -> Array:
        """Return its derivatives by the mean temperature of the junctions at the owned mesa nodes. Collective."""
        sizes, _ = self._measures(self._corners)
        _, slopes = _shares(self._excess(state))
        array = self._values.x.array
        array[:] = 0.0
        np.add.at(array, self._dofs, sizes[:, None] * slopes)
        self._values.x.scatter_reverse(add_mode())
        return np.asarray(array[self._model.layout.mesa_nodes]) / self._model.area

    def by_nodes(self, state: State, displacement: Array) -> float:
        """Return the share of this rank in its derivative by a displacement of the nodes, shape (owned, 2). Collective.

        Temperatures go with the nodes.
        """
        speed = np.stack([self._local(axis) for axis in displacement[:, : self._corners.shape[2]].T], axis=-1)
        _, changes = self._measures(self._corners, speed * self._stretch)
        share, _ = _shares(self._excess(state))
        whole = global_sum(self._model.comm, float(changes.sum())) / self._model.area
        return (float(changes @ share) - whole * float(self._measures(self._corners)[0] @ share)) / self._model.area

    def _local(self, owned: Array) -> Array:
        """Return nodal values at the corners of the elements. Collective."""
        self._values.x.array[: owned.size] = owned
        self._values.x.scatter_forward()
        return np.asarray(self._values.x.array[self._dofs])

    def _excess(self, state: State) -> Array:
        """Return by how much the corners are hotter than the isotherm, shape (cells, corners). Collective."""
        mesa = np.zeros(self._model.operators.owned)
        mesa[self._model.layout.mesa_nodes] = junction_temperatures(self._model, state).mean(axis=0)
        return self._local(mesa) - self._model.scenario.output.hot_temperature_K

    def _measures(self, corners: Array, speed: Array | None = None) -> tuple[Array, Array]:
        """Return the area (µm²) of every element and, where its corners move, its derivative."""
        a = corners[:, 1:] - corners[:, :1]
        b = np.zeros(a.shape) if speed is None else speed[:, 1:] - speed[:, :1]
        if corners.shape[2] == 1:
            scenario = self._model.scenario
            depth = 1.0 if scenario.geometry == "disc" else scenario.mesa.extent_um[1]
            return depth * np.abs(a[:, 0, 0]), depth * np.sign(a[:, 0, 0]) * b[:, 0, 0]
        area = 0.5 * (a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0])
        change = b[:, 0, 0] * a[:, 1, 1] + a[:, 0, 0] * b[:, 1, 1] - b[:, 0, 1] * a[:, 1, 0] - a[:, 0, 1] * b[:, 1, 0]
        return np.abs(area), 0.5 * np.sign(area) * change


def _shares(excess: Array) -> tuple[Array, Array]:
    """Return which part of each element is hot, and its derivatives by the excess at the corners.

    With one corner on its side of the isotherm, of excess f_1, that side is the part prod_j f_1/(f_1 - f_j) over the
    others.
    """
    hot = excess > 0.0
    count = hot.sum(axis=1)
    share = (count == excess.shape[1]).astype(float)
    slopes = np.zeros(excess.shape)
    for lone_is_hot in (True, False)[: excess.shape[1] - 1]:  # an interval has one corner on each side
        alone = hot if lone_is_hot else ~hot
        cut = np.flatnonzero((alone.sum(axis=1) == 1) & (count > 0) & (count < excess.shape[1]))
        lone = np.argmax(alone[cut], axis=1)
        rows = np.arange(cut.size)
        f = excess[cut]
        first = f[rows, lone][:, None]
        gaps = first - f
        gaps[rows, lone] = 1.0
        ratios = first / gaps
        ratios[rows, lone] = 1.0
        part = ratios.prod(axis=1)
        by = part[:, None] / gaps
        by[rows, lone] = part * ((excess.shape[1] - 1) / first[:, 0] - (1.0 / gaps).sum(axis=1) + 1.0)
        share[cut] = part if lone_is_hot else 1.0 - part
        slopes[cut] = by if lone_is_hot else -by
    return share, slopes
