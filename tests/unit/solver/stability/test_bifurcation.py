"""Bifurcations, branch switching, diagrams and deflation on uniformly cooled sheets."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.crossings import crossings, lumped, uniform_state
from helpers.sheets import COOLING_W_PER_M2K, SIDE_UM, sheet, sheet_model

from hotmesa import cli
from hotmesa.postprocess import load_run
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.schema import Contact
from hotmesa.scenarios.schema import Diagram as DiagramSection
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.branch import branch_options
from hotmesa.solver.runs.diagram import BranchRecord, Diagram
from hotmesa.solver.stability.bifurcation import directions, find_bifurcations, rated
from hotmesa.solver.stability.deflation import deflated, factor
from hotmesa.solver.stability.stability import Modes, Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import follow
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state

BREAK_UP = {16: 3.9e-7, 19: 6.3e-7, 24: 9.4e-7, 30: 1.2e-6}
"""Largest sheet conductance (W/K) at which a uniformly cooled 10 um mesa of N junctions breaks up by itself."""
ENDS_MA = {16: 1.6, 19: 1.4, 24: 1.2, 30: 1.1}


def excess_heating(junctions: int) -> float:
    """Largest V dJ/dT - h (W/(m^2 K)) over the uniform states of a cooled mesa."""
    scenario = sheet(junctions=junctions)
    law = build_law(scenario)
    return max(uniform_state(scenario, law, T)[0] for T in np.linspace(20.0, 100.0, 1601))


@cache
def strip_diagram() -> Diagram:
    diagram = Diagram(sheet_model(sheet(1.5e-7)))
    for _ in diagram.run():
        pass
    return diagram


def branch_of(kind: str) -> BranchRecord:
    """The branch of the strip whose heat gathers there."""
    return next(b for b in strip_diagram().branches if b.kind == kind)


@pytest.mark.parametrize(("junctions", "conductance"), BREAK_UP.items())
def test_break_up_threshold_of_the_uniform_state(junctions: int, conductance: float) -> None:
    """The mode cos(pi x/w) grows where V dJ/dT > h + G (pi/w)^2; the threshold published has two digits."""
    threshold = excess_heating(junctions) * (SIDE_UM * 1e-6 / math.pi) ** 2
    digit = 10.0 ** (math.floor(math.log10(conductance)) - 1)
    assert threshold == pytest.approx(conductance, abs=0.5 * digit)


@pytest.mark.parametrize("junctions", BREAK_UP)
def test_branch_breaks_up_below_the_threshold_and_not_above(junctions: int) -> None:
    threshold = excess_heating(junctions) * (SIDE_UM * 1e-6 / math.pi) ** 2
    found = {}
    for part in (0.99, 1.01):
        model = sheet_model(sheet(part * threshold, size_um=0.25, junctions=junctions, end_mA=ENDS_MA[junctions]))
        problem, stability = ThermalBranch(model), Stability(model, 1e-6)
        options = branch_options(model)
        points = [rated(stability, point, 2) for point in follow(problem, *problem.cold_start(), options)]
        found[part] = max(float(p.current.rates[0]) for p in points if p.curve.rates["V"] < 0.0)
    # The mode of the strip grows only below; a step of 1 % resolves the threshold.
    assert found[0.99] > 0.0 > found[1.01]


def test_bifurcation_of_a_strip_lies_where_the_mode_turns() -> None:
    """Located by the branch to 1e-4 in I, against V dJ/dT = h + G mu with mu the lumped eigenvalue of the mesh."""
    model = sheet_model(sheet(3e-7, size_um=0.25))
    problem, stability, options = ThermalBranch(model), Stability(model, 1e-8), branch_options(model)
    points = [rated(stability, point, 2) for point in follow(problem, *problem.cold_start(), options)]
    found = find_bifurcations(problem, stability, points, options)
    assert [len(b.modes) for b in found] == [1, 1]
    step = SIDE_UM / (model.operators.owned - 1)
    mu = (2.0 / step * math.sin(0.5 * math.pi / SIDE_UM * step)) ** 2
    mode = np.cos(math.pi * (model.operators.xy[:, 0] / SIDE_UM + 0.5))
    for b in found:
        e = b.point.evaluation
        balance = (e.junctions.Q_by_T[0, 0] - COOLING_W_PER_M2K * 1e-6) / (0.3 * mu)
        # dI/d(balance) is about 0.5 mA at these places: 1e-4 in I needs 1e-4 here. The layer itself resists by 1e-5.
        assert balance == pytest.approx(np.ones(balance.size), abs=1e-4)
        shape = b.modes[0][: model.layout.size]
        shape = shape / shape[np.argmax(np.abs(shape))] * mode[np.argmax(np.abs(shape))]
        assert shape == pytest.approx(mode, abs=1e-4)


def test_strip_has_hot_ends_and_what_two_spots_make() -> None:
    diagram = strip_diagram()
    # Left and right end are mirror images: both directions of the pitchfork were found and are one branch.
    assert sorted((b.kind, b.origin, b.end, b.images) for b in diagram.branches) == [
        ("centre", "bifurcation 2", "bifurcation 3", 1),
        ("end", "bifurcation 1", "bifurcation 4", 2),
        ("ends", "bifurcation 2", "bifurcation 3", 1),
        ("uniform", "rest", "end current", 1),
    ]


def test_long_strip_has_all_bifurcations_and_branches_end_in_that_of_their_own_mode() -> None:
    """States of different modes lie near each other: of the first two, and of the last two."""
    conductance = 5e-8
    diagram = Diagram(sheet_model(sheet(conductance, size_um=0.25)))
    for _ in diagram.run():
        pass
    expected = crossings(diagram.model.scenario, conductance, lumped(diagram.model))
    assert [m for _, m, _ in expected] == [1, 2, 3, 3, 2, 1]
    found = [c.bifurcation for c in diagram.crossings if c.branch == 0]
    assert [(b.waves, b.appears) for b in found] == [(((m, 0),), appears) for _, m, appears in expected]
    # Across, the layer itself resists by 1e-5.
    assert [b.current for b in found] == pytest.approx([at_mA for at_mA, _, _ in expected], rel=1e-4)
    ends = {(b.origin, b.end) for b in diagram.branches[1:]}
    assert ends == {(f"bifurcation {k}", f"bifurcation {7 - k}") for k in (1, 2, 3)}
    # Of odd modes both signs are mirror images, of even ones they are different states.
    assert len(diagram.branches) == 1 + 2 + 2


def test_a_rate_within_rounding_keeps_the_count() -> None:
    scenario = sheet(3e-7)
    problem = ThermalBranch(sheet_model(scenario))
    point = next(follow(problem, *problem.cold_start(), branch_options(problem.model)))

    class Rounding(Stability):
        def modes_under(self, *_: object) -> tuple[Modes, ...]:  # type: ignore[override]
            return tuple(Modes(bias, rates, np.zeros((1, 3)), 1e-6) for bias in (Bias.voltage(), Bias.current()))

    stability, before, counts = Rounding(problem.model), None, []
    for second in (1e-3, 1e-7, -1e-7, 1e-7, -1e-3, -1e-7, 1e-7, 2e-6):
        rates = np.array([1.0, second, -1.0])
        before = rated(stability, point, 2, before)
        counts.append(before.growing)
    assert counts == [(2, 2)] * 4 + [(1, 1)] * 3 + [(2, 2)]
    at_fold = rated(stability, replace(point, fold="I"), 2, before)
    assert at_fold.growing == (2, 1)


def test_every_fold_of_a_branch_is_a_row() -> None:
    """The hot end turns in I between its last points before the bifurcation, where it is brought to it."""
    for branch in strip_diagram().branches:
        for a, b in pairwise(p.curve for p in branch.points):
            turned = a.rates["I"] * b.rates["I"] < 0.0
            assert not turned or "I" in a.fold or "I" in b.fold


def test_lone_filament_is_unstable_under_voltage_bias() -> None:
    """Alekseev et al., Phys. Rev. E 57, 2640 (1998): no filament of a homogeneous convex mesa is stable."""
    for branch in strip_diagram().branches[1:]:
        assert min(p.voltage.unstable for p in branch.points) >= 1
    end = branch_of("end")
    assert {p.voltage.unstable for p in end.points} == {1}
    assert sum(p.current.unstable == 0 for p in end.points) > 10  # an ideal current source holds it


def test_of_two_spots_one_decays_under_current_bias() -> None:
    ends = branch_of("ends")
    assert {p.current.unstable for p in ends.points} == {1}  # spots - 1
    last = ends.points[5]
    mode = last.current.shapes[:, 0]
    x = strip_diagram().model.operators.xy[:, 0]
    # The growing mode heats one end and cools the other: odd.
    assert mode[np.argmin(x)] * mode[np.argmax(x)] == pytest.approx(-1.0, abs=1e-3)


def test_fold_in_current_has_a_zero_rate_under_current_bias() -> None:
    end = branch_of("end")
    folds = [p for p in end.points if p.curve.fold == "I"]
    assert len(folds) == 1
    scale = max(abs(float(p.current.rates[0])) for p in end.points)
    # Located to 1e-6 of a step, in which the rate changes by its own size.
    assert abs(float(folds[0].current.rates[0])) < 1e-5 * scale
    assert abs(float(folds[0].voltage.rates[0])) > 0.1 * scale


def test_square_breaks_up_into_stripes_corners_and_a_saddle() -> None:
    diagram = Diagram(sheet_model(sheet(3e-7, "plan", 1.0)))
    for _ in diagram.run():
        pass
    assert sorted(b.kind for b in diagram.branches) == ["corner", "corners", "edge", "uniform"]
    assert [len(c.bifurcation.modes) for c in diagram.crossings] == [2, 1, 1, 2]
    corner = next(b for b in diagram.branches if b.kind == "corner")
    edge = next(b for b in diagram.branches if b.kind == "edge")
    assert (corner.images, edge.images) == (4, 12)  # of 16 directions
    middle = [p for p in corner.points if 0.88 < p.curve.control < 0.93 and p.curve.rates["I"] != 0.0]
    stripe = [p for p in edge.points if 0.88 < p.curve.control < 0.93]
    # In the middle of its branch the corner spot gives way to the straight stripe even under current bias.
    assert all(p.current.unstable == 1 for p in middle)
    assert all(p.current.unstable == 0 for p in stripe)
    assert middle and stripe


def test_directions_of_two_modes_contain_the_symmetric_ones() -> None:
    model = sheet_model(sheet(3e-7, "plan", 2.0))
    problem = ThermalBranch(model)
    x, y = model.operators.xy.T / SIDE_UM
    a, b = np.sin(math.pi * x), np.sin(math.pi * y)
    turned = [
        np.append(math.cos(0.3) * a + math.sin(0.3) * b, 0.0),
        np.append(math.cos(0.3) * b - math.sin(0.3) * a, 0.0),
    ]
    modes = np.array([m / math.sqrt(problem.inner(m, m)) for m in turned])
    along = directions(problem, modes, 16)[:, :-1]
    shares = np.abs(along @ np.column_stack([a, b]))
    shares = np.sort(shares / shares.max(), axis=1)
    # Four stripes (one share is zero) and four corners (both are equal); the angle is found to pi/3600.
    assert np.count_nonzero(shares[:, 0] < 2e-3) == 4
    assert np.count_nonzero(shares[:, 1] - shares[:, 0] < 2e-3) == 4


def test_factor_of_a_deflated_step_is_that_of_the_deflated_residual() -> None:
    """For one known state on a straight line: eta = 1 + 1/r^2, step d, checked against the Newton step of eta F."""
    problem = ThermalBranch(sheet_model(sheet(size_um=2.0)))
    known, _ = problem.cold_start()
    unit = np.ones(known.size)
    unit /= math.sqrt(problem.inner(unit, unit))
    for r, root in ((0.7, 0.6), (0.7, 0.9), (2.0, 1.5)):
        F, eta = r - root, 1.0 + r**-2
        plain = -F  # of the residual F(r) = r - root
        exact = -eta * F / (eta - 2.0 * r**-3 * F)
        assert factor(problem, known + r * unit, plain * unit, [known]) == pytest.approx(exact / plain, rel=1e-9)


def test_deflation_leaves_the_known_state_for_another() -> None:
    model = sheet_model(sheet(1.5e-7))
    problem = ThermalBranch(model, Bias.current())
    uniform = solve_steady_state(problem, 0.95).u
    tilted = uniform.copy()
    tilted[:-1] += 15.0 * np.sin(math.pi * model.operators.xy[:, 0] / SIDE_UM)
    found = deflated(problem, 0.95, tilted, [uniform], 1e-10)
    assert found is not None
    assert found.T.max() - found.T.min() > 20.0
    again = deflated(problem, 0.95, tilted, [uniform, found.u], 1e-10)
    assert again is None or problem.inner(again.u - found.u, again.u - found.u) > 0.01


def test_deflation_finds_the_branch_without_connection() -> None:
    wire = Contact(name="wire", x_um=-3.0, radius_um=1.0, contact_K_per_mW=8000.0)
    search = DiagramSection(deflation_at_mA=(0.95,))
    diagram = Diagram(sheet_model(sheet(1.5e-7, size_um=0.25, contacts=(wire,), diagram=search)))
    for _ in diagram.run():
        pass
    assert [(b.origin, b.end) for b in diagram.branches] == [
        ("rest", "end current"),
        ("deflation at 0.95 mA", "closed"),
    ]
    connected, isolated = (
        min(b.points, key=lambda p: abs(p.curve.control - 0.95)).curve.evaluation.T for b in diagram.branches
    )
    x = diagram.model.operators.xy[:, 0]
    # The branch from rest heats the end far from the wire, the other one the end at the wire.
    assert x[np.argmax(connected)] > 4.9
    assert x[np.argmax(isolated)] < -4.0
    no_state = min(p.curve.control for p in diagram.branches[1].points) - 0.02
    e = solve_steady(diagram.model, Bias.current(), no_state)
    assert e.I == pytest.approx(no_state, rel=1e-12)


def test_a_diagram_is_a_run_with_parts_on_refined_elements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "diagram"
    arguments = ["run", "diagram-strip", "--out", str(out), "--set", "mesh.size_um=0.5"]
    assert cli.main(arguments) == 0
    words = "elements refined from 0.5 to 0.293 µm for walls of hot spots"
    assert words in capsys.readouterr().out and words in (out / "run.log").read_text()
    found = json.loads((out / "summary.json").read_text())
    assert (found["elements_um"], found["elements_asked_um"]) == (pytest.approx(0.293, abs=1e-3), 0.5)
    assert cli.main(["check", "diagram-strip", "--set", "mesh.size_um=0.5"]) == 0
    assert words in capsys.readouterr().out
    with (out / "diagram.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["branch"] for line in lines] == ["0", "1"]
    for line in lines:
        run = load_run(out / line["folder"])
        assert len(run.rows["I_mA"]) == int(line["rows"])
        assert run.states is not None
    assert (out / "diagram.png").stat().st_size > 10_000


def test_contradictions_of_a_diagram_are_refused() -> None:
    with pytest.raises(ScenarioError, match="lies beyond the end of the branches"):
        load_scenario("diagram-strip", ["diagram.deflation_at_mA=[1.5]"])
    with pytest.raises(ScenarioError, match="nothing would be searched"):
        load_scenario("diagram-square", ["diagram.depth=0"])
    with pytest.raises(ScenarioError, match='has no effect with points = "counts"'):
        load_scenario("kurter2010-n19", ["stability.modes=true"])
