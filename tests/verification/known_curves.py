"""Continuation on curves whose folds are known, as small problems of numpy arrays (no heat, no DOLFINx)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import brentq
from verification.cases import Case

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.states.continuation import CurvePoint, Options, follow


@dataclass(frozen=True)
class Row:
    """A linear functional on steps."""

    by: Array

    def __call__(self, du: Array) -> float:
        """Return its value."""
        return float(self.by @ du)


@dataclass(frozen=True)
class Evaluated:
    """Residual and Jacobian (n, n + 1) at u."""

    u: Array
    F: Array
    J: Array

    @property
    def norm(self) -> float:
        """Largest residual."""
        return float(np.abs(self.F).max())


@dataclass(frozen=True)
class ArrayProblem:
    """F(u) = 0 for n equations and n + 1 unknowns.

    Attributes:
        equations: returns F (n,) and its Jacobian (n, n + 1).
        control_index: the unknown whose end value ends the curve.
        rated: name and number of the unknowns whose folds are wanted.
        weight: of each unknown in the inner product.
    """

    equations: Callable[[Array], tuple[Array, Array]]
    control_index: int = -1
    rated: tuple[tuple[str, int], ...] = (("parameter", -1),)
    weight: float | Array = 1.0

    def evaluate(self, u: Array) -> Evaluated:
        """Return residual and Jacobian."""
        return Evaluated(u, *self.equations(u))

    def plane(self, normal: Array) -> Row:
        """Return the row of the plane across a direction."""
        return Row(self.weight * normal)

    def control(self, e: Evaluated) -> tuple[float, Row]:
        """Return the value of the control parameter and its row."""
        row = np.zeros(e.u.size)
        row[self.control_index] = 1.0
        return float(e.u[self.control_index]), Row(row)

    def step(self, e: Evaluated, row: Row, gap: float, rtol: float) -> Array:
        """Return the Newton step."""
        del rtol
        return np.linalg.solve(np.vstack([e.J, row.by]), np.append(-e.F, -gap))

    def null_vector(self, e: Evaluated, row: Row, guess: Array | None = None) -> Array:
        """Return the tangent."""
        del guess
        return np.linalg.solve(np.vstack([e.J, row.by]), np.append(0.0 * e.F, 1.0))

    def inner(self, a: Array, b: Array) -> float:
        """Return the inner product."""
        return float(np.sum(self.weight * a * b))

    def largest(self, du: Array) -> float:
        """Return the largest component."""
        return float(np.abs(du).max())

    def damping(self, u: Array, du: Array) -> float:
        """Return 1: Newton's steps are never shortened."""
        del u, du
        return 1.0

    def rates(self, e: Evaluated, tangent: Array) -> dict[str, float]:
        """Return the components of the tangent that are rated."""
        del e
        return {name: float(tangent[k]) for name, k in self.rated}

    def trouble(self, e: Evaluated) -> str:
        """Return nothing: these curves are no device."""
        del e
        return ""


class Brittle(ArrayProblem):
    """The same problem, but Newton's method gives up where the residual is larger than `limit`."""

    limit = 1e-5

    def step(self, e: Evaluated, row: Row, gap: float, rtol: float) -> Array:
        """Return the Newton step, or fail."""
        if e.norm > self.limit:
            raise SolveError(f"deliberate failure at a residual of {e.norm:.1e}")
        return super().step(e, row, gap, rtol)


def circle(u: Array) -> tuple[Array, Array]:
    """Return x^2 + p^2 - 1."""
    x, p = u
    return np.array([x**2 + p**2 - 1.0]), np.array([[2 * x, 2 * p]])


def cubic(u: Array) -> tuple[Array, Array]:
    """Return p - x^3 + 3x."""
    x, p = u
    return np.array([p - x**3 + 3 * x]), np.array([[3 - 3 * x**2, 1.0]])


def transcritical(u: Array) -> tuple[Array, Array]:
    """Return x (p - x): the solution x = 0 meets another one at p = 0."""
    x, p = u
    return np.array([x * (p - x)]), np.array([[p - 2 * x, x]])


def pitchfork(u: Array) -> tuple[Array, Array]:
    """Return x (p - x^2): two solutions x = +-sqrt(p) leave x = 0 at p = 0."""
    x, p = u
    return np.array([x * (p - x**2)]), np.array([[p - 3 * x**2, x]])


def chebyshev(n: int) -> tuple[Array, Array]:
    """Return the points of [0, 1] and the matrix of the second derivative on them (Trefethen)."""
    k = np.arange(n + 1)
    t = np.cos(np.pi * k / n)
    c = np.where((k == 0) | (k == n), 2.0, 1.0) * (-1.0) ** k
    D = np.outer(c, 1 / c) / (t[:, None] - t + np.eye(n + 1))
    D -= np.diag(D.sum(axis=1))
    return 0.5 * (t + 1), 4.0 * (D @ D)


def bratu(second: Array) -> Callable[[Array], tuple[Array, Array]]:
    """Return u'' + p exp(u) = 0 with u = 0 at both ends; `second` acts on the inner points."""

    def equations(u: Array) -> tuple[Array, Array]:
        x, p = u[:-1], u[-1]
        return second @ x + p * np.exp(x), np.column_stack([second + np.diag(p * np.exp(x)), np.exp(x)])

    return equations


