"""Zeros of two numbers as a curve: closed curves, cusps, ends."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.solver.errors import SolveError
from hotmesa.solver.states.contour import Steps, follow_zeros


def test_a_cubic_catastrophe_has_its_cusp():
    # x^3 - a x folds at 3 x^2 = a: p = 1 - 3 (x - 0.4)^2, with its cusp at x = 0.4, p = 1.
    points = list(follow_zeros(lambda x, p: 3.0 * (x - 0.4) ** 2 - (1.0 - p), 0.4 - np.sqrt(0.2), (0.4, 1.3), 0.4))
    cusps = [point for point in points if point.is_cusp]
    assert np.all(np.diff([point.place for point in points]) > 0.0)  # in order, the cusp among them
    assert len(cusps) == 1
    assert cusps[0].parameter == pytest.approx(1.0, abs=1e-9)
    assert cusps[0].place == pytest.approx(0.4, abs=1e-5)
    assert points[-1].parameter == 0.4 and points[-1].place == pytest.approx(0.4 + np.sqrt(0.2), abs=1e-8)
    assert max(abs(3.0 * (z.place - 0.4) ** 2 - 1.0 + z.parameter) for z in points) < 1e-8


def test_a_curve_that_goes_through_ends_at_the_other_end():
    points = list(follow_zeros(lambda x, p: np.sin(x) - 0.5 * p, 0.708, (0.4, 1.3), 1.3))
    assert points[0].place == pytest.approx(np.arcsin(0.65), abs=1e-9)
    assert points[-1].place == pytest.approx(np.arcsin(0.2), abs=1e-9)
    assert not any(point.is_cusp for point in points)


def test_places_where_there_is_no_state_shorten_the_step_and_end_it():
    def edge(x: float, p: float) -> float:
        if x > 0.5:
            raise SolveError("no state beyond 0.5")
        return x - p

    points = []
    with pytest.raises(SolveError, match="no state beyond"):
        points.extend(follow_zeros(edge, 0.2, (0.2, 0.9), 0.2))
    walk = follow_zeros(edge, 0.2, (0.2, 0.9), 0.2)
    reached = 0.0
    with pytest.raises(SolveError):
        for point in walk:
            reached = point.place
    assert 0.499 < reached <= 0.5


def test_one_that_never_leaves_is_given_up():
    with pytest.raises(SolveError, match="did not leave the range"):
        list(follow_zeros(lambda x, p: x - 0.5, 0.5, (0.0, 1e6), 0.0, Steps(most=20)))


@pytest.mark.parametrize(("before", "behind"), [(2.0, -2.0), (1.0, -0.2), (0.1, 3.0), (0.3, -2.0), (6.0, -0.5)])
def test_corners_are_passed_and_are_cusps_where_the_parameter_turns(before: float, behind: float):
    def line(x: float) -> float:
        return 0.8 + (before if x < 0.4 else behind) * (x - 0.4)

    points = list(follow_zeros(lambda x, p: p - line(x), 0.4 - 0.5 / before, (0.3, 1.3), 0.3))
    assert [points[0].parameter, points[-1].parameter] == [0.3, 0.3 if behind < 0.0 else 1.3]
    assert np.all(np.diff([point.place for point in points]) > 0.0)
    assert [point.parameter for point in points] == pytest.approx([line(point.place) for point in points], abs=1e-8)
    cusps = [(point.place, point.parameter) for point in points if point.is_cusp]
    assert cusps == ([pytest.approx((0.4, 0.8), abs=1e-6)] if behind < 0.0 else [])


def test_a_curve_that_goes_back_the_way_it_came_is_given_up():
    with pytest.raises(SolveError, match="nor is there one around it"):
        list(follow_zeros(lambda x, p: p - (0.8 - 20.0 * abs(x - 0.4)), 0.4 - 0.025, (0.3, 1.3), 0.3))
