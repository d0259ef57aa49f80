"""Mesas whose walls lean: areas by depth, the limit of upright walls, and a heat balance that closes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.devices import on_crystal
from mpi4py import MPI

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.geometry import area_ratio
from hotmesa.scenarios.parameters import parameters
from hotmesa.scenarios.schema import Josephson, Mesa, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.family import build_josephson
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

TALL = {"junctions": 465}


def leaning(angle: float, **keys: object) -> Scenario:
    return on_crystal(4, mesa=Mesa(wall_angle_deg=angle, **(TALL | keys)))


def model(scenario: Scenario) -> Model:
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def test_area_follows_the_walls_of_every_shape() -> None:
    t = 0.5 / math.tan(math.radians(75.0))
    square = Mesa(wall_angle_deg=75.0)
    same = Mesa(shape="polygon", vertices_um=((-5, -5), (-5, 5), (5, 5), (5, -5)), wall_angle_deg=75.0)
    for mesa in (square, same):
        assert area_ratio(mesa, 0.5) == pytest.approx((1.0 + 2.0 * t / 10.0) ** 2, rel=1e-12)
        assert area_ratio(mesa, -0.5) == pytest.approx((1.0 - 2.0 * t / 10.0) ** 2, rel=1e-12)
    assert area_ratio(Mesa(shape="disc", radius_um=4.0, wall_angle_deg=75.0), 0.5) == pytest.approx((1 + t / 4) ** 2)
    # An L: the corner that turns inwards gives back what one of the others took.
    corners = ((0, 0), (8, 0), (8, 3), (3, 3), (3, 8), (0, 8))
    ell = Mesa(shape="polygon", vertices_um=corners, wall_angle_deg=75.0)
    grown = 2 * (8 + 2 * t) * (3 + 2 * t) - (3 + 2 * t) ** 2
    assert area_ratio(ell, 0.5) == pytest.approx(grown / 39.0, rel=1e-12)
    assert area_ratio(Mesa(), 0.5) == 1.0


def test_upright_walls_are_a_limit_and_change_no_bit() -> None:
    """Factors that are all one give the same digits as none; a millionth of a degree a millionth of a change."""
    plain = model(leaning(90.0))
    assert plain.junctions.areas is None
    T, wires = plain.cold()
    T = T + 30.0 * np.linspace(0.0, 1.0, T.size)
    V = 465 * 30.0
    e = plain.evaluate(T, wires, V)
    ones = replace(plain.junctions, areas=np.ones(4)).evaluate(V, T[plain.layout.junction_rows].reshape(4, -1))
    for part in ("J", "J_by_T", "J_by_V", "Q", "Q_by_T", "Q_by_V"):
        assert np.array_equal(getattr(ones, part), getattr(e.junctions, part))
    near = model(leaning(90.0 - 1e-6)).evaluate(T, wires, V)
    scale = np.abs(e.residual).max()
    assert 0.0 < np.abs(near.residual - e.residual).max() < 1e-7 * scale
    assert near.I == pytest.approx(e.I, rel=1e-8)


def test_heat_balance_closes_and_the_narrow_top_is_hotter() -> None:
    """With current density I/A the top makes more heat; what is made leaves, to the tolerance of the solution."""
    rows = {}
    for angle in (90.0, 70.0, 110.0):
        m = model(leaning(angle))
        e = solve_steady(m, Bias.voltage(), 465 * 1.0, np.append(np.concatenate(m.cold()), 465 * 1.0))
        row = observe(m, e)
        leaving = sum(float(value) for name, value in row.items() if name.startswith("Q_"))
        assert leaving == pytest.approx(e.P * 1e-3, rel=1e-6)
        rows[angle] = (e.junctions.Q @ m.junction_mass)[0] / e.P
    assert rows[70.0] > rows[90.0] > rows[110.0]


def test_upright_walls_are_no_parameter() -> None:
    keys = [item.key for item in parameters(leaning(80.0))]
    assert "mesa.wall_angle_deg" in keys
    assert "mesa.wall_angle_deg" not in [item.key for item in parameters(leaning(90.0))]


def test_the_narrowest_junction_switches_first() -> None:
    """At one temperature the weakest critical current is j_c times the smallest area."""
    given = {"critical_voltage_mV": 8.0, "critical_temperature_K": 80.0}
    weakest = {}
    for angle in (90.0, 75.0):
        m = model(leaning(angle).model_copy(update={"josephson": Josephson(**given)}))
        josephson = build_josephson(m.scenario)
        assert josephson is not None
        weakest[angle] = josephson.currents(m, m.evaluate(*m.cold(), 1.0)).switching
    height = 465 * 2.151e-3
    top = area_ratio(leaning(75.0).mesa, -0.375 * height)  # the middle of the uppermost of four sublayers
    assert weakest[75.0] == pytest.approx(top * weakest[90.0], rel=1e-12)
