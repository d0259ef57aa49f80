"""All branches of steady states that can be found: bifurcations followed, deflation for those without connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options, branch_row, uniform_beside
from hotmesa.solver.runs.branch import control as control
from hotmesa.solver.runs.growing import Counted, Growing
from hotmesa.solver.runs.pinning import Pinning
from hotmesa.solver.runs.records import (
    BranchRecord,
    NumberedBifurcation,
    bifurcation_lines,
    branch_folder,
    branch_line,
    of_device,
)
from hotmesa.solver.runs.remembered import Remembered, pack_branches, remembered_from
from hotmesa.solver.stability.bifurcation import (
    BIASES,
    BranchStart,
    RatedPoint,
    at_distance,
    end_point,
    ends_in,
    find_bifurcations,
    is_image,
    is_same,
    rated,
    shape,
    switch,
)
from hotmesa.solver.stability.columns import checked_stability
from hotmesa.solver.stability.deflation import random_guesses, search
from hotmesa.solver.stability.invariants import contrast, distance_to_curve, invariants, kind
from hotmesa.solver.stability.mirrors import kept_symmetric
from hotmesa.solver.states.continuation import CAREFUL, Ahead, Course, CurvePoint, Options, folds, follow, land
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch

RATE_TOLERANCE = 1e-6
SAME_CURVE = 0.03
"""Invariants nearer to a traced curve than this part of their contrast belong to it or to a mirror image of it."""
SAME_PLACE = 0.002
"""States nearer than this (in arclength) are one."""
LARGEST_MISS = 0.01
"""Largest distance of invariants from a traced curve (in arclength) at which it may still belong to it."""
SAMPLES = 12
"""Places between two points at which the interpolated curve of invariants is looked at."""
ARRIVAL = 1.2
"""A branch looks for the bifurcation it ends in within so many of its largest steps."""
ready = checked_stability
MIN_STEP = 1e-4
CLOSED = 0.4
"""Part of the largest step within which a branch that comes back to itself passes an earlier point."""
BESIDE = 0.35
"""Largest distance of that point from the tangent, over the same."""


class Diagram:
    """The search; `run` yields as points are found.

    Attributes:
        branches: found so far.
        pinning: tells which of them, and which folds, are of the mesh.
        crossings: bifurcations found so far.
        behind: gives what the diagram needs to go on behind the last point; None where it cannot. Collective.
    """

    def __init__(self, model: Model, checkpoint: Checkpoint | None = None) -> None:
        """Prepare; of a diagram that was cut short the points before the checkpoint are known.

        Raises:
            ScenarioError: more modes are asked for than there are unknowns.
        """
        self.model = model
        self.problem = ThermalBranch(model)
        self.stability = checked_stability(model, RATE_TOLERANCE)
        self.pinning = Pinning(model)
        if checkpoint is not None:
            self.pinning.restore(checkpoint.arrays)
        self.branches: list[BranchRecord] = []
        self.crossings: list[NumberedBifurcation] = []
        self._asked = model.scenario.diagram
        self._arrived: list[tuple[int, Array]] = []  # at which bifurcation branches ended, and how they came
        self.behind: Callable[[], Arrays] | None = None
        self._before = Remembered() if checkpoint is None else remembered_from(self.problem, checkpoint.arrays)
        self._followed: list[tuple[int, RatedPoint]] = []
        self._counted: list[Counted] = []
        self._options = branch_options(model)
        # Walls far from each other hardly feel a shift: what loose solutions leave of it grows from step to step.
        steps = replace(self._options, max_step=self._asked.step, first_step=0.05, min_step=MIN_STEP)
        self._careful = replace(steps, loosest=CAREFUL)

    def run(self) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        """Yield every point with its branch, the branch from rest first. Collective.

        Raises:
            SolveError: the branch from rest could not be followed; later failures end their branch only.
        """
        first = self._new("rest", 1, 0)
        start, direction = self.problem.cold_start()
        yield from self._trace(first, self._follow(first, start, direction, self._options), None)
        if first.failed:
            raise SolveError(first.end)
        yield from self._explore(0)
        for current in self._asked.deflation_at_mA:
            yield from self._deflate(current)

    def _new(self, origin: str, images: int, depth: int) -> BranchRecord:
        growing = Growing(partial(self.pinning.growing, self.problem), BIASES)
        branch = BranchRecord(len(self.branches), origin, images, depth, growing=growing)
        self.branches.append(branch)
        return branch

    def _explore(self, first: int) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        """Follow what leaves the bifurcations of the branches from number `first` on."""
        queue = self.branches[first:]
        while queue:
            branch = queue.pop(0)
            if branch.depth >= self._asked.depth:
                continue
            for crossing in self._bifurcations(branch):
                for start in switch(
                    self.problem, crossing.bifurcation, self._asked.amplitude_K, self._asked.directions, self._options
                ):
                    known = self.is_known(start.u) or self._has_arrived(crossing, start.u)
                    if known or len(self.branches) >= self._asked.max_branches:
                        continue
                    new = self._new(f"bifurcation {crossing.number}", start.images, branch.depth + 1)
                    yield from self._leave(new, start, crossing)
                    queue.append(new)

    def _bifurcations(self, branch: BranchRecord) -> list[NumberedBifurcation]:
        """Return the bifurcations of a branch that are new."""
        new = []
        first, last = branch.origin.startswith("bifurcation"), branch.end.startswith("bifurcation")
        inside = slice(int(first), len(branch.points) - int(last))
        found = find_bifurcations(self.problem, self.stability, branch.points[inside], self._options)
        for b, persists in zip(found, of_device(found, branch.counted[inside]), strict=True):
            if not any(is_same(self.problem, b, c.bifurcation) for c in self.crossings):
                self.crossings.append(NumberedBifurcation(len(self.crossings) + 1, branch.number, b, not persists))
                new += [self.crossings[-1]] if persists else []
        return new

    def _distance(self, a: Array, b: Array) -> float:
        return float(np.sqrt(self.problem.inner(a - b, a - b)))

    def _unit(self, chord: Array) -> Array:
        return np.asarray(chord / np.sqrt(self.problem.inner(chord, chord)))

    def _leave(
        self, branch: BranchRecord, start: BranchStart, crossing: NumberedBifurcation
    ) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        """Follow a branch away from a bifurcation, whose state is its first point."""
        here, e = crossing.bifurcation.point, self.problem.evaluate(start.u)
        yield branch, self._add(branch, end_point(here, e, start.direction, -self._distance(start.u, here.u), 0.0))
        with kept_symmetric(self.problem, start.u) as u:
            yield from self._trace(branch, self._follow(branch, u, start.direction, self._careful), crossing)

    def _add(self, branch: BranchRecord, point: CurvePoint) -> RatedPoint:
        before = branch.points[-1] if branch.points else None
        new = rated(self.stability, point, self._count, before)
        pinned = bool(point.fold) and self.pinning.fold(self.problem, point)
        branch.points.append(new)
        branch.counted.append(branch.growing.take(point, new.growing, pinned))
        self.behind = None
        return new

    def _follow(self, branch: BranchRecord, start: Array, direction: Array, options: Options) -> Iterator[RatedPoint]:
        """Yield the points of a branch from its start on, first those that are known.

        Raises:
            SolveError: it could not be followed any further.
        """
        number, course = branch.number, Course(self._before.ahead.get(branch.number))
        for point, counted in zip(*(known.get(number, ()) for known in self._before.known), strict=True):
            branch.points.append(point)
            branch.counted.append(counted)
            branch.growing.last = counted
            self._remember(branch)
            yield point
        if number in self._before.failures:
            raise SolveError(self._before.failures[number])
        if number in self._before.points and course.ahead is None:
            return
        for curve in follow(self.problem, start, direction, options, course):
            self._add(branch, curve)
            self._remember(branch)
            if course.ahead is not None:
                self.behind = partial(self._pack, len(self._followed), course.ahead, self.pinning.pack())
            yield branch.points[-1]

    def _remember(self, branch: BranchRecord) -> None:
        self._followed.append((branch.number, branch.points[-1]))
        self._counted.append(branch.counted[-1])

    def _pack(self, count: int, ahead: Ahead, seen: Arrays) -> Arrays:
        failures = {branch.number: branch.end for branch in self.branches if branch.failed}
        points = self._followed[:count], self._counted[:count]
        return {**pack_branches(self.problem, *points, ahead, failures), **seen}

    @property
    def _count(self) -> int:
        return self.model.scenario.stability.count

    def _trace(
        self, branch: BranchRecord, points: Iterator[RatedPoint], origin: NumberedBifurcation | None
    ) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        """Follow a branch until it ends, meets a bifurcation that is known, or fails."""
        branch.end = "end current"
        try:
            for last in points:
                point = last.curve
                before = branch.points[-2].curve if len(branch.points) > 1 else point
                yield branch, last
                met = self._arrival(before, point, origin if len(branch.points) < 5 else None)
                if met is not None:
                    branch.end = f"bifurcation {met.number}"
                    for there in self._approach(point, met):
                        yield branch, self._add(branch, there)
                    break
                if self._returned(branch):
                    branch.end = "closed"
                    break
                if point.control > 1.0001 * self._options.control_end or point.u[-1] < 0.0:
                    branch.end = "out of range"
                    break
        except SolveError as error:
            branch.end, branch.failed = str(error), True
        kinds = Counter(kind(self.model, p.curve.evaluation) for p in branch.points[1:])
        branch.kind = kinds.most_common(1)[0][0] if kinds else "unknown"

    def _returned(self, branch: BranchRecord) -> bool:
        """Return whether a branch has been away and come back to an earlier point of itself, in the same direction."""
        last, step, away = branch.points[-1].curve, self._asked.step, False
        for point in reversed(branch.points[:-1]):
            chord = point.curve.u - last.u
            distance2 = self.problem.inner(chord, chord)
            away = away or distance2 > step**2
            if away and distance2 < (CLOSED * step) ** 2:
                off2 = distance2 - self.problem.inner(chord, last.tangent) ** 2
                parallel = self.problem.inner(last.tangent, point.curve.tangent) > 0.9
                if parallel and off2 <= (BESIDE * CLOSED * step) ** 2:
                    return True
        return False

    def _arrival(self, a: CurvePoint, b: CurvePoint, left: NumberedBifurcation | None) -> NumberedBifurcation | None:
        """Return the bifurcation that the branch is about to reach (not the one it has just left)."""
        reach = ARRIVAL * self._asked.step
        # Behind one of the mesh that is passed lies the mirror image of the branch.
        others = [c for c in self.crossings if c is not left]
        distances = [ends_in(self.problem, a, b, c.bifurcation, reach, c.pinned) for c in others]
        nearest = min(distances, default=np.inf)
        return others[distances.index(nearest)] if nearest < np.inf else None

    def _approach(self, point: CurvePoint, met: NumberedBifurcation) -> Iterator[CurvePoint]:
        """Yield the last points of a branch: one where branches that leave there begin, the bifurcation, and folds."""
        there = met.bifurcation.point
        distance, A = self._distance(point.u, there.u), self._asked.amplitude_K / TEMPERATURE_SCALE_K
        s = point.s + distance
        u = at_distance(self.problem, there.u, self._unit(point.u - there.u), A, self._options)
        self._arrived.append((met.number, self._shape(met, point.u if u is None else u)))
        if distance < SAME_PLACE:  # passed, and found as a fold of V and I
            return
        if u is not None and distance > 1.5 * A:
            near = next(follow(self.problem, u, there.u - u, self._careful))
            near = replace(near, s=point.s + self._distance(point.u, u))
            yield from [*folds(self.problem, point, near, self._options), near]
            point, s = near, near.s + self._distance(u, there.u)
        last = end_point(there, point.evaluation, self._unit(there.u - point.u), s, point.s)
        yield from [*folds(self.problem, point, last, self._options), last]

    def is_known(self, u: Array) -> bool:
        """Return whether a state or a mirror image of it lies on a branch that has been traced."""
        value = invariants(self.model, self.problem.evaluate(u))
        limit = min(SAME_CURVE * contrast(value), LARGEST_MISS) + SAME_PLACE
        return any(distance_to_curve(value, self._invariants(branch)) < limit for branch in self.branches)

    def _has_arrived(self, crossing: NumberedBifurcation, u: Array) -> bool:
        """Return whether a branch has ended at a bifurcation from where a state is that leaves it."""
        value = self._shape(crossing, u)
        return any(number == crossing.number and is_image(value, other) for number, other in self._arrived)

    def _shape(self, crossing: NumberedBifurcation, u: Array) -> Array:
        """Return how a branch through u comes to a bifurcation, at a quarter of the distance where branches begin."""
        there, A = crossing.bifurcation.point.u, 0.25 * self._asked.amplitude_K / TEMPERATURE_SCALE_K
        near = at_distance(self.problem, there, self._unit(u - there), A, self._options)
        return shape(self.problem, crossing.bifurcation, u if near is None else near)

    def _invariants(self, branch: BranchRecord) -> Array:
        """Return the invariants along a branch, interpolated between its points."""
        values = np.array([invariants(self.model, p.curve.evaluation) for p in branch.points])
        if len(values) < 3:
            return values
        s = np.array([p.curve.s for p in branch.points])
        places = np.interp(np.arange(SAMPLES * (len(s) - 1) + 1) / SAMPLES, np.arange(len(s)), s)
        return np.asarray(PchipInterpolator(s, values)(places))

    def _deflate(self, current: float) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        """Search states at one current, and follow those that lie on no branch so far, both ways."""
        known = self._states_at(current)
        guesses = random_guesses(self.problem, known, self._asked.deflation_starts, self._asked.seed)
        for u in search(self.problem, current, known, [*known, *guesses], self._options.tolerance):
            if self.is_known(u) or len(self.branches) >= self._asked.max_branches:
                continue
            number = len(self.branches)
            for sign in (1.0, -1.0):
                if sign < 0.0 and self.branches[-1].end == "closed":
                    break
                yield from self._one_way(u, current, sign)
            yield from self._explore(number)

    def _one_way(self, u: Array, current: float, sign: float) -> Iterator[tuple[BranchRecord, RatedPoint]]:
        state = self.problem.evaluate(u)
        _, row = self.problem.control(state)
        direction = sign * self.problem.null_vector(state, row)
        options = self._careful if sign > 0.0 else replace(self._careful, control_end=0.0)
        branch = self._new(f"deflation at {current:g} mA", 1, 0)
        yield from self._trace(branch, self._follow(branch, u, direction, options), None)

    def _states_at(self, current: float) -> list[Array]:
        """Return the states of all branches at one current."""
        options = replace(self._options, control_end=current)
        states: list[Array] = []
        for branch in self.branches:
            for a, b in pairwise(p.curve for p in branch.points):
                if (a.control - current) * (b.control - current) <= 0.0 and a.control != b.control:
                    t = (current - a.control) / (b.control - a.control)
                    try:
                        states.append(land(self.problem, a.u + t * (b.u - a.u), options))
                    except SolveError:
                        continue
        return states


def points(model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None) -> Iterator[Point]:
    """Yield the points of all branches. Collective.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns beside the others.
        checkpoint: behind which it goes on: points before it are not computed again, bifurcations between them are
            looked for again. None from the beginning.

    Raises:
        ScenarioError: more modes are asked for than there are unknowns.
        SolveError: the branch from rest could not be followed; what was found stays valid.
    """
    diagram, fields = Diagram(model, checkpoint), Fields(model)
    known = 0 if checkpoint is None else sum(checkpoint.lengths.values())
    uniform = cache(partial(uniform_beside, model))
    every = model.scenario.output.every
    end = model.scenario.branch.end_current_mA
    for number, (branch, point) in enumerate(diagram.run()):
        if not branch.number and point.curve.control == end:
            uniform = cache(partial(uniform_beside, model, branch_row(model, point.curve)))
        if number < known:
            continue
        keep = len(branch.points) % every == 1 or every == 1 or bool(point.curve.fold)
        state = fields.of(point.curve.evaluation) if keep else None
        part = branch_folder(branch.number) if branch.number else ""
        beside = partial(_beside, diagram, uniform)
        row = _row(model, point, branch.counted[-1], observables)
        yield Point(row, state, leads=fields.leads, part=part, beside=beside, checkpoint=diagram.behind)


def _beside(diagram: Diagram, uniform: Callable[[], dict[str, list[Row]]]) -> dict[str, list[Row]]:
    """Return the tables beside that of the branch from rest."""
    lines = [branch_line(result) for result in diagram.branches if result.points]
    return uniform() | {"diagram.csv": lines, "bifurcations.csv": bifurcation_lines(diagram.model, diagram.crossings)}


def _row(model: Model, point: RatedPoint, counted: Counted, observables: Sequence[Measure]) -> Row:
    fold = point.curve.fold
    return branch_row(model, point.curve, observables) | {
        "fold": f"{PINNED} {fold}" if counted.pinned else fold or counted.word,
        "unstable_modes_voltage_bias": counted.held[0],
        "unstable_modes_current_bias": counted.held[1],
        "rate_voltage_bias_per_us": float(point.voltage.rates[0]),
        "rate_current_bias_per_us": float(point.current.rates[0]),
    }
