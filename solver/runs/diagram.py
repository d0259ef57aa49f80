"""All branches of steady states that can be found: bifurcations followed, deflation for those without connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options, branch_row, uniform_beside
from hotmesa.solver.stability.bifurcation import (
    Bifurcation,
    BranchStart,
    RatedPoint,
    at_distance,
    find_bifurcations,
    rated,
    switch,
)
from hotmesa.solver.stability.columns import checked_stability
from hotmesa.solver.stability.deflation import random_guesses, search
from hotmesa.solver.stability.signature import contrast, kind, signature
from hotmesa.solver.states.continuation import CurvePoint, follow, land
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch

RATE_TOLERANCE = 1e-6
SAME_CURVE = 0.03
"""Signatures nearer to a traced curve than this part of their contrast belong to it or to a mirror image of it."""
SAME_PLACE = 0.002
"""States nearer than this (in arclength) are one."""
LARGEST_MISS = 0.01
"""Largest distance of a signature from a traced curve (in arclength) at which it may still belong to it."""
SAMPLES = 12
"""Places between two points at which the interpolated curve of signatures is looked at."""
ARRIVAL = 0.35
"""A branch ends at a bifurcation that lies ahead within one step and at most this far off the tangent (relative)."""
MIN_STEP = 1e-4
FEWEST_IN_LOOP = 10


@dataclass
class FoundBranch:
    """One branch of the diagram.

    Attributes:
        number: 0 for the one from rest.
        origin: "rest", "bifurcation K" or "deflation at X mA".
        images: directions that led to it or to mirror images of it.
        points: its points in order.
        end: why it ends: "end current", "bifurcation K", "closed", "out of range", or the reason of a failure.
        kind: place of the hot spot at most of its points.
        depth: number of bifurcations between rest and this branch.
        failed: whether it stopped because of an error.
    """

    number: int
    origin: str
    images: int
    depth: int
    points: list[RatedPoint] = field(default_factory=list)
    end: str = ""
    kind: str = ""
    failed: bool = False


@dataclass(frozen=True)
class NumberedBifurcation:
    """A bifurcation of the diagram with its number and the branch it lies on."""

    number: int
    branch: int
    bifurcation: Bifurcation


class Diagram:
    """The search; `run` yields as points are found.

    Attributes:
        branches: found so far.
        crossings: bifurcations found so far.
    """

    def __init__(self, model: Model) -> None:
        """Prepare.

        Raises:
            ScenarioError: more modes are asked for than there are unknowns.
        """
        self.model = model
        self.problem = ThermalBranch(model)
        self.stability = checked_stability(model, RATE_TOLERANCE)
        self.branches: list[FoundBranch] = []
        self.crossings: list[NumberedBifurcation] = []
        self._asked = model.scenario.diagram
        self._options = branch_options(model)
        self._careful = replace(self._options, max_step=self._asked.step, first_step=0.05, min_step=MIN_STEP)

    def run(self) -> Iterator[tuple[FoundBranch, RatedPoint]]:
        """Yield every point with its branch, the branch from rest first. Collective.

        Raises:
            SolveError: the branch from rest could not be followed; later failures end their branch only.
        """
        first = self._new("rest", 1, 0)
        start, direction = self.problem.cold_start()
        yield from self._trace(first, follow(self.problem, start, direction, self._options), None)
        if first.failed:
            raise SolveError(first.end)
        yield from self._explore(0)
        for current in self._asked.deflation_at_mA:
            yield from self._deflate(current)

    def _new(self, origin: str, images: int, depth: int) -> FoundBranch:
        branch = FoundBranch(len(self.branches), origin, images, depth)
        self.branches.append(branch)
        return branch

    def _explore(self, first: int) -> Iterator[tuple[FoundBranch, RatedPoint]]:
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
                    if self.is_known(start.u) or len(self.branches) >= self._asked.max_branches:
                        continue
                    new = self._new(f"bifurcation {crossing.number}", start.images, branch.depth + 1)
                    yield from self._leave(new, start, crossing)
                    queue.append(new)

    def _bifurcations(self, branch: FoundBranch) -> list[NumberedBifurcation]:
        """Return the bifurcations of a branch that are new."""
        found = []
        first, last = branch.origin.startswith("bifurcation"), branch.end.startswith("bifurcation")
        inner = branch.points[int(first) : len(branch.points) - int(last)]
        for b in find_bifurcations(self.problem, self.stability, inner, self._options):
            if not any(self._distance(b.point.u, c.bifurcation.point.u) < 10.0 * SAME_PLACE for c in self.crossings):
                found.append(NumberedBifurcation(len(self.crossings) + 1, branch.number, b))
                self.crossings.append(found[-1])
        return found

    def _distance(self, a: Array, b: Array) -> float:
        return float(np.sqrt(self.problem.inner(a - b, a - b)))

    def _leave(
        self, branch: FoundBranch, start: BranchStart, crossing: NumberedBifurcation
    ) -> Iterator[tuple[FoundBranch, RatedPoint]]:
        """Follow a branch away from a bifurcation, whose state is its first point."""
        u, here = start.u, crossing.bifurcation.point
        began = rated(self.stability, replace(here, tangent=start.direction, s=-self._distance(u, here.u)), self._count)
        branch.points.append(began)
        yield branch, began
        yield from self._trace(branch, follow(self.problem, u, start.direction, self._careful), crossing)

    @property
    def _count(self) -> int:
        return self.model.scenario.stability.count

    def _trace(
        self, branch: FoundBranch, curve: Iterator[CurvePoint], origin: NumberedBifurcation | None
    ) -> Iterator[tuple[FoundBranch, RatedPoint]]:
        """Follow a branch until it ends, meets a bifurcation that is known, or fails."""
        branch.end = "end current"
        try:
            for point in curve:
                found = rated(self.stability, point, self._count)
                branch.points.append(found)
                yield branch, found
                met = self._arrival(point, origin if len(branch.points) < 5 else None)
                if met is not None:
                    branch.end = f"bifurcation {met.number}"
                    for last in self._approach(point, met):
                        branch.points.append(last)
                        yield branch, last
                    break
                if self._returned(branch):
                    branch.end = "closed"
                    break
                if point.goal > 1.0001 * self._options.goal_end or point.u[-1] < 0.0:
                    branch.end = "out of range"
                    break
        except SolveError as error:
            branch.end, branch.failed = str(error), True
        kinds = Counter(kind(self.model, p.curve.evaluation.e) for p in branch.points[1:])
        branch.kind = kinds.most_common(1)[0][0] if kinds else "unknown"

    def _returned(self, branch: FoundBranch) -> bool:
        """Return whether a branch has come back to an earlier point of itself, in the same direction."""
        curves = [p.curve for p in branch.points]
        last = curves[-1]
        return any(
            self._distance(last.u, c.u) < 0.4 * self._asked.step and self.problem.inner(last.tangent, c.tangent) > 0.9
            for c in curves[:-FEWEST_IN_LOOP]
        )

    def _arrival(self, point: CurvePoint, left: NumberedBifurcation | None) -> NumberedBifurcation | None:
        """Return the bifurcation that the branch is about to reach (not the one it has just left)."""
        for crossing in self.crossings:
            ahead = crossing.bifurcation.point.u - point.u
            distance = np.sqrt(self.problem.inner(ahead, ahead))
            along = self.problem.inner(ahead, point.tangent)
            near = distance <= 1.2 * self._asked.step and along > 0.0
            if crossing is not left and near and distance**2 - along**2 <= (ARRIVAL * distance) ** 2 + 1e-6:
                return crossing
        return None

    def _approach(self, point: CurvePoint, met: NumberedBifurcation) -> Iterator[RatedPoint]:
        """Yield the last points of a branch: one where branches that leave there begin, and the bifurcation itself."""
        there = met.bifurcation.point
        distance = self._distance(point.u, there.u)
        A = self._asked.amplitude_K / TEMPERATURE_SCALE_K
        if distance > 1.5 * A:
            u = at_distance(self.problem, there.u, (point.u - there.u) / distance, A, self._options)
            if u is not None:
                near = next(follow(self.problem, u, there.u - u, self._careful))
                yield rated(self.stability, replace(near, s=point.s + self._distance(point.u, u)), self._count)
        last = replace(there, tangent=point.tangent, s=point.s + distance, fold="", newton_steps=0)
        yield rated(self.stability, last, self._count)

    def is_known(self, u: Array) -> bool:
        """Return whether a state or a mirror image of it lies on a branch that has been traced."""
        mark = signature(self.model, self.problem.evaluate(u).e)
        limit = min(SAME_CURVE * contrast(mark), LARGEST_MISS) + SAME_PLACE
        return any(_distance_to_curve(mark, self._marks(branch)) < limit for branch in self.branches)

    def _marks(self, branch: FoundBranch) -> Array:
        """Return the signatures along a branch, interpolated between its points."""
        marks = np.array([signature(self.model, p.curve.evaluation.e) for p in branch.points])
        s = np.arange(len(marks), dtype=float)
        if len(marks) < 3:
            return marks
        return np.asarray(PchipInterpolator(s, marks)(np.linspace(0.0, s[-1], SAMPLES * (len(s) - 1) + 1)))

    def _deflate(self, current: float) -> Iterator[tuple[FoundBranch, RatedPoint]]:
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

    def _one_way(self, u: Array, current: float, sign: float) -> Iterator[tuple[FoundBranch, RatedPoint]]:
        state = self.problem.evaluate(u)
        _, row = self.problem.goal(state)
        direction = sign * self.problem.null_vector(state, row)
        options = self._careful if sign > 0.0 else replace(self._careful, goal_end=0.0)
        branch = self._new(f"deflation at {current:g} mA", 1, 0)
        yield from self._trace(branch, follow(self.problem, u, direction, options), None)

    def _states_at(self, current: float) -> list[Array]:
        """Return the states of all branches at one current."""
        options = replace(self._options, goal_end=current)
        states: list[Array] = []
        for branch in self.branches:
            for a, b in pairwise(p.curve for p in branch.points):
                if (a.goal - current) * (b.goal - current) <= 0.0 and a.goal != b.goal:
                    t = (current - a.goal) / (b.goal - a.goal)
                    try:
                        states.append(land(self.problem, a.u + t * (b.u - a.u), options))
                    except SolveError:
                        continue
        return states


def _distance_to_curve(x: Array, curve: Array) -> float:
    """Return the distance of a place from a polygon through the rows of `curve`."""
    if len(curve) < 2:
        return float(np.linalg.norm(x - curve[0])) if len(curve) else np.inf
    start, chord = curve[:-1], np.diff(curve, axis=0)
    along = np.einsum("ij,ij->i", x - start, chord) / np.maximum(np.einsum("ij,ij->i", chord, chord), 1e-300)
    nearest = start + np.clip(along, 0.0, 1.0)[:, None] * chord
    return float(np.linalg.norm(x - nearest, axis=1).min())


def branch_folder(number: int) -> str:
    """Return the folder of a branch inside that of its diagram; the branch from rest is in the folder itself."""
    return f"branch_{number:02d}" if number else "."


def points(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the points of all branches. Collective.

    Args:
        model: the device.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns beside the others.

    Raises:
        ScenarioError: more modes are asked for than there are unknowns.
        SolveError: the branch from rest could not be followed; what was found stays valid.
    """
    diagram, fields = Diagram(model), Fields(model)
    uniform = cache(partial(uniform_beside, model))
    every = model.scenario.output.every
    for branch, point in diagram.run():
        keep = len(branch.points) % every == 1 or every == 1 or bool(point.curve.fold)
        state = fields.of(point.curve.evaluation.e) if keep else None
        part = branch_folder(branch.number) if branch.number else ""
        beside = partial(_beside, diagram, uniform)
        yield Point(_row(model, point, observables), state, leads=fields.leads, part=part, beside=beside)


