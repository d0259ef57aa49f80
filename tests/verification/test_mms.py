"""Manufactured solutions: the sources are proved by substitution, then the observed orders are asserted."""

import itertools

import numpy as np
import pytest
import sympy as sp
from helpers.devices import normal_law
from verification import mms, mms_depth, mms_plane
from verification.cases import describe, evaluate
from verification.mms_laws import SmoothLaw

from hotmesa.scenarios.materials import gold_wire
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.device.vertical import series_flux

DEVICES = sorted({(p.geometry, p.rim) for p in mms_plane.PROBLEMS})
# Central difference of eighth order for a second derivative, step 0.05 µm: its error is about 1e-10 of the value.
SECOND = np.array([-1 / 560, 8 / 315, -1 / 5, 8 / 5, -205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])
FIRST = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
OFFSETS = 0.05 * np.arange(-4, 5)


@pytest.mark.parametrize("case", [*mms_plane.CASES, *mms_depth.CASES], ids=lambda c: c.name)
def test_order(case):
    outcome = evaluate(case, quick=True)
    assert outcome.passed, describe(outcome)


def conducted(geometry, curve, thickness, field, x, y):
    """-div(d kappa grad T) as the differences of the Kirchhoff potential that the solver's material gives."""
    along_x = np.array([curve.integral(field(x + o, y)) for o in OFFSETS])
    heat = -SECOND @ along_x / 0.05**2
    if geometry == "disc":
        heat -= FIRST @ along_x / 0.05 / x
    elif geometry == "plan":
        heat -= SECOND @ np.array([curve.integral(field(x, y + o)) for o in OFFSETS]) / 0.05**2
    return thickness * heat


def fluxes(stack, T, bath):
    """Flux out of every sublayer: the one below it minus the one above it, from the solver's own formulas."""
    film, mesa, upper, lower = stack
    cold = np.full(T[0].shape, bath)
    psi = upper.material.out_of_plane.integral
    down = [
        series_flux(T[0], T[1], film, mesa).q,
        series_flux(T[1], T[2], mesa, upper).q,
        (psi(T[2]) - psi(T[3])) / (0.5 * (upper.thickness + lower.thickness)),
        (psi(T[3]) - psi(cold)) / (0.5 * lower.thickness),
    ]
    up = series_flux(T[0], cold, film, None, float(mms.TOP)).q
    return down, up


@pytest.mark.parametrize(("geometry", "rim"), DEVICES)
def test_sources_solve_the_heat_balance(geometry, rim):
    """Substitution at random points: conduction + exchange + contact = sources, on every part of the plan."""
    exact = mms.manufacture(geometry, rim)
    scenario = mms.device(geometry, rim, 1.0, 1.0, normal_law())
    stack = build_stack(scenario)
    rng = np.random.default_rng(1)
    x = rng.uniform(0.5, 7.5, 200)
    y = rng.uniform(-7.5, 7.5, 200) if geometry == "plan" else np.zeros(200)
    T = [f(x, y) for f in exact.T]
    down, up = fluxes(stack, T, float(mms.BATH_K))
    own = [conducted(geometry, s.material.in_plane, s.thickness, f, x, y) for s, f in zip(stack, exact.T, strict=True)]
    wanted = [
        {"mesa": own[0] + down[0] + up, "patch": 2.44e-2 * (T[0] ** 2 - mms.WIRE_K**2) / (2 * 0.5)},
        {"mesa": own[1] + down[1] - down[0]},
        {"plan": own[2] + down[2], "mesa": -down[1]},
        {"plan": own[3] + down[3] - down[2]},
    ]
    for parts, expected in zip(exact.sources, wanted, strict=True):
        assert parts.keys() == expected.keys()
        for region, f in parts.items():
            value = expected[region]
            # The differences are good to 1e-8 of the largest value.
            assert f(x, y) == pytest.approx(value, rel=1e-7, abs=1e-7 * np.abs(value).max())


@pytest.mark.parametrize(("geometry", "rim"), DEVICES)
def test_fields_meet_the_conditions_at_the_edges(geometry, rim):
    sizes = (mms.MESA_UM, mms.MESA_UM, mms.CRYSTAL_UM, mms.CRYSTAL_UM)
    for k, (T, size) in enumerate(zip(mms.fields(geometry, rim), sizes, strict=True)):
        ends = [sp.Rational(size, 2)] if geometry == "disc" else [sp.Rational(size, 2), -sp.Rational(size, 2)]
        for end, variable in itertools.product(ends, (mms.X, mms.Y) if geometry == "plan" else (mms.X,)):
            if k >= 2 and rim == "bath":
                assert sp.simplify(T.subs(variable, end) - mms.BATH_K) == 0
            else:
                assert sp.simplify(sp.diff(T, variable).subs(variable, end)) == 0
        if geometry == "disc":
            assert sp.simplify(sp.diff(T, mms.X).subs(mms.X, 0)) == 0


