"""A bifurcation whose own state cannot be solved is placed by the states beside it."""

from __future__ import annotations

import pytest

from hotmesa.solver.errors import SolveError
from hotmesa.solver.stability import bifurcation

ZERO = 0.4321


def rate(s: float) -> float:
    return (s - ZERO) * (1.0 + 0.5 * s)


def test_the_zero_of_a_rate_is_found_to_the_accuracy_asked_for() -> None:
    assert bifurcation._zero(rate, 0.0, 1.0, 1e-9) == pytest.approx(ZERO, abs=1e-9)


def test_where_the_state_there_cannot_be_solved_the_nearest_one_beside_it_is_taken() -> None:
    def solved(s: float) -> float:
        if abs(s - ZERO) < 3e-3:
            raise SolveError("the linear solver did not converge")
        return rate(s)

    found = bifurcation._zero(solved, 0.0, 1.0, 1e-9)
    assert 3e-3 <= abs(found - ZERO) <= 2.0 * bifurcation.BESIDE


def test_where_those_beside_it_fail_as_well_it_is_not_located() -> None:
    def failing(s: float) -> float:
        if 0.0 < s < 1.0:
            raise SolveError("the linear solver did not converge")
        return rate(s)

    with pytest.raises(SolveError):
        bifurcation._zero(failing, 0.0, 1.0, 1e-9)
