"""How far the numbers of a branch are from those of infinitely fine meshes and layers: solved again on finer ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.refined import halved_mesh
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.layers import halved_sublayers
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import full_temperatures
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

TABLE = "accuracy.csv"
ORDER_FACTOR = 1.6
"""Error over the change by halving: 4/3 at second order, 2 at first, and either is within a quarter of this."""
TOLERANCE = 1e-6
"""Of the finer states: far below their difference."""
MOST = 2_000_000
SEVERAL = 20_000
"""Unknowns of a finer model up to which it is solved at every place, not at the first one alone."""
Bring = Callable[[Array], Array]


@dataclass
class Places:
    """Places of a branch that its numbers hang on, most sensitive first; points are taken as they come.

    Attributes:
        found: state by name: "steepest" (least dV/dI, where V peaks), "nucleation" (of the hot spot), "end".
    """

    found: dict[str, Evaluation] = field(default_factory=dict)
    _least: float = np.inf

    def take(self, row: Row, e: Evaluation) -> None:
        """Look at a point of the branch: its row of the table and its state."""
        slope = abs(float(row["dV_dI_ohm"]))
        if e.I > 0.0 and "I" not in str(row["fold"]):  # at a fold in I no current holds the state
            if slope <= self._least or not self.found:
                self._least, self.found["steepest"] = slope, e
            if float(row["hot_fraction"]) > 0.0:
                self.found.setdefault("nucleation", e)
            self.found["end"] = e


def estimates(model: Model, places: Mapping[str, Evaluation]) -> Iterator[Point]:
    """Yield a row of accuracy.csv for each place: how far V at this current and T_max are off, by mesh and by layers.

    The state is found again, from itself, with all edges halved, and with all sublayers halved.
    """
    if model.comm.size > 1:
        yield _row("", None, {"reason": "not estimated on several processes"}, bool(model.comm.rank == 0))
        return
    first = "steepest"
    unique = {name: e for k, (name, e) in enumerate(places.items()) if not any(e is x for x in [*places.values()][:k])}
    if 4 * model.operators.owned * len(model.layout.stack) > MOST:
        yield _row(first, places[first], {"reason": f"a finer mesh would have more than {MOST:,} unknowns"})
        return
    finer = {"mesh": _solver(model, *finer_mesh(model)), "layer": _solver(model, *finer_layers(model))}
    for name, e in unique.items():
        reasons: list[str] = []
        row: Row = {}
        for what, (unknowns, solve) in finer.items():
            if name != first and unknowns > SEVERAL:
                continue
            try:
                V, T = solve(e)
                row |= {f"{what}_error_V_percent": 100 * ORDER_FACTOR * abs(V / e.V - 1.0)}
                row |= {f"{what}_error_T_K": ORDER_FACTOR * abs(T - _hottest(model, e))}
            except SolveError as error:
                reasons.append(f"no state with finer {what}: {error}")
        yield _row(name, e, row | {"reason": "; ".join(reasons)})


def finer_mesh(model: Model) -> tuple[Model, Bring]:
    """Return a model on a mesh with all edges halved, and what brings fields (sublayers, nodes) to it."""
    tagged, parents = halved_mesh(model.scenario, model.comm)
    fine, numbers = _like(model, model.scenario, tagged), model.operators.input_node

    def bring(fields: Array) -> Array:
        made = np.empty_like(fields)
        made[:, numbers] = fields
        return np.asarray(0.5 * (made[:, parents[:, 0]] + made[:, parents[:, 1]])[:, fine.operators.input_node])

    return fine, bring


def finer_layers(model: Model) -> tuple[Model, Bring]:
    """Return a model with all sublayers cut into two, and what brings fields (sublayers, nodes) to it."""
    fine = _like(model, halved_sublayers(model.scenario), model.tagged)
    return fine, lambda fields: np.repeat(fields, 2, axis=0)


def _like(model: Model, scenario: Scenario, tagged: TaggedMesh) -> Model:
    numerics = scenario.numerics.model_copy(update={"tolerance": max(TOLERANCE, scenario.numerics.tolerance)})
    brought = model.parts.brought
    return Model(
        scenario.model_copy(update={"numerics": numerics}),
        tagged,
        model.junctions.law,
        materials=brought.materials,
        sinks=brought.sinks,
    )


def _solver(source: Model, target: Model, bring: Bring) -> tuple[int, Callable[[Evaluation], tuple[float, float]]]:
    """Return the unknowns of a finer model, and what gives its V (mV) and T_max (K) at the current of a state."""
    problem = ThermalBranch(target, Bias.current())

    def solve(e: Evaluation) -> tuple[float, float]:
        fields = bring(full_temperatures(source, e))
        u = np.concatenate([target.layout.from_plan(fields), e.wires, [e.V]])
        fine = solve_steady_state(problem, e.I, u).e
        return fine.V, _hottest(target, fine)

    return target.unknowns, solve


def _hottest(model: Model, e: Evaluation) -> float:
    return float(junction_temperatures(model, e).max())


def _row(place: str, e: Evaluation | None, values: Mapping[str, float | int | str], leads: bool = True) -> Point:
    """Return a row of accuracy.csv with all its columns."""
    at = {"I_mA": e.I, "V_mV": e.V} if e is not None else {"I_mA": np.nan, "V_mV": np.nan}
    errors = {f"{what}_error_{unit}": np.nan for what in ("mesh", "layer") for unit in ("V_percent", "T_K")}
    return Point({"place": place} | at | errors | dict(values), table=TABLE, leads=leads)
