"""A normal resistance that depends on temperature: where it counts, its limits, and derivatives by its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.scenarios.parameters import number_of, parameters
from hotmesa.scenarios.schema import Curve, Law, Scenario
from hotmesa.solver.law.laws import LawTable, build_law
from hotmesa.solver.law.pseudogap import PseudogapLaw
from hotmesa.solver.law.variation import LawVariations

T_C = 80.0
FORMULA = {"pseudogap_K": 100.0, "pseudogap_share": 0.6}


def scenario(**law: object) -> Scenario:
    return Scenario(name="law", josephson={"critical_temperature_K": T_C}, law=Law(set=3, **law))


def test_without_it_the_law_is_the_table() -> None:
    plain = build_law(scenario())
    assert type(plain) is LawTable
    law = build_law(scenario(**FORMULA))
    assert isinstance(law, PseudogapLaw)
    T = np.linspace(5.0, T_C - 40.0, 9)
    assert np.array_equal(law.at_voltage(20.0, T).i, plain.at_voltage(20.0, T).i)  # exp(-40) is below rounding


def test_share_of_the_constant_part_is_the_limit_of_high_temperature() -> None:
    law = build_law(scenario(**FORMULA))
    i = law.at_voltage(10.0, np.array([1e7])).i
    assert i[0] == pytest.approx(10.0 / 0.4, rel=1e-4)  # T_c/T and D/T have gone


def test_at_and_at_voltage_are_the_same() -> None:
    law, T = build_law(scenario(**FORMULA)), np.linspace(60.0, 200.0, 11)
    one, other = law.at_voltage(-25.0, T), law.at(np.full(11, -25.0), T)
    for part in ("i", "di_dv", "di_dT"):
        np.testing.assert_allclose(getattr(one, part), getattr(other, part), rtol=1e-12)
    np.testing.assert_allclose(one.i, -law.at_voltage(25.0, T).i, rtol=1e-12)


def test_a_curve_counts_by_its_shape_only() -> None:
    T = np.linspace(20.0, 250.0, 12)
    found = [
        build_law(scenario(resistance_above_Tc=Curve(T_K=(80.0, 300.0), values=values))).at_voltage(30.0, T).i
        for values in ((12.0, 6.0), (1.0, 0.5))
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)
    assert "law.resistance_above_Tc" not in [item.key for item in parameters(scenario())]


@pytest.mark.parametrize("key", ["pseudogap_K", "pseudogap_share", "gamma_scale"])
def test_derivatives_by_its_numbers(key: str) -> None:
    device, T = scenario(**FORMULA), np.linspace(60.0, 180.0, 13)
    parameter = number_of(device, f"law.{key}")
    low, high = LawVariations(device, build_law(device), None).pair(parameter)
    apart = parameter.ends()[1] - parameter.ends()[0]
    found = (high.at_voltage(30.0, T).i - low.at_voltage(30.0, T).i) / apart
    h = 1e-3 * parameter.value
    ends = [build_law(parameter.varied(device, parameter.value + sign * h)).at_voltage(30.0, T).i for sign in (-1, 1)]
    difference = (ends[1] - ends[0]) / (2.0 * h)
    assert np.abs(difference).max() > 0.0
    # Second order in a step of 1e-3; tables of a changed scattering rate end elsewhere and differ by 1e-5.
    np.testing.assert_allclose(found, difference, atol=3e-4 * np.abs(difference).max())
