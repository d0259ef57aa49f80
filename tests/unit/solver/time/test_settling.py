"""Where lost states settle and how long it takes, against the normal forms of pitchfork and fold and on slow modes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from helpers.devices import FILM, junction_layer
from helpers.random_devices import OSCILLATING, random_sweep

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Bath, Bias, Law, Material, Mesa, Mesh, Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias as Source
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.time.settling import PUSH_K, SETTLED, Settling
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient

# Uniform cooling, so that the uniform state loses its stability by one mode, half a wave.
STACK = Material(in_plane_W_per_mK=0.02, out_of_plane_W_per_mK=3e3, heat_capacity_of="bi2212")
# The large mesa as a strip: its spot in the middle is held by the ends of the crystal alone.
LONG = ("geometry=strip", "mode=sweep", "crystal.depth_um=60", "mesh.size_um=4", "bias.points_per_leg=12")


@cache
def cooled_strip(**bias: object) -> Model:
    scenario = Scenario(
        name="strip",
        mode="sweep",
        geometry="strip",
        mesa=Mesa(junctions=30),
        layers=(FILM, junction_layer()),
        materials={"gold": Material(base="gold-film", residual_resistivity_ohm_m=8e-8), "crystal": STACK},
        bath=Bath(bottom="conductance", bottom_W_per_m2K=1e5 / 1.1),
        law=Law(set=3),
        mesh=Mesh(size_um=0.5),
        bias=Bias(points_per_leg=10, **bias),
    )
    return Model(scenario, build_mesh(scenario))


def jumps(rows: list[Row], mark: str) -> list[Row]:
    return [row for row in rows if row["jump"] == mark]


def swept(model: Model) -> list[Row]:
    return [point.row for point in sweep(model)]


def test_time_of_a_pitchfork_is_that_of_the_amplitude_equation() -> None:
    """dA/dt = s A (1 - A²/A₁²) from 1 % to 99 % of the way."""
    lost = jumps(swept(cooled_strip(legs_mA=(0.0, 0.6))), "from")[0]
    end = float(lost["source_mA"]) * (1.0 + 1e-5)
    model = cooled_strip(legs_mA=(0.0, end))
    landed = jumps(swept(model), "to")[0]
    old = solve_steady(model, Source.current(), end)
    growing = Stability(model, 1e-6).modes(old, Source.current(), 1).rates[0]
    A = np.geomspace(SETTLED, 1.0 - SETTLED, 20_001)
    expected = np.trapezoid(1.0 / (growing * (1.0 - A**2)), np.log(A))
    assert landed["settling_by"] == "rate"
    # The amplitude equation is the leading order in the distance from the loss, 1e-5 here.
    assert landed["settling_us"] == pytest.approx(expected, rel=0.02)
    assert landed["T_max_K"] - landed["T_min_K"] > 10.0 * (old.T.max() - old.T.min())


def test_time_of_a_jump_is_that_of_a_fine_transient() -> None:
    """Until the largest difference from the end is 1 % of the way, from a push of 0.5 K along the mode."""
    model = cooled_strip(kind="voltage", legs_mV=(0.0, 820.0))
    rows = swept(model)
    (before,), (after,) = jumps(rows, "from"), jumps(rows, "to")
    value = float(after["source_mV"])
    lost = solve_steady(model, Source.current(), float(before["I_mA"]))
    mode = Stability(model, 1e-6).modes(lost, Source.voltage(), 1).shapes[:, 0]
    circuit = Circuit(Source.voltage(), 0.0, lambda t: value)
    start = np.concatenate([lost.T + PUSH_K * mode, lost.wires, [lost.V]])
    moments = list(Transient(model, circuit, Tolerances(atol_K=1e-4, rtol=1e-6)).run(start, 0.0, 500.0))
    end = moments[-1].e.T
    left = np.array([np.abs(m.e.T - end).max() for m in moments]) / np.abs(lost.T - end).max()
    expected = next(m.t for m, part in zip(moments, left, strict=True) if part <= SETTLED)
    assert after["settling_by"] == "time"
    # The steps of a sweep are as coarse as 1e-3 of the temperature; here the way takes 0.1 of it at a time.
    assert after["settling_us"] == pytest.approx(expected, rel=0.1)


def test_a_mode_that_grows_a_millionth_as_fast_as_others_decay_is_followed_to_its_end() -> None:
    scenario = load_scenario("thz-300x60", [*LONG, "bias.legs_mA=[0.0,19.0]"])
    model = Model(scenario, build_mesh(scenario))
    rows = swept(model)
    (lost,), (landed,) = jumps(rows, "from"), jumps(rows, "to")
    middle = solve_steady(model, Source.current(), float(landed["source_mA"]))
    rates = Stability(model, 1e-8).modes(middle, Source.current(), 4).rates
    assert 0.0 < rates[0] < 1e-7
    assert rates[-1] < -1e-4 and rows[0]["growth_per_us"] < -5e-3
    assert lost["hot_x_um"] == pytest.approx(0.0, abs=4.0) and abs(float(landed["hot_x_um"])) > 40.0
    assert float(landed["settling_us"]) > 1.0 / rates[0] / 100.0
    assert rows[-1]["source_mA"] == 19.0
    assert max(float(row["growth_per_us"]) for row in rows if row["jump"] != "from") < 0.0


def test_a_state_that_is_lost_to_an_oscillation_has_no_steady_one_behind_it() -> None:
    """Steps that are coarse against its period would damp it, and rest in a state with growing modes."""
    scenario = random_sweep(OSCILLATING)
    model, source = Model(scenario, build_mesh(scenario)), Source.of(scenario.bias)
    problem, stability = ThermalBranch(model, source), Stability(model, 1e-6)
    lost = solve_steady(model, source, 379.9)
    growing = stability.modes(solve_steady(model, source, 380.0), source, 1)
    assert growing.unstable == 2
    with pytest.raises(SolveError, match=f"oscillation with a period of {growing.period_us:.3g} µs"):
        Settling(problem, stability).settle(lost, None, 380.0)
