"""Direct currents and isotherms: vectorisation, symmetry, agreement with each other."""

import numpy as np
import pytest
from helpers.tunnelling import sin_current, sis_current

from hotmesa.solver.law.tunnelling import isotherm

SPECTRUM = (25.0, 0.7, 0.2)


@pytest.mark.parametrize("current", [sis_current, sin_current])
def test_odd_vectorised_and_shape(current):
    v = np.array([[-60.0, -0.3, 0.0], [0.3, 48.0, 60.0]])
    values = current(v, 10.0, *SPECTRUM)
    assert values.shape == v.shape
    assert values[0, 2] == 0.0
    # 1e-9 mV is the stated accuracy; the energy windows of single and of joint evaluation differ.
    single = np.array([[float(current(x, 10.0, *SPECTRUM)) for x in row] for row in v])
    assert values == pytest.approx(single, abs=1e-9)
    assert values[0, :2] == pytest.approx(-values[1, [2, 0]], abs=1e-9)


@pytest.mark.parametrize("contact", [False, True])
@pytest.mark.parametrize("T", [1.0, 4.2, 30.0, 150.0])
def test_isotherm_equals_direct_current(T, contact):
    v = np.linspace(0, 100, 201)
    direct = (sin_current if contact else sis_current)(v[1:], T, *SPECTRUM)
    conductance = isotherm(100.0, 200, T, SPECTRUM, contact)
    # 1e-8: ten digits of the energy step, amplified where the subgap current is small.
    assert conductance[1:] * v[1:] == pytest.approx(direct, rel=1e-8)


@pytest.mark.parametrize("contact", [False, True])
def test_zero_voltage_is_the_limit(contact):
    conductance = isotherm(1e-3, 4, 10.0, SPECTRUM, contact)
    # The conductance is even in v: at 0.25 µV it differs from the limit by about (v/Gamma)^2 = 1e-7 relative.
    assert conductance[0] == pytest.approx(conductance[1], rel=1e-6)


def test_temperature_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        sis_current(1.0, 0.0, *SPECTRUM)
