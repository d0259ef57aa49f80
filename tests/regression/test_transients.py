"""What the bundled transients show; the numbers of docs/transients.md."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hotmesa.cli import main
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.transient import prepare
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.states.stored import flat_state, read_stored


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory):
    base = tmp_path_factory.mktemp("transients")

    @cache
    def compute(name: str) -> Path:
        assert main(["run", name, "--out", str(base / name), "--quiet"]) == 0
        return base / name

    return compute


def column(folder: Path, name: str) -> np.ndarray:
    with (folder / "transient.csv").open(newline="") as stream:
        return np.array([float(row[name] or "nan") for row in csv.DictReader(stream)])


def summary_of(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def test_a_current_step_heats_within_a_microsecond(folder_of) -> None:
    summary = summary_of(folder_of("transient-step"))
    # Heat capacity over cooling, 0.08 µm of 1e6 J/m3K over 9.1e4 W/m2K, is about 1 µs.
    assert 0.5 < summary["time_constant_T_us"] < 1.5
    # The voltage answers earlier: it is at its end when the gap has closed.
    assert 0.1 < summary["time_constant_V_us"] < 0.5
    assert summary["end"]["T_max_K"] > 120.0
    assert abs(summary["energy_balance_error"]) < 1e-3


def test_a_pulse_leaves_the_mesa_cold_that_direct_current_drives_normal(folder_of) -> None:
    pulse, direct = folder_of("transient-pulse"), folder_of("transient-dc")
    assert column(pulse, "I_mA").max() == pytest.approx(column(direct, "I_mA")[-1], rel=1e-5)
    bath = load_scenario("transient-pulse").bath.temperature_K
    assert column(pulse, "T_max_K").max() - bath < 2.0
    assert column(direct, "T_min_K")[-1] > 90.0
    assert column(direct, "hot_fraction")[-1] == 1.0
    # What an experiment reads: V of the cold mesa within 2 % to the end of the pulse, I R_N for direct current.
    on_top = column(pulse, "I_mA") > 0.349
    V = column(pulse, "V_mV")[on_top]
    assert V.min() > 0.98 * V.max()
    assert column(direct, "V_mV")[-1] == pytest.approx(0.35 * 460.0, rel=2e-3)


def test_hot_spots_nucleate_from_noise_and_all_but_one_vanish(folder_of) -> None:
    folder = folder_of("transient-nucleation")
    counts = {spot["t_us"]: spot["count"] for spot in summary_of(folder)["hot_spots"]}
    assert counts[0.0] == counts[3.0] == 0
    assert max(counts.values()) >= 3
    late = [count for t, count in counts.items() if t >= 100.0]
    assert late == [1] * len(late)
    # Noise of 0.2 K, at most three standard deviations up and down.
    spread = column(folder, "T_max_K") - column(folder, "T_min_K")
    assert spread[0] < 1.4
    assert spread[-1] > 45.0


@pytest.mark.parametrize("name", ["transient-step", "transient-nucleation", "transient-dc"])
def test_late_states_are_stable_steady_states(folder_of, name: str) -> None:
    stored, states = read_stored(folder_of(name))
    model = Model(prepare(stored.scenario), build_mesh(stored.scenario))
    u = flat_state(model, states, len(states) - 1)
    steady = solve_steady(model, Bias.current(), stored.scenario.transient.level_mA, u)
    assert u[-1] == pytest.approx(steady.V, rel=1e-5)
    np.testing.assert_allclose(u[: model.layout.size], steady.T, rtol=1e-5)
    assert Stability(model).modes(steady, Bias.current(), 2).unstable == 0


def test_the_uniform_state_that_breaks_up_is_unstable() -> None:
    # Long waves do not need fine elements.
    scenario = load_scenario("transient-nucleation", ("mesh.size_um=5.0",))
    model = Model(prepare(scenario), build_mesh(scenario))
    uniform = solve_steady(model, Bias.current(), scenario.transient.level_mA)
    assert np.ptp(uniform.T[model.layout.junction_rows]) < 1e-6
    assert Stability(model).modes(uniform, Bias.current(), 1).rates[0] > 0.1
