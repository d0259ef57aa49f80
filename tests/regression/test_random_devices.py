"""Properties of every run, on random devices of every kind and on those that once broke them.

With --nightly there are 1,000 devices in blocks that can be run one by one (-k block07); by default there are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal
from helpers.invariants import Tried, imbalances, jumps, tried, violations
from helpers.random_devices import random_device
from helpers.random_runs import MODES, random_run

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs import branch
from hotmesa.solver.states.continuation import CurvePoint, follow
from hotmesa.solver.states.problem import ROUNDINGS

DEVICES = Path(__file__).parent / "devices"
NIGHTLY, BLOCK = 1000, 25
FEW = (0, 1, 2, 3, 4, 6, 7, 9, 11, 13, 14, 15, 17, 288, 366, 407, 650)
"""Those of the first that take a second or so, and some that once failed: hotter than all that melts, between
pulses, at a corner, of rounding.

Every kind of run has one, here or below.
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of seeds its blocks."""
    if "seeds" in metafunc.fixturenames:
        starts = range(0, NIGHTLY, BLOCK) if metafunc.config.getoption("--nightly") else ()
        blocks: list[Sequence[int]] = [range(start, start + BLOCK) for start in starts] or [FEW]
        metafunc.parametrize("seeds", blocks, ids=[f"block{k:02d}" for k in range(len(blocks))])


def wrong(cases: Iterator[Tried]) -> str:
    """What runs violate, one a line."""
    return "\n".join(f"{c.scenario.name}: {name}: {text}" for c in cases for name, text in violations(c))


def test_random_runs_keep_their_promises(seeds: Sequence[int], tmp_path: Path) -> None:
    assert not wrong(tried(random_run(seed, tmp_path)) for seed in seeds)


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_run_is_asked_for(mode: str, tmp_path: Path) -> None:
    """The few by default may leave out one; each has runs of its own here."""
    case = tried(random_run(2000, tmp_path, mode))  # type: ignore[arg-type]
    assert case.run is not None and len(case.run) > 5
    assert not wrong(iter([case]))


def test_a_fault_of_each_kind_is_seen(tmp_path: Path) -> None:
    """Runs that are wrong in one place are told, so that silence means something."""
    case = tried(random_run(4, tmp_path, "branch"))
    assert case.run is not None and case.run.states is not None and not violations(case)
    states = case.run.states
    T = states.T_K.copy()
    T[-1, 0, states.mesa_nodes[len(states.mesa_nodes) // 2]] += 0.01
    found = {name for name, _ in imbalances(case.scenario, replace(states, T_K=T))}
    assert "residual" in found
    found = {name for name, _ in imbalances(case.scenario, replace(states, I_mA=states.I_mA * (1.0 + 1e-7)))}
    assert {"heat balance", "current"} <= found
    problem, points = case.pieces[0]
    hotter = points[-1].u.copy()
    hotter[problem.model.layout.size - 1] += 60.0  # one place of the crystal alone
    assert list(jumps(problem, [*points[:-1], replace(points[-1], u=hotter)]))
    for status, problem_told in ((-1, "ValueError"), (2, "refused"), (3, "no step from s = 1")):
        assert "status" in dict(violations(replace(case, status=status, problem=problem_told)))


def test_sweeps_over_the_device_that_once_died_at_zero() -> None:
    """Sweeps that ended on the way back to zero: with several junction sublayers, and of an ohmic stack."""
    for name, legs in (("stacked-sweep", 2), ("ohmic-sweep", 2)):
        case = tried(load_scenario(DEVICES / f"{name}.toml"))
        assert case.status == 0 and not wrong(iter([case]))
        assert case.run is not None
        assert case.run.column("leg")[-1] == legs
        assert case.run.column("V_mV")[-1] == 0.0
        # Back at rest the whole device is.
        assert case.run.states is not None
        np.testing.assert_allclose(np.nanmax(case.run.states.T_K[-1]), case.scenario.bath.temperature_K, rtol=1e-12)


def traced(scenario: Scenario, points: int) -> tuple[Model, list[CurvePoint]]:
    """Return a model and the first points of its branch, which may end earlier at its end current only."""
    few = scenario.branch.model_copy(update={"max_points": points})
    model = Model(scenario.model_copy(update={"branch": few}), build_mesh(scenario))
    curves: list[CurvePoint] = []
    try:
        curves.extend(point.curve for point in trace(model) if point.curve is not None)
    except SolveError as error:
        if "raise branch.max_points" not in str(error):
            raise
    return model, curves


@pytest.mark.parametrize("name", ["coarse-plan", "thick-strip"])
def test_devices_that_jumped_to_another_branch_or_stopped_at_rounding(name: str) -> None:
    model, curves = traced(load_scenario(DEVICES / f"{name}.toml"), 45)
    assert len(curves) >= 45
    assert not list(jumps(branch.ThermalBranch(model), curves))
    for curve in curves:
        e = curve.evaluation
        lost = e.residual.sum() + e.wire_residual.sum()
        assert abs(lost) <= 1e-8 * e.P + ROUNDINGS * model.rounding(e) + 1e-12
    assert all(curve.evaluation.V > 0.0 for curve in curves[1:])


def test_a_branch_of_thousands_of_points_stays_on_its_curve(nightly: bool) -> None:
    """Elements of a seventh of the healing length pin the wall: the curve folds back and forth, and once was left.

    A few hundred points go back and forth ten times and more; thousands of the same are for the night.
    """
    scenario = load_scenario(DEVICES / "coarse-plan.toml", [f"branch.max_points={3000 if nightly else 300}"])
    problem, curves = branch.ThermalBranch(Model(scenario, build_mesh(scenario))), list[CurvePoint]()
    with pytest.raises(SolveError, match=r"raise branch\.max_points"):
        curves.extend(follow(problem, *problem.cold_start(), branch.branch_options(problem.model)))
    assert len(curves) >= scenario.branch.max_points
    assert not list(jumps(problem, curves))
    assert all(curve.evaluation.V > 0.0 for curve in curves[1:])
    turns = sum("I" in curve.fold for curve in curves)
    assert turns > len(curves) // 30


def test_a_branch_that_comes_back_to_rest_ends_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def turning_back(*arguments: object) -> Iterator[CurvePoint]:
        points = follow(*arguments)  # type: ignore[arg-type]
        first, second = next(points), next(points)
        yield from (first, second, replace(first, s=2.0 * second.s))

    monkeypatch.setattr(branch, "follow", turning_back)
    scenario = on_crystal()
    points = trace(Model(scenario, build_mesh(scenario)))
    assert len([next(points), next(points)]) == 2
    with pytest.raises(SolveError, match="came back to V = 0"):
        next(points)


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    assert random_run(3, tmp_path) == random_run(3, tmp_path) != random_run(4, tmp_path)
    assert random_device(3) == random_device(3) != random_device(4)
