import numpy as np
import pytest

from hotmesa.scenarios.schema import Law, Mesa, Scenario
from hotmesa.solver.device.heating import Junctions
from hotmesa.solver.law.laws import build_law

R = 2421.0


@pytest.fixture(scope="module")
def law():
    return build_law(Scenario(name="law", mesa=Mesa(), law=Law(set=3)))


def test_sublayers_at_one_temperature_act_as_one(law) -> None:
    T = np.array([5.0, 40.0, 74.0, 120.0])
    one = Junctions(law, R, np.array([19.0])).evaluate(570.0, T[None])
    three = Junctions(law, R, np.array([4.0, 5.0, 10.0])).evaluate(570.0, np.tile(T, (3, 1)))
    # 1e-9: both evaluate the same spline, the second through Newton's method converged to 1e-13.
    np.testing.assert_allclose(three.J, one.J, rtol=1e-9)
    np.testing.assert_allclose(three.Q.sum(axis=0), one.Q[0], rtol=1e-9)
    np.testing.assert_allclose(three.J_by_V, one.J_by_V, rtol=1e-7)
    np.testing.assert_allclose(three.J_by_T.sum(axis=0), one.J_by_T[0], rtol=1e-6, atol=1e-12)


def test_one_current_runs_through_all_sublayers(law) -> None:
    counts = np.array([6.0, 6.0, 7.0])
    T = np.array([[20.0, 60.0], [35.0, 70.0], [50.0, 90.0]])
    state = Junctions(law, R, counts).evaluate(500.0, T)
    # Q_k = J n_k v_k: the voltages that belong to the heating add up, and each carries the same current.
    v = state.Q / (state.J * counts[:, None])
    np.testing.assert_allclose((counts[:, None] * v).sum(axis=0), 500.0, rtol=1e-12)
    current = np.array(
        [
            [law.at(np.array([x]), np.array([t])).i[0] for x, t in zip(*rows, strict=True)]
            for rows in zip(v, T, strict=True)
        ]
    )
    np.testing.assert_allclose(current / R, np.tile(state.J, (3, 1)), rtol=1e-10)
    assert np.all(np.diff(v, axis=0) < 0.0)  # the colder sublayer takes the larger voltage


@pytest.mark.parametrize("counts", [[19.0], [9.0, 10.0], [4.0, 5.0, 10.0], [1.0, 2.0, 3.0, 4.0, 9.0]])
@pytest.mark.parametrize("V", [1e-11, 0.3, 40.0, 570.0, 1500.0])
def test_current_is_odd_and_heating_even_in_the_voltage(law, counts, V) -> None:
    T = np.linspace(15.0, 120.0, 6 * len(counts)).reshape(len(counts), 6)
    junctions = Junctions(law, R, np.array(counts))
    forth, back = junctions.evaluate(V, T), junctions.evaluate(-V, T)
    for odd in ("J", "J_by_T", "Q_by_V"):
        # The mirrored steps are the same numbers with the other sign.
        np.testing.assert_allclose(getattr(back, odd), -getattr(forth, odd), rtol=1e-12, atol=0.0)
    for even in ("Q", "J_by_V", "Q_by_T"):
        np.testing.assert_allclose(getattr(back, even), getattr(forth, even), rtol=1e-12, atol=0.0)
    assert np.all(forth.Q > 0.0)


def test_no_voltage_no_current(law) -> None:
    state = Junctions(law, R, np.array([9.0, 10.0])).evaluate(0.0, np.full((2, 3), 30.0))
    assert np.all(state.J == 0.0)
    assert np.all(state.Q == 0.0)
    assert np.all(state.J_by_V > 0.0)
