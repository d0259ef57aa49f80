"""Continuation on small problems: known folds, bifurcations, deliberate failures, landing, messages."""

from itertools import pairwise

import numpy as np
import pytest
from verification.cases import describe, evaluate
from verification.known_curves import (
    CASES,
    ArrayProblem,
    Brittle,
    bratu,
    bratu_fold,
    chebyshev,
    circle,
    cubic,
    pitchfork,
    trace_bratu,
    trace_circle,
    trace_cubic,
    transcritical,
)

from hotmesa.solver.errors import SolveError
from hotmesa.solver.states import continuation
from hotmesa.solver.states.continuation import Options, follow, land


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_case(case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def test_bratu_fold_is_the_published_one():
    assert bratu_fold() == pytest.approx(3.513830719, abs=5e-10)


def test_every_point_solves_its_equations_and_lies_in_order():
    for points, equations in ((trace_circle(), circle), (trace_cubic(), cubic)):
        # The tolerance of Newton's method.
        assert all(np.abs(equations(p.u)[0]).max() <= 1e-10 for p in points)
        assert np.all(np.diff([p.s for p in points]) > 0.0)
        assert points[0].s == 0.0


def test_arclength_of_the_circle():
    points = trace_circle(refine=4.0)
    start, end = np.arctan2(-0.8, 0.6), np.arctan2(np.sqrt(0.51), 0.7) - 2 * np.pi
    # Chords lengthened as on a circle are exact on a circle, but for the predicted directions of 50 points that are
    # good to about 1e-3 of their turn; chords alone would fall short by 4e-4.
    assert points[-1].s == pytest.approx(start - end, rel=2e-5)


def test_the_folds_of_a_curve_are_named_once_each():
    assert [p.fold for p in trace_circle() if p.fold] == ["p", "x", "p"]
    assert [p.fold for p in trace_cubic() if p.fold] == ["parameter", "parameter"]
    assert [p.fold for p in trace_bratu(16, True) if p.fold] == ["parameter"]


def test_tangents_are_unit_vectors_along_the_curve():
    for p in trace_cubic():
        x = p.u[0]
        along = np.array([1.0, 3 * x**2 - 3]) / np.hypot(1.0, 3 * x**2 - 3)
        assert abs(p.tangent @ along) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("equations", [transcritical, pitchfork])
@pytest.mark.parametrize("first_step", [0.05, 0.0617])
def test_a_bifurcation_is_no_fold(equations, first_step):
    """The trivial solution goes straight through: no fold, no turn onto the other solution, no failure."""
    options = Options(1.0, 0.1, first_step=first_step)
    points = list(follow(ArrayProblem(equations), np.array([0.0, -1.013]), np.array([0.0, 1.0]), options))
    assert [p.fold for p in points if p.fold] == []
    assert max(abs(p.u[0]) for p in points) == 0.0
    assert points[-1].u[1] == pytest.approx(1.0, abs=4e-16)  # two units of rounding


def test_the_branch_of_a_pitchfork_has_its_fold_where_it_meets_the_trivial_one():
    """On x = sqrt(p) the parameter does turn round at the bifurcation: an extremum of p along that curve."""
    problem = ArrayProblem(pitchfork, control_index=0)
    points = list(follow(problem, np.array([1.0, 1.0]), np.array([-1.0, -1.0]), Options(-1.01, 0.13)))
    folds = [p.u for p in points if p.fold]
    assert len(folds) == 1
    # The residual there is x^3: with a tolerance of 1e-10 it leaves x open to 5e-4, and p = x^2 to 2e-7.
    assert folds[0] == pytest.approx(np.zeros(2), abs=5e-4)
    assert points[-1].u == pytest.approx([-1.01, 1.0201], abs=1e-9)


def test_an_avoided_crossing_is_followed_round_the_corner():
    """On x (p - x) = -0.01 the branch x > 0 has no fold; cutting its corner would end on the branch x < 0."""

    def hyperbola(u):
        F, J = transcritical(u)
        return F + 0.01, J

    points = list(follow(ArrayProblem(hyperbola), np.array([0.01, -1.0]), np.array([0.0, 1.0]), Options(1.0, 0.1)))
    assert min(p.u[0] for p in points) > 0.0
    assert [p.fold for p in points if p.fold] == []
    assert points[-1].u[0] == pytest.approx(0.5 * (1.0 + np.sqrt(1.04)), abs=1e-9)


@pytest.mark.parametrize("fall", [0.3, 0.6, 0.8])
def test_a_corner_is_followed(fall):
    """A curve of two straight pieces, as the node of a conductivity makes them: up to (1, 1), then down."""

    def equations(u):
        slope = 1.0 if u[0] < 1.0 else -fall
        return np.array([u[1] - 1.0 - slope * (u[0] - 1.0)]), np.array([[-slope, 1.0]])

    problem = ArrayProblem(equations, control_index=0)
    points = list(follow(problem, np.zeros(2), np.ones(2), Options(2.0, 0.1)))
    assert points[-1].control == 2.0
    np.testing.assert_allclose(points[-1].u[1], 1.0 - fall, rtol=1e-9)
    (fold,) = [p for p in points if p.fold]
    np.testing.assert_allclose(fold.u, [1.0, 1.0], atol=1e-6)
    cosine = (1.0 - fall) / np.sqrt(2.0 * (1.0 + fall**2))
    assert np.isclose(min(a.tangent @ b.tangent for a, b in pairwise(points)), cosine)
    assert len(points) < 120


@pytest.mark.parametrize(("equations", "start", "control_end", "control_step"), [(cubic, (-3.0, -18.0), 18.0, 2.0)])
def test_failures_of_newtons_method_shorten_the_steps(equations, start, control_end, control_step):
    direction, options = np.array([0.0, 1.0]), Options(control_end, control_step)
    easy = list(follow(ArrayProblem(equations), np.array(start), direction, options))
    hard = list(follow(Brittle(equations), np.array(start), direction, options))
    assert len(hard) > 1.5 * len(easy)
    assert [p.fold for p in hard if p.fold] == [p.fold for p in easy if p.fold]
    assert hard[-1].u == pytest.approx(easy[-1].u, abs=1e-9)


def test_a_step_over_which_a_fold_cannot_be_found_is_halved(monkeypatch):
    """Locating a fold needs solutions between two points; where they fail, so has the step."""
    found = continuation.between

    def only_near(problem, a, b, s, options):
        if b.s - a.s > 0.1:
            raise SolveError("deliberate failure between distant points")
        return found(problem, a, b, s, options)

    arguments = ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), Options(18.0, 2.0, max_step=0.5)
    easy = [p for p in follow(*arguments) if p.fold]
    monkeypatch.setattr(continuation, "between", only_near)
    hard = [p for p in follow(*arguments) if p.fold]
    assert len(easy) == len(hard) == 2
    for one, other in zip(easy, hard, strict=True):
        assert one.u == pytest.approx(other.u, abs=1e-6)


