"""The spline table: exactness on its nodes, derivatives, edges, bad grids."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from hotmesa.solver.law.table import LawTable, cubic_basis

T = np.array([1.0, 2.0, 4.0, 7.0, 11.0, 20.0, 30.0])
V = np.linspace(0, 10, 41)
GRID = -0.3 * np.exp(-T[:, None] / 15) * np.cos(V[None, :] / 3)
TABLE = LawTable(T, V, GRID)


def test_nodes_are_reproduced():
    v, temperature = np.meshgrid(V, T)
    # Rounding only: the nodes are interpolated.
    assert TABLE.at(v, temperature).i == pytest.approx(v * np.exp(GRID), abs=1e-13)


def test_at_equals_at_voltage():
    temperature = np.random.default_rng(3).uniform(1, 35, (4, 25))
    for v in (-3.21, 0.0, 1e-9, 0.25, 7.77, 10.0, 12.0):
        one, many = TABLE.at_voltage(v, temperature), TABLE.at(np.full(temperature.shape, v), temperature)
        for a, b in ((one.i, many.i), (one.di_dv, many.di_dv), (one.di_dT, many.di_dT)):
            # Same polynomial, other order of summation.
            assert a == pytest.approx(b, rel=1e-12, abs=1e-13)


def test_derivatives_belong_to_the_current():
    v = np.array([0.3, 2.6, 5.1, 9.7, -4.2])
    temperature = np.array([1.5, 3.3, 8.0, 29.0, 12.0])
    h = 1e-5
    values = TABLE.at(v, temperature)
    by_v = (TABLE.at(v + h, temperature).i - TABLE.at(v - h, temperature).i) / (2 * h)
    by_T = (TABLE.at(v, temperature + h).i - TABLE.at(v, temperature - h).i) / (2 * h)
    # Central differences with h = 1e-5: truncation h^2 and rounding 1e-16/h are both near 1e-10.
    assert values.di_dv == pytest.approx(by_v, abs=1e-8)
    assert values.di_dT == pytest.approx(by_T, abs=1e-8)


def test_odd_and_zero_voltage():
    temperature = np.array([2.0, 12.0])
    plus, minus = TABLE.at_voltage(3.0, temperature), TABLE.at_voltage(-3.0, temperature)
    assert np.array_equal(plus.i, -minus.i)
    assert np.array_equal(plus.di_dv, minus.di_dv)
    assert np.array_equal(plus.di_dT, -minus.di_dT)
    zero = TABLE.at_voltage(0.0, T)
    assert np.array_equal(zero.i, np.zeros(T.size))
    assert zero.di_dv == pytest.approx(np.exp(GRID[:, 0]), rel=1e-13)


def test_outside_the_grid():
    above = TABLE.at_voltage(5.0, np.array([30.0, 31.0, 300.0]))
    assert above.i[1:] == pytest.approx(above.i[0], rel=1e-14)
    assert np.array_equal(above.di_dT[1:], [0.0, 0.0])
    edge, beyond = (TABLE.at_voltage(v, np.array([5.0])) for v in (10.0, 20.0))
    assert beyond.i == pytest.approx(2 * edge.i, rel=1e-14)
    assert beyond.di_dv == pytest.approx(edge.i / 10, rel=1e-14)
    for bad in (0.99, float("nan")):
        with pytest.raises(ValueError, match=r"below the law table \(1 K to 30 K\)"):
            TABLE.at_voltage(1.0, np.array([2.0, bad]))
        with pytest.raises(ValueError, match="below the law table"):
            TABLE.at(np.array([1.0]), np.array([bad]))


def test_no_state_between_calls():
    temperature = np.array([3.0, 9.0])
    first = TABLE.at_voltage(4.0, temperature).i.copy()
    for v in np.linspace(0, 10, 23):
        TABLE.at_voltage(float(v), temperature)
    assert np.array_equal(TABLE.at_voltage(4.0, temperature).i, first)


def test_basis_equals_scipy():
    knots = np.array([0, 0, 0, 0, 1, 2.5, 3, 5, 5, 5, 5.0])
    x = np.array([0.0, 0.4, 1.0, 2.7, 4.9, 5.0])
    first, basis = cubic_basis(knots, x)
    for row, place in enumerate(x):
        for j in range(4):
            spline = BSpline(knots, np.eye(7)[first[row] + j], 3)
            assert basis[0, j, row] == pytest.approx(float(spline(place)), abs=1e-14)
            assert basis[1, j, row] == pytest.approx(float(spline(place, 1)), abs=1e-13)


@pytest.mark.parametrize(
    ("T_K", "v_mV", "grid", "message"),
    [
        (T[:3], V, GRID[:3], "at least 4"),
        (T, V, GRID[:, 1:], "does not fit"),
        (T[::-1], V, GRID, "must increase"),
        (T, V - 1, GRID, "must increase"),
        (T, V, np.where(GRID == GRID[2, 2], np.nan, GRID), "not finite"),
    ],
)
def test_bad_grids(T_K, v_mV, grid, message):
    with pytest.raises(ValueError, match=message):
        LawTable(T_K, v_mV, grid)
