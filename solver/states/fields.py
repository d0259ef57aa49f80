"""Fields of a state on the whole mesh, gathered on the first rank in the numbering of the mesh as it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.patches import contact_circles, contact_corners
from hotmesa.postprocess.states import States
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.model import Model, State

Gather = Callable[[Array], Array | None]
"""Returns nodal values (last axis: owned nodes) of all ranks on the first one, None elsewhere. Collective."""


def gather_to_root(operators: PlanOperators) -> Gather:
    """Return what brings nodal values of all ranks to the first one. Collective: node numbers are exchanged once."""
    comm = operators.comm
    numbers = comm.gather(operators.input_node)
    order = None if numbers is None else np.argsort(np.concatenate(numbers))

    def gather(values: Array) -> Array | None:
        parts = comm.gather(values)
        return None if parts is None else np.concatenate(parts, axis=-1)[..., order]

    return gather


def full_temperatures(model: Model, e: State) -> Array:
    """Return the temperatures (K) of every sublayer at the owned nodes, NaN outside, shape (sublayers, owned)."""
    return model.conduction.temperatures(e.T, e.conducted)


def carried_over(source: Model, target: Model, e: State) -> Array:
    """Return a state of one model as flat state of another of the same device: condensed from full or the reverse."""
    return np.concatenate([target.layout.from_plan(full_temperatures(source, e)), e.wires, [e.V]])


class Fields:
    """Brings the fields of states of one model to the first rank.

    Attributes:
        gather: brings nodal values there.
        leads: whether this is the first rank.
    """

    def __init__(self, model: Model) -> None:
        """Gather the plan once. Collective."""
        self.gather = gather_to_root(model.operators)
        self.leads = bool(model.comm.rank == 0)
        self._model = model
        self._plan = _gather_plan(model)

    def of(self, e: State, modes: Mapping[str, Array] | None = None) -> States | None:
        """Return all fields of a state on the first rank, None elsewhere. Collective.

        Args:
            e: the state.
            modes: its leading modes by bias, each of shape (count, sublayers, nodes) with maximum 1, on the first rank.
        """
        model, nodes, owned = self._model, self._model.layout.mesa_nodes, self._model.operators.owned
        on_mesa = [e.junctions.J, e.junctions.Q.sum(axis=0)]
        if model.electrode is not None and e.electrode is not None:
            on_mesa.append(model.electrode.nodes.mine(e.electrode.potential))
        values = np.full((len(on_mesa), owned), np.nan)
        values[:, nodes] = on_mesa
        fields = self.gather(np.vstack([full_temperatures(model, e), values]))
        if fields is None or self._plan is None:
            return None
        T, (J, Q, *U) = np.split(fields, [-len(on_mesa)])
        return States(
            *self._plan,
            layer_names=np.array([sublayer.name for sublayer in model.layout.stack]),
            T_K=T[None],
            J_mA_per_um2=J[None],
            heating_uW_per_um2=Q[None],
            row=np.zeros(1, dtype=np.int64),
            V_mV=np.array([e.V]),
            I_mA=np.array([e.I]),
            wire_T_K=np.array(model.wire_temperatures(e.wires), dtype=float).reshape(1, -1),
            contact_xyr=contact_circles(model.scenario),
            contact_corners=contact_corners(model.scenario),
            contact_names=np.array([c.name for c in model.scenario.contacts], dtype=np.str_),
            geometry=model.scenario.geometry,
            modes={name: shapes[None] for name, shapes in (modes or {}).items()},
            electrode_mV=U[0][None] if U else None,
        )


def _gather_plan(model: Model) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]] | None:
    """Return nodes (n, 2), cells (m, 3 or 2) and which cells are mesa (m,) on the first rank, None elsewhere."""
    operators, tagged, comm = model.operators, model.tagged, model.comm
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
    return xy[nodes], np.searchsorted(numbers[nodes], cells[order]), in_mesa[order]
