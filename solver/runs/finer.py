"""Models of a device on finer meshes and in finer sublayers, and states that are found there again from known ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.refined import halved_mesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.layers import graded, halved_sublayers, layer_thickness
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import full_temperatures, gather_to_root
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

TOLERANCE = 1e-6
"""Of the finer states: far below their difference."""
Bring = Callable[[Array], Array]
"""Takes fields (sublayers, nodes in the order of the mesh as it was made) from one model to another."""


@dataclass(frozen=True)
class Finer:
    """A model and the way from another one to it.

    Attributes:
        source, target: the models.
        bring: what makes fields of the target of those of the source.
        otherwise: another way, where Newton's method does not get home from that one.
    """

    source: Model
    target: Model
    bring: Bring
    otherwise: Bring | None = None

    def guess(self, e: State, bring: Bring | None = None) -> Array:
        """Return the flat state of the target that a state of the source becomes. Collective."""
        target, comm = self.target, self.source.comm
        fields = gather_to_root(self.source.operators)(full_temperatures(self.source, e))
        brought = comm.bcast(None if fields is None else (bring or self.bring)(fields))
        return np.concatenate([target.layout.from_plan(brought[:, target.operators.input_node]), e.wires, [e.V]])

    def solve(self, e: State) -> State:
        """Return the state of the target at the current of a state of the source, found from it. Collective.

        Raises:
            SolveError: there is none nearby.
        """
        problem = ThermalBranch(self.target, Bias.current())
        try:
            return solve_steady_state(problem, e.I, self.guess(e))
        except SolveError:
            if self.otherwise is None:
                raise
            return solve_steady_state(problem, e.I, self.guess(e, self.otherwise))


def finer_mesh(model: Model) -> Finer:
    """Return the way to a mesh with all edges halved. Collective."""
    tagged, parents = halved_mesh(model.scenario, model.comm)

    def bring(fields: Array) -> Array:
        return np.asarray(0.5 * (fields[:, parents[:, 0]] + fields[:, parents[:, 1]]))

    return Finer(model, like(model, model.scenario, tagged), bring)


def finer_layers(model: Model) -> Finer:
    """Return the way to sublayers that are all cut into two. Collective."""
    return between(model, like(model, halved_sublayers(model.scenario), model.tagged))


def between(source: Model, target: Model) -> Finer:
    """Return the way from one model to any other of the same device: linear in the plan and through each layer.

    Otherwise it is constant in each sublayer, whose heat then is what it was. Collective.
    """
    here, there = (gather_to_root(model.operators)(model.operators.xy.T) for model in (source, target))
    same, line = source.tagged is target.tagged, source.tagged.geometry != "plan"
    depths = [*zip(_middles(source.scenario), _middles(target.scenario), strict=True)]

    def bring(fields: Array, through: Callable[[Array, Array], Array] = _through) -> Array:
        if not same and here is not None and there is not None:
            fields = np.stack([_on_nodes(here.T, there.T, values, line) for values in fields])
        parts, first = [], 0
        for before, after in depths:
            layer = fields[first : first + before.size]
            parts.append(through(before, after) @ layer)
            first += before.size
        return np.concatenate(parts)

    return Finer(source, target, bring, partial(bring, through=_nearest))


def _middles(scenario: Scenario) -> list[Array]:
    """Return the depths (µm) of the middles of the sublayers of each layer, counted from its top."""
    parts = [graded(layer_thickness(scenario, la), la.sublayers, la.first_sublayer_um) for la in scenario.layers]
    return [np.cumsum(d) - 0.5 * d for d in parts]


def _through(before: Array, after: Array) -> Array:
    """Return the matrix that interpolates linearly from depths to others, constant beyond, shape (after, before)."""
    return np.column_stack([np.interp(after, before, column) for column in np.eye(before.size)])


def _nearest(before: Array, after: Array) -> Array:
    """Return the matrix that takes the value of the nearest of depths, shape (after, before)."""
    return np.asarray(np.eye(before.size)[np.abs(after[:, None] - before).argmin(axis=1)])


def _on_nodes(here: Array, there: Array, values: Array, line: bool) -> Array:
    """Return nodal values at other places, linear between the nodes, of the nearest node beyond; NaN are no values."""
    known = np.isfinite(values)
    if line:
        order = np.argsort(here[known, 0])
        return np.asarray(np.interp(there[:, 0], here[known, 0][order], values[known][order]))
    result = np.asarray(LinearNDInterpolator(here[known], values[known])(there))
    lost = ~np.isfinite(result)
    result[lost] = NearestNDInterpolator(here[known], values[known])(there[lost])
    return result


def like(model: Model, scenario: Scenario, tagged: TaggedMesh, tolerance: float = TOLERANCE) -> Model:
    """Return a model of another scenario and mesh, with all that a user brought along to this one.

    Its states are found to `tolerance`, or to that of the scenario where this is larger.
    """
    brought, numerics = model.parts.brought, scenario.numerics
    looser = numerics.model_copy(update={"tolerance": max(tolerance, numerics.tolerance)})
    return Model(
        scenario.model_copy(update={"numerics": looser}),
        tagged,
        model.junctions.law,
        materials=brought.materials,
        sinks=brought.sinks,
    )
