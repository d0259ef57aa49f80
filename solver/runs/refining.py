"""Elements and sublayers for an accuracy that is asked for: chosen by the errors that each part of them leaves in V."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from hotmesa.meshes import TaggedMesh
from hotmesa.meshes.raw import MeshError
from hotmesa.meshes.zones import refined, zones
from hotmesa.postprocess.results import Point
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.layers import finer_layer
from hotmesa.scenarios.schema import Scenario, Stability
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.accuracy import ORDER_FACTOR, SEVERAL, Estimator, Places, estimates
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.runs.finer import between, like
from hotmesa.solver.states.observables import Measure

LOG = logging.getLogger(__name__)
SHARE = 0.8
"""Of the accuracy that the errors aimed at may use: the estimates are within a few 10 %."""
ROUNDS = 6
MESH_ORDER = 1.5
"""In the element size: 2 inside, less at the edges of contacts and of the mesa."""
LARGEST_FACTOR = 8.0
MOST_CUTS = 40
LEAST_PERCENT = 1e-6
SMALL_SHARE = 0.1
"""Of the error of all layers: those that cause less are cut as a whole if at all."""


@dataclass(frozen=True)
class Choice:
    """What a run is made on.

    Attributes:
        scenario: the device with the chosen sizes, marked as chosen.
        error_percent: the estimated error of V on them, mesh and sublayers together; None where it is not known.
        points: those of the run, where it was made already; else empty.
    """

    scenario: Scenario
    error_percent: float | None
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Part:
    """A part of the elements, or a way to cut a layer: the error (%) it leaves in V, and the unknowns it costs."""

    error: float
    cost: float


@dataclass
class Chooser:
    """Refines a device until the estimated error of V at the places that count is below `mesh.accuracy_percent`.

    A branch on the elements and sublayers of the scenario finds the places. Each round estimates their errors; where
    they are too large it tells by one more state for each part of the mesh and each layer which of them cause it, and
    finds the places again, from themselves, on what is refined there.

    Attributes:
        mesh_of: makes the mesh of a scenario. Collective.
        model: that of the scenario, later the one that the last round ended with.
        observables: of the run.
        choice: the result, once `rounds` is through.
    """

    mesh_of: Callable[[Scenario], TaggedMesh]
    model: Model
    observables: Sequence[Measure] = ()
    choice: Choice | None = None

    def rounds(self) -> Iterator[str]:
        """Refine, and yield words after each step, "" after each point of the first branch. Collective."""
        original, computed, places = self.model, list[Point](), Places()
        # What this branch computes is the run itself where nothing is refined.
        keeps = KINDS[original.scenario.mode].from_rest
        pilot = original if keeps else _without_stability(original)
        try:
            for point in branch_points(pilot, self.observables):
                places.take(point.row, point.curve.evaluation)
                computed += [point] if keeps else []
                yield ""
        except SolveError as problem:
            keeps = False
            yield f"the first branch ended early: {problem}"
        error, said = yield from self._refined(places.unique())
        if said:
            yield said
        scenario, done = self.model.scenario, tuple(computed) if keeps and self.model is original else ()
        mesh = scenario.mesh.model_copy(update={"chosen": True})
        beside = tuple(estimates(original, places)) if done else ()
        self.choice = Choice(scenario.model_copy(update={"mesh": mesh}), error, done + beside)

    def _refined(self, states: Mapping[str, State]) -> Generator[str, None, tuple[float | None, str]]:
        """Refine from states at places; yield words, and return the error that is left and why it ended early."""
        error = None
        for _ in range(ROUNDS):
            result = self._errors(Estimator(self.model), states)
            if not result:
                return error, "the error could not be estimated"
            worst = max(result, key=lambda name: sum(map(abs, result[name])))
            error = sum(map(abs, result[worst]))
            yield self._told(result[worst], worst)
            if error <= self._target:
                return error, ""
            finer = self._finer(states[worst], result[worst])
            if finer is None:
                return error, "anything finer would have more than mesh.max_unknowns unknowns"
            again = self._again(finer, states)
            if again is None:
                return error, "the states were not found in what is finer"
            self.model, states = again
        return error, f"not reached after {ROUNDS} rounds"

    @property
    def _target(self) -> float:
        return self.model.scenario.mesh.accuracy_percent or np.inf

    def _errors(self, estimator: Estimator, states: Mapping[str, State]) -> dict[str, tuple[float, float]]:
        """Return the errors of V (%) by mesh and by layers at each place where they can be told."""
        result: dict[str, tuple[float, float]] = {}
        if estimator.most > self.model.scenario.mesh.max_unknowns:
            return {}
        for name, e in states.items():
            if result and estimator.most > SEVERAL:
                break
            try:
                result[name] = (estimator.errors("mesh", e).V_percent, estimator.errors("layer", e).V_percent)
            except SolveError as error:
                LOG.info("no estimate at %s: %s", name, error)
        return result

    def _told(self, errors: tuple[float, float], place: str) -> str:
        model = self.model
        nodes, stack = int(model.operators.stiffness.shape[1]), len(model.layout.stack)
        errors_of = f"{errors[0]:+.2g} % by the mesh, {errors[1]:+.2g} % by the sublayers"
        return f"{nodes:,} nodes, {stack} sublayers: V {errors_of} ({place})"

    def _finer(self, e: State, errors: tuple[float, float]) -> Scenario | None:
        """Return the scenario of the next round, None where nothing finer is allowed."""
        by_mesh, by_layers = map(abs, errors)
        half = SHARE * self._target / 2
        # What one does not need the other may have.
        goals = 2 * half - min(by_layers, half), 2 * half - min(by_mesh, half)
        mesh = self._mesh_parts(e, by_mesh) if by_mesh > goals[0] else {}
        layers = self._layer_parts(e, by_layers) if by_layers > goals[1] else {}
        most = self.model.scenario.mesh.max_unknowns
        for ease in (1.0, 1.5, 2.0, 3.0, 5.0, 8.0):
            factors = cheapest(mesh, goals[0] * ease, self._dimension)
            scenario = _cut(self.model.scenario, layers, goals[1] * ease)
            if max(factors.values(), default=1.0) > 1.0:
                scenario = refined(scenario, factors)
            if scenario == self.model.scenario:
                return None
            nodes = self.model.operators.stiffness.shape[1] + sum(
                part.cost * (factors[zone] ** self._dimension - 1.0) for zone, part in mesh.items()
            )
            if 4 * nodes * sum(layer.sublayers for layer in scenario.layers) <= most:
                return scenario
        return None

    @property
    def _dimension(self) -> int:
        return 2 if self.model.tagged.geometry == "plan" else 1

    def _mesh_parts(self, e: State, error: float) -> dict[str, Part]:
        """Return what halving the elements of each part of the mesh changes, scaled to the whole error."""
        result = {}
        for zone in zones(self.model.scenario):
            scenario = refined(self.model.scenario, {zone: 2.0})
            try:
                target = like(self.model, scenario, self.mesh_of(scenario))
                change = abs(between(self.model, target).solve(e).V / e.V - 1.0)
            except (SolveError, MeshError) as problem:
                LOG.info("no state with a finer %s: %s", zone, problem)
                continue
            more = target.operators.stiffness.shape[1] - self.model.operators.stiffness.shape[1]
            result[zone] = Part(100 * ORDER_FACTOR * change, max(more, 1) / (2**self._dimension - 1))
        whole = sum(part.error for part in result.values())
        scale = max(1.0, error / max(whole, LEAST_PERCENT))
        return {zone: replace(part, error=part.error * scale) for zone, part in result.items()}

    def _layer_parts(self, e: State, error: float) -> dict[tuple[int, bool], Part]:
        """Return what each way to cut each layer changes, scaled to the whole error; True is to cut all of it."""
        result: dict[tuple[int, bool], Part] = {}
        for whole in (True, False):
            for number in range(len(self.model.scenario.layers)):
                if not whole and result[number, True].error < SMALL_SHARE * error:
                    continue
                scenario = finer_layer(self.model.scenario, number, whole)
                target = like(self.model, scenario, self.model.tagged)
                more = len(target.layout.stack) - len(self.model.layout.stack)
                try:
                    change = abs(between(self.model, target).solve(e).V / e.V - 1.0)
                except SolveError as problem:
                    LOG.info("no state with a finer layer %d: %s", number, problem)
                    change = 0.0
                result[number, whole] = Part(200 * change, float(more))
        whole_error = sum(part.error for (_, whole), part in result.items() if whole)
        scale = max(1.0, error / max(whole_error, LEAST_PERCENT))
        return {key: replace(part, error=part.error * scale) for key, part in result.items()}

    def _again(
        self, scenario: Scenario, states: Mapping[str, State]
    ) -> tuple[Model, dict[str, State]] | None:
        """Return the model of a finer scenario and the places there, each found from itself; None without any."""
        before = self.model
        try:
            tagged = before.tagged if scenario.mesh == before.scenario.mesh else self.mesh_of(scenario)
        except MeshError as error:
            LOG.info("no mesh: %s", error)
            return None
        model = like(before, scenario, tagged, before.scenario.numerics.tolerance)
        way, result = between(before, model), dict[str, State]()
        for name, e in states.items():
            try:
                result[name] = way.solve(e)
            except SolveError as error:
                LOG.info("%s was not found on the refined mesh: %s", name, error)
        return (model, result) if result else None


def cheapest(parts: Mapping[str, Part], goal: float, dimension: int) -> dict[str, float]:
    """Return by how much the elements of each part become smaller: the cheapest way to errors that sum up to a goal.

    Least sum of cost f^d with errors that fall as f^-p: f grows as (error/cost)^(1/(d + p)).
    """
    if not parts:
        return {}
    weights = {zone: (part.error / part.cost) ** (1.0 / (dimension + MESH_ORDER)) for zone, part in parts.items()}

    def of(scale: float) -> dict[str, float]:
        return {zone: float(np.clip(scale * w, 1.0, LARGEST_FACTOR)) for zone, w in weights.items()}

    def left(log_scale: float) -> float:
        factors = of(np.exp(log_scale))
        return float(sum(part.error * factors[zone] ** -MESH_ORDER for zone, part in parts.items()) - goal)

    low, high = (np.log(f / max(weights.values())) for f in (1.0, 1e6))
    if left(low) <= 0.0:
        return of(0.0)
    return of(np.exp(brentq(left, low, high, xtol=1e-6) if left(high) < 0.0 else high))


def _cut(scenario: Scenario, parts: Mapping[tuple[int, bool], Part], goal: float) -> Scenario:
    """Return the scenario with the cuts of layers that bring the sum of their errors to a goal, cheapest first.

    Each cut of a whole layer halves its error; a cut of the first sublayer halves the share that it has shown.
    """
    first, rest, cost = {}, {}, {}
    for number, whole in parts:
        if whole:
            part = parts[number, True]
            graded_part = parts.get((number, False))
            share = 0.0 if graded_part is None else min(graded_part.error, part.error)
            first[number], rest[number] = share, part.error - share
            cost[number] = graded_part.cost if graded_part is not None else np.inf
    for _ in range(MOST_CUTS):
        if not first or sum(first.values()) + sum(rest.values()) <= goal:
            break
        ways = {(n, False): first[n] / 2 / cost[n] for n in first}
        ways |= {(n, True): (first[n] + rest[n]) / 2 / scenario.layers[n].sublayers for n in first}
        number, whole = max(ways, key=lambda way: ways[way])
        scenario = finer_layer(scenario, number, whole)
        first[number] /= 2
        rest[number] /= 2 if whole else 1
    return scenario


def _without_stability(model: Model) -> Model:
    """Return the same device, whose branch is followed without its modes."""
    scenario = model.scenario.model_copy(update={"stability": Stability(points="none")})
    return Model(scenario, model.tagged, model.junctions.law, parts=model.parts)
