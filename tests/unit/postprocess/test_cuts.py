"""Temperature along lines and in depth, against linear fields, which the elements hold exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.postprocess.cuts import _in_depth, along, hottest, plot_profile, plot_section
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.solids import heights

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"


@pytest.fixture(scope="module")
def plan() -> Run:
    """A plan with a crystal at two points."""
    return hm.run("kurter2010-n19", {"mesh.size_um": 2.5, "branch.end_current_mA": 0.1, "branch.min_points": 4,
                                     "numerics.estimate_error": False, "stability.points": "none"})  # fmt: skip


def test_a_linear_field_is_read_exactly_along_any_line(plan: Run) -> None:
    states = plan.states
    assert states is not None
    values = 3.0 + states.node_xy @ [0.7, -0.2]
    start, end = np.array([-4.0, 5.0]), np.array([5.0, -3.0])
    distance, found = along(states, values, states.mesa_cells, start, end)
    places = start + np.outer(distance / np.linalg.norm(end - start), end - start)
    assert found == pytest.approx(3.0 + places @ [0.7, -0.2], abs=1e-6)  # VTK takes points in single precision
    assert distance[-1] == pytest.approx(np.linalg.norm(end - start))


def test_the_edge_of_the_mesa_belongs_to_it_and_outside_there_is_nothing(plan: Run) -> None:
    states = plan.states
    assert states is not None
    values = np.where(np.isin(np.arange(len(states.node_xy)), states.mesa_nodes), 7.0, np.nan)
    corner = states.node_xy[states.mesa_nodes].max(axis=0)
    _, edge = along(states, values, states.mesa_cells, np.array([-corner[0], corner[1]]), corner)
    assert edge == pytest.approx(7.0)
    _, beyond = along(states, values, states.mesa_cells, corner + 0.5, corner + 1.0)
    assert np.isnan(beyond).all()


def test_pictures_leave_the_states_as_they_are(plan: Run) -> None:
    states = plan.states
    assert states is not None
    before = states.node_xy.copy(), states.T_K.copy()
    hottest(plan, 0)[:] = 99.0
    plot_profile(plan)
    plot_section(plan)
    assert np.array_equal(states.node_xy, before[0])
    assert np.array_equal(states.T_K, before[1], equal_nan=True)


def test_temperature_in_depth_is_linear_between_the_middles_of_sublayers(plan: Run) -> None:
    drawn = heights(plan.scenario, 10.0)
    middles = np.concatenate([0.5 * (z[1:] + z[:-1]) for z in drawn.borders_um.values()])
    z, T = _in_depth(drawn, np.repeat((40.0 + 2.0 * middles)[:, None], 3, axis=1))
    at = 0.5 * (z[1:] + z[:-1])
    crystal = drawn.borders_um["crystal"]
    inside = (at < 0.5 * (crystal[0] + crystal[1])) & (at > 0.5 * (crystal[-1] + crystal[-2]))
    assert inside.sum() > 10
    assert T[inside, 0] == pytest.approx(40.0 + 2.0 * at[inside])
    assert np.all(np.diff(z) < 0)


def test_a_profile_passes_through_the_hottest_place(plan: Run) -> None:
    figure, T = plot_profile(plan), plan.junction_T_K
    assert figure is not None
    assert T is not None
    curves = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines if len(np.asarray(line.get_ydata())) > 2]
    assert max(float(np.nanmax(curve)) for curve in curves) == pytest.approx(float(np.nanmax(T)), rel=1e-4)
