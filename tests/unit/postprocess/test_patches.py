"""Outlines of contacts in files of fields and in pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.parts import small
from matplotlib.figure import Figure

from hotmesa.postprocess.map import draw_outline
from hotmesa.postprocess.patches import contact_circles, contact_corners, outlines
from hotmesa.postprocess.states import States, read_states
from hotmesa.postprocess.tables import ResultError

BAR = {"name": "bar", "shape": "rectangle", "width_um": 2.0, "depth_um": 4.0, "x_um": 2.0, "angle_deg": 90.0}
DISC = {"name": "disc", "radius_um": 1.0, "x_um": -2.0}


def states(*contacts: dict[str, object], geometry: str = "plan") -> States:
    scenario = small({"contacts": contacts, "geometry": geometry})
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    one = np.ones((1, 3))
    return States(
        node_xy=xy, cells=np.array([[0, 1, 2]]), cell_in_mesa=np.array([True]), layer_names=np.array(["mesa"]),
        T_K=one[None], J_mA_per_um2=one, heating_uW_per_um2=one, row=np.zeros(1, dtype=np.int64), V_mV=np.ones(1),
        I_mA=np.ones(1), wire_T_K=np.full((1, len(contacts)), 4.2), contact_xyr=contact_circles(scenario),
        contact_names=np.array([c.name for c in scenario.contacts]), geometry="plan",
        contact_corners=contact_corners(scenario),
    )  # fmt: skip


def test_a_circle_stays_a_circle_and_a_bar_has_its_corners() -> None:
    disc, bar = states(DISC, BAR).contact_outlines
    assert np.hypot(*(disc - [-2.0, 0.0]).T) == pytest.approx(1.0)
    assert {(x, y) for x, y in bar} == {(0.0, -1.0), (4.0, -1.0), (4.0, 1.0), (0.0, 1.0)}


def test_the_file_brings_outlines_back_and_needs_none_where_all_are_discs(tmp_path: Path) -> None:
    for made in (states(DISC), states(DISC, BAR)):
        read = read_states(made.save(tmp_path))
        assert read == made
        for first, second in zip(read.contact_outlines, made.contact_outlines, strict=True):
            assert np.array_equal(first, second)
    assert "contact_corners" not in states(DISC).arrays()


def test_a_damaged_outline_is_refused(tmp_path: Path) -> None:
    damaged = replace(states(BAR), contact_corners=np.zeros((4, 2)))
    with pytest.raises(ResultError, match="contact_corners has shape"):
        read_states(damaged.save(tmp_path))


def test_on_a_line_a_bar_is_as_wide_as_it_is() -> None:
    strip = small({"geometry": "strip", "contacts": [{"shape": "rectangle", "width_um": 3.0, "x_um": 1.0}]})
    assert contact_circles(strip).tolist() == [[1.0, 0.0, 1.5]]
    assert len(contact_corners(strip)) == 0


def test_a_map_draws_the_outlines() -> None:
    axes = Figure().subplots()
    some = states(BAR)
    draw_outline(axes, some.node_xy, some.mesa_cells, outlines(some.contact_xyr, some.contact_corners))
    drawn = axes.patches[-1].get_xy()
    assert (drawn.min(axis=0).tolist(), drawn.max(axis=0).tolist()) == ([0.0, -1.0], [4.0, 1.0])
