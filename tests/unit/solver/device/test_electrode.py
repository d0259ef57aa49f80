"""The electrode in whole devices: paths of the linear algebra, contacts, stability, time, sensitivity."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg as la
from helpers.devices import FILM, MATERIALS, WIRE, junction_layer, on_crystal

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Contact, Crystal, Electrode, Layer, Mesh, Numerics, Scenario
from hotmesa.solver.device.capacity import heat_capacity
from hotmesa.solver.device.electrode import terminals_of
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model, State
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady

POOR = Electrode(kind="sheet", sheet_ohm=80.0, inject=("wire",))
"""A sheet so poor that the potential falls by some 5 % along it."""


def strip(x_um: float = -3.0, electrode: Electrode = POOR, **parts: object) -> Scenario:
    wire = WIRE.model_copy(update={"x_um": x_um, "y_um": 0.0})
    crystal = Layer(name="crystal", material="crystal", thickness_um=5.0, sublayers=2, first_sublayer_um=0.5)
    values = {
        "geometry": "strip",
        "layers": (FILM, junction_layer(2), crystal),
        "crystal": Crystal(width_um=20.0, depth_um=20.0),
        "materials": MATERIALS,
        "contacts": (wire,),
        "mesh": Mesh(size_um=1.0, rim_size_um=2.0),
        "numerics": Numerics(path="sparse"),
        "electrode": electrode,
    }
    return on_crystal(**(values | parts))


def model(scenario: Scenario) -> Model:
    return Model(scenario, build_mesh(scenario))


def row(scenario: Scenario, current: float = 0.7) -> dict[str, float]:
    device = model(scenario)
    found = observe(device, solve_steady(device, Bias.current(), current))
    return {name: float(value) for name, value in found.items()}


def test_both_paths_give_the_same_state():
    sparse, condensed = (row(strip(numerics=Numerics(path=path))) for path in ("sparse", "condensed"))
    assert sparse["electrode_drop_mV"] > 10.0
    for name in ("V_mV", "electrode_drop_mV", "P_electrode_mW", "T_max_K", "hot_current_share"):
        assert condensed[name] == pytest.approx(sparse[name], rel=1e-7)


def test_heat_of_a_branch_is_v_times_i():
    rows = [point.row for point in trace(model(strip()))][1:]
    assert max(float(r["electrode_drop_mV"]) for r in rows) > 10.0
    for r in rows:
        sinks = sum(float(q) for name, q in r.items() if name.startswith("Q_"))
        assert sinks == pytest.approx(float(r["V_mV"]) * float(r["I_mA"]) * 1e-3, rel=1e-8)


def test_mirrored_contact_gives_the_mirrored_state():
    left, right = (row(strip(x)) for x in (-3.0, 3.0))
    assert right["V_mV"] == pytest.approx(left["V_mV"], rel=1e-8)
    assert right["T_max_K"] == pytest.approx(left["T_max_K"], rel=1e-8)


def test_far_voltmeter_reads_the_potential_below_it():
    far = Contact(name="far", x_um=3.5, radius_um=1.0, contact_K_per_mW=1e9)
    near = strip().model_copy(update={"contacts": (*strip().contacts, far)})
    other = near.model_copy(update={"electrode": POOR.model_copy(update={"voltmeter": "far"})})
    at_lead, at_far = row(near), row(other)
    assert at_far["I_far_mA"] == pytest.approx(0.0, abs=1e-9)
    # All but V and its kin is the same device: a pad that carries no current shorts what lies below it alone.
    assert at_far["P_mW"] == pytest.approx(at_lead["P_mW"], rel=2e-3)
    assert 0.9 * at_lead["V_mV"] < at_far["V_mV"] < at_lead["V_mV"] - 0.5 * at_lead["electrode_drop_mV"]
    # P is what enters at the lead.
    assert at_far["P_mW"] > 1.005 * at_far["V_mV"] * at_far["I_mA"] * 1e-3


def dense_rates(device: Model, e: State, bias: Bias, with_electrode: bool = True) -> np.ndarray:
    """All growth rates (1/µs), largest real part first."""
    lin, eye = device.linearise(e), np.eye(device.layout.size)
    at_nodes = lin.at_nodes(eye) if with_electrode else lin.local.toarray()
    J = device.conduction.apply(lin.kappa[:, None] * eye) + at_nodes
    constraint = ThermalBranch(device).bias_constraint(lin, bias)
    corner = np.diag(np.append(lin.wire_diagonal, constraint.by_V))
    reduced = J - lin.columns @ np.linalg.solve(corner, np.vstack([lin.wire_rows, constraint.by_T]))
    rates = -la.eigvals(reduced / heat_capacity(device.layout, e.T)[:, None])
    return np.asarray(rates[np.argsort(rates.real)[::-1]])


@pytest.mark.parametrize("bias", [Bias.voltage(), Bias.current(), Bias.load_line(200.0)], ids=lambda b: b.name)
def test_rates_along_a_branch_are_those_of_dense_algebra(bias: Bias):
    device = model(strip(electrode=POOR.model_copy(update={"sheet_ohm": 400.0})))
    stability, without = Stability(device, 1e-9), []
    for current in (0.1, 0.4, 0.7, 1.0):
        e = solve_steady(device, Bias.current(), current)
        exact = dense_rates(device, e, bias)
        modes = stability.modes(e, bias, 2)
        assert modes.unstable == np.count_nonzero(exact.real > 0.0)
        np.testing.assert_allclose(modes.rates[:2], exact.real[:2], rtol=1e-5)
        without.append(abs(dense_rates(device, e, bias, False)[0].real / exact[0].real - 1.0))
    assert max(without) > 3e-3  # what the potential adds is no rounding


def test_contact_without_a_node_is_refused():
    with pytest.raises(RequestError, match='"pad" of the electrode touches no part of the mesa'):
        terminals_of({"pad": np.zeros(3)}, ("pad",), (), "pad", 3, False)


def test_contacts_with_shares_must_not_touch():
    patches = {"a": np.array([1.0, 1.0, 0.0]), "b": np.array([0.0, 1.0, 1.0])}
    with pytest.raises(RequestError, match='"b" touches another one'):
        terminals_of(patches, ("a", "b"), (0.5, 0.5), "a", 3, False)
    assert terminals_of(patches, ("a", "b"), (), "a", 3, False).shares.size == 1
