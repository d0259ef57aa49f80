"""Power-law tables: values, slopes, integrals against quadrature, inverse."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import bi2212, gold_film, gold_wire

CURVES = {
    "bi2212 along": bi2212().in_plane,
    "bi2212 across": bi2212().out_of_plane,
    "gold wire": gold_wire().in_plane,
    "gold film": gold_film().in_plane,
    # y ~ 1/T between its nodes: the integral is a logarithm.
    "reciprocal": PowerCurve(np.array([5.0, 10.0, 20.0]), np.array([4.0, 2.0, 1.0])),
    "two nodes": PowerCurve(np.array([4.0, 300.0]), np.array([0.1, 3.0])),
    "flat part": PowerCurve(np.array([4.0, 10.0, 30.0]), np.array([1.0, 1.0, 5.0])),
    "constant": PowerCurve.constant(0.2),
}
TEMPERATURES = np.array([1.7, 3.9, 7.3, 15.1, 39.0, 41.7, 88.8, 250.1, 412.3])


@pytest.fixture(params=CURVES.values(), ids=CURVES.keys())
def curve(request) -> PowerCurve:
    return request.param


def test_linear_in_logarithms_between_nodes_and_constant_outside(curve) -> None:
    T, y = curve.nodes, curve.values
    assert curve(T) == pytest.approx(y, rel=1e-13)
    middles = np.sqrt(T[1:] * T[:-1])
    assert curve(middles) == pytest.approx(np.sqrt(y[1:] * y[:-1]), rel=1e-12)
    assert curve([0.1 * T[0], 10 * T[-1]]) == pytest.approx([y[0], y[-1]], rel=1e-15)


def test_integral_equals_quadrature(curve) -> None:
    for a, b in itertools.pairwise(TEMPERATURES):
        cuts = [a, *(t for t in curve.nodes if a < t < b), b]
        exact = sum(quad(curve, s, t, epsabs=0.0, epsrel=1e-11)[0] for s, t in itertools.pairwise(cuts))
        # Two integrals from the first node are subtracted: rounding of the larger one.
        assert curve.integral(b) - curve.integral(a) == pytest.approx(exact, rel=1e-10)
    assert float(curve.integral(curve.nodes[0])) == 0.0


@pytest.mark.parametrize("origin", [3.0, 26.897, 41.7, 150.0, 350.0])
def test_integral_near_its_origin_keeps_all_digits(curve, origin) -> None:
    """To third order in the distance: y d + y' d^2 / 2, with the slope on the side that is looked at."""
    here = curve.measured_from(origin)
    for d in (2.0**-20, -(2.0**-20)):
        T = origin + d
        exact = float(curve(origin)) * d + 0.5 * float(curve.slope(origin + 0.5 * d)) * d**2
        assert float(here.integral(T)) == pytest.approx(exact, rel=1e-14, abs=0.0)
        assert float(here.inverse_integral(here.integral(T))) == pytest.approx(T, rel=3e-16)
    assert float(here.integral(origin)) == 0.0


def test_slope_is_the_derivative(curve) -> None:
    T = TEMPERATURES[~np.isin(TEMPERATURES, curve.nodes)] * 1.000123
    h = 1e-5 * T
    # Central differences with a relative step of 1e-5 are good to 1e-10, away from the kinks at the nodes.
    assert curve.slope(T) == pytest.approx((curve(T + h) - curve(T - h)) / (2 * h), rel=1e-6, abs=1e-9)


def test_value_is_the_derivative_of_the_integral(curve) -> None:
    T, h = TEMPERATURES, 1e-6 * TEMPERATURES
    # At a node (39 K) the kink costs a quarter of the relative step times the change of the power.
    assert curve(T) == pytest.approx((curve.integral(T + h) - curve.integral(T - h)) / (2 * h), rel=2e-6)


def test_inverse_integral(curve) -> None:
    T = np.concatenate([TEMPERATURES, curve.nodes])
    assert curve.inverse_integral(curve.integral(T)) == pytest.approx(T, rel=1e-11)


def test_shapes_are_kept(curve) -> None:
    T = np.full((2, 3), 33.0)
    for function in (curve, curve.slope, curve.integral, curve.inverse_integral):
        assert function(T).shape == (2, 3)
        assert np.shape(function(33.0)) == ()


def test_scaling_and_ratio(curve) -> None:
    tripled = curve.scaled(3.0)
    assert tripled.ratio_to(curve) == pytest.approx(3.0, rel=1e-14)
    assert tripled.integral(88.8) == pytest.approx(3.0 * float(curve.integral(88.8)), rel=1e-14)


def test_ratio_of_different_shapes_is_none() -> None:
    assert CURVES["two nodes"].ratio_to(CURVES["constant"]) is None
    assert bi2212().in_plane.ratio_to(bi2212().out_of_plane) is None
    # One more node on the same line changes nothing.
    line = CURVES["two nodes"]
    finer = PowerCurve(np.array([4.0, 33.0, 300.0]), line(np.array([4.0, 33.0, 300.0])))
    assert finer.ratio_to(line) == pytest.approx(1.0, abs=1e-12)


def test_constant_is_recognised() -> None:
    assert CURVES["constant"].is_constant
    assert PowerCurve(np.array([4.0, 9.0]), np.array([2.0, 2.0])).is_constant
    assert not CURVES["flat part"].is_constant


@pytest.mark.parametrize("power", [-1.0, -1.0 + 1e-9, -1.0 - 1e-6, -1.0 + 2e-3])
def test_integral_of_a_power_near_minus_one_keeps_its_digits(power: float) -> None:
    """The integral of 10 (T/10 K)^p from 10 K to T tends to 100 ln(T/10 K), where the plain formula cancels."""
    curve = PowerCurve(np.array([10.0, 100.0]), 10.0 * np.array([1.0, 10.0**power]))
    T = np.array([11.0, 40.0, 99.0])
    exact = np.array([quad(lambda t: 10.0 * (t / 10.0) ** power, 10.0, end, epsrel=1e-13)[0] for end in T])
    # 1e-11: the power itself is the quotient of two logarithms, each right to rounding.
    assert curve.integral(T) == pytest.approx(exact, rel=1e-11)
    assert curve.inverse_integral(curve.integral(T)) == pytest.approx(T, rel=1e-11)


def test_integrals_keep_their_digits_near_the_origin() -> None:
    """A conductivity that falls over decades below the origin: from its first node the integral is 30 times larger."""
    curve = PowerCurve(np.array([2.0, 10.0, 30.0, 80.0]), np.array([37.6, 1.04, 0.096, 0.102]))
    origin, T = 31.0, 31.0 + np.linspace(0.0, 1e-3, 200)
    near = curve.measured_from(origin)
    np.testing.assert_allclose(near.integral(T), curve.integral(T) - curve.integral(origin), atol=1e-13)
    # Trapezoidal rule over a range in which the curve is straight to 1e-10.
    exact = 0.5 * (curve(origin) + curve(T)) * (T - origin)
    limit = 2.0 * np.finfo(float).eps * curve(T) * T
    assert np.all(np.abs(near.integral(T) - exact) <= limit)
    assert np.any(np.abs(curve.integral(T) - curve.integral(origin) - exact) > limit)
    assert near.inverse_integral(near.integral(T)) == pytest.approx(T, rel=1e-14)
    for T in (1.5, 5.0, 30.0, 100.0):
        assert near.measured_from(T).integral(T) == pytest.approx(0.0, abs=1e-13)
    constant = PowerCurve.constant(3.0).measured_from(20.0)
    assert (float(constant.integral(22.0)), float(constant.inverse_integral(6.0))) == (6.0, 22.0)
