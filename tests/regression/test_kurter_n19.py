"""The bundled mesa of 19 junctions: what its paper is about, and how far the mesh moves it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import BranchPoint
from hotmesa.solver.runs.uniform import uniform_curve
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

CURRENT_MA = 1.0
"""Just before the hot spot appears, where V rises slowly and depends most on temperature."""
REFINE = (0.7, 1.4, 2.8)
"""Elements near the bundled 1.2 in the middle."""


@pytest.fixture(scope="module")
def model() -> Model:
    scenario = load_scenario("kurter2010-n19")
    return Model(scenario, build_mesh(scenario))


@pytest.fixture(scope="module")
def branch(model: Model) -> list[BranchPoint]:
    return list(trace(model))


def column(branch: list[BranchPoint], name: str) -> Array:
    return np.array([float(point.row[name]) for point in branch])


def test_spatial_model_is_monotonic_where_the_uniform_one_backbends(model: Model, branch: list[BranchPoint]) -> None:
    # 2.1 mV with the scattering rate of the uniform model of the paper, 0.8 mV with the stronger one of this set.
    assert uniform_curve(build_law(model.scenario), model.scenario).figures["backbending_mV_per_junction"] > 0.5
    assert np.all(np.diff(column(branch, "V_mV")) > 0)
    assert np.all(column(branch, "dV_dI_ohm") > 0)
    assert not any(point.row["fold"] for point in branch)


def test_hot_spot_appears_beyond_half_the_diagonal_and_grows_towards_the_contact(
    model: Model, branch: list[BranchPoint]
) -> None:
    wire, mesa = model.scenario.contacts[0], model.scenario.mesa
    hot = column(branch, "hot_fraction")
    first = int(np.flatnonzero(hot > 0)[0])
    T = branch[first].curve.evaluation.T[model.layout.junction_rows]
    T = T.reshape(-1, model.layout.mesa_nodes.size).mean(axis=0)  # over the sublayers
    x, y = model.operators.xy[model.layout.mesa_nodes][T.argmax()]
    assert math.hypot(x - wire.x_um, y - wire.y_um) > 0.5 * math.hypot(mesa.width_um, mesa.depth_um)
    distance = column(branch[first:], "hot_contact_distance_um")
    growing = hot[first:] < 1.0
    assert np.all(np.diff(hot) >= 0)
    # The last places that stay cold are those under the wire: there the distance is that of a node of the mesh.
    assert np.all(np.diff(distance[growing]) <= 0)
    assert np.all(np.diff(distance[hot[first:] < 0.9]) < 0)


def test_heat_balance_holds_at_every_point(branch: list[BranchPoint]) -> None:
    assert column(branch, "heat_balance_error").max() <= 1e-8


def moved(coarse: tuple[Model, State], fine: Model) -> Array:
    """Flat state of the fine mesh, interpolated from a coarse one."""
    model, e = coarse
    parts = []
    for k in range(len(fine.layout.sublayers)):
        here = model.operators.xy[model.layout.nodes_of(k)]
        there = fine.operators.xy[fine.layout.nodes_of(k)]
        T = LinearNDInterpolator(here, e.T[model.layout.rows(k)])(there)
        # Rounding puts nodes of the edge outside of the coarse mesh.
        outside = np.isnan(T)
        T[outside] = NearestNDInterpolator(here, e.T[model.layout.rows(k)])(there[outside])
        parts.append(T)
    return np.concatenate([*parts, e.wires, [e.V]])


def test_refinement_moves_the_voltage_by_less_than_a_thousandth_and_at_second_order() -> None:
    voltage: list[float] = []
    before: tuple[Model, State] | None = None
    for refine in REFINE:
        # Six sublayers: the mesh of the plan is refined, the crystal stays what it is.
        settings = [f"mesh.refine={refine}", "layers.2.sublayers=6", "layers.2.first_sublayer_um=0.3"]
        scenario = load_scenario("kurter2010-n19", [*settings, "numerics.path=sparse"])
        model = Model(scenario, build_mesh(scenario))
        e = solve_steady(model, Bias.current(), CURRENT_MA, moved(before, model) if before else None)
        before = (model, e)
        voltage.append(e.V)
    steps = np.abs(np.diff(voltage))
    # The generator makes each mesh anew. Its sizes follow one function divided by `refine`, so that the errors fall in
    # proportion.
    assert math.log2(steps[0] / steps[1]) >= 1.8
    assert steps[1] / voltage[-1] < 1e-3
    # The limit by Richardson's rule for second order.
    limit = voltage[-1] - steps[1] / 3.0
    assert abs(voltage[1] / limit - 1.0) < 1e-3
