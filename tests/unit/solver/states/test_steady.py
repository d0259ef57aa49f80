import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Bath, Contact, Crystal
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state


@pytest.fixture(scope="module")
def model() -> Model:
    scenario = on_crystal()
    return Model(scenario, build_mesh(scenario))


def test_biases_agree_on_one_state(model: Model) -> None:
    by_current = solve_steady(model, Bias.current(), 0.5)
    assert by_current.I == pytest.approx(0.5, rel=1e-12)  # landed on exactly
    by_voltage = solve_steady(model, Bias.voltage(), by_current.V)
    by_load = solve_steady(model, Bias.load_line(1000.0), by_current.V + 1000.0 * by_current.I)
    # 1e-8: residuals of 1e-10 of the power, amplified by dI/dV up to a few R_N.
    for other in (by_voltage, by_load):
        assert other.V == pytest.approx(by_current.V, rel=1e-8)
        np.testing.assert_allclose(other.T, by_current.T, rtol=1e-8)


def test_a_guess_is_followed_by_newton_alone(model: Model) -> None:
    problem = ThermalBranch(model, Bias.current())
    near = solve_steady(model, Bias.current(), 0.5)
    guess = near.u
    there = solve_steady_state(problem, 0.51, guess)
    assert there.I == pytest.approx(0.51, rel=1e-12)
    assert there.V > near.V


def test_branch_starts_at_rest_and_ends_where_asked(model: Model) -> None:
    rows = [p.row for p in trace(model)]
    assert (rows[0]["V_mV"], rows[0]["I_mA"], rows[0]["T_max_K"]) == (0.0, 0.0, 4.2)
    assert rows[-1]["I_mA"] == pytest.approx(1.0, abs=1e-12)
    assert len(rows) >= 10
    assert np.all(np.diff([r["arclength"] for r in rows]) > 0.0)
    assert max(r["heat_balance_error"] for r in rows) <= 1e-8


def test_slope_is_the_derivative_of_the_branch(model: Model) -> None:
    rows = [p.row for p in trace(model)]
    here = rows[len(rows) // 2]
    below, above = (solve_steady(model, Bias.current(), here["I_mA"] + h).V for h in (-1e-4, 1e-4))
    # 1e-5: central difference over 2e-4 mA; V''' is below 1e4 mV/mA^3 here, its error 1e-5 Ω of 100.
    assert here["dV_dI_ohm"] == pytest.approx((above - below) / 2e-4, rel=1e-5)


def test_fields_are_kept_at_chosen_points_and_at_the_end(model: Model) -> None:
    points = list(trace(model))
    kept = [k for k, p in enumerate(points) if p.state is not None]
    assert kept == sorted({*range(0, len(points), 4), len(points) - 1})
    state = points[-1].state
    assert state is not None
    T = state.T_K[0]
    assert T.shape == (2 + 6, model.operators.owned)  # film, mesa, six sublayers of the crystal
    assert np.isfinite(T[2:]).all()
    outside = model.operators.mesa_mass[np.argsort(model.operators.input_node)] == 0.0
    assert np.array_equal(np.isnan(T[1]), outside)
    assert np.nanmax(T[1]) == pytest.approx(points[-1].row["T_max_K"], rel=1e-12)
    # Heat flows from the hot spot into the crystal; near the cold contact it comes back out of it.
    assert T[2, np.nanargmax(T[1])] < np.nanmax(T[1])
    assert T[2, np.nanargmin(T[1])] > np.nanmin(T[1])
    assert T[2:].min() >= 4.2 - 1e-9


@pytest.mark.parametrize("path", ["sparse", "condensed"])
def test_heat_leaves_through_every_kind_of_sink(path: str) -> None:
    contacts = (
        Contact(name="gold", x_um=-2.5, radius_um=1.0, contact_resistance_ohm=0.02, wire_length_mm=5.0),
        Contact(name="plain", x_um=2.5, radius_um=1.0, contact_K_per_mW=50.0),
    )
    bath = Bath(rim="bath", top_W_per_m2K=1e4)
    scenario = on_crystal(path=path, contacts=contacts, bath=bath, crystal=Crystal(width_um=24.0, depth_um=24.0))
    model = Model(scenario, build_mesh(scenario))
    row = observe(model, solve_steady(model, Bias.current(), 0.8))
    heats = [row[f"Q_{name}_mW"] for name in ("bottom", "rim", "top", "gold", "plain")]
    assert min(heats) > 0.0
    assert sum(heats) == pytest.approx(row["P_mW"], rel=1e-8)


def test_condensed_path_says_why_it_does_not_apply() -> None:
    scenario = on_crystal(path="condensed", bath=Bath(bottom="insulated"))
    with pytest.raises(SolveError, match="no path to the bath"):
        Model(scenario, build_mesh(scenario))


def test_a_prediction_below_the_law_is_no_state(model: Model) -> None:
    problem = ThermalBranch(model)
    u, _ = problem.cold_start()
    u[0] = 0.5 * problem.coldest
    with pytest.raises(SolveError, match="below any state"):
        problem.evaluate(u)


def test_a_state_that_is_looked_for_takes_the_points_that_a_branch_may_take() -> None:
    scenario = on_crystal()
    few = scenario.model_copy(update={"branch": scenario.branch.model_copy(update={"max_points": 8})})
    model = Model(few, build_mesh(few))
    with pytest.raises(SolveError, match=r"^8 points did not reach the end of the branch; raise branch\.max_points"):
        solve_steady(model, Bias.current(), 1.0)
