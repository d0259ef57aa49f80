"""The zeros of a function of two numbers as a curve, and where the second number turns on it: folds and their cusps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError

Surface = Callable[[float, float], float]
"""A function of place and parameter, both in units of order one; it raises SolveError where it is not defined."""
SECANTS = 12
PROBE = 1e-3
"""First distance (in units of the step) at which a slope is looked at."""
EXACT = 1e-9
"""Distance to the zero, in the units of the numbers."""
TURNED = 0.35
"""Largest angle (radians) between two steps."""
CORNER = 3.0
"""Radius, in least steps, in which a curve is looked for behind a corner less than one least step away.

The chord to what is found there differs from the curve behind the corner by asin(1/3) at most, below `TURNED`.
"""
ANGLES = np.linspace(-np.pi + TURNED, np.pi - TURNED, 41)
"""Where it is looked for: everywhere but where the curve has come from."""
CUSP_EXACT = 1e-5
"""Of the place of a cusp between its neighbours; the parameter there is exact to the square of it."""


@dataclass(frozen=True)
class Zero:
    """A point of the curve.

    Attributes:
        place, parameter: the two numbers.
        is_cusp: whether the parameter turns here.
    """

    place: float
    parameter: float
    is_cusp: bool = False

    @property
    def array(self) -> Array:
        """Both numbers, shape (2,)."""
        return np.array([self.place, self.parameter])


@dataclass(frozen=True)
class Steps:
    """How the curve is followed.

    Attributes:
        first, least, largest: lengths of steps.
        most: points before it is given up.
    """

    first: float = 0.02
    least: float = 1e-4
    largest: float = 0.05
    most: int = 400


def follow_zeros(
    surface: Surface, start: float, ends: tuple[float, float], first: float, steps: Steps | None = None
) -> Iterator[Zero]:
    """Yield the zeros of a surface from a place at one end of its parameter to where it leaves the range, cusps too.

    The curve is predicted along its direction and corrected across it, so that it may turn in either number. Nodes of a
    table make corners of it: where the shortest step finds nothing, it is looked for all around.

    Args:
        surface: the function.
        start: place of a zero at the parameter `first`, nearly.
        ends: range of the parameter; `first` is one of the two.
        first: the parameter at the start.
        steps: lengths of steps.

    Raises:
        SolveError: the start is no zero, or no step can be made from it.
    """
    steps = steps or Steps()
    low, high = ends
    here = Zero(float(_root(surface, np.array([start, first]), np.array([1.0, 0.0]), steps.least)[0]), first)
    way = 1.0 if first == low else -1.0
    course, step = _first_course(surface, here, way, steps), steps.first
    behind: Zero | None = None
    for _ in range(steps.most):
        corner = False
        try:
            there, step = _next(surface, here, course, step, steps)
        except SolveError as error:
            found = _behind_corner(surface, here, course, CORNER * steps.least)
            if found is None:
                yield here
                raise SolveError(f"{error}, nor is there one around it") from error
            there, step, corner = found, steps.least, True
        if not low <= there.parameter <= high:
            end = low if there.parameter < low else high
            part = (end - here.parameter) / (there.parameter - here.parameter)
            guess = np.array([here.place + part * (there.place - here.place), end])
            yield here
            yield Zero(float(_root(surface, guess, np.array([1.0, 0.0]), steps.least)[0]), end)
            return
        turns = behind is not None and (there.parameter - here.parameter) * (here.parameter - behind.parameter) < 0.0
        met = [] if behind is None or not turns else [_cusp(surface, behind, here, there)]
        # The parameter turns before or behind the point in the middle; the place goes on one way.
        yield from sorted([here, *met], key=lambda zero: (zero.place - there.place) ** 2, reverse=True)
        course = _course(None if behind is None or corner else behind.array, here.array, there.array)
        behind, here = here, there
    yield here
    raise SolveError(f"the curve did not leave the range of the parameter in {steps.most} points")


def _first_course(surface: Surface, here: Zero, way: float, steps: Steps) -> Array:
    """Return the direction of the curve at its start, into the range of the parameter."""
    h = PROBE * steps.first
    by_place = (surface(here.place + h, here.parameter) - surface(here.place - h, here.parameter)) / (2.0 * h)
    by_parameter = surface(here.place, here.parameter + way * h) / (way * h)
    course = np.array([-by_parameter, by_place]) / (np.hypot(by_place, by_parameter) or 1.0)
    return course if course[1] * way >= 0.0 else -course


def _course(a: Array | None, b: Array, c: Array) -> Array:
    """Return the direction of the curve at the last of its points: that of the circle through three of them, nearly."""
    chord = c - b
    angle = float(np.arctan2(chord[1], chord[0]))
    if a is not None:
        before = b - a
        turned = float(np.arctan2(before[0] * chord[1] - before[1] * chord[0], before @ chord))
        angle += turned * float(np.hypot(*chord) / (np.hypot(*chord) + np.hypot(*before)))
    return np.array([np.cos(angle), np.sin(angle)])


def _next(surface: Surface, here: Zero, course: Array, step: float, steps: Steps) -> tuple[Zero, float]:
    """Return the next point and the step to try then.

    Raises:
        SolveError: none was found with the least step.
    """
    across = np.array([-course[1], course[0]])
    while True:
        try:
            found, count = _corrected(surface, here.array + step * course, across, step)
            chord = found - here.array
            turned = abs(float(np.arctan2(chord @ across, chord @ course)))
            if turned > TURNED:
                raise SolveError(f"the curve turns by {turned:.2g} within a step of {step:.2g}")
            gentle = count <= SECANTS // 2 and turned < 0.5 * TURNED
            return Zero(float(found[0]), float(found[1])), min(step * (1.5 if gentle else 1.0), steps.largest)
        except SolveError:
            if step <= steps.least:
                raise
            step = max(0.5 * step, steps.least)


def _behind_corner(surface: Surface, here: Zero, course: Array, radius: float) -> Zero | None:
    """Return the zero on a circle around a point that is nearest to a direction; None if there is none but behind."""
    across = np.array([-course[1], course[0]])

    def on_circle(angle: float) -> Array:
        return np.asarray(here.array + radius * (np.cos(angle) * course + np.sin(angle) * across))

    def value(angle: float) -> float:
        return surface(*map(float, on_circle(angle)))

    try:
        values = np.array([value(angle) for angle in ANGLES])
    except SolveError:
        return None
    changes = np.flatnonzero(np.diff(np.sign(values)))
    roots = [brentq(value, ANGLES[k], ANGLES[k + 1], xtol=EXACT) for k in changes]
    if not roots:
        return None
    found = on_circle(min(roots, key=abs))
    return Zero(float(found[0]), float(found[1]))


def _root(surface: Surface, guess: Array, along: Array, probe: float) -> Array:
    return _corrected(surface, guess, along, probe)[0]


def _corrected(surface: Surface, guess: Array, along: Array, size: float) -> tuple[Array, int]:
    """Return the zero on a line through a guess, by secants, and how many it took.

    Raises:
        SolveError: there is none within a few sizes.
    """
    x, y = 0.0, surface(*map(float, guess))
    if y == 0.0:
        return guess, 0
    before_x, before = PROBE * size, surface(*map(float, guess + PROBE * size * along))
    for count in range(1, SECANTS + 1):
        if before == y:
            break
        new = x - y * (x - before_x) / (y - before)
        if not abs(new) < 3.0 * max(size, PROBE):
            break
        before_x, before, x = x, y, new
        y = surface(*map(float, guess + x * along))
        if abs(x - before_x) < EXACT or y == 0.0:
            return guess + x * along, count
    raise SolveError("no zero was found near the prediction")


def _cusp(surface: Surface, a: Zero, b: Zero, c: Zero) -> Zero:
    """Return where the parameter is extremal between three points of the curve: place and parameter by zeros there."""
    sign = 1.0 if b.parameter > a.parameter else -1.0
    places = np.array([a.place, b.place, c.place])
    fit = np.polyfit(places - b.place, [a.parameter, b.parameter, c.parameter], 2)

    def parameter(place: float) -> float:
        guess = np.array([place, float(np.polyval(fit, place - b.place))])
        return float(_root(surface, guess, np.array([0.0, 1.0]), abs(c.place - a.place))[1])

    low, high = sorted((a.place, c.place))
    least = minimize_scalar(
        lambda place: -sign * parameter(float(place)), bounds=(low, high), method="bounded",
        options={"xatol": CUSP_EXACT * (high - low)},
    )  # fmt: skip
    return replace(b, place=float(least.x), parameter=float(-sign * least.fun), is_cusp=True)
