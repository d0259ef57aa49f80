"""Pseudo-arclength continuation of one curve of solutions, as an iterator; knows nothing of heat or of DOLFINx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy.interpolate import CubicHermiteSpline, KroghInterpolator
from scipy.optimize import brentq

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError

REMEMBERED = 2
"""Points that a prediction uses: a cubic. Tables of conductivities make the curve no smoother than that."""
MAY_BE_LAST = 30.0
"""Times the tolerance that the square of a residual may be for the next Newton step to have a chance to be the last."""
CAREFUL = 1e-7
"""Relative residual of linear systems where looser ones have failed."""
SHARP_TURN = 0.5
"""Cosine of the angle between two tangents beyond which a curve has turned too sharply for one step."""
CORNER = 1e-4
"""Step below which a sharp turn is a corner of the curve, as the nodes of a table make them, if it stays below 84°."""
CORNER_TURN = 0.1
CORNER_MISS = 100.0
"""Distance of any unknown from its prediction over such a step, in these steps: 1/CORNER_TURN by ten in any place."""


class Evaluated(Protocol):
    """Residual of the problem at one place."""

    @property
    def norm(self) -> float:
        """Dimensionless size of the residual."""


class BranchProblem(Protocol):
    """N equations F(u) = 0 for N + 1 unknowns u (a flat array; on several ranks each holds its part).

    A `row` is a linear functional on steps du: of a plane, or of the control parameter.
    """

    def evaluate(self, u: Array) -> Evaluated:
        """Return the residual at u, with what is needed to linearise there."""

    def plane(self, normal: Array) -> Any:
        """Return the row du -> inner(normal, du)."""

    def control(self, e: Any) -> tuple[float, Any]:
        """Return the value of the control parameter (the quantity whose end value ends the branch) and its row."""

    def step(self, e: Any, row: Any, gap: float, rtol: float) -> Array:
        """Return du with J du = -F and row(du) = -gap, solved to a relative residual rtol."""

    def null_vector(self, e: Any, row: Any, guess: Array | None = None) -> Array:
        """Return t with J t = 0 and row(t) = 1, looked for near the guess."""

    def inner(self, a: Array, b: Array) -> float:
        """Return the dimensionless inner product that measures arclength."""

    def largest(self, du: Array) -> float:
        """Return the largest change of any unknown, in the units of arclength."""

    def damping(self, u: Array, du: Array) -> float:
        """Return the largest factor in (0, 1] for which u + factor du is sensible."""

    def rates(self, e: Any, tangent: Array) -> dict[str, float]:
        """Return the derivatives along the curve of the quantities whose folds are wanted."""

    def trouble(self, e: Any) -> str:
        """Return in words what about the problem makes steps fail at a solution; "" if nothing is known."""


@dataclass(frozen=True)
class Options:
    """How a curve is followed.

    Attributes:
        control_end: value of the control parameter at which the curve ends, landed on exactly.
        control_step: largest change of the control parameter from point to point.
        first_step, min_step, max_step: arclength between points.
        tolerance: size of the residual that counts as solved.
        predictor_error: wanted distance between prediction and solution.
        largest_miss: distance of any unknown from its prediction beyond which a solution may lie on another curve.
        max_newton: Newton steps before a step is given up.
        max_points: points before the branch is given up.
        loosest: largest relative residual of the linear systems; less is needed near bifurcations.
        requested: values of the control parameter that are landed on exactly wherever the curve passes them.
    """

    control_end: float
    control_step: float
    first_step: float = 0.05
    min_step: float = 1e-6
    max_step: float = 0.5
    tolerance: float = 1e-10
    predictor_error: float = 1e-3
    largest_miss: float = 0.1
    max_newton: int = 8
    max_points: int = 2000
    loosest: float = 1e-2
    requested: tuple[float, ...] = ()


@dataclass(frozen=True)
class CurvePoint:
    """One solution on the curve.

    Attributes:
        u: the solution.
        tangent: unit tangent, in the direction of travel.
        evaluation: the problem evaluated there.
        s: arclength from the start.
        newton_steps: steps it took.
        rates: derivatives along the curve, by name.
        control: value of the control parameter.
        control_rate: its derivative along the curve.
        fold: names of the quantities that have an extremum here, joined by "+"; empty at ordinary points.
    """

    u: Array
    tangent: Array
    evaluation: Any
    s: float
    newton_steps: int
    rates: dict[str, float]
    control: float
    control_rate: float
    fold: str = ""


@dataclass(frozen=True)
class Ahead:
    """All that the next step along a curve depends on.

    Attributes:
        passed: the last points.
        ds: arclength to try next.
        count: points so far.
    """

    passed: tuple[CurvePoint, ...]
    ds: float
    count: int


@dataclass
class Course:
    """How far a curve was followed.

    Attributes:
        ahead: where it goes on behind the last point; None before the first one, and at a fold.
    """

    ahead: Ahead | None = None


def follow(
    problem: BranchProblem, start: Array, direction: Array, options: Options, course: Course | None = None
) -> Iterator[CurvePoint]:
    """Yield the points of the curve from `start` on, folds among them, until the control parameter reaches its end.

    Args:
        problem: the equations.
        start: a solution, or a guess close to one.
        direction: the tangent at the start has a positive inner product with it.
        options: step control.
        course: tells after every point where the curve goes on; one that is ahead already takes the place of a start.

    Raises:
        SolveError: the step became too small or the points too many; what was yielded stays valid.
    """
    course = course or Course()
    if course.ahead is None:
        first = _first_point(problem, start, direction, options)
        course.ahead = Ahead((first,), options.first_step, 1)
        yield first
    ahead = course.ahead
    sign = np.sign(options.control_end - ahead.passed[-1].control)
    while (options.control_end - ahead.passed[-1].control) * sign > 0.0:
        inner, there, ds = _advance(problem, ahead.passed, ahead.ds, options)
        course.ahead = None
        yield from inner
        ahead = course.ahead = Ahead((*ahead.passed, there)[-REMEMBERED:], ds, ahead.count + len(inner) + 1)
        yield there
        if (options.control_end - there.control) * sign > 0.0 and ahead.count >= options.max_points:
            raise SolveError(f"{ahead.count} points did not reach the end of the branch; raise branch.max_points")


def _first_point(problem: BranchProblem, start: Array, direction: Array, options: Options) -> CurvePoint:
    normal = direction / np.sqrt(problem.inner(direction, direction))
    u, e, steps = correct(problem, start, normal, options)
    return _point(problem, u, e, normal, 0.0, steps)


def correct(problem: BranchProblem, guess: Array, normal: Array, options: Options) -> tuple[Array, Any, int]:
    """Return solution, evaluation and number of Newton steps in the plane through the guess across the normal.

    Raises:
        SolveError: Newton's method did not converge.
    """
    row, u = problem.plane(normal), guess
    e = problem.evaluate(u)
    for k in range(options.max_newton + 1):
        if e.norm <= options.tolerance:
            return u, e, k
        if k == options.max_newton or not np.isfinite(e.norm) or e.norm > 1e3:
            break
        du = problem.step(e, row, problem.inner(normal, u - guess), _forcing(e.norm, options))
        u = u + problem.damping(u, du) * du
        e = problem.evaluate(u)
    raise SolveError(f"Newton's method stopped at a residual of {e.norm:.1e}")


def _forcing(norm: float, options: Options) -> float:
    """Return the relative accuracy a Newton step deserves: its own error is quadratic, more would be lost.

    A step that may be the last is solved well below the tolerance, so that it is.
    """
    if norm**2 <= MAY_BE_LAST * options.tolerance:
        return float(np.clip(0.1 * options.tolerance / norm, 1e-7, options.loosest))
    return float(min(options.loosest, norm))


def _point(problem: BranchProblem, u: Array, e: Any, ahead: Array, s: float, steps: int) -> CurvePoint:
    """Return a solution with its tangent, oriented along `ahead`."""
    t = problem.null_vector(e, problem.plane(ahead), ahead)
    return point_at(problem, u, e, t / np.sqrt(problem.inner(t, t)), s, steps)


def point_at(problem: BranchProblem, u: Array, e: Any, tangent: Array, s: float, steps: int) -> CurvePoint:
    """Return a solution as a point of a curve whose unit tangent is known."""
    control, control_row = problem.control(e)
    return CurvePoint(u, tangent, e, s, steps, problem.rates(e, tangent), control, float(control_row(tangent)))


def _advance(
    problem: BranchProblem, passed: tuple[CurvePoint, ...], ds: float, options: Options
) -> tuple[list[CurvePoint], CurvePoint, float]:
    """Return what lies before the next point, that point and the arclength to try after it.

    The step is halved until it works, with the folds and the values asked for on the way: a step over which these
    cannot be found is too long.
    """
    here = passed[-1]
    ds = min(ds, options.max_step)
    if here.control_rate != 0.0:
        ds = min(ds, options.control_step / abs(here.control_rate))
    reason = ""
    while ds >= options.min_step:
        try:
            there, distance = _step(problem, passed, ds, options)
            if (options.control_end - there.control) * (options.control_end - here.control) <= 0.0:
                there = _land(problem, here, there, options)
            inner = _inner(problem, here, there, options)
        except SolveError as error:
            ds, reason = 0.5 * ds, str(error)
            continue
        # With value and tangent of m points the prediction misses by the power 2 m of the step.
        growth = (options.predictor_error / max(distance, 1e-300)) ** (0.5 / len(passed))
        # In whole steps of a quarter octave: the miss may be small enough to hold the last digits of the linear
        # solver, and the places of the points must not depend on those (nor on the number of processes).
        return inner, there, ds * 2.0 ** (np.round(4.0 * np.log2(np.clip(growth, 0.4, 1.6))) / 4.0)
    trouble = problem.trouble(here.evaluation)
    reason = f"{reason}: {trouble}" if trouble else reason
    raise SolveError(f"no step from s = {here.s:.4g}, control parameter {here.control:.6g}: {reason}")


def _step(
    problem: BranchProblem, passed: tuple[CurvePoint, ...], ds: float, options: Options
) -> tuple[CurvePoint, float]:
    """Return the point at about a distance ds and how far it is from its prediction.

    Raises:
        SolveError: there is none, or it may lie on another curve.
    """
    here = passed[-1]
    guess, ahead = _predict(problem, passed, ds)
    u, e, steps = correct(problem, guess, ahead, options)
    if problem.largest(u - guess) > options.largest_miss:
        raise SolveError("the solution is far from its prediction, and may lie on another branch")
    there = _point(problem, u, e, ahead, here.s + _arclength(problem, here, u, ahead), steps)
    miss = u - guess
    leap = abs(there.control - here.control) > 2.0 * options.control_step
    corner = ds < CORNER and problem.largest(miss) < CORNER_MISS * ds
    if leap or problem.inner(here.tangent, there.tangent) < (CORNER_TURN if corner else SHARP_TURN):
        raise SolveError("the curve turns too sharply for this step")
    return there, np.sqrt(problem.inner(miss, miss))


def _predict(problem: BranchProblem, passed: tuple[CurvePoint, ...], ds: float) -> tuple[Array, Array]:
    """Return the point predicted at a distance ds along the tangent and the unit direction of the curve there.

    The curve is taken as a polynomial of the projection on the last tangent, through the last points with their
    slopes; unlike the arclength this parameter is known exactly.
    """
    here = passed[-1]
    along = [(problem.inner(here.tangent, p.u - here.u), problem.inner(here.tangent, p.tangent), p) for p in passed]
    # Points behind a sharp turn say nothing about what lies ahead.
    usable = [(x, slope, p) for x, slope, p in along if slope > SHARP_TURN]
    nodes = np.repeat([x for x, _, _ in usable], 2)
    values = np.array([row for _, slope, p in usable for row in (p.u, p.tangent / slope)])
    guess, ahead = KroghInterpolator(nodes, values).derivatives(ds, der=2)
    return guess, ahead / np.sqrt(problem.inner(ahead, ahead))


def _arclength(problem: BranchProblem, here: CurvePoint, u: Array, ahead: Array) -> float:
    """Return the length of the arc from `here` to u: the chord, lengthened as on a circle."""
    chord = u - here.u
    half_angle = 0.5 * np.arccos(np.clip(problem.inner(here.tangent, ahead), -1.0, 1.0))
    return float(np.sqrt(problem.inner(chord, chord)) / np.sinc(half_angle / np.pi))


def between(problem: BranchProblem, a: CurvePoint, b: CurvePoint, s: float, options: Options) -> CurvePoint:
    """Return the solution at arclength s between two points."""
    curve = CubicHermiteSpline([a.s, b.s], [a.u, b.u], [a.tangent, b.tangent])
    ahead = curve(s, 1)
    ahead = ahead / np.sqrt(problem.inner(ahead, ahead))
    try:
        u, e, steps = correct(problem, curve(s), ahead, options)
    except SolveError:
        # Close to a bifurcation loosely solved systems leave the null mode in the residual.
        careful = replace(options, loosest=CAREFUL, max_newton=3 * options.max_newton)
        u, e, steps = correct(problem, curve(s), ahead, careful)
    return _point(problem, u, e, ahead, s, steps)


def _land(problem: BranchProblem, a: CurvePoint, b: CurvePoint, options: Options) -> CurvePoint:
    """Return the point between a and b at which the control parameter has its end value."""
    control = CubicHermiteSpline([a.s, b.s], [a.control, b.control], [a.control_rate, b.control_rate])
    s = float(brentq(lambda x: control(x) - options.control_end, a.s, b.s)) if b.control != options.control_end else b.s
    near = between(problem, a, b, s, options)
    u = land(problem, near.u, options)
    landed = _point(problem, u, problem.evaluate(u), near.tangent, s, near.newton_steps)
    return replace(landed, control=options.control_end)


def land(problem: BranchProblem, guess: Array, options: Options) -> Array:
    """Return the solution near a guess at which the control parameter has its end value exactly.

    Raises:
        SolveError: Newton's method did not converge.
    """
    u, e = guess, problem.evaluate(guess)
    for _ in range(options.max_newton):
        value, row = problem.control(e)
        gap = value - options.control_end
        if e.norm <= options.tolerance and abs(gap) <= 1e-12 * options.control_step:
            return u
        du = problem.step(e, row, gap, 1e-7)
        u = u + problem.damping(u, du) * du
        e = problem.evaluate(u)
    raise SolveError(f"Newton's method stopped at a residual of {e.norm:.1e} on the way to {options.control_end:.6g}")


def _inner(problem: BranchProblem, here: CurvePoint, there: CurvePoint, options: Options) -> list[CurvePoint]:
    """Return the folds between two points and, between each two of all these, what is asked for, in order."""
    turns, result = folds(problem, here, there, options), list[CurvePoint]()
    for a, b in pairwise([here, *turns, there]):
        values = [value for value in options.requested if (a.control - value) * (b.control - value) < 0.0]
        ordered = sorted(values, reverse=a.control > b.control)
        result += [_land(problem, a, b, replace(options, control_end=value)) for value in ordered]
        result += [b] if b is not there else []
    return result


def folds(problem: BranchProblem, a: CurvePoint, b: CurvePoint, options: Options) -> list[CurvePoint]:
    """Return the extrema of the rated quantities between two points, in order."""
    result = []
    for name in a.rates:
        if a.rates[name] * b.rates[name] < 0.0:
            at: dict[float, CurvePoint] = {a.s: a, b.s: b}

            def rate(s: float, name: str = name, at: dict[float, CurvePoint] = at) -> float:
                if s not in at:
                    at[s] = between(problem, a, b, s, options)
                return at[s].rates[name]

            # Near a fold the quantity is quadratic in s: 1e-6 in s is 1e-12 in the quantity.
            s = brentq(rate, a.s, b.s, xtol=1e-6 * (b.s - a.s))
            rate(s)
            result.append(replace(at[s], fold=name))
    return sorted(result, key=lambda p: p.s)
