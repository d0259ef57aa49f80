"""Chopped beams: limits of slow and fast, a device of one temperature, dense matrices, and the device in time."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import junction_layer, on_crystal
from scipy.integrate import solve_ivp

from hotmesa.cli import main
from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.postprocess import Run
from hotmesa.postprocess.runs.chopped import COLUMNS, lag_deg
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Contact, Law, Material, Mesa, Mesh, Scenario
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.chopped import MV_PER_MW, PER_US_OF_KHZ, ModulatedState, chopped_images
from hotmesa.solver.runs.image import laser_image, surface_response
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady_state

CURRENT = 0.7


def solved(scenario: Scenario, current: float = CURRENT) -> tuple[ThermalBranch, State]:
    problem = ThermalBranch(Model(scenario, build_mesh(scenario)), Bias.current())
    return problem, solve_steady_state(problem, current)


def film_alone(**parts: object) -> Scenario:
    """Junctions cooled to the bath, without film or crystal: alike everywhere, so one temperature."""
    bulk = Material(in_plane_W_per_mK=2.0, out_of_plane_W_per_mK=1.0, heat_capacity_J_per_m3K=1e6)
    values = {
        "name": "film",
        "geometry": "strip",
        "mesa": Mesa(width_um=10.0, depth_um=10.0, junctions=19),
        "layers": (junction_layer(),),
        "materials": {"crystal": bulk},
        "bath": Bath(temperature_K=4.2, bottom="conductance", bottom_W_per_m2K=9e4),
        "law": Law(set=1),
        "mesh": Mesh(size_um=1.0),
    }
    return Scenario(**(values | parts))


@pytest.mark.parametrize("path", ["condensed", "sparse"])
def test_a_slow_beam_gives_the_static_image(path: str) -> None:
    problem, state = solved(on_crystal(path=path))
    static = surface_response(problem, state)
    mesa, crystal = ModulatedState(problem, state).surface(1e-6)
    # The lag is of first order in the frequency, the amplitude of second; 1e-7 of the largest: both are solved so well.
    for slow, known in ((mesa, static.mesa), (crystal, static.crystal)):
        np.testing.assert_allclose(slow.real, known, atol=1e-7 * np.nanmax(np.abs(known)))
        assert np.nanmax(np.abs(slow.imag)) < 1e-4 * np.nanmax(np.abs(known))


def test_a_fast_beam_is_answered_where_it_heats() -> None:
    problem, state = solved(film_alone())
    modulated = ModulatedState(problem, state)
    F = 1e9
    y = modulated.response(F)
    lin = state.jacobian
    # Heat stays where it is put: dT = P/(i omega C), and at constant current dV = -(dI/dT) dT / (dI/dV).
    local = -MV_PER_MW * lin.I_by_T / (1j * PER_US_OF_KHZ * F * modulated.capacity) / lin.I_by_V
    np.testing.assert_allclose(y, local, rtol=1e-3)
    slower = modulated.response(F / 10.0)
    assert np.abs(slower / (10.0 * local) - 1.0).max() == pytest.approx(10.0 * np.abs(y / local - 1.0).max(), rel=0.05)


def test_one_temperature_answers_with_the_rate_of_the_stability_analysis() -> None:
    problem, state = solved(film_alone(), 0.3)
    rate = float(Stability(problem.model, 1e-8).modes(state, Bias.current()).rates[0])
    assert rate < 0.0
    static = surface_response(problem, state).mesa
    for F in (0.1, 10.0, 1000.0):
        mesa, _ = ModulatedState(problem, state).surface(F)
        # All places are alike: only the mean temperature changes V, and it has one rate.
        np.testing.assert_allclose(mesa, static / (1.0 + 1j * PER_US_OF_KHZ * F / -rate), rtol=1e-6)


def dense(problem: ThermalBranch, state: State, F: float) -> Array:
    """The response by a dense complex matrix of all unknowns, wires and the bias, put together column by column."""
    model = problem.model
    lin, n, g = state.jacobian, model.layout.size, len(model.wired) + 1
    A = np.zeros((n + g, n + g), dtype=complex)
    A[:n, :n] = model.conduction.apply(np.diag(lin.kappa)) + lin.local.toarray()
    A[:n, :n] += 1j * PER_US_OF_KHZ * F * np.diag(heat_capacity(model.layout, state.T))
    A[:n, n:], A[n:-1, :n] = lin.columns, lin.wire_rows
    A[n:-1, n:-1] = np.diag(lin.wire_diagonal)
    A[-1, :n], A[-1, -1] = lin.I_by_T, lin.I_by_V
    heat = np.vstack([np.eye(n), np.zeros((g, n))])
    return np.asarray(MV_PER_MW * np.linalg.solve(A, heat)[-1])


@pytest.mark.parametrize("F", [1.0, 300.0, 1e5])
def test_a_dense_complex_matrix_gives_the_same(F: float) -> None:
    problem, state = solved(on_crystal(sublayers=2, path="sparse", geometry="strip"))
    expected = dense(problem, state, F)
    found = ModulatedState(problem, state).response(F)
    np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(expected).max())


def test_the_device_in_time_follows_as_the_images_say() -> None:
    """A small periodic heat in one place, integrated by scipy through the transient until nothing but it is left."""
    patch = Contact(x_um=-4.0, radius_um=1.0, contact_K_per_mW=30.0)
    problem, state = solved(film_alone(mesh=Mesh(size_um=2.5), contacts=(patch,)), 0.3)
    assert np.ptp(state.T) > 1.0
    model, F, place = problem.model, 50.0, problem.model.layout.size - 1
    omega, amplitude = PER_US_OF_KHZ * F, 0.1  # µW: warms by some 0.01 K

    def voltage(T: Array) -> float:
        V, step = state.V, np.inf
        while abs(step) > 1e-10:  # mV
            e = model.evaluate(T, state.wires, V)
            step = (e.I - state.I) / model.linearise(e).I_by_V
            V -= step
        return V

    def rate(t: float, T: Array) -> Array:
        heat = np.zeros(T.size)
        heat[place] = amplitude * np.cos(omega * t)
        e = model.evaluate(T, state.wires, voltage(T))
        return (heat - e.residual) / heat_capacity(model.layout, T)

    period = 2.0 * np.pi / omega
    t = np.linspace(3.0 * period, 4.0 * period, 64, endpoint=False)
    run = solve_ivp(rate, (0.0, t[-1]), state.T, "BDF", t, rtol=1e-7, atol=1e-8)
    V = np.array([voltage(T) for T in run.y.T])
    lock_in = 2.0 * np.mean(V * np.exp(-1j * omega * t)) / amplitude * MV_PER_MW
    found = ModulatedState(problem, state).response(F)
    # 1e-4: the second order in the amplitude, and what the integrator leaves.
    assert lock_in == pytest.approx(found[place], rel=1e-4)
    assert abs(lock_in - found[0]) > 1e-2 * abs(lock_in)  # another place answers otherwise


def test_lags_count_from_the_slow_answer() -> None:
    problem, state = solved(on_crystal(geometry="strip"))
    images = chopped_images(problem, state, (100.0,), laser_image(problem, state, 1.0))
    assert images is not None
    sign = np.sign(images.still.extremum()[0])
    turned = lag_deg(sign * np.exp(-1j * np.radians([0.0, 45.0, 180.0, 269.0, 271.0])), images.still)
    np.testing.assert_allclose(turned, [0.0, 45.0, 180.0, 269.0, -89.0])
    row = images.rows()[1]
    assert tuple(row) == tuple(COLUMNS)
    assert 0.0 < float(row["strongest_lag_deg"]) < 90.0
    assert float(row["strongest_mV_per_mW"]) < abs(images.still.extremum()[0])


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the small device."""
    scenario = on_crystal()
    run = Run(scenario)
    for point in trace(Model(scenario, build_mesh(scenario))):
        run.append(point)
    folder = tmp_path_factory.mktemp("runs") / "small"
    run.save(folder)
    return folder


