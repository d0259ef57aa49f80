"""Derivatives against closed forms, at folds against the folds of devices made anew, and what cannot be varied."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.beside import at, both_sides
from helpers.devices import normal_law, on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.sensitivity import sensitivity_rows
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.parameters import chosen, parameters
from hotmesa.scenarios.schema import Bath, Branch, Contact, Curve, Law, Layer, Material, Mesa, Mesh, Numerics
from hotmesa.solver.law.tunnelling import isotherm, isotherm_slopes
from hotmesa.solver.law.variation import spelled_out
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.runs.sensitive import Surroundings, branch_sensitivity, sensitive_points
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

CONDUCTANCE, KAPPA, POWER = 2e4, 0.5, 0.8
UNIFORM = Scenario(
    name="uniform",
    mesa=Mesa(junctions=20, width_um=8.0, depth_um=5.0),
    layers=(Layer(name="mesa", material="stack", region="mesa", junctions=True),),
    materials={"stack": Material(in_plane_W_per_mK=1.0, out_of_plane_W_per_mK=KAPPA)},
    bath=Bath(temperature_K=10.0, bottom="conductance", bottom_W_per_m2K=CONDUCTANCE),
    law=Law(kind="ohmic", resistivity_ohm_cm=Curve(T_K=(5.0, 500.0), values=(300.0, 300.0 * 100.0**-POWER))),
    branch=Branch(end_current_mA=2.0, min_points=6),
)


def test_a_device_without_places_has_the_derivatives_of_its_closed_form():
    # rho ~ T^-POWER and T = T_B + V I (1/h + d/2 kappa)/A. With q = POWER (T - T_B)/T, R_0 what rho is proportional to
    # and G that conductance: d ln V (1 + q) = d ln R_0 + q d ln G.
    model = Model(UNIFORM, build_mesh(UNIFORM))
    surroundings = Surroundings.of(model, chosen(UNIFORM))
    found = branch_sensitivity(model, surroundings, list(sensitive_points(model, surroundings, ("T_mean_K",))))
    row, T = len(found.x_s) - 1, found.table["T_mean_K"][-1]
    theta = (T - 10.0) / T
    half = 0.5 * 20 * 2.151e-3 / KAPPA
    gap = 1e6 / CONDUCTANCE
    above, below = half / (half + gap), gap / (half + gap)
    q = POWER * theta
    expected = {
        "law.resistivity_ohm_cm": 1.0 / (1.0 + q),
        "mesa.width_um": (q - 1.0) / (1.0 + q),
        "mesa.depth_um": (q - 1.0) / (1.0 + q),
        "mesa.junctions": (1.0 - q * above) / (1.0 + q),
        "mesa.spacing_nm": (1.0 - q * above) / (1.0 + q),
        "mesa.specific_resistance_ohm_um2": 0.0,
        "materials.stack.in_plane_W_per_mK": 0.0,
        "materials.stack.out_of_plane_W_per_mK": q * above / (1.0 + q),
        "bath.bottom_W_per_m2K": q * below / (1.0 + q),
        "bath.temperature_K": -POWER * 10.0 / T / (1.0 + q),
    }
    assert theta > 0.5
    V = found.table["V_mV"][row]
    answers = {
        parameter.key: found.at_constant("V_mV", "I_mA", k)[row] * parameter.value / V
        for k, parameter in enumerate(found.parameters)
    }
    assert answers == pytest.approx(expected, rel=1e-7, abs=1e-9)


FOLDING = on_crystal(
    law=Law(gaps_meV=(22.0,), gamma_scale=1.5),
    contacts=(),
    mesh=Mesh(refine=0.3),
    numerics=Numerics(table_max_mV=40.0),
    branch=Branch(end_current_mA=0.8, min_points=10),
    mesa=Mesa(junctions=40),
)


def test_folds_move_as_those_of_devices_made_anew():
    model = Model(FOLDING, build_mesh(FOLDING))
    keys = ("layers.0.thickness_um", "mesa.width_um")
    surroundings = Surroundings.of(model, chosen(spelled_out(FOLDING), keys))
    found = branch_sensitivity(model, surroundings, list(sensitive_points(model, surroundings)))
    folds = np.flatnonzero(found.table["fold"] != "")
    assert {str(found.table["fold"][row]) for row in folds} == {"V"}
    for k, beside in enumerate(surroundings.beside):
        apart, devices = both_sides(model, beside.parameter, beside)
        ends = [[point.row for point in branch_points(device) if point.row["fold"]] for device in devices]
        change = found.changes(k)["V_mV"]
        for number, row in enumerate(folds):
            low, high = (float(end[number]["V_mV"]) for end in ends)
            assert change[row] == pytest.approx((high - low) / apart, rel=1e-4)


@pytest.mark.parametrize("contact", [False, True])
@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_isotherms_change_with_gap_rate_and_weight_as_their_differences(weight: float, contact: bool):
    local, h = (20.0, 1.5, weight), 1e-4
    slopes = isotherm_slopes(60.0, 80, 20.0, local, contact)
    for k, slope in enumerate(slopes):
        ends = [tuple(x + sign * h * (j == k) for j, x in enumerate(local)) for sign in (-1, 1)]
        low, high = (isotherm(60.0, 80, 20.0, end, contact) for end in ends)
        difference = (high - low) / (2 * h)
        np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-6 * np.abs(difference).max())


def test_a_contact_at_the_edge_of_the_mesa_cannot_be_moved_alone():
    scenario = on_crystal(
        geometry="strip", contacts=(Contact(x_um=-3.0, radius_um=2.0, contact_K_per_mW=1.0),), law=normal_law()
    )
    model = Model(scenario, build_mesh(scenario))
    surroundings = Surroundings.of(model, chosen(spelled_out(scenario), ("contacts.0.x_um", "crystal.width_um")))
    assert [item.parameter.key for item in surroundings.beside] == ["crystal.width_um"]
    assert "touches the edge of the mesa" in surroundings.refused["contacts.0.x_um"]


def test_numbers_without_effect_are_no_parameters():
    strip = on_crystal(geometry="strip")
    keys = {item.key for item in parameters(strip)}
    assert {"mesa.depth_um", "mesa.junctions", "law.gamma0_meV"} <= keys
    assert not {"contacts.0.y_um", "crystal.depth_um", "contacts.0.wire_diameter_um", "mesh.refine"} & keys


def test_unknown_keys_are_told_with_the_nearest():
    with pytest.raises(ScenarioError, match=r"layers\.0\.thickness: .*did you mean layers\.0\.thickness_um"):
        chosen(on_crystal(), ["layers.0.thickness"])
    with pytest.raises(ScenarioError, match=r"mesa\.shape"):
        chosen(UNIFORM, ["mesa.shape"])


def test_two_places_that_are_equally_hot_are_told_by_one_sided_derivatives():
    # A contact in the middle: both ends of a strip are hottest. Moved to the right it cools that end and leaves the
    # other one hotter, moved to the left the reverse: T_max rises either way.
    scenario = on_crystal(
        geometry="strip",
        contacts=(Contact(x_um=0.0, radius_um=2.0, contact_K_per_mW=1.0),),
        law=normal_law(),
        branch=Branch(end_current_mA=1.0, min_points=8),
    )
    model = Model(scenario, build_mesh(scenario))
    surroundings = Surroundings.of(model, chosen(scenario, ("contacts.0.x_um", "layers.0.thickness_um")))
    found = branch_sensitivity(model, surroundings, list(sensitive_points(model, surroundings, ("T_max_K",))))
    rows = {row["parameter"]: row for row in sensitivity_rows(found, ["T_max_K@I_mA=1.0"])}
    place, film = rows["contacts.0.x_um"], rows["layers.0.thickness_um"]
    assert film["below"] == "" and float(film["derivative"]) < 0.0
    h = 1e-3
    beside = surroundings.beside[0]
    rest = solve_steady(model, Bias.current(), 1.0)
    devices = [at(model, beside.parameter, sign * h, beside) for sign in (-1, 1)]
    T_max = [solve_steady(device, Bias.current(), 1.0, rest.u).T.max() for device in devices]
    assert float(place["below"]) == pytest.approx((rest.T.max() - T_max[0]) / h, rel=1e-3)
    assert float(place["above"]) == pytest.approx((T_max[1] - rest.T.max()) / h, rel=1e-3)
    assert float(place["below"]) < 0.0 < float(place["above"])
