"""Bifurcations of a branch: where other states grow out of it, and the first points of what leaves there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import State
from hotmesa.solver.parallel import global_sums
from hotmesa.solver.stability.invariants import half_waves, invariants
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint, Options, between, correct
from hotmesa.solver.states.problem import TEMPERATURE_SCALE_K, ThermalBranch

SAME_CURRENT = 0.01
"""Crossings of like modes this near in current are one bifurcation with several modes, which a mesh has split."""
SAME_STATE = 0.02
"""States nearer than this (in arclength) may be one bifurcation, if their modes are the same as well."""
ALONG_MODES = 0.35
"""A state is on a branch that ends in a bifurcation if no more than this part of its way is not along the modes."""
LOCATION = 1e-9
"""Accuracy of a bifurcation in arclength over the distance of the points around it."""
NEAR_SINGULAR = 1e-7
"""Relative residual of linear systems near a bifurcation, where errors along the null mode grow."""
BESIDE = 0.01
"""Part of an interval beside a bifurcation where a state is taken in place of one that cannot be solved."""
CANONICAL_STEPS = 3
SAME_SHAPE = 0.08
"""Invariants this near, over the distance from the bifurcation, belong to mirror images."""
BIASES = VOLTAGE, CURRENT = Bias.voltage(), Bias.current()


@dataclass(frozen=True)
class RatedPoint:
    """A point of a branch with its leading modes under both ideal sources.

    Attributes:
        curve: the point.
        voltage, current: leading modes under each source.
        growing: numbers of growing modes under voltage and under current bias. One whose rate cannot be told from zero
            counts as at the point before, so that rounding makes no bifurcation.
    """

    curve: CurvePoint
    voltage: Modes
    current: Modes
    growing: tuple[int, int]


@dataclass(frozen=True)
class Bifurcation:
    """A state at which growth rates of m modes pass zero without a fold.

    Attributes:
        point: the state on the branch.
        modes: unit steps along the null modes, orthogonal to each other, shape (m, unknowns).
        currents: current (mA) at which each of them passes zero, shape (m,).
        waves: numbers of half waves of each of them across and along the mesa.
        appears: whether they begin to grow along the branch; they cease to grow otherwise.
        bias: the source under which they do.
    """

    point: CurvePoint
    modes: Array
    currents: Array
    waves: tuple[tuple[int, int], ...]
    appears: bool
    bias: Bias = CURRENT

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


def rated(stability: Stability, point: CurvePoint, count: int, before: RatedPoint | None = None) -> RatedPoint:
    """Return a point with at least `count` leading modes under voltage and under current bias."""
    voltage, current = stability.modes_under(point.evaluation, BIASES, count, True)
    known = (None, None) if before is None else before.growing
    growing = _settled(voltage, known[0], "V" in point.fold), _settled(current, known[1], "I" in point.fold)
    return RatedPoint(point, voltage, current, growing)


def _settled(modes: Modes, before: int | None, at_fold: bool) -> int:
    """Return the number of growing modes, as before as far as rounding leaves it open; not that of a fold."""
    rates = np.delete(modes.rates, np.argmin(np.abs(modes.rates))) if at_fold else modes.rates
    least = int(np.count_nonzero(rates > modes.resolution))
    return least if before is None else min(max(before, least), int(np.count_nonzero(rates >= -modes.resolution)))


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
            where = f"between {a.curve.control:.6g} and {b.curve.control:.6g}"
            logging.getLogger(__name__).warning("a bifurcation %s could not be located: %s", where, error)
    return _merge(problem, crossings)


def _quiet_bias(a: RatedPoint, b: RatedPoint) -> int:
    """Return the bias under which no fold lies between two points: 0 for voltage, 1 for current."""
    turns = a.curve.rates["I"] * b.curve.rates["I"] <= 0.0 or "I" in a.curve.fold or "I" in b.curve.fold
    return 0 if turns else 1


def _crossings(
    problem: ThermalBranch, stability: Stability, a: RatedPoint, b: RatedPoint, options: Options
) -> list[Bifurcation]:
    bias = _quiet_bias(a, b)
    counts = a.growing[bias], b.growing[bias]
    known = {a.curve.s: a, b.curve.s: b}
    near = LOCATION * (b.curve.s - a.curve.s)
    careful = replace(options, loosest=NEAR_SINGULAR)

    def modes_at(s: float) -> Modes:
        if s not in known:
            known[s] = rated(stability, between(problem, a.curve, b.curve, s, careful), max(counts) + 1)
        elif (known[s].voltage, known[s].current)[bias].shapes.shape[1] < max(counts):
            known[s] = rated(stability, known[s].curve, max(counts) + 1)
        return (known[s].voltage, known[s].current)[bias]

    result: list[Bifurcation] = []
    together = np.inf
    for k in range(min(counts), max(counts)):
        rate = lambda s, k=k: float(modes_at(s).rates[k])  # noqa: E731 - brentq wants a function of s
        s = _zero(rate, a.curve.s, b.curve.s, near)
        modes_at(s)
        # Modes of one rate are any basis of their space, another in every call: take all from one place.
        together = together if abs(s - together) <= 100.0 * near else s
        mode = as_step(problem, stability.given_part(modes_at(together).shapes[:, k]))
        # Where a rate is zero the tangent is not unique: that of the followed curve is between its neighbours'.
        here = replace(known[s].curve, tangent=_unit(problem, b.curve.u - a.curve.u))
        waves = half_waves(problem.model, mode)
        at_mA = np.array([here.evaluation.I])
        appears = counts[1] > counts[0]
        result.append(Bifurcation(here, _unit(problem, mode)[None], at_mA, (waves,), appears, BIASES[bias]))
    return sorted(result, key=lambda f: f.point.s)


def _zero(rate: Callable[[float], float], a: float, b: float, accuracy: float) -> float:
    """Return where a rate passes zero; at the end where it is smaller if rounding hides the change of its sign.

    At a bifurcation itself no tangent is unique, and rounding may keep the state there from being solved. Then the
    zero is the nearest place beside it, `BESIDE` of the interval away, where it can.
    """
    tried: dict[float, float] = {}
    last = a

    def asked(s: float) -> float:
        nonlocal last
        last = s
        tried[s] = rate(s)
        return tried[s]

    if asked(a) * asked(b) > 0.0:
        return min(a, b, key=lambda s: abs(tried[s]))
    try:
        return float(brentq(asked, a, b, xtol=accuracy))
    except SolveError:
        singular = last
        for s in (singular - BESIDE * (b - a), singular + BESIDE * (b - a)):
            asked(min(max(s, a), b))
        return min(tried, key=lambda s: abs(tried[s]))


def _same(a: Bifurcation, b: Bifurcation) -> bool:
    """Return whether two crossings on one branch are one that the mesh has split: like modes at nearly one current."""
    like = sorted(a.waves[0]) == sorted(b.waves[0]) and a.appears == b.appears
    return like and abs(a.current - b.current) <= SAME_CURRENT * abs(b.current)


def is_same(problem: ThermalBranch, a: Bifurcation, b: Bifurcation) -> bool:
    """Return whether bifurcations of different branches are one: the same state, which loses the same modes."""
    apart = a.point.u - b.point.u
    if problem.inner(apart, apart) > SAME_STATE**2:
        return False
    return _part_along(problem, a.modes[0], b.modes) > 0.5


def _part_along(problem: ThermalBranch, step: Array, modes: Array) -> float:
    """Return which part of the square of a step lies in the span of orthogonal unit modes."""
    along = np.array([problem.inner(mode, step) for mode in modes])
    return float(along @ along / max(problem.inner(step, step), 1e-300))


def ends_in(
    problem: ThermalBranch, a: CurvePoint, b: CurvePoint, bifurcation: Bifurcation, reach: float, passed: bool = False
) -> float:
    """Return how near to a bifurcation a branch that goes from a to b is if it is about to end there, else infinity.

    It ends there if it comes along the modes of the bifurcation (not only near its state: that of another mode may be
    as near), or has passed through it, to where mirror images of its states are; with `passed` only then.
    """
    before, ahead = (bifurcation.point.u - p.u for p in (a, b))
    distance = float(np.sqrt(problem.inner(ahead, ahead)))
    if distance > reach:
        return np.inf
    off = 1.0 - _part_along(problem, ahead, bifurcation.modes)
    towards = problem.inner(ahead, before) < 0.0 or (not passed and problem.inner(ahead, b.tangent) > 0.0)
    return distance if towards and off <= ALONG_MODES**2 + 1e-6 / distance**2 else np.inf


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
        if last is None or not _same(crossing, last):
            merged.append(crossing)
            continue
        mode = crossing.modes[0]
        for other in last.modes:
            mode = mode - problem.inner(other, mode) * other
        if problem.inner(mode, mode) > 0.01:
            modes = np.vstack([last.modes, _unit(problem, mode)])
            currents = np.append(last.currents, crossing.currents)
            merged[-1] = replace(last, modes=modes, currents=currents, waves=last.waves + crossing.waves)
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
    starts: list[tuple[BranchStart, Array]] = []
    for d in directions(problem, bifurcation.modes, angles):
        result = at_distance(problem, bifurcation.point.u, d, A, options)
        if result is None:
            continue
        step, value = result - bifurcation.point.u, shape(problem, bifurcation, result)
        for k, (known, other) in enumerate(starts):
            if is_image(value, other):
                starts[k] = (replace(known, images=known.images + 1), other)
                break
        else:
            starts.append((BranchStart(result, _unit(problem, step), 1), value))
    return [start for start, _ in starts]


def shape(problem: ThermalBranch, bifurcation: Bifurcation, u: Array) -> Array:
    """Return by what the invariants of a state differs from that at a bifurcation, over their distance."""
    step = u - bifurcation.point.u
    values = [invariants(problem.model, e) for e in (problem.evaluate(u), bifurcation.point.evaluation)]
    return np.asarray((values[0] - values[1]) / np.sqrt(problem.inner(step, step)))


def is_image(shape: Array, other: Array) -> bool:
    """Return whether two such differences belong to the same states or to mirror images of each other."""
    return bool(np.linalg.norm(shape - other) <= SAME_SHAPE * np.linalg.norm(other))


def end_point(here: CurvePoint, beside: State, tangent: Array, s: float, s_beside: float) -> CurvePoint:
    """Return a bifurcation as the first or last point of a branch that leaves there.

    V and I change with the square of the distance: the slope dV/dI there is that of the chord to the point beside.
    """
    e, ds = here.evaluation, s_beside - s
    rates = {"V": (beside.V - e.V) / ds, "I": (beside.I - e.I) / ds}
    return replace(here, tangent=tangent, s=s, rates=rates, control_rate=rates["I"], fold="", newton_steps=0)


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
