"""Fields of a state on the whole mesh, gathered on the first rank in the numbering of the mesh as it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.model import Evaluation, Model


@dataclass(frozen=True)
class FieldState:
    """Fields at one point of a branch; NaN outside the region of a field.

    Attributes:
        T_K: temperatures, shape (sublayers, nodes).
        J_mA_per_um2: current density, shape (nodes,).
        heating_uW_per_um2: Joule power per area over all junction sublayers, shape (nodes,).
        wire_T_K: temperature behind each contact.
        V_mV, I_mA: voltage and current.
        modes: leading modes by bias, each of shape (count, sublayers, nodes) with maximum 1; empty if not asked for.
    """

    T_K: Array
    J_mA_per_um2: Array
    heating_uW_per_um2: Array
    wire_T_K: Array
    V_mV: float
    I_mA: float
    modes: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class MeshArrays:
    """The plan as plain arrays (first rank only): nodes (n, 2), cells (m, 3 or 2), which cells are mesa (m,)."""

    node_xy: Array
    cells: NDArray[np.int64]
    cell_in_mesa: NDArray[np.bool_]


class Gatherer:
    """Brings nodal values of all ranks to the first one."""

    def __init__(self, operators: PlanOperators) -> None:
        """Exchange the node numbers once."""
        self._comm = operators.comm
        numbers = self._comm.gather(operators.input_node)
        self._order = None if numbers is None else np.argsort(np.concatenate(numbers))

    def __call__(self, values: Array) -> Array | None:
        """Return the values (last axis: owned nodes) of all nodes on the first rank, None elsewhere."""
        parts = self._comm.gather(values)
        return None if parts is None else np.concatenate(parts, axis=-1)[..., self._order]


def gather_mesh(operators: PlanOperators, tagged: TaggedMesh) -> MeshArrays | None:
    """Return the plan on the first rank, None elsewhere."""
    comm = operators.comm
    owned_cells = tagged.mesh.topology.index_map(tagged.mesh.topology.dim).size_local
    cells = operators.local_input_node[operators.space.dofmap.list[:owned_cells]]
    in_mesa = np.zeros(owned_cells, dtype=bool)
    mesa = tagged.cells("mesa")
    in_mesa[mesa[mesa < owned_cells]] = True
    first_vertex = tagged.mesh.topology.original_cell_index[:owned_cells]
    parts = comm.gather((operators.input_node, operators.xy, cells, in_mesa, first_vertex))
    if parts is None:
        return None
    numbers, xy, cells, in_mesa, original = (np.concatenate(a) for a in zip(*parts, strict=True))
    nodes, order = np.argsort(numbers), np.argsort(original)
    # Numbers of the mesh file may have gaps: positions among the sorted numbers have none.
    return MeshArrays(xy[nodes], np.searchsorted(numbers[nodes], cells[order]), in_mesa[order])


def full_temperatures(model: Model, e: Evaluation) -> Array:
    """Return the temperatures (K) of every sublayer at the owned nodes, NaN outside, shape (sublayers, owned)."""
    return model.conduction.temperatures(e.T, e.conducted)


def carried_over(source: Model, target: Model, e: Evaluation) -> Array:
    """Return a state of one model as flat state of another of the same device: condensed from full or the reverse."""
    return np.concatenate([target.layout.from_plan(full_temperatures(source, e)), e.wires, [e.V]])


def field_state(
    model: Model, gather: Gatherer, e: Evaluation, modes: Mapping[str, Array] | None = None
) -> FieldState | None:
    """Return all fields of a state on the first rank, None elsewhere. Collective."""
    nodes, owned = model.layout.mesa_nodes, model.operators.owned
    J, Q = np.full(owned, np.nan), np.full(owned, np.nan)
    J[nodes], Q[nodes] = e.junctions.J, e.junctions.Q.sum(axis=0)
    fields: Any = gather(np.vstack([full_temperatures(model, e), J, Q]))
    if fields is None:
        return None
    wires = np.array(model.wire_temperatures(e.wires))
    return FieldState(fields[:-2], fields[-2], fields[-1], wires, e.V, e.I, modes or {})
