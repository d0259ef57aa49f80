"""Properties of every branch, on random devices and on those that once broke them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal
from helpers.random_devices import GEOMETRIES, Geometry, random_device

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs import branch
from hotmesa.solver.states.continuation import CurvePoint, follow
from hotmesa.solver.states.problem import ROUNDINGS

DEVICES = Path(__file__).parent / "devices"
SEEDS = range(5)


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


def check(model: Model, curves: list[CurvePoint]) -> None:
    """Heat in = heat out, and neighbours lie on one smooth curve that never comes back to rest."""
    for curve in curves:
        e = curve.evaluation.e
        lost = e.residual.sum() + e.wire_residual.sum()
        assert abs(lost) <= 1e-8 * e.P + ROUNDINGS * model.rounding(e) + 1e-12
    assert all(curve.evaluation.e.V > 0.0 for curve in curves[1:])
    rows = model.layout.junction_rows
    for a, b in pairwise(curves):
        # Along the curve between two points: the mean of the derivatives at both ends.
        step = b.s - a.s
        change = b.u[rows] - a.u[rows]
        expected = 0.5 * step * (a.tangent[rows] + b.tangent[rows])
        assert np.abs(change - expected).max() <= 5.0 + 0.3 * np.abs(change).max()


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_devices(geometry: Geometry, seed: int) -> None:
    model, curves = traced(random_device(seed, geometry), 25)
    assert len(curves) > 5
    check(model, curves)


@pytest.mark.parametrize("name", ["coarse-plan", "thick-strip"])
def test_devices_that_jumped_to_another_branch_or_stopped_at_rounding(name: str) -> None:
    model, curves = traced(load_scenario(DEVICES / f"{name}.toml"), 45)
    assert len(curves) >= 45
    check(model, curves)


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
