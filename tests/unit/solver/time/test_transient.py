"""Transients: balance of energy, circuits, late states, times asked for, restart, noise."""

from __future__ import annotations

import csv
import json
import math
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hotmesa.cli import main
from hotmesa.meshes import build_mesh
from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.runs.transient import noisy, points, prepare, save_times
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.time.integrator import Equations, Stepper
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient, enthalpy

COARSE = ("mesh.size_um=2.5", "transient.end_us=3.0")


def plate(*changes: str) -> Model:
    """The uniformly cooled mesa of transient-step, coarse."""
    scenario = load_scenario("transient-step", (*COARSE, *changes))
    return Model(prepare(scenario), build_mesh(scenario))


@pytest.fixture(scope="module")
def model() -> Model:
    return plate()


def rest(model: Model) -> np.ndarray:
    return np.concatenate([*model.cold(), [0.0]])


def steps(model: Model, circuit: Circuit, end: float, **tolerances: float) -> list:
    return list(Transient(model, circuit, Tolerances(**tolerances)).run(rest(model), 0.0, end))


@pytest.mark.parametrize("bias", [Bias.current(), Bias.load_line(300.0), Bias.voltage()], ids=lambda b: b.name)
def test_late_state_is_the_steady_one(model: Model, bias: Bias) -> None:
    value = {"current": 1.0, "load line": 800.0, "voltage": 300.0}[bias.name]
    last = steps(model, Circuit(bias, 0.0, lambda t: value), 60.0)[-1].e
    steady = solve_steady(model, bias, value, np.append(last.T, last.V))
    # Asked for: 1e-5. What is left after 60 time constants is the tolerance of Newton's method.
    np.testing.assert_allclose(last.T, steady.T, rtol=1e-5)
    assert last.V == pytest.approx(steady.V, rel=1e-5)
    assert bias.value(last.V, last.I) == pytest.approx(value, rel=1e-6)


def test_energy_is_conserved_in_time(model: Model) -> None:
    errors = []
    for rtol in (1e-3, 1e-4, 1e-5):
        moments = steps(model, Circuit(Bias.current(), 0.0, lambda t: 1.0), 2.0, rtol=rtol, atol_K=rtol)
        t = np.array([m.t for m in moments])
        power = np.array([m.e.P for m in moments])
        sinks = np.array([sum(heat.q.sum() for heat in m.e.heats) for m in moments])
        stored = enthalpy(model, moments[-1].e) - enthalpy(model, moments[0].e)
        joule = np.trapezoid(power, t)
        errors.append(abs(joule - np.trapezoid(sinks, t) - stored) / joule)
    # Local errors of 1e-4 of some 60 K add up over 150 steps. The error at the end of a method of second order falls
    # with the tolerance to the power 2/3, by a factor 0.22 a decade.
    assert errors[1] < 2e-3
    assert errors[2] < 0.4 * errors[1] < 0.4 * errors[0]


def test_current_is_held_while_the_mesa_heats(model: Model) -> None:
    moments = steps(model, Circuit(Bias.current(), 0.0, lambda t: 1.2), 2.0)
    # The circuit is closed to 1e-6.
    assert max(abs(m.e.I / 1.2 - 1.0) for m in moments) < 2e-6
    assert moments[0].e.V > moments[-1].e.V > 0.0


def test_capacitance_charges_through_the_load() -> None:
    # An ohmic device, R = N r / A: V rises to V_s R/(R + R_L) with tau = C R R_L/(R + R_L).
    resistivity = 107.1 / (10 * 2.151)
    law = ("law.set=none", "law.kind=ohmic", f"law.resistivity_ohm_cm={resistivity}")
    device = plate(*law, "mesa.specific_resistance_ohm_um2=107.1", "bath.temperature_K=50.0")
    R, load, C = 19 * 107.1 / 100.0, 50.0, 2e-3
    tau = C * R * load / (R + load)
    moments = steps(device, Circuit(Bias.load_line(load), C, lambda t: 10.0), 5.0 * tau, atol_K=1e-5, rtol=1e-6)
    exact = [10.0 * R / (R + load) * (1.0 - math.exp(-m.t / tau)) for m in moments]
    # 1e-4 of the final value: some 100 steps with a local error of 1e-5 mV each.
    np.testing.assert_allclose([m.e.V for m in moments], exact, atol=3e-4)
    assert moments[0].e.V == 0.0