def _beside(diagram: Diagram, uniform: Callable[[], dict[str, list[Row]]]) -> dict[str, list[Row]]:
    """Return the tables beside that of the branch from rest."""
    lines = [_branch_line(found) for found in diagram.branches if found.points]
    return uniform() | {"diagram.csv": lines, "bifurcations.csv": _bifurcation_lines(diagram)}


def _row(model: Model, point: RatedPoint, observables: Sequence[Measure]) -> Row:
    return branch_row(model, point.curve, observables) | {
        "unstable_modes_voltage_bias": point.voltage.unstable,
        "unstable_modes_current_bias": point.current.unstable,
        "rate_voltage_bias_per_us": float(point.voltage.rates[0]),
        "rate_current_bias_per_us": float(point.current.rates[0]),
    }


def _branch_line(found: FoundBranch) -> Row:
    """Return the line of a branch in diagram.csv."""
    I = [p.curve.evaluation.e.I for p in found.points]  # noqa: E741 - the symbol of the field
    V = [p.curve.evaluation.e.V for p in found.points]
    return {
        "branch": found.number,
        "kind": found.kind or "unknown",
        "origin": found.origin,
        "end": found.end or "interrupted",
        "images": found.images,
        "rows": len(found.points),
        "I_min_mA": min(I),
        "I_max_mA": max(I),
        "V_min_mV": min(V),
        "V_max_mV": max(V),
        "rows_stable_under_voltage_bias": sum(p.voltage.unstable == 0 for p in found.points),
        "rows_stable_under_current_bias": sum(p.current.unstable == 0 for p in found.points),
        "folder": branch_folder(found.number),
    }


def _bifurcation_lines(diagram: Diagram) -> list[Row]:
    """Return the lines of bifurcations.csv."""
    n = float(diagram.model.junctions.counts.sum())
    return [
        {
            "bifurcation": c.number,
            "branch": c.branch,
            "I_mA": c.bifurcation.current,
            "I_last_mode_mA": float(c.bifurcation.currents[-1]),
            "V_mV": c.bifurcation.point.evaluation.e.V,
            "V_per_junction_mV": c.bifurcation.point.evaluation.e.V / n,
            "T_mean_K": float(branch_row(diagram.model, c.bifurcation.point)["T_mean_K"]),
            "modes": len(c.bifurcation.modes),
        }
        for c in diagram.crossings
    ]
