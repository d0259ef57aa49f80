"""Folds of a mesh whose rows of elements hold a wall, and folds of the device among them."""

from __future__ import annotations

import pytest

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.accuracy import accuracy, accuracy_words
from hotmesa.postprocess.merit import folds
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Bath, Contact, Mesh, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import points
from hotmesa.solver.runs.diagram import Diagram


def soldered_stack() -> Scenario:
    """The large mesa without its crystal, soldered to a cold plate, with a lead at one end and elements of 5 µm.

    The wall is 27 µm wide and far from both ends for most currents, so that V stands still while it moves.
    """
    changed = ("branch.end_current_mA=21", "branch.min_points=14", "numerics.estimate_error=false")
    given = load_scenario("thz-300x60", changed)
    lead = Contact(name="lead", x_um=-120.0, radius_um=15.0, contact_K_per_mW=2.0, wire_K_per_mW=1.0)
    changes = {
        "crystal": None,
        "layers": given.layers[:2],
        "materials": {name: given.materials[name] for name in ("film", "bi2212")},
        "bath": Bath(temperature_K=26.0, bottom="conductance", bottom_W_per_m2K=1e5),
        "contacts": (lead,),
        "mesh": Mesh(size_um=5.0),
    }
    return given.model_copy(update=changes)


@pytest.fixture(scope="module")
def run() -> Run:
    scenario = soldered_stack()
    run = Run(scenario)
    for point in points(Model(scenario, build_mesh(scenario))):
        run.append(point)
    return run


def test_folds_of_the_mesh_are_no_folds_of_the_device(run: Run) -> None:
    words = [str(word) for word in run.rows["fold"] if str(word)]
    pinned = [word for word in words if word.startswith(PINNED)]
    assert len(pinned) >= 5
    # Elements of 2.5 µm give the same three, at 11.97, 12.10 and 8.15 mA.
    assert [fold["kind"] for fold in folds(run.rows)] == ["V", "I", "I"]
    found = [fold["I_mA"] for fold in folds(run.rows)]
    assert found == pytest.approx([11.97, 12.10, 8.15], rel=5e-3)


def test_they_are_counted_and_told(run: Run) -> None:
    pinned = sum(str(word).startswith(PINNED) for word in run.rows["fold"])
    assert accuracy(run)["folds_not_resolved"] == pinned
    assert any(f"{pinned} folds are of the mesh" in line for line in accuracy_words(run))


@pytest.mark.parametrize("size_um", [12.0, 18.0])
def test_a_diagram_keeps_the_bifurcations_of_the_device(size_um: float) -> None:
    """The large mesa as a strip: with 2 µm the spot in the middle is unstable from 18.57 to 40.15 mA."""
    changes = ("geometry=strip", "mode=diagram", "crystal.depth_um=60", "mesh.rim_size_um=25", "branch.min_points=30")
    scenario = load_scenario("thz-300x60", [*changes, "branch.end_current_mA=48", f"mesh.size_um={size_um}"])
    diagram = Diagram(Model(scenario, build_mesh(scenario)))
    for branch, _ in diagram.run():
        if branch.number:
            break
    found = [(c.bifurcation.appears, c.bifurcation.current) for c in diagram.crossings if not c.pinned]
    assert [appears for appears, _ in found] == [True, False]
    # Rows shift a change by as much as the wall moves over one of them.
    assert [current for _, current in found] == pytest.approx([18.57, 40.15], rel=0.15)
    assert sum(c.pinned for c in diagram.crossings) == (6 if size_um == 18.0 else 0)
