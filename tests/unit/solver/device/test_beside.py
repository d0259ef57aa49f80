"""Contacts on the crystal beside the mesa: where they touch, what they take, and what moves with them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.devices import MATERIALS, WIRE, on_crystal
from mpi4py import MPI
from verification.exact_beside import ACROSS, CONDUCTIVITY, THICKNESS, device

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.parameters import number_of
from hotmesa.scenarios.schema import Bath, Branch, Contact, Mesh
from hotmesa.solver.model import Model
from hotmesa.solver.runs.sensitive import Surroundings, branch_sensitivity, sensitive_points
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady

BAR = Contact(
    name="bar",
    on="crystal",
    shape="rectangle",
    x_um=-10.0,
    width_um=6.0,
    depth_um=20.0,
    angle_deg=10.0,
    contact_K_per_mW=5.0,
)


def model(*contacts: Contact, **parts: object) -> Model:
    scenario = on_crystal(contacts=contacts, **parts)
    return Model(scenario, build_mesh(scenario, MPI.COMM_SELF))


def test_patch_lies_on_the_crystal_with_its_whole_area() -> None:
    m = model(WIRE, BAR, materials=MATERIALS)
    assert m.parts.why_sparse == "the contact bar cools the crystal"
    wire, bar = m.contacts
    first = m.layout.starts[len(m.layout.mesa_layers)]
    assert wire.rows.max() < m.layout.starts[1]
    assert first <= bar.rows.min() and bar.rows.max() < first + m.operators.owned
    nodes = bar.rows - first
    assert (m.operators.mesa_mass[nodes] == 0.0).all()
    assert m.operators.patches["bar"].sum() == pytest.approx(120.0, rel=1e-12)
    assert bar.share.sum() == pytest.approx(1.0, rel=1e-14)


def test_it_takes_all_the_heat_that_nothing_else_does() -> None:
    m = model(BAR, bath=Bath(bottom="insulated"), mesh=Mesh(refine=0.5))
    e = solve_steady(m, Bias.voltage(), 40.0, np.append(np.concatenate(m.cold()), 40.0))
    row = observe(m, e)
    assert float(row["Q_bar_mW"]) == pytest.approx(1e-3 * e.P, rel=1e-6)
    fields = m.layout.on_plan(e.T)
    below, beside = fields[2][m.layout.mesa_nodes].mean(), fields[2] @ m.operators.patches["bar"] / 120.0
    assert m.bath < beside < below < fields[1][m.layout.mesa_nodes].mean()


def test_derivative_by_its_place_is_that_of_the_way_to_it() -> None:
    """The mesa is warmer by P/(kappa d b) for each length that the contact is farther away."""
    scenario = device(1.0).model_copy(update={"branch": Branch(end_current_mA=1.0, min_points=4)})
    m = Model(scenario, build_mesh(scenario, MPI.COMM_SELF))
    surroundings = Surroundings.of(m, (number_of(scenario, "contacts.0.x_um"),))
    found = branch_sensitivity(m, surroundings, list(sensitive_points(m, surroundings, ("T_mean_K",))))
    row = len(found.x_s) - 1
    power = 1e3 * found.table["P_mW"][row]
    expected = power / (CONDUCTIVITY * THICKNESS * ACROSS)
    assert found.at_constant("T_mean_K", "I_mA", 0)[row] == pytest.approx(expected, rel=1e-6)
