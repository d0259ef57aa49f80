"""How the nodes of a plan move with a place or a size: what is moved goes rigidly, all between follows smoothly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.schema import Contact, Scenario
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.errors import RequestError

Nodes = NDArray[np.bool_]
INSIDE = 1.0 - 1e-9
"""Share of the area of a node that belongs to the mesa where all of it does."""


@dataclass(frozen=True)
class Displacements:
    """Displacements of the nodes of a plan, each the solution of Laplace's equation between what holds and what moves.

    What moves or holds are the rim, the edge of the mesa and the patches of the contacts. The derivative of a state
    does not depend on how the nodes between them go, except for what the mesh itself makes.

    Attributes:
        scenario: the device.
        operators: of its plan.
    """

    scenario: Scenario
    operators: PlanOperators

    def of(self, parameter: Parameter) -> Array:
        """Return the displacement (µm) of the owned nodes for each unit of a place or size, shape (owned, 2).

        Raises:
            RequestError: what shall move touches what holds, so that the mesh would have to change.
        """
        moving, velocity = self._velocity(parameter)
        held = np.zeros(len(self._xy), dtype=bool)
        for name, nodes in self._borders.items():
            if name != moving:
                held |= nodes
        nodes = self._borders[moving]
        if (nodes & held).any():
            touched = next(name for name, other in self._borders.items() if name != moving and (nodes & other).any())
            raise RequestError(
                f"{parameter.key}: {moving} touches {touched}, so that a mesh whose nodes move cannot follow; "
                "take a difference of two runs"
            )
        fixed = np.zeros(self._xy.shape)
        fixed[nodes] = velocity[nodes]
        field = fixed.copy()
        field[self._free] = self._factors(-(self._stiffness[self._free] @ fixed))
        return field[self._mine]

    def _velocity(self, parameter: Parameter) -> tuple[str, Array]:
        """Return what moves, and the displacement of its nodes."""
        head, name, xy = parameter.path[0], parameter.path[-1], self._xy
        if head == "contacts":
            contact = self.scenario.contacts[int(parameter.path[1])]
            return f"the contact {contact.name}", self._of_contact(contact, str(name))
        words = "the edge of the mesa" if head == "mesa" else "the rim"
        if name == "radius_um":
            return words, xy / parameter.value
        along = np.array([1.0, 0.0] if name == "width_um" else [0.0, 1.0])
        return words, xy * along / parameter.value

    def _of_contact(self, contact: Contact, name: str) -> Array:
        """Return the displacement (µm) of all nodes, by which a patch moves, turns or grows about its place."""
        on_plan = {"plan": (1.0, 1.0), "strip": (1.0, 0.0), "disc": (0.0, 0.0)}[self.scenario.geometry]
        from_place = self._xy - np.array([contact.x_um, contact.y_um]) * on_plan
        if name in ("x_um", "y_um"):
            return np.tile([1.0, 0.0] if name == "x_um" else [0.0, 1.0], (len(self._xy), 1))
        if name == "radius_um":
            return np.asarray(from_place / contact.radius_um)
        if name == "angle_deg":
            return np.asarray(np.radians(from_place @ np.array([[0.0, 1.0], [-1.0, 0.0]])))
        along = np.array(contact.patch.axes[0 if name == "width_um" else 1])
        return np.outer(from_place @ along, along) / float(getattr(contact, name))

    @cached_property
    def _mine(self) -> slice:
        owned = self.operators.owned
        first = self.operators.comm.exscan(owned) or 0
        return slice(first, first + owned)

    def _whole(self, values: Array) -> Array:
        """Return nodal values of all ranks, in the order of the columns of the stiffness."""
        return np.concatenate(self.operators.comm.allgather(values))

    @cached_property
    def _xy(self) -> Array:
        return self._whole(self.operators.xy)

    @cached_property
    def _stiffness(self) -> sp.csr_matrix:
        return sp.vstack(self.operators.comm.allgather(self.operators.stiffness)).tocsr()

    @cached_property
    def _borders(self) -> dict[str, Nodes]:
        """The nodes of everything that moves or holds, by its name."""
        mesa, plan = self._whole(self.operators.mesa_mass), self._whole(self.operators.mass)
        rim = self._whole(self.operators.on_rim)
        edge = (mesa > 0.0) & (mesa < INSIDE * plan)
        found = {"the edge of the mesa": edge, "the rim": rim}
        if self.scenario.crystal is None:
            found = {"the edge of the mesa": rim}
        for name, patch in self.operators.patches.items():
            found[f"the contact {name}"] = self._whole(patch) > 0.0
        if self.scenario.geometry == "disc":
            centre = self._xy[:, 0] == 0.0
            found |= {} if any((nodes & centre).any() for nodes in found.values()) else {"the axis": centre}
        return found

    @cached_property
    def _free(self) -> NDArray[np.int64]:
        return np.flatnonzero(~np.logical_or.reduce(list(self._borders.values())))

    @cached_property
    def _factors(self) -> spla.SuperLU:
        matrix = self._stiffness[self._free][:, self._free].tocsc()
        lu = spla.splu(matrix) if self._free.size else None
        return lambda rhs: rhs if lu is None else lu.solve(np.ascontiguousarray(rhs))