@pytest.mark.parametrize("problem", mms_plane.PROBLEMS, ids=lambda p: p.name)
def test_wire_carries_the_heat_of_the_contact(problem):
    length = mms_plane.scenario_of(problem, 1.0).contacts[0].wire_length_mm
    curve = gold_wire().in_plane
    wire = np.pi * 2.5**2 / (length * 1e3) * (curve.integral(mms.WIRE_K) - curve.integral(mms.BATH_K))
    area = mms_plane.integral(problem, "patch", lambda xy: np.ones(xy[0].shape))
    exact_area = {"disc": 4 * np.pi, "strip": 40.0, "plan": 16.0 if problem.structured else 4 * np.pi}
    assert area == pytest.approx(exact_area[problem.geometry], rel=1e-12)
    heat = mms_plane.integral(problem, "patch", mms_plane.patch_heat(problem)) / area
    assert wire == pytest.approx(heat, rel=1e-12)


@pytest.mark.parametrize("boundaries", [False, True])
def test_profile_through_the_thickness(boundaries):
    """Substitution: sources by differences of the potential; continuous flux; chosen jumps of the temperature."""
    p = mms_depth.profile(boundaries)
    stack = build_stack(mms_depth.scenario(p, 1, False))
    mesa, crystal = (mms.numeric(e) for e in (p.mesa, p.crystal))
    top, joint, bottom = np.zeros(1), np.full(1, 2.0), np.full(1, 10.0)

    def flux(field, curve, z):
        return float(-FIRST @ np.array([curve.integral(field(z + o, z))[0] for o in OFFSETS]) / 0.05)

    for field, law, sublayer, depth in (
        (mesa, p.mesa_law, stack[0], np.linspace(0.3, 1.7, 7)),
        (crystal, mms_depth.CRYSTAL_LAW, stack[1], np.linspace(2.3, 9.7, 7)),
    ):
        curve = sublayer.material.out_of_plane
        expression = p.mesa if sublayer.on_mesa else p.crystal
        wanted = -SECOND @ np.array([curve.integral(field(depth + o, depth)) for o in OFFSETS]) / 0.05**2
        got = mms.numeric(mms_depth.source(law, expression))(depth, depth)
        assert got == pytest.approx(wanted, rel=1e-7, abs=1e-8)
    k_mesa, k_crystal = (s.material.out_of_plane for s in stack)
    down = flux(mesa, k_mesa, joint)
    # First differences of eighth order: good to about 1e-9.
    assert down == pytest.approx(flux(crystal, k_crystal, joint), rel=1e-7)
    jump = (mesa(joint, joint) - crystal(joint, joint))[0]
    if boundaries:
        assert p.jump * jump == pytest.approx(down, rel=1e-7)
        assert p.top * (mesa(top, top)[0] - 10.0) == pytest.approx(-flux(mesa, k_mesa, top), rel=1e-7)
        assert p.bottom * (crystal(bottom, bottom)[0] - 10.0) == pytest.approx(
            flux(crystal, k_crystal, bottom), rel=1e-7
        )
    else:
        assert jump == pytest.approx(0.0, abs=1e-12)
        assert flux(mesa, k_mesa, top) == pytest.approx(0.0, abs=1e-8)
        assert crystal(bottom, bottom)[0] == pytest.approx(10.0, abs=1e-12)


def test_smooth_law_and_its_inverse():
    law, T = SmoothLaw(), np.array([12.0, 40.0, 90.0])
    v, h = np.array([3.0, 30.0, 70.0]), 1e-4
    values = law.at(v, T)
    # Central differences with h = 1e-4 are good to 1e-8.
    assert values.di_dv == pytest.approx((law.at(v + h, T).i - law.at(v - h, T).i) / (2 * h), rel=1e-7)
    assert values.di_dT == pytest.approx((law.at(v, T + h).i - law.at(v, T - h).i) / (2 * h), rel=1e-7)
    assert law.at(mms_depth.voltage(12.0, T), T).i == pytest.approx(np.full(3, 12.0), rel=1e-13)
