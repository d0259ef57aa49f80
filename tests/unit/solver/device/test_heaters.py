"""Heaters: where their power goes, that the balance counts it, and what states, sweeps and derivatives make of it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.computing import evolve, trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.parameters import chosen
from hotmesa.scenarios.schema import Bath, Heater, Mesh, Scenario
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.runs.image import surface_response
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.sensitivity.adjoint import Sensitivities
from hotmesa.solver.sensitivity.balance import BalanceChange
from hotmesa.solver.sensitivity.beside import Neighbourhood
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady

SPOT = Heater(name="laser", x_um=1.0, y_um=1.0, radius_um=1.2, power_uW=50.0)
DISC = SPOT.model_copy(update={"profile": "disc"})


def model(*heaters: Heater, **parts: object) -> Model:
    scenario = on_crystal(heaters=heaters, **parts)
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize("heater", [SPOT, DISC], ids=lambda heater: heater.profile)
def test_power_and_middle_of_a_spot_are_those_given(heater: Heater) -> None:
    made = model(heater, mesh=Mesh(size_um=0.4))
    heat, xy = made.heater_heat, made.operators.xy[made.layout.mesa_nodes]
    assert heat.sum() == pytest.approx(50.0, rel=1e-12)
    assert np.all(heat >= 0.0)
    film = heat[made.layout.rows(0)]
    assert film.sum() == pytest.approx(50.0, rel=1e-12)  # the top layer takes all of it
    np.testing.assert_allclose(film @ xy / 50.0, [1.0, 1.0], atol=0.02)
    # <r^2> of a disc is a^2/2; of a Gaussian whose intensity is halved at a it is a^2/ln 2, 0.5 % less within 3 a. The
    # edge of the disc goes over one element, which adds some h^2/4.
    expected = 1.2**2 * (0.5 if heater is DISC else 1.0 / np.log(2.0))
    assert film @ ((xy - 1.0) ** 2).sum(axis=1) / 50.0 == pytest.approx(expected, abs=0.04)


def test_a_layer_is_heated_through_its_thickness_and_the_crystal_by_what_lies_beside() -> None:
    made = model(SPOT.model_copy(update={"layer": "mesa"}), sublayers=3)
    layers = [made.heater_heat[made.layout.rows(k)].sum() for k in range(len(made.layout.sublayers))]
    assert made.parts.path == "condensed"
    thickness = np.array([s.thickness for s in made.layout.mesa_layers[1:]])
    np.testing.assert_allclose(layers[1:4], 50.0 * thickness / thickness.sum(), rtol=1e-9)
    assert layers[0] == layers[4] == 0.0
    edge = SPOT.model_copy(update={"x_um": 5.0, "radius_um": 4.0, "profile": "disc"})
    beside = model(edge)
    assert "the heater laser warms the crystal" in str(beside.parts.why_sparse)
    first = len(beside.layout.mesa_layers)
    # Half of the disc lies on the mesa; elements beside it are coarse.
    assert beside.heater_heat[beside.layout.rows(first)].sum() == pytest.approx(25.0, rel=0.1)


def test_nothing_is_heated_on_a_cold_rim() -> None:
    made = model(
        Heater(name="wide", x_um=8.0, radius_um=5.0, power_uW=10.0, layer="crystal"), bath=Bath(rim="bath"),
        mesh=Mesh(size_um=1.0, rim_size_um=2.0),
    )  # fmt: skip
    assert np.all(made.heater_heat[made.layout.rim_rows] == 0.0)
    assert made.heater_heat.sum() == pytest.approx(10.0, rel=1e-12)


def test_both_paths_start_warm_and_balance_the_heat() -> None:
    tables = []
    for path in ("condensed", "sparse"):
        made = model(SPOT, path=path, end_mA=0.3)
        rows = [point.row for point in trace(made)]
        tables.append(rows)
        assert rows[0]["V_mV"] == 0.0 and float(rows[0]["T_max_K"]) > made.bath + 5.0
        assert max(float(row["heat_balance_error"]) for row in rows) < 1e-9
        assert all(row["P_heaters_mW"] == pytest.approx(0.05) for row in rows)
        sinks = sum(float(value) for name, value in rows[-1].items() if name.startswith("Q_"))
        assert sinks == pytest.approx(float(rows[-1]["P_mW"]) + 0.05, rel=1e-8)
    for one, other in zip(*tables, strict=True):
        assert float(one["V_mV"]) == pytest.approx(float(other["V_mV"]), rel=1e-7, abs=1e-9)
    assert "P_heaters_mW" not in next(trace(model())).row


def test_a_little_power_changes_V_as_the_laser_image_says() -> None:
    dark = model()
    problem = ThermalBranch(dark, Bias.current())
    state = solve_steady(dark, Bias.current(), 0.7)
    response = surface_response(problem, problem.evaluate(state.u)).mesa[dark.layout.mesa_nodes]
    lit = [
        solve_steady(model(SPOT.model_copy(update={"power_uW": power})), Bias.current(), 0.7, state.u).V
        for power in (0.2, 0.4)
    ]
    # Two powers give the slope at none of them.
    slope = ((lit[0] - state.V) * 4.0 - (lit[1] - state.V)) / 0.4
    heat = model(SPOT).heater_heat[dark.layout.rows(0)] / 50.0
    assert slope * 1e3 == pytest.approx(float(heat @ response), rel=1e-4)


def test_derivatives_by_power_and_place_are_differences_of_solutions() -> None:
    lit = model(SPOT, end_mA=0.7)
    places = Neighbourhood(lit)
    keys = ("heaters.0.power_uW", "heaters.0.x_um", "heaters.0.radius_um")
    changes = tuple(BalanceChange(lit, places.of(key)) for key in chosen(lit.scenario, keys))
    problem = ThermalBranch(lit)
    *_, last = follow(problem, *problem.cold_start(), branch_options(lit))
    found = Sensitivities(problem, changes).at(last).V_at_I
    for value, name, step in zip(found, ("power_uW", "x_um", "radius_um"), (0.05, 1e-3, 1e-3), strict=True):
        ends = [
            solve_steady(
                model(SPOT.model_copy(update={name: getattr(SPOT, name) + sign * step})), Bias.current(),
                last.evaluation.I, last.evaluation.u,
            ).V
            for sign in (1.0, -1.0)
        ]  # fmt: skip
        assert value == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-3)


def test_a_heater_is_switched_in_time_and_its_heat_is_stored_or_leaves() -> None:
    heater = SPOT.model_copy(update={"from_us": 1.0, "to_us": 3.0})
    lit = model(
        heater, path="sparse", mode="transient", geometry="strip", bias={"kind": "current"},
        transient={"waveform": "step", "start": "steady", "end_us": 6.0, "before_mA": 0.4, "level_mA": 0.4},
    )  # fmt: skip
    rows = [point.row for point in evolve(lit)]
    t = np.array([row["t_us"] for row in rows])
    power = np.array([row["P_heaters_mW"] for row in rows])
    assert set(power[(t > 1.0) & (t < 3.0)]) == {0.05} and not power[(t < 1.0) | (t > 3.0)].any()
    assert list(power[t == 1.0]) == [0.0, 0.05] and list(power[t == 3.0]) == [0.05, 0.0]
    last = rows[-1]
    assert last["E_heaters_nJ"] == pytest.approx(0.1, rel=1e-9)
    put_in = float(last["E_joule_nJ"]) + 0.1
    # 1e-3: powers are summed by trapezoids of the steps.
    assert float(last["E_sinks_nJ"]) + float(last["E_stored_nJ"]) == pytest.approx(put_in, rel=1e-3)


def test_a_sweep_begins_in_the_warm_state() -> None:
    lit = model(SPOT, mode="sweep", bias={"kind": "current", "legs_mA": (0.0, 0.2), "points_per_leg": 2})
    first = next(iter(sweep(lit))).row
    assert float(first["T_max_K"]) > lit.bath + 5.0 and float(first["heat_balance_error"]) < 1e-9


def test_elements_larger_than_a_spot_are_refused() -> None:
    with pytest.raises(RequestError, match=r"heaters.laser.radius_um: elements of 0.\d+ µm are larger than the spot"):
        model(SPOT.model_copy(update={"radius_um": 0.01}))


def written(**keys: object) -> Scenario:
    """A scenario by its rules."""
    heater = {"name": "laser", "radius_um": 1.0, "power_uW": 5.0} | keys
    return load_scenario("kurter2010-n19", {"heaters": [heater]})


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"x_um": 40.0}, r"heaters.0.*x_um: the spot of radius 1 µm at \(40, 0\) µm reaches outside the plan"),
        ({"x_um": 4.5, "layer": "mesa"}, r"reaches outside the mesa \(\|x\| <= 5 µm, \|y\| <= 5 µm\); move or shrink"),
        ({"radius_um": 0.0}, "radius_um: 0.0 must be greater than 0"),
        ({"power_uW": float("inf")}, "power_uW"),
        ({"power_uW": -1.0}, "power_uW: -1.0 must be a number >= 0"),
        ({"layer": "flim"}, 'layer: there is no layer "flim"; layers from the top: "film", "mesa"'),
        ({"from_us": 1.0}, 'from_us: has no effect with mode = "branch", in which heaters are always on'),
        ({"from_us": 2.0, "to_us": 1.0}, r"to_us: 1 µs is not after from_us \(2 µs\)"),
        ({"profile": "square"}, "profile"),
    ],
)
def test_heaters_that_cannot_be_are_refused(keys: dict[str, object], reason: str) -> None:
    with pytest.raises(ScenarioError, match=reason):
        written(**keys)


def test_names_are_unique_and_the_uniform_model_has_no_places() -> None:
    two = [{"name": "laser", "radius_um": 1.0, "power_uW": 5.0}] * 2
    with pytest.raises(ScenarioError, match='"laser" is used by 2 heaters'):
        load_scenario("kurter2010-n19", {"heaters": two})
    with pytest.raises(ScenarioError, match="has one temperature and no places to heat"):
        load_scenario("kurter2010-n19", {"heaters": two[:1], "mode": "uniform"})
    assert "laser: 5 µW, gaussian of radius 1 µm at (0, 0) µm, into the surface" in written().heaters[0].describe()