def bratu_fold() -> float:
    """Return the exact fold 8 (a / cosh a)^2 with a tanh a = 1 (3.513830719...)."""
    a = float(brentq(lambda a: a * np.tanh(a) - 1.0, 1.0, 1.5, xtol=1e-15))
    return 8.0 * (a / np.cosh(a)) ** 2


def trace_circle(refine: float = 1.0) -> list[CurvePoint]:
    """Return the points from x = 0.6, p = -0.8 down, around, and on to x = 0.7, p > 0; steps divided by `refine`."""
    problem = ArrayProblem(circle, control_index=0, rated=(("x", 0), ("p", 1)))
    options = Options(0.7, 0.4 / refine, max_step=0.4 / refine)
    return list(follow(problem, np.array([0.6, -0.8]), np.array([-0.8, -0.6]), options))


def trace_cubic(refine: float = 1.0) -> list[CurvePoint]:
    """Return the points of the cubic from x = -3 to p = 18; steps divided by `refine`."""
    options = Options(18.0, 2.0 / refine, max_step=0.4 / refine)
    return list(follow(ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), options))


def trace_bratu(n: int, spectral: bool) -> list[CurvePoint]:
    """Return the points of the Bratu problem from rest over the fold down to p = 2 (upper branch)."""
    if spectral:
        second = chebyshev(n)[1][1:-1, 1:-1]
    else:
        second = (np.diag(np.full(n - 2, 1.0), 1) + np.diag(np.full(n - 2, 1.0), -1) - 2 * np.eye(n - 1)) * n**2
    size = second.shape[0]
    # Mean square of u, so that the arclength does not depend on the number of points.
    weight = np.append(np.full(size, 1.0 / size), 1.0)
    problem = ArrayProblem(bratu(second), weight=weight)
    points = []
    # The curve never reaches p = 4: it is left once it has come back to p = 2.
    for point in follow(problem, np.zeros(size + 1), np.eye(size + 1)[-1], Options(4.0, 0.3)):
        points.append(point)
        if point.tangent[-1] < 0.0 and point.u[-1] < 2.0:
            break
    return points


def _fold_value(points: list[CurvePoint], number: int, index: int) -> float:
    folds = [p for p in points if p.fold]
    return float(folds[number].u[index]) if number < len(folds) else float("nan")


def _circle_fold(number: int, index: int, refine: float) -> float:
    return _fold_value(trace_circle(refine), number, index)


def _cubic_fold(number: int, refine: float) -> float:
    return _fold_value(trace_cubic(refine), number, -1)


def _bratu_fold(spectral: bool, n: float) -> float:
    return _fold_value(trace_bratu(round(n), spectral), 0, -1)


def _bratu_fold_error(n: float) -> float:
    return abs(_bratu_fold(False, n) - bratu_fold())


def _circle_end(refine: float) -> float:
    return float(trace_circle(refine)[-1].u[1])


def _case(name: str, exact: float, compute: Callable[[float], float], source: str = "") -> Case:
    return Case(name, GROUP, exact, "", source or LOCATED, compute, STEPS, tolerance=1e-9, judge="absolute")


GROUP = "Continuation over known folds"
STEPS = (1.0, 2.0, 4.0)
LOCATED = "closed form; a fold is located to 1e-6 of a step, and the quantity is quadratic there"
CASES = (
    _case("circle x² + λ² = 1: first fold in λ", -1.0, partial(_circle_fold, 0, 1)),
    _case("circle x² + λ² = 1: fold in x", -1.0, partial(_circle_fold, 1, 0)),
    _case("circle x² + λ² = 1: second fold in λ", 1.0, partial(_circle_fold, 2, 1)),
    _case(
        "circle x² + λ² = 1: λ on landing at x = 0.7",
        float(np.sqrt(1 - 0.7**2)),
        _circle_end,
        "closed form; landing is Newton's method on the end value, exact to rounding and its tolerance 1e-10",
    ),
    _case("cubic λ = x³ - 3x: first fold in λ", 2.0, partial(_cubic_fold, 0)),
    _case("cubic λ = x³ - 3x: second fold in λ", -2.0, partial(_cubic_fold, 1)),
    Case(
        name="Bratu u'' + λ exp u = 0, Chebyshev collocation: fold in λ",
        group=GROUP,
        exact=bratu_fold(),
        unit="",
        source="8 (a / cosh a)² with a tanh a = 1; the error falls exponentially with the number of points",
        compute=partial(_bratu_fold, True),
        resolutions=(8, 12, 16),
        tolerance=1e-8,
        judge="absolute",
    ),
    Case(
        name="Bratu u'' + λ exp u = 0, second differences: error of the fold in λ",
        group=GROUP,
        exact=0.0,
        unit="",
        source="8 (a / cosh a)² with a tanh a = 1; second differences are of second order",
        compute=_bratu_fold_error,
        resolutions=(20, 40, 80),
        tolerance=1.9,
        judge="order",
    ),
)
