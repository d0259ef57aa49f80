"""Boundary conductances that depend on temperature: exact flux, exact derivatives, one node, linear response."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from helpers.devices import normal_law, on_crystal
from scipy.optimize import brentq

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import ThermalMaterial
from hotmesa.scenarios.schema import Bath, Curve, Layer, Material, Sink
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.device.vertical import BoundaryCurve, series_flux
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

A = 100.0
"""Coefficient of h = 4 A T^3 in W/(m² K⁴)."""
KAPITZA = Curve(T_K=(1.0, 1000.0), values=(4.0 * A, 4.0 * A * 1e9))
BATH_K = 4.2
SLOPED = PowerCurve(np.array([2.0, 40.0, 300.0]), np.array([0.3, 4.0, 6.0]))


def pair(kappa_u: PowerCurve, kappa_l: PowerCurve, h: PowerCurve, T: np.ndarray) -> BoundaryCurve:
    """Sublayers of 0.4 and 0.7 µm at T (K), the upper ones first."""
    above, below = (
        Sublayer("s", ThermalMaterial(k, k, k), d, True, 0.0, 1.0, h)
        for k, d in ((kappa_u, 0.4), (kappa_l, 0.7))
    )
    half = T.size // 2
    upper = np.arange(half)
    return BoundaryCurve(upper, upper + half, np.ones(half), above, below, h)


def test_the_flux_is_that_of_the_balance_of_both_sides() -> None:
    h = KAPITZA.interpolated.scaled(1e-6)
    T = np.array([30.0, 9.0, 5.0, 80.0, 4.3, 6.0, 6.0, 60.0, 20.0, 4.2])
    q = pair(SLOPED, PowerCurve.constant(0.02), h, T).flux(T, None).q
    for k, value in enumerate(q):
        T_u, T_l = T[k], T[k + 5]

        def excess(x: float, T_u: float = T_u, T_l: float = T_l) -> float:
            T_1 = brentq(lambda t: float(SLOPED.integral(T_u) - SLOPED.integral(t)) * 5.0 - x, 0.5, 200.0, xtol=1e-13)
            T_2 = T_l + x * 0.35 / 0.02
            return A * 1e-6 * (T_1**4 - T_2**4) - x

        # Between no flux and the one that the poor conductor lets through alone.
        exact = brentq(excess, *sorted((0.0, (T_u - T_l) * 0.02 / 0.35)), xtol=1e-15, rtol=1e-14)
        assert value == pytest.approx(exact, rel=1e-9, abs=1e-14)


def test_derivatives_are_those_of_the_flux() -> None:
    h = KAPITZA.interpolated.scaled(1e-6)
    T = np.array([30.0, 9.0, 80.0, 4.3, 6.0, 20.0])
    flux = pair(SLOPED, SLOPED.scaled(0.1), h, T).flux(T, None)
    step = 1e-5
    for part, number in ((flux.by_upper, 0), (flux.by_lower, 3)):
        shift = np.zeros(6)
        shift[number : number + 3] = step
        high, low = (pair(SLOPED, SLOPED.scaled(0.1), h, T).flux(T + s * shift, None).q for s in (1.0, -1.0))
        np.testing.assert_allclose(part, (high - low) / (2 * step), rtol=1e-7)


def test_a_constant_curve_is_a_constant() -> None:
    T, k = np.array([30.0, 80.0, 6.0, 20.0]), PowerCurve.constant(0.5)
    h = PowerCurve(np.array([1.0, 100.0]), np.array([0.3, 0.3]))
    of_curve = pair(k, k, h, T)
    number = series_flux(T[:2], T[2:], of_curve.above, of_curve.below, 0.3)
    flux = of_curve.flux(T, None)
    for a, b in ((flux.q, number.q), (flux.by_upper, number.by_upper), (flux.by_lower, number.by_lower)):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@cache
def device(where: str) -> Model:
    """A mesa of one temperature that gives its heat off through a boundary with h = 4 A T^3 alone."""
    good = Material(in_plane_W_per_mK=1e5, out_of_plane_W_per_mK=1e5)
    mesa = Layer(name="mesa", material="good", region="mesa", junctions=True)
    below = Layer(name="below", material="good", region="mesa", thickness_um=0.1)
    layers, bath, sinks = (mesa,), Bath(temperature_K=BATH_K, bottom="insulated"), ()
    if where == "layer":
        layers, bath = (mesa.model_copy(update={"boundary_W_per_m2K": KAPITZA}), below), Bath(temperature_K=BATH_K)
    else:
        sinks = (Sink(kind="conductance", name="liquid", face="bottom", h_W_per_m2K=KAPITZA),)
    scenario = on_crystal(
        law=normal_law(), crystal=None, layers=layers, materials={"good": good}, contacts=(), bath=bath, sinks=sinks
    )
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize("where", ["layer", "face"])
@pytest.mark.parametrize("current_mA", [0.05, 0.3, 1.0])
def test_one_node_has_the_temperature_of_the_fourth_power(where: str, current_mA: float) -> None:
    model = device(where)
    row = observe(model, solve_steady(model, Bias.current(), current_mA))
    # P = A_mesa A (T^4 - T_B^4), 1 mW = 1e-3 W on 1e-10 m².
    exact = (BATH_K**4 + float(row["P_mW"]) * 1e-3 / (1e-10 * A)) ** 0.25
    assert row["T_mean_K"] == pytest.approx(exact, rel=1e-5)  # drop in the good conductors
    assert row["T_mean_K"] > BATH_K + 0.1


def test_little_heat_sees_the_conductance_at_the_bath() -> None:
    row = observe(device("layer"), solve_steady(device("layer"), Bias.current(), 1e-4))
    linear = float(row["P_mW"]) * 1e-3 / (1e-10 * 4.0 * A * BATH_K**3)
    assert float(row["T_mean_K"]) - BATH_K == pytest.approx(linear, rel=1e-3)