def test_times_asked_for_lie_on_the_solution(model: Model) -> None:
    circuit = Circuit(Bias.current(), 0.0, lambda t: 1.0)
    asked = (0.0, 0.0123, 0.3, 1.7, 2.0)
    moments = list(Transient(model, circuit).run(rest(model), 0.0, 2.0, asked))
    found = [m for m in moments if m.requested]
    assert tuple(m.t for m in found) == pytest.approx(asked)
    assert all(b.t > a.t for a, b in pairwise(moments))
    exact = {m.t: m.e for m in Transient(model, circuit, Tolerances(rtol=1e-6, atol_K=1e-6)).run(
        rest(model), 0.0, 2.0, asked) if m.requested}  # fmt: skip
    for m, fine in zip(found, exact.values(), strict=True):
        # Local errors of 1e-4 add up over some 150 steps: 0.2 K at 60 K.
        np.testing.assert_allclose(m.e.T, fine.T, atol=0.2)
        assert m.e.I == pytest.approx(1.0, rel=1e-6)


def test_corners_are_met_from_both_sides(model: Model) -> None:
    circuit = Circuit(Bias.current(), 0.0, lambda t: 1.0 if t > 0.5 else 0.2, (0.5,))
    at_jump = [m for m in Transient(model, circuit).run(rest(model), 0.0, 1.0) if m.t == 0.5]
    assert [m.e.I for m in at_jump] == pytest.approx([0.2, 1.0], rel=1e-5)
    # Temperatures do not jump.
    np.testing.assert_array_equal(at_jump[0].e.T, at_jump[1].e.T)


def test_failure_keeps_what_was_reached(model: Model) -> None:
    circuit = Circuit(Bias.current(), 0.0, lambda t: 1.0 if t < 0.5 else math.nan)
    moments = []
    with pytest.raises(SolveError, match=r"the integrator stopped at t = 0\.[45].* µs: .* at ever smaller steps"):
        for moment in Transient(model, circuit).run(rest(model), 0.0, 1.0):
            moments.append(moment)
    assert len(moments) > 10
    assert all(np.isfinite(m.e.T).all() for m in moments)