def test_steps_that_always_fail_end_with_a_message_and_keep_the_points():
    class Wall(ArrayProblem):
        def evaluate(self, u):
            if u[-1] > -5.0:
                raise SolveError("deliberate failure beyond -5")
            return super().evaluate(u)

    points = []
    message = r"no step from s = [\d.]+, control parameter -5: deliberate failure beyond -5"
    with pytest.raises(SolveError, match=message):
        for point in follow(Wall(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), Options(18.0, 2.0)):
            points.append(point)
    # The last point lies within a few smallest steps (1e-6) of the wall; the control parameter changes by 6 per unit.
    assert -5.0 - 1e-4 < points[-1].u[-1] <= -5.0


def test_too_many_points_end_with_a_message():
    options = Options(18.0, 2.0, max_points=7)
    points = []
    with pytest.raises(SolveError, match=r"^7 points did not reach the end of the branch"):
        for point in follow(ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), options):
            points.append(point)
    assert len(points) == 7


@pytest.mark.parametrize("control_end", [-17.999, -0.3, 1.999, 2.5, 18.0])
def test_landing_is_exact(control_end):
    points = list(follow(ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), Options(control_end, 2.0)))
    last = points[-1]
    assert last.control == control_end
    # Landing is done when the gap is 1e-12 of the control parameter's step, here 2e-12.
    assert last.u[-1] == pytest.approx(control_end, abs=2e-12)
    assert np.abs(cubic(last.u)[0]).max() <= 1e-10
    assert last.s > points[-2].s


def test_landing_takes_the_first_crossing():
    """The value p = 1 is crossed at x = -1.53 on the way up, before the fold at x = -1."""
    points = list(follow(ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), Options(1.0, 2.0)))
    assert points[-1].u[0] == pytest.approx(np.min(np.roots([1.0, 0.0, -3.0, -1.0]).real), abs=1e-9)
    assert [p.fold for p in points if p.fold] == []


def test_a_control_parameter_that_is_already_reached_gives_one_point():
    points = list(follow(ArrayProblem(cubic), np.array([-3.0, -18.0]), np.array([0.0, 1.0]), Options(-18.0, 2.0)))
    assert len(points) == 1


def test_landing_that_does_not_converge_says_where_it_was_going():
    with pytest.raises(SolveError, match=r"on the way to 3\.7"):
        # Beyond the fold of the Bratu problem there is no solution.
        second = chebyshev(8)[1][1:-1, 1:-1]
        land(ArrayProblem(bratu(second)), np.append(np.zeros(7), 3.0), Options(3.7, 0.1))


def test_control_step_limits_the_change_from_point_to_point():
    points = trace_cubic(refine=2.0)
    # A step may overshoot by the curvature of the control parameter along it; twice the limit is refused.
    assert max(abs(np.diff([p.control for p in points]))) <= 2.0
