"""Estimated errors against states on meshes and layers four times finer."""

import numpy as np
import pytest
from helpers.devices import on_crystal
from helpers.random_devices import random_device
from mpi4py import MPI

from hotmesa.meshes import build_mesh
from hotmesa.meshes.build import raw_mesh
from hotmesa.meshes.refined import halved
from hotmesa.meshes.tagged import distribute
from hotmesa.scenarios.layers import graded, halved_sublayers, layer_thickness
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.runs.accuracy import Places, estimates
from hotmesa.solver.runs.branch import points
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.states.stored import flat_state

SEEDS = (2, 3, 5, 6, 10, 12, 18, 20)
NOTHING = 1e-3  # %: below it estimates may be off by the tolerance of the states


def device(seed: int) -> Scenario:
    """A random line device with the usual element sizes, halved."""
    found = random_device(seed)
    mesh = found.mesh.model_copy(update={"size_um": None, "rim_size_um": None, "refine": 0.5})
    return found.model_copy(update={"mesh": mesh})


def with_finer_mesh(model: Model, e: Evaluation) -> float:
    """V at the current of a state with all edges cut into four, by another way than that of the estimates."""
    raw = halved(halved(raw_mesh(model.scenario))[0])[0]
    fine = Model(model.scenario, distribute(raw, model.scenario.geometry, MPI.COMM_SELF))
    states = Fields(model).of(e)
    assert states is not None
    return solve_steady(fine, Bias.current(), e.I, flat_state(fine, states, 0)).V


def with_finer_layers(model: Model, e: Evaluation) -> float:
    """V at the current of a state with all sublayers cut into four."""
    once = Model(halved_sublayers(model.scenario), model.tagged)
    twice = Model(halved_sublayers(once.scenario), model.tagged)
    for source, target in ((model, once), (once, twice)):
        fields = np.repeat(source.conduction.temperatures(e.T, e.conducted), 2, axis=0)
        u = np.concatenate([target.layout.from_plan(fields), e.wires, [e.V]])
        e = solve_steady(target, Bias.current(), e.I, u)
    return e.V


@pytest.mark.parametrize("seed", SEEDS)
def test_estimates_are_within_a_factor_of_two_of_the_error(seed: int):
    model = Model(device(seed), build_mesh(device(seed), MPI.COMM_SELF))
    places = Places()
    for point in points(model):
        places.take(point.row, point.curve.evaluation.e)
    rows = [point.row for point in estimates(model, places.found)]
    assert rows[0]["place"] == "steepest"
    e = places.found["steepest"]
    for name, V in (("mesh", with_finer_mesh(model, e)), ("layer", with_finer_layers(model, e))):
        true, estimate = 100 * abs(V / e.V - 1), float(rows[0][f"{name}_error_V_percent"])
        if max(true, estimate) > NOTHING:
            assert true / 2 < estimate < 2 * true, name


def test_halved_sublayers_nest():
    fine = halved_sublayers(on_crystal(sublayers=3))
    for before, after in zip(on_crystal(sublayers=3).layers, fine.layers, strict=True):
        whole = layer_thickness(fine, before)
        coarse = graded(whole, before.sublayers, before.first_sublayer_um)
        parts = graded(whole, after.sublayers, after.first_sublayer_um)
        assert parts.reshape(-1, 2).sum(axis=1) == pytest.approx(coarse, rel=1e-9)


def test_places_leave_out_folds_in_the_current():
    model = Model(device(6), build_mesh(device(6), MPI.COMM_SELF))
    e = next(iter(points(model))).curve.evaluation.e
    places = Places()
    for slope, fold, current in ((5.0, "", 1.0), (-1.0, "V", 2.0), (0.1, "I", 3.0), (9.0, "", 4.0)):
        state = Evaluation(**{**vars(e), "I": current})
        places.take({"dV_dI_ohm": slope, "fold": fold, "hot_fraction": 0.1 * (current > 1.0)}, state)
    assert {name: state.I for name, state in places.found.items()} == {"steepest": 2.0, "nucleation": 2.0, "end": 4.0}
