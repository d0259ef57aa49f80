"""Density of states against adaptive quadrature over the angle, and its limits."""

import numpy as np
import pytest
from scipy.integrate import quad

from hotmesa.solver.law.spectrum import Spectrum, density_of_states, gap_meV


def by_quadrature(energy: float, gap: float, gamma: float, weight: float) -> float:
    def integrand(phi: float) -> float:
        z = energy - 1j * gamma
        # sqrt(z - d) sqrt(z + d) with principal roots of the rotated factors is the branch with N -> 1 at infinity.
        d = gap * np.cos(2 * phi)
        root = np.sqrt(1j * (z - d)) * np.sqrt(1j * (z + d)) / 1j
        return float((1 + weight * np.cos(4 * phi)) * (z / root).real)

    return float(quad(integrand, 0, np.pi / 4, limit=500, epsabs=1e-12, epsrel=1e-12)[0]) * 4 / np.pi


@pytest.mark.parametrize("weight", [0.0, 0.6, -0.8])
@pytest.mark.parametrize("energy", [0.0, 0.3, 5.0, 21.9, 22.0, 30.0])
def test_closed_form_equals_angle_average(energy, weight):
    # 1e-9: quad's own tolerance is 1e-12 and the closed form is exact to rounding.
    expected = by_quadrature(energy, 22.0, 0.6, weight)
    assert density_of_states(energy, 22.0, 0.6, weight) == pytest.approx(abs(expected), abs=1e-9)


def test_even_and_normal_limits():
    energy = np.array([0.1, 3.0, 40.0])
    assert np.array_equal(density_of_states(energy, 25.0, 0.6), density_of_states(-energy, 25.0, 0.6))
    assert np.array_equal(density_of_states(energy, 0.0, 0.6, 0.5), np.ones(3))
    # N - 1 = <Delta^2 cos^2>/2E^2 = (Delta/2E)^2 at large E; the next term is of relative order (Delta/E)^2 = 6e-4.
    assert density_of_states(1000.0, 25.0, 0.6) - 1 == pytest.approx((25 / 2000) ** 2, rel=2e-3)


def test_states_are_conserved():
    # The gap only moves states: the integral of N - 1 is zero; the tail beyond L contributes (Delta/2)^2 / L a side.
    energy = np.arange(0, 4000, 0.02)
    excess = density_of_states(energy, 25.0, 0.6, 0.3) - 1
    total = 0.02 * (excess.sum() - 0.5 * excess[0])
    # <(1 + a cos 4phi) cos^2 2phi> = 1/2 + a/4.
    tail = 0.5 * 25**2 * (0.5 + 0.3 / 4) / 4000
    # 1e-3 meV: trapezoidal error (0.02 meV steps against Gamma = 0.6 meV) and the next term of the tail are below it.
    assert total == pytest.approx(-tail, abs=1e-3)


@pytest.mark.parametrize("arguments", [(1.0, -1.0, 0.6, 0.0), (1.0, 25.0, 0.0, 0.0), (1.0, 25.0, 0.6, 1.0)])
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="need gap"):
        density_of_states(*arguments)


def test_a_table_of_a_gap_that_closes_never_gives_a_negative_gap():
    T = np.linspace(2.0, 60.0, 12)
    table = tuple(zip(T.tolist(), (30.0 * np.sqrt(np.maximum(1.0 - (T / 60.0) ** 3, 0.0))).tolist(), strict=True))
    # Between the last rows monotone interpolation ends at -9e-16 meV, which no density of states takes.
    assert gap_meV(Spectrum(gap_table=table), np.linspace(2.0, 70.0, 2001)).min() == 0.0
