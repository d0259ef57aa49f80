"""Contacts of any outline in a plan mesh: exact areas, edges of elements along theirs, symmetry, sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.plan import mirror_lines
from hotmesa.meshes.raw import RawMesh, cell_sizes

ROUNDING = 1e-12
BAR = {"shape": "rectangle", "width_um": 1.5, "depth_um": 6.0, "angle_deg": 20.0, "x_um": -1.0, "y_um": 0.5}
ELL = {"shape": "polygon", "vertices_um": [(-3, -3), (3, -3), (3, -1), (-1, -1), (-1, 3), (-3, 3)], "x_um": 0.5}
EDGE = {"shape": "rectangle", "width_um": 10.0, "depth_um": 2.0, "y_um": 4.0}


def mesh(*contacts: dict[str, object]) -> RawMesh:
    named = [contact | {"name": f"c{k}"} for k, contact in enumerate(contacts)]
    return make_raw_mesh(small({"crystal": {}, "contacts": named}))


def area(raw: RawMesh, contact: int = 0) -> float:
    return float(cell_sizes(raw.points, raw.cells)[raw.member[:, 1 + contact]].sum())


@pytest.mark.parametrize(("contact", "expected"), [(BAR, 9.0), (ELL, 20.0), (EDGE, 20.0)])
def test_straight_edges_have_the_exact_area_and_place(contact: dict[str, object], expected: float) -> None:
    scenario = small({"crystal": {}, "contacts": [contact]})
    raw = make_raw_mesh(scenario)
    assert area(raw) == pytest.approx(expected, rel=ROUNDING)
    patch = scenario.contacts[0].patch
    assert patch.area_um2 == pytest.approx(expected, rel=ROUNDING)
    sizes, middle = cell_sizes(raw.points, raw.cells), raw.points[raw.cells].mean(axis=1)
    inside = raw.member[:, 1]
    assert np.average(middle[inside], axis=0, weights=sizes[inside]) == pytest.approx(patch.centre_um, abs=1e-9)
    # The edge of the patch is made of edges of elements: no element lies on both sides.
    room = np.array([patch.room_um(x, y) for x, y in raw.points])
    assert room[raw.cells[inside]].min() > -1e-9
    assert room[raw.cells[~inside]].max() < 1e-9


def test_two_contacts_of_unlike_shapes_keep_their_names() -> None:
    raw = mesh(ELL, {"radius_um": 0.8, "x_um": 2.0, "y_um": 2.0})
    assert raw.names[1:] == ("contact:c0", "contact:c1")
    assert area(raw, 0) == pytest.approx(20.0, rel=ROUNDING)
    assert area(raw, 1) == pytest.approx(math.pi * 0.64, rel=ROUNDING)


def test_elements_resolve_the_width_of_a_bar_and_do_not_crowd_along_a_common_edge() -> None:
    raw = mesh({"shape": "rectangle", "width_um": 0.8, "depth_um": 10.0})
    corners = raw.points[raw.cells[raw.member[:, 1]]]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max()
    # eight elements across; the longest edge of an unstructured mesh scatters
    assert longest < 1.6 * 0.8 / 8
    # Along the edge of the mesa: no element is smaller than those of the bar in its middle, but for their scatter.
    along = mesh(EDGE)
    sizes = cell_sizes(along.points, along.cells)
    assert sizes.min() > 0.3 * np.median(sizes[along.member[:, 1]])


@pytest.mark.parametrize(
    ("contacts", "lines"),
    [
        ([{"shape": "rectangle", "width_um": 1.0, "depth_um": 4.0}], 2),
        ([{"shape": "rectangle", "width_um": 4.0, "depth_um": 1.0, "angle_deg": 90.0}], 2),
        ([{"shape": "rectangle", "width_um": 2.0, "depth_um": 2.0}], 3),  # and x = y
        ([{"shape": "rectangle", "width_um": 1.0, "depth_um": 4.0, "x_um": 2.0}], 1),
        ([{"shape": "rectangle", "width_um": 1.0, "depth_um": 4.0, "x_um": x} for x in (-2.0, 2.0)], 2),
        ([BAR], 0),
        ([ELL], 0),
    ],
)
def test_a_symmetric_device_has_a_symmetric_mesh(contacts: list[dict[str, object]], lines: int) -> None:
    named = [contact | {"name": f"c{k}"} for k, contact in enumerate(contacts)]
    scenario = small({"crystal": {}, "contacts": named})
    assert len(mirror_lines(scenario)) == lines
    raw = make_raw_mesh(scenario)
    inside = raw.points[np.unique(raw.cells[raw.member[:, 1:].any(axis=1)])]
    for mirror in mirror_lines(scenario)[:2]:
        image = inside * ((-1, 1) if mirror.axis == 0 else (1, -1))
        assert {(x + 0.0, y + 0.0) for x, y in inside} == {(x + 0.0, y + 0.0) for x, y in image}


def test_a_bar_of_a_strip_is_an_interval() -> None:
    bar = {"shape": "rectangle", "width_um": 1.5, "x_um": 2.0}
    raw = make_raw_mesh(small({"geometry": "strip", "crystal": {}, "contacts": [bar]}))
    x = raw.points[raw.cells[raw.member[:, 1]], 0]
    assert (x.min(), x.max()) == (1.25, 2.75)
