"""Folds of a mesh whose rows of elements hold a wall, and folds of the device among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.grids import msh2

from hotmesa.meshes import build_mesh
from hotmesa.meshes.build import raw_mesh
from hotmesa.meshes.healing import healing_lengths
from hotmesa.postprocess.accuracy import accuracy, accuracy_words, remark
from hotmesa.postprocess.jumps import jumps
from hotmesa.postprocess.merit import folds
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs.sweep import sentences, summarise
from hotmesa.postprocess.stable import stability_figures
from hotmesa.postprocess.walls import PINNED, PINNED_MODE, rows_add
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Contact, Mesh, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_options, points
from hotmesa.solver.runs.diagram import Diagram
from hotmesa.solver.runs.pinning import Pinning
from hotmesa.solver.runs.records import NumberedBifurcation
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.observables import junction_temperatures
from hotmesa.solver.states.problem import ThermalBranch


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
    words = [str(word) for word in run.rows["fold"]]
    pinned, modes = sum(word in (f"{PINNED} V", f"{PINNED} I") for word in words), words.count(PINNED_MODE)
    found = accuracy(run)
    assert (found["folds_not_resolved"], found["modes_not_resolved"]) == (pinned, modes)
    assert any(f"{pinned} folds and {modes} states with modes are of the mesh" in line for line in accuracy_words(run))
    assert "of the mesh alone" in remark(run)


def test_rows_of_elements_make_no_range_unstable(run: Run) -> None:
    """Between two folds in V that rows make, a voltage source would lose the state on the mesh alone."""
    assert [str(word) for word in run.rows["fold"]].count(PINNED_MODE) >= 3
    ranges = stability_figures(run)["stable_ranges"]
    # The device has one fold in V, at 11.97 mA, and two in I: elements of 2.5 µm give the same ranges.
    assert len(ranges["voltage_bias"]) == 1
    assert ranges["voltage_bias"][0] == pytest.approx([0.0, 11.97], rel=5e-3)


KEPT = "mesh.refine_for_walls=false"
LONG = ("geometry=strip", "crystal.depth_um=60", "mesh.rim_size_um=25")
"""The large mesa as a strip: with 2 µm the spot in the middle is unstable from 18.57 to 40.15 mA."""


@pytest.mark.parametrize(
    ("size_um", "refine", "of_rows"),
    [(12.0, True, 0), (18.0, True, 0), (24.0, True, 0), (18.0, False, 6), (24.0, False, 8)],
)
def test_a_diagram_keeps_the_bifurcations_of_the_device(size_um: float, refine: bool, of_rows: int) -> None:
    """By default its elements are refined until no row of them makes one; as they are asked for, rows make others."""
    changes = ("mode=diagram", "branch.min_points=30", "branch.end_current_mA=48", f"mesh.size_um={size_um}")
    scenario = load_scenario("thz-300x60", [*LONG, *changes, f"mesh.refine_for_walls={str(refine).lower()}"])
    diagram = Diagram(Model(scenario, build_mesh(scenario)))
    for branch, _ in diagram.run():
        if branch.number:
            break
    found = [(c.bifurcation.appears, c.bifurcation.current) for c in diagram.crossings if not c.pinned]
    assert [appears for appears, _ in found] == [True, False]
    # Rows shift a change by as much as the wall moves over one of them.
    assert [current for _, current in found] == pytest.approx([18.57, 40.15], rel=0.15)
    assert sum(c.pinned for c in diagram.crossings) == of_rows
    # Beyond them the device holds the spot again, and no row of elements says otherwise.
    far = [c for c in diagram.branches[0].counted if not 15.0 < c.curve.evaluation.I < 42.0]
    assert {c.held[1] for c in far if c.curve.evaluation.I > 1.0} == {0}


WIDE_MESH = ("mode=diagram", "mesh.size_um=10", "mesh.rim_size_um=40", "layers.1.sublayers=1")


def crossings(*changes: str) -> list[NumberedBifurcation]:
    """The bifurcations on the branch from rest of the large mesa, asked for with elements of 10 µm, 26 K."""
    scenario = load_scenario("thz-300x60", [*WIDE_MESH, *changes])
    diagram = Diagram(Model(scenario, build_mesh(scenario)))
    for branch, _ in diagram.run():
        if branch.number:
            break
    return diagram.crossings


def test_rows_of_10_um_under_the_large_mesa_make_no_bifurcation_of_the_device() -> None:
    """A current source loses its spot in the middle once below 30 mA; with elements of 5 µm at 28.3 mA."""
    found = crossings(KEPT, "branch.min_points=6", "branch.end_current_mA=30")
    (lost,) = [c.bifurcation for c in found if not c.pinned]
    assert lost.appears and lost.current == pytest.approx(28.3, rel=0.06)
    assert sum(c.pinned for c in found) >= 4


def test_refined_by_itself_the_large_mesa_has_the_two_bifurcations_of_the_device(nightly: bool) -> None:
    if not nightly:
        pytest.skip("minutes: pytest --nightly")
    found = crossings("branch.min_points=12", "branch.end_current_mA=60")
    assert [c.pinned for c in found] == [False, False]
    assert [c.bifurcation.appears for c in found] == [True, False]
    # With elements of 5 µm at 28.3 and 56.7 mA.
    assert [c.bifurcation.current for c in found] == pytest.approx([28.3, 56.7], rel=0.03)


def test_no_branch_goes_on_along_its_mirror_image() -> None:
    """Rows make states of the spot in the middle where a branch ends on this mesh; it went through, and back again."""
    changes = ("mode=diagram", "branch.min_points=30", "branch.end_current_mA=48", "mesh.size_um=24", KEPT)
    scenario = load_scenario("thz-300x60", [*LONG, *changes])
    diagram = Diagram(Model(scenario, build_mesh(scenario)))
    for _ in diagram.run():
        pass
    model = diagram.model
    x = model.operators.xy[model.layout.mesa_nodes, 0]
    for branch in diagram.branches[1:]:
        T = [junction_temperatures(model, p.curve.evaluation).mean(axis=0) for p in branch.points]
        aside = np.array([model.junction_mass @ (x * at) / (model.junction_mass @ at) for at in T])  # µm
        assert aside.min() > -0.01 or aside.max() < 0.01, (branch.number, aside)  # of 26 µm
    assert {(b.origin, b.end) for b in diagram.branches[1:]} == {
        ("bifurcation 3", "bifurcation 8"), ("bifurcation 10", "bifurcation 9"),
    }  # fmt: skip
    assert [c.number for c in diagram.crossings if not c.pinned] == [3, 10]


def own_mesh(scenario: Scenario, folder: Path) -> Path:
    """A file with the mesh of a strip on a crystal."""
    raw = raw_mesh(scenario)
    lines = [(2 if mesa else 1, (a + 1, b + 1)) for mesa, (a, b) in zip(raw.member[:, 0], raw.cells, strict=True)]
    file = folder / "own.msh"
    file.write_text(msh2([(float(x),) for (x,) in raw.points], lines, {1: "crystal", 2: "mesa"}, kind=1))
    return file


@pytest.mark.parametrize(("own", "advice"), [(False, "leave mesh.refine_for_walls out"), (True, "refine mesh.file")])
def test_a_sweep_goes_on_where_only_the_mesh_loses_the_state(own: bool, advice: str, tmp_path: Path) -> None:
    """Elements of 24 µm lose the spot in the middle at 15.75 mA already, and have it again at 17.93 mA."""
    changes = ("mode=sweep", "mesh.size_um=24", "bias.points_per_leg=24", "bias.legs_mA=[0.0,22.0]", KEPT)
    scenario = load_scenario("thz-300x60", [*LONG, *changes])
    if own:  # which is not refined, whatever is asked for
        file = own_mesh(scenario, tmp_path)
        scenario = scenario.model_copy(update={"mesh": Mesh(file=str(file))})
    run = Run(scenario)
    for point in sweep(Model(scenario, build_mesh(scenario))):
        run.append(point)
    I, cause = run.column("I_mA"), [str(word) for word in run.rows["jump_cause"]]  # noqa: E741
    held = [k for k, word in enumerate(cause) if word == f"{PINNED} mode"]
    assert held and all(15.7 < I[k] < 18.0 and run.column("growth_per_us")[k] > 0.0 for k in held)
    (lost,) = jumps(run.rows)
    assert (lost.cause, I[lost.before]) == ("mode", pytest.approx(18.57, rel=0.15))
    assert run.column("growth_per_us")[-1] < 0.0
    assert summarise(run)["losses_not_resolved"] == len(held)
    (line,) = [line for line in sentences(run) if line.startswith(f"warning: {len(held)} states are lost on the mesh")]
    assert line.endswith(advice)


def rates(size_um: float) -> tuple[Array, Array, float, float]:
    """Current, rate of the shift, median rate of the next mode, and width of the wall in elements, 24 to 34 mA."""
    scenario = load_scenario("thz-300x60", [*LONG, "branch.end_current_mA=34", f"mesh.size_um={size_um}"])
    model = Model(scenario, build_mesh(scenario))
    problem, stability, pinning = ThermalBranch(model), Stability(model, 1e-9, signs_only=True), Pinning(model)
    options = replace(branch_options(model), control_step=0.4)
    found, widths = [], []
    for curve in follow(problem, *problem.cold_start(), options):
        if curve.control > 24.0:
            found.append([curve.control, *stability.modes(curve.evaluation, Bias.current(), 2).rates[:2]])
            widths.append(pinning.elements(curve.evaluation))
    values = np.array(found)
    return values[:, 0], values[:, 1], float(np.median(values[:, 2])), float(np.mean(widths))


def test_rows_change_a_rate_by_a_factor_that_falls_exponentially_with_the_elements_of_a_wall() -> None:
    I0, fine, *_ = rates(3.0)
    for size_um in (18.0, 14.0, 10.0):
        I, soft, second, n = rates(size_um)  # noqa: E741
        change = soft - np.interp(I, I0, fine)
        rows = np.sqrt(2.0) * (change - np.polynomial.Polynomial.fit(I, change, 3)(I)).std() / abs(second)
        assert rows == pytest.approx(rows_add(n), rel=0.3)
    # Sizes that follow from the device itself leave less than 1e-6 of the rates, on triangles five times as large.
    element = healing_lengths(load_scenario("thz-300x60", LONG)).element
    assert rows_add(rates(element)[3]) < 1e-6
