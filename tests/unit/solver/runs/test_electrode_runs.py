"""Runs of every kind with a resistive electrode: images, sweeps, transients, diagrams, families, stored fields."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
import pytest
from helpers.devices import on_crystal
from helpers.electrodes import POOR, dense_rates, folding, model, strip

from hotmesa.computing import trace
from hotmesa.postprocess import Run, load_run
from hotmesa.postprocess.paraview import write_fields
from hotmesa.scenarios.schema import Bias as BiasSection
from hotmesa.scenarios.schema import Branch, Mesh, Scenario
from hotmesa.solver.runs.diagram import Diagram
from hotmesa.solver.runs.image import surface_response
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient, enthalpy

CURRENT = 0.7


def square(path: str) -> Scenario:
    return on_crystal(path=path, electrode=POOR, mesh=Mesh(refine=0.4))


DEVICES = {
    "strip": strip,
    "square, condensed": lambda: square("condensed"),
    "square, sparse": lambda: square("sparse"),
}


@pytest.mark.parametrize("device", list(DEVICES))
def test_image_agrees_with_heating_single_places(device: str) -> None:
    problem = ThermalBranch(model(DEVICES[device]()), Bias.current())
    state = solve_steady_state(problem, CURRENT)
    layout, u = problem.model.layout, state.u
    response = surface_response(problem, state).mesa[layout.mesa_nodes]
    for k in (0, layout.mesa_nodes.size // 2, layout.mesa_nodes.size - 1):
        voltages = []
        for sign in (1.0, -1.0):
            heat = np.zeros(layout.size)
            heat[int(layout.starts[0]) + k] = sign * 0.2
            voltages.append(solve_steady(problem.model.variant(extra_heat=heat), problem.bias, state.I, u).V)
        direct = (voltages[0] - voltages[1]) / 0.4 * 1e3
        # States are solved to 1e-10 of the power: V to about 1e-7 mV of 0.1 mV.
        assert response[k] == pytest.approx(direct, abs=1e-4 * np.abs(response).max())
    assert response.min() < -10.0  # mV/mW


def test_both_paths_give_one_image() -> None:
    images = []
    for path in ("condensed", "sparse"):
        problem = ThermalBranch(model(square(path)), Bias.current())
        images.append(surface_response(problem, solve_steady_state(problem, CURRENT)).mesa)
    np.testing.assert_allclose(images[0], images[1], atol=1e-7 * np.nanmax(np.abs(images[1])))


def test_a_sweep_of_the_voltage_jumps_at_the_folds_of_the_branch() -> None:
    scenario = folding(sheet_ohm=40.0, conductance_W_per_K=3e-6)  # so stiff that the strip has no further branch
    folds = [float(point.row["V_mV"]) for point in trace(model(scenario)) if point.row["fold"] == "V"]
    assert len(folds) == 2
    bias = BiasSection(kind="voltage", legs_mV=(0.0, 1.2 * max(folds), 0.0), points_per_leg=15)
    swept = scenario.model_copy(update={"mode": "sweep", "bias": bias})
    rows = [point.row for point in sweep(model(swept))]
    jumps = [float(row["V_mV"]) for row in rows if row["jump"] == "from"]
    # The place of a jump is known to the tolerance of the sweep, far below the distance of the folds.
    assert jumps == pytest.approx([max(folds), min(folds)], abs=0.02 * (max(folds) - min(folds)))


def test_a_transient_ends_in_the_steady_state_and_keeps_the_energy() -> None:
    device = model(strip())
    start = np.append(device.cold()[0], [*device.cold()[1], 0.0])
    circuit = Circuit(Bias.current(), 0.0, lambda t: CURRENT)
    moments = list(Transient(device, circuit, Tolerances(rtol=1e-4, atol_K=1e-4)).run(start, 0.0, 0.5))
    t, power = np.array([m.t for m in moments]), np.array([m.e.P for m in moments])
    sinks = np.array([sum(heat.q.sum() for heat in m.e.heats) for m in moments])
    stored = enthalpy(device, moments[-1].e) - enthalpy(device, moments[0].e)
    joule = np.trapezoid(power, t)
    electrode = float(np.trapezoid([m.e.electrode.heat.sum() for m in moments if m.e.electrode], t))
    # Local errors of 1e-4 add up; the heat of the electrode is more than they are.
    assert electrode > 5e-3 * joule
    assert abs(joule - np.trapezoid(sinks, t) - stored) < 2e-3 * joule
    assert moments[-1].e.P > moments[-1].e.V * moments[-1].e.I * (1.0 - 1e-9)
    last = list(Transient(device, circuit).run(start, 0.0, 200.0))[-1].e
    steady = solve_steady(device, Bias.current(), CURRENT, np.concatenate([last.T, last.wires, [last.V]]))
    np.testing.assert_allclose(last.T, steady.T, rtol=1e-4)
    assert last.V == pytest.approx(steady.V, rel=1e-4)


def test_counts_of_a_diagram_are_those_of_dense_algebra() -> None:
    device = model(folding())
    diagram, seen = Diagram(device), set()
    for _ in diagram.run():
        pass
    assert len(diagram.branches[0].points) > 20
    for branch in diagram.branches:
        for point in branch.points:
            for bias, counted in zip((Bias.voltage(), Bias.current()), point.growing, strict=True):
                rates = dense_rates(device, point.curve.evaluation, bias).real
                # A rate of which the solver cannot tell the sign counts as at the point before.
                if np.abs(rates[: counted + 1]).min() > 1e-5 * np.abs(rates[: counted + 2]).max():
                    assert counted == np.count_nonzero(rates > 0.0)
                    seen.add((bias.name, counted))
    assert {("voltage", 0), ("current", 0), ("voltage", 1), ("current", 1)} <= seen


def test_a_family_shares_its_electrode() -> None:
    scenario = strip()
    shared = solve_steady(model(scenario).variant(resistive_junctions=5), Bias.current(), 0.5)
    mesa = scenario.mesa.model_copy(update={"resistive_junctions": 5})
    fresh = solve_steady(model(scenario.model_copy(update={"mesa": mesa})), Bias.current(), 0.5)
    assert shared.V == pytest.approx(fresh.V, rel=1e-9)
    assert shared.electrode is not None and fresh.electrode is not None
    np.testing.assert_allclose(shared.electrode.excess, fresh.electrode.excess, rtol=1e-7, atol=1e-9)


def test_the_potential_is_stored_and_in_the_files_for_paraview(tmp_path: Path) -> None:
    scenario = strip(branch=Branch(end_current_mA=0.5, min_points=4))
    run = Run(scenario)
    for point in trace(model(scenario)):
        run.append(point)
    run.save(tmp_path)
    again = load_run(tmp_path)
    assert again == run and again.states is not None and again.states.electrode_mV is not None
    U, states = again.states.electrode_mV, again.states
    drops = again.column("electrode_drop_mV")[states.row]
    assert drops[-1] > 5.0
    np.testing.assert_allclose(np.ptp(U[:, states.mesa_nodes], axis=1), drops, rtol=1e-12)
    # At the contact, which is the voltmeter, it is V.
    below = np.argmin(np.abs(states.node_xy[:, 0] + 3.0))
    np.testing.assert_allclose(U[:, below], states.V_mV, rtol=1e-12)
    assert np.isnan(U[:, np.setdiff1d(np.arange(U.shape[1]), states.mesa_nodes)]).all()
    files = [file for file in write_fields(again) if file.name.startswith("fields_")]
    shown = meshio.read(files[-1]).point_data["electrode_mV"]
    assert np.ptp(shown) == pytest.approx(drops[-1], rel=1e-5)  # single precision
    without = Run(strip(electrode=None, branch=Branch(end_current_mA=0.5, min_points=4)))
    for point in trace(model(without.scenario)):
        without.append(point)
    assert without.states is not None and without.states.electrode_mV is None
