"""Bifurcations of a branch: where other states grow out of it, and the first points of what leaves there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.parallel import global_sums
from hotmesa.solver.stability.signature import signature
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint, Options, between, correct
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch

SAME_CURRENT = 0.01
"""Crossings this near in current are one bifurcation with several modes, which a mesh has split."""
LOCATION = 1e-6
"""Accuracy of a bifurcation in arclength over the distance of the points around it."""
NEAR_SINGULAR = 1e-7
"""Relative residual of linear systems near a bifurcation, where errors along the null mode grow."""
CANONICAL_STEPS = 3
SAME_SHAPE = 0.08
"""Signatures this near, over the distance from the bifurcation, belong to mirror images."""


@dataclass(frozen=True)
class RatedPoint:
    """A point of a branch with its leading modes under both ideal sources."""

    curve: CurvePoint
    voltage: Modes
    current: Modes


@dataclass(frozen=True)
class Bifurcation:
    """A state at which growth rates of m modes pass zero without a fold.

    Attributes:
        point: the state on the branch.
        modes: unit steps along the null modes, orthogonal to each other, shape (m, unknowns).
        currents: current (mA) at which each of them passes zero, shape (m,).
    """

    point: CurvePoint
    modes: Array
    currents: Array

    @property
    def current(self) -> float:
        """Current (mA) of the first crossing."""
        return float(self.currents[0])


@dataclass(frozen=True)
class BranchStart:
    """The first point of a branch that leaves a bifurcation.

    Attributes:
        u: the solution.
        direction: away from the bifurcation.
        images: how many of the directions tried led to it or to a mirror image of it.
    """

    u: Array
    direction: Array
    images: int


def rated(stability: Stability, point: CurvePoint, count: int) -> RatedPoint:
    """Return a point with at least `count` leading modes under voltage and under current bias."""
    voltage, current = stability.modes_under(point.evaluation.e, (Bias.voltage(), Bias.current()), count, True)
    return RatedPoint(point, voltage, current)


def find_bifurcations(
    problem: ThermalBranch, stability: Stability, points: Sequence[RatedPoint], options: Options
) -> list[Bifurcation]:
    """Return the bifurcations between the points of a branch, in order.

    A growth rate that passes zero is a fold (in I under current bias, in V under voltage bias) or a bifurcation. In
    each interval that bias is asked which has no fold there. A crossing that cannot be located is reported in the log.
    """
    crossings: list[Bifurcation] = []
    for a, b in pairwise(points):
        try:
            crossings += _crossings(problem, stability, a, b, options)
        except SolveError as error:
            where = f"between {a.curve.goal:.6g} and {b.curve.goal:.6g}"
            logging.getLogger(__name__).warning("a bifurcation %s could not be located: %s", where, error)
    return _merge(problem, crossings)


def _quiet_bias(a: RatedPoint, b: RatedPoint) -> str:
    """Return the bias under which no fold lies between two points."""
    turns = a.curve.rates["I"] * b.curve.rates["I"] <= 0.0 or "I" in a.curve.fold or "I" in b.curve.fold
    return "voltage" if turns else "current"


def _crossings(
    problem: ThermalBranch, stability: Stability, a: RatedPoint, b: RatedPoint, options: Options
) -> list[Bifurcation]:
    bias = _quiet_bias(a, b)
    counts = getattr(a, bias).unstable, getattr(b, bias).unstable
    known = {a.curve.s: a, b.curve.s: b}

    careful = replace(options, loosest=NEAR_SINGULAR)

    def at(s: float) -> RatedPoint:
        if s not in known:
            known[s] = rated(stability, between(problem, a.curve, b.curve, s, careful), max(counts) + 1)
        elif len(getattr(known[s], bias).rates) < max(counts):
            known[s] = rated(stability, known[s].curve, max(counts) + 1)
        return known[s]

    found: list[Bifurcation] = []
    together: RatedPoint | None = None
    for k in range(min(counts), max(counts)):
        rate = lambda s, k=k: float(getattr(at(s), bias).rates[k])  # noqa: E731 - brentq wants a function of s
        s = float(brentq(rate, a.curve.s, b.curve.s, xtol=LOCATION * (b.curve.s - a.curve.s)))
        here = at(s)
        # Modes of one rate are any basis of their space, another in every call: take all from one place.
        if together is None or not _same_current(here.curve.evaluation.e.I, together.curve.evaluation.e.I):
            together = here
        mode = as_step(problem, stability.given_part(getattr(together, bias).shapes[:, k]))
        found.append(Bifurcation(here.curve, _unit(problem, mode)[None], np.array([here.curve.evaluation.e.I])))
    return sorted(found, key=lambda f: f.point.s)


def _same_current(a: float, b: float) -> bool:
    return abs(a - b) <= SAME_CURRENT * abs(b)


def as_step(problem: ThermalBranch, T: Array) -> Array:
    """Return a pattern of temperatures as a step of all unknowns; wires and voltage stay."""
    return np.concatenate([T, np.zeros(len(problem.model.wired) + 1)])


def _unit(problem: ThermalBranch, v: Array) -> Array:
    return np.asarray(v / np.sqrt(problem.inner(v, v)))


def _merge(problem: ThermalBranch, crossings: Sequence[Bifurcation]) -> list[Bifurcation]:
    """Return crossings that lie together as one bifurcation, its modes made orthogonal."""
    merged: list[Bifurcation] = []
    for crossing in crossings:
        last = merged[-1] if merged else None
        if last is None or not _same_current(crossing.current, last.current):
            merged.append(crossing)
            continue
        mode = crossing.modes[0]
        for other in last.modes:
            mode = mode - problem.inner(other, mode) * other
        if problem.inner(mode, mode) > 0.01:
            modes = np.vstack([last.modes, _unit(problem, mode)])
            merged[-1] = replace(last, modes=modes, currents=np.append(last.currents, crossing.currents))
    return merged


def directions(problem: ThermalBranch, modes: Array, count: int) -> Array:
    """Return the combinations of m orthogonal modes along which branches are looked for, one a row.

    One mode: both signs. Two: `count` angles over the circle, among them those of highest symmetry. More: each and
    each sum and difference of two, both ways.
    """
    m = len(modes)
    if m == 1:
        return np.vstack([modes, -modes])
    if m == 2:
        angle = _special_angle(problem, modes) + 2.0 * np.pi * np.arange(count) / count
        return np.outer(np.cos(angle), modes[0]) + np.outer(np.sin(angle), modes[1])
    pairs = [modes[i] + sign * modes[j] for i in range(m) for j in range(i) for sign in (1.0, -1.0)]
    rows = np.vstack([modes, np.array(pairs) / np.sqrt(2.0)])
    return np.vstack([rows, -rows])


def _special_angle(problem: ThermalBranch, modes: Array) -> float:
    """Return an angle in the plane of two modes at which their combination has a symmetry.

    There the mean fourth power of the combination has its maximum: a quartic form of the angle.
    """
    model = problem.model
    rows = model.layout.junction_rows
    mass = np.tile(model.junction_mass, len(model.layout.junction_layers))
    a, b = modes[0][rows], modes[1][rows]
    powers = np.array([mass @ (a ** (4 - k) * b**k) for k in range(5)])
    quartic = global_sums(model.comm, powers) * np.array([1.0, 4.0, 6.0, 4.0, 1.0])
    angle = np.linspace(0.0, np.pi, 3600, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    return float(angle[np.argmax(sum(q * c ** (4 - k) * s**k for k, q in enumerate(quartic)))])


def switch(
    problem: ThermalBranch, bifurcation: Bifurcation, amplitude_K: float, angles: int, options: Options
) -> list[BranchStart]:
    """Return the first points of the branches that leave a bifurcation, one for each set of mirror images.

    Each direction d in the space of null modes gives a guess u* + A d, which is corrected in the plane across d;
    solutions are then brought to the same distance A from u*, so that they can be compared.
    """
    A = amplitude_K / TEMPERATURE_SCALE_K
    base = signature(problem.model, bifurcation.point.evaluation.e)
    starts: list[tuple[BranchStart, Array]] = []
    for d in directions(problem, bifurcation.modes, angles):
        found = at_distance(problem, bifurcation.point.u, d, A, options)
        if found is None:
            continue
        step = found - bifurcation.point.u
        mark = signature(problem.model, problem.evaluate(found).e) - base
        mark /= np.sqrt(problem.inner(step, step))
        for k, (known, other) in enumerate(starts):
            if np.linalg.norm(mark - other) <= SAME_SHAPE * np.linalg.norm(other):
                starts[k] = (replace(known, images=known.images + 1), other)
                break
        else:
            starts.append((BranchStart(found, _unit(problem, step), 1), mark))
    return [start for start, _ in starts]


def at_distance(problem: ThermalBranch, origin: Array, d: Array, A: float, options: Options) -> Array | None:
    """Return the solution near origin + A d at the distance A, or None if there is none; A is halved at need."""
    options = replace(options, loosest=NEAR_SINGULAR)
    for distance in (A, 0.5 * A, 0.25 * A):
        try:
            normal = d
            for _ in range(CANONICAL_STEPS):
                u, _, _ = correct(problem, origin + distance * normal, normal, options)
                normal = _unit(problem, u - origin)
        except SolveError:
            continue
        return u
    return None