def test_failures_of_single_steps_do_not_add_up(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a device oscillates: Newton's method fails once in every period, and a quarter of the step is fine."""
    failures: list[float] = []
    function = Equations.function

    def too_long(self: Equations, ts: PETSc.TS, t: float, u: PETSc.Vec, rate: PETSc.Vec, f: PETSc.Vec) -> None:
        if ts.getTimeStep() > 0.15:
            failures.append(t)
            f.set(np.nan)
        else:
            function(self, ts, t, u, rate, f)

    monkeypatch.setattr(Equations, "function", too_long)
    moments = steps(model, Circuit(Bias.current(), 0.0, lambda t: 1.0), 20.0, rtol=1e-2, atol_K=0.1)
    assert moments[-1].t == 20.0
    assert len(set(failures)) > 40 and np.diff([m.t for m in moments]).max() <= 0.15


def test_every_step_has_few_digits_also_where_some_are_rejected(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """What linear solvers leave in a step, another on another number of processes, is cut off."""
    rejected: list[int] = []

    def close(self: Stepper) -> None:
        rejected.append(self._ts.getStepRejections() - self._ts.getSNESFailures())

    monkeypatch.setattr(Stepper, "close", close)
    t = np.array([m.t for m in steps(model, Circuit(Bias.current(), 0.0, lambda t: 1.0), 3.0)])
    assert sum(rejected) >= 3
    # The last one ends where the source does. Lost digits: of the difference of two times.
    taken, lost = np.diff(t)[:-1], np.spacing(t[1:-1])
    np.testing.assert_array_less(np.abs([float(f"{step:.3e}") for step in taken] - taken), 2.0 * lost)


def test_noise_is_that_of_the_seed_on_every_mesh() -> None:
    noise = ("transient.noise_K=0.3", "transient.seed=4")
    device, fine = plate(*noise), plate(*noise, "mesh.size_um=0.5")
    kicks = {}
    for model in (device, fine):
        xy = model.operators.xy[model.layout.mesa_nodes]
        corner = int(np.argmin(xy.sum(axis=1)))
        kicks[model] = noisy(model, rest(model))[model.layout.rows(1)] - model.bath
        kicks[model, "corner"] = kicks[model][corner]
    # The corner is a node of both meshes.
    assert kicks[device, "corner"] == pytest.approx(kicks[fine, "corner"], rel=1e-9)
    # Some 100 patches of the correlation length: the standard deviation is known to 10 %.
    assert 0.2 < kicks[fine].std() < 0.4
    other = plate("transient.noise_K=0.3", "transient.seed=5")
    assert not np.array_equal(noisy(other, rest(other)), noisy(device, rest(device)))


def test_save_times() -> None:
    scenario = load_scenario("transient-step", ("transient.end_us=100.0", "transient.saves=4"))
    np.testing.assert_allclose(save_times(scenario, 0.0), (0.01, 100.0 * 10 ** (-8 / 3), 100.0 * 10 ** (-4 / 3), 100.0))
    even = load_scenario("transient-step", ("transient.spread=even", "transient.saves=4"))
    assert save_times(even, 0.0) == (10.0, 20.0, 30.0, 40.0)


def run(folder: Path, *changes: str) -> int:
    sets = [part for change in (*COARSE, *changes) for part in ("--set", change)]
    return main(["run", "transient-step", "--out", str(folder), "--quiet", *sets])


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "transient.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert run(folder, "transient.save_at_us=[1.0]") == 0
    return folder


def test_run_leaves_everything(whole: Path) -> None:
    names = {file.name for file in whole.iterdir()}
    assert {"transient.csv", "states.npz", "summary.json", "provenance.json", "run.log", "transient.png"} <= names
    assert {"fields.pvd", "fields_0000.vtu", "scenario.toml"} <= names
    assert not names & {"iv.csv", "iv.png", "uniform.csv"}
    assert 'timestep="1.0"' in (whole / "fields.pvd").read_text()
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["end"]["t_us"] == 3.0
    assert abs(summary["energy_balance_error"]) < 1e-3
    assert float(rows_of(whole)[-1]["source_mA"]) == 1.5


def test_restart_continues_the_run(whole: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "rest", f"transient.start={whole}", "transient.start_at_us=1.1") == 0
    first, last = rows_of(tmp_path / "rest")[0], rows_of(tmp_path / "rest")[-1]
    assert float(first["t_us"]) == 1.0
    uninterrupted = rows_of(whole)[-1]
    # Both have errors of 1e-4 a step.
    for key in ("V_mV", "T_max_K"):
        assert float(last[key]) == pytest.approx(float(uninterrupted[key]), rel=1e-3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("mesa.junctions=18", "another device: [mesa] differs (junctions = 19 there, 18 here)"),
        ("materials.film.lorenz_factor=2.0", "another device: [materials] differs"),
        ("mesh.size_um=2.0", "another mesh:"),
        ("transient.end_us=2.0", "is not after the start"),
    ],
)
def test_restart_of_another_device_is_refused(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, reason: str
) -> None:
    assert run(tmp_path / "no", f"transient.start={whole}", change) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "Traceback" not in told


def test_damaged_states_are_refused(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(whole, tmp_path / "run")
    (tmp_path / "run" / "states.npz").write_bytes(b"nothing")
    assert run(tmp_path / "no", f"transient.start={tmp_path / 'run'}") == 2
    assert "damaged" in capsys.readouterr().err


def test_interrupted_run_can_be_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hotmesa.solver.runs.transient as job_transient

    def impatient(model: Model, observables: object):
        for number, point in enumerate(points(model)):
            if number == 60:
                raise KeyboardInterrupt
            yield point

    monkeypatch.setattr(job_transient, "points", impatient)
    assert run(tmp_path / "first", "transient.save_at_us=[3.0]") == 130
    rows = rows_of(tmp_path / "first")
    assert len(rows) == 60
    with np.load(tmp_path / "first" / "states.npz") as states:
        # The state at the interruption is kept although nobody asked for its time.
        assert list(states["row"]) == [0, 59]
    monkeypatch.undo()
    assert run(tmp_path / "second", f"transient.start={tmp_path / 'first'}") == 0
    assert float(rows_of(tmp_path / "second")[0]["t_us"]) == float(rows[-1]["t_us"])


def test_start_at_a_current_needs_no_time(whole: Path, tmp_path: Path) -> None:
    model = plate(f"transient.start={whole}", "transient.start_at_mA=1.5", "transient.begin_us=0.0")
    point = next(iter(points(model)))
    assert point.row["t_us"] == 0.0
    with pytest.raises(ScenarioError, match="not after the start"):
        next(iter(points(plate(f"transient.start={whole}", "transient.end_us=2.9"))))


def test_no_state_is_shown_of_a_device_that_has_molten() -> None:
    """A mesa that is all but insulated: branch and transient end where gold melts, not at 30,000 K."""
    hot = plate("bath.bottom_W_per_m2K=5.0", "law.set=none", "law.kind=ohmic", "law.resistivity_ohm_cm=5.0")
    circuit, reached = Circuit(Bias.current(), 0.0, lambda t: 1.0), []
    with pytest.raises(SolveError, match=r"at t = .* µs the device is hotter than 1337 K, where gold melts"):
        reached.extend(m.e.T.max() for m in Transient(hot, circuit).run(rest(hot), 0.0, 1e4))
    assert 500.0 < max(reached) <= 1337.0
    problem, points = ThermalBranch(hot), []
    with pytest.raises(SolveError, match=r"no step from .* hotter than 1337 K"):
        points.extend(follow(problem, *problem.cold_start(), branch_options(hot)))
    # To the smallest step.
    assert 1336.0 < points[-1].evaluation.T.max() <= 1337.0 and len(points) < 1000
