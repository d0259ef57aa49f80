"""The area of the mesa inside an isotherm, a smooth function of the temperatures: hot_fraction without its steps."""

from __future__ import annotations

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_sum
from hotmesa.solver.states.cold import hot_shares
from hotmesa.solver.states.observables import junction_excess


class Isotherm:
    """The part of the mesa above output.hot_temperature_K, the temperature linear inside every element.

    The observable hot_fraction is a sum over nodes, whose derivative is zero nearly everywhere; both agree to about an
    element along the isotherm.
    """

    def __init__(self, model: Model) -> None:
        """Take the elements of the mesa that this rank owns. Collective."""
        self._model = model
        self._elements = model.mesa_elements

    def fraction(self, state: State) -> float:
        """Return the part of the area. Collective."""
        sizes, _ = self._elements.sizes()
        share, _ = hot_shares(self._excess(state))
        return global_sum(self._model.comm, float(sizes @ share)) / self._model.area

    def gradient(self, state: State) -> Array:
        """Return its derivatives by the mean temperature of the junctions at the owned mesa nodes. Collective."""
        sizes, _ = self._elements.sizes()
        _, slopes = hot_shares(self._excess(state))
        at_nodes = self._elements.to_nodes(sizes[:, None] * slopes)
        return np.asarray(at_nodes[self._model.layout.mesa_nodes]) / self._model.area

    def by_nodes(self, state: State, displacement: Array) -> float:
        """Return the share of this rank in its derivative by a displacement of the nodes, shape (owned, 2). Collective.

        Temperatures go with the nodes.
        """
        elements = self._elements
        dimensions = elements.places.shape[2]
        speed = np.stack([elements.at_corners(axis) for axis in displacement[:, :dimensions].T], axis=-1)
        sizes, changes = elements.sizes(speed)
        share, _ = hot_shares(self._excess(state))
        whole = global_sum(self._model.comm, float(changes.sum())) / self._model.area
        return (float(changes @ share) - whole * float(sizes @ share)) / self._model.area

    def _excess(self, state: State) -> Array:
        """Return by how much the corners are hotter than the isotherm, shape (cells, corners). Collective."""
        return junction_excess(self._model, state, self._model.scenario.output.hot_temperature_K)