def test_command_writes_table_and_pictures(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "image"
    arguments = ["ltslm", str(result), "--current", "0.7", "--out", str(out)]
    assert main([*arguments, "--frequency-kHz", "1,100"]) == 0
    assert "chopped at 100 kHz" in capsys.readouterr().out
    written = {file.name for file in out.iterdir()} - {"ltslm.npz", "ltslm.json", "ltslm.png", "ltslm.vtu"}
    assert written == {"chopped.csv", "chopped.npz", "chopped.png", "chopped-1kHz.png", "chopped-100kHz.png"}
    rows = list(csv.DictReader((out / "chopped.csv").read_text().splitlines()))
    assert [float(row["frequency_kHz"]) for row in rows] == [0.0, 1.0, 100.0]
    amplitudes = [float(row["strongest_mV_per_mW"]) for row in rows]
    assert amplitudes == sorted(amplitudes, reverse=True)
    with np.load(out / "chopped.npz") as arrays:
        complex_image = arrays["in_phase_mV_per_mW"] + 1j * arrays["quadrature_mV_per_mW"]
    assert np.abs(complex_image).max(axis=1) == pytest.approx(amplitudes[1:], rel=1e-12)
    # Without the chopper nothing of it is left.
    assert main([*arguments, "--overwrite"]) == 0
    assert not list(out.glob("chopped*"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [("0", "above 0 kHz"), ("-1,10", "--frequency-kHz -1:"), ("inf", "finite"), ("1,1", "twice"), ("a", "'a'")],
)
def test_frequencies_that_are_none_are_refused(
    result: Path, given: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(result.iterdir())
    try:
        status = main(["ltslm", str(result), "--current", "0.7", f"--frequency-kHz={given}"])
    except SystemExit as ending:
        status = int(str(ending.code))
    assert status == 2
    printed = capsys.readouterr().err
    assert reason in printed and "Traceback" not in printed
    assert set(result.iterdir()) == before


def test_layers_without_heat_capacity_are_refused() -> None:
    crystal = Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02)
    problem, state = solved(on_crystal(materials={"gold": Material(base="gold-film"), "crystal": crystal}))
    with pytest.raises(RequestError, match="layers mesa, crystal_01 are of a material without heat capacity"):
        chopped_images(problem, state, (1.0,), None)
