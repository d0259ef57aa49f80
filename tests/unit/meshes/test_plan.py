"""Plan meshes: regions, sizes, symmetry, and what is refused."""

import math

import numpy as np
import pytest
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.outlines import DIAGONAL
from hotmesa.meshes.plan import mirror_lines
from hotmesa.meshes.raw import MeshError, RawMesh, cell_sizes, region_tags
from hotmesa.scenarios.schema import Scenario

ROUNDING = 1e-12  # relative, of sums over a few thousand cells
OFF_CENTRE = {"x_um": 1.5, "y_um": 0.7}


def scenario(**parts: object) -> Scenario:
    return small(parts)


def areas(raw: RawMesh) -> dict[str, float]:
    sizes = cell_sizes(raw.points, raw.cells)
    assert sizes.min() > 0
    return {"plan": sizes.sum()} | {name: sizes[raw.member[:, k]].sum() for k, name in enumerate(raw.names)}


def longest_edge(raw: RawMesh, chosen: np.ndarray) -> float:
    corner = raw.points[raw.cells[chosen]]
    return float(np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max())


def as_set(points: np.ndarray) -> set[tuple[float, float]]:
    return {(float(x), float(y)) for x, y in points}


def test_default_device_has_the_intended_size_and_exact_areas():
    raw = make_raw_mesh(scenario(crystal={}, contacts=[OFF_CENTRE]))
    # the sizes of the default 10 x 10 µm² mesa in a 60 µm crystal are chosen for a run of seconds
    assert 450 <= len(np.unique(raw.cells[raw.member[:, 0]])) <= 500
    assert 1050 <= len(raw.points) <= 1150
    found = areas(raw)
    assert found["plan"] == pytest.approx(3600, rel=ROUNDING)
    assert found["mesa"] == pytest.approx(100, rel=ROUNDING)
    # the polygon that stands for the disc has its area
    assert found["contact:wire"] == pytest.approx(math.pi * 2.5**2, rel=ROUNDING)


def test_contact_is_where_it_was_asked_for():
    raw = make_raw_mesh(scenario(crystal={}, contacts=[OFF_CENTRE]))
    away = np.hypot(*(raw.points[raw.cells].mean(axis=1) - [1.5, 0.7]).T)
    inside = raw.member[:, 1]
    # 28 corners: circumradius (1 + 0.0042) 2.5 µm, apothem (1 - 0.0021) 2.5 µm
    assert away[inside].max() < 2.5 * 1.0043
    assert away[~inside].min() > 2.5 * 0.9975
    assert raw.member[inside, 0].all()


def test_refine_halves_the_elements_everywhere():
    coarse, fine = (make_raw_mesh(scenario(crystal={}, contacts=[OFF_CENTRE], mesh={"refine": r})) for r in (1, 2))
    # four times the triangles; 8 % because counts on the edges are rounded up to whole elements
    assert len(fine.cells) / len(coarse.cells) == pytest.approx(4, rel=0.08)
    for column in (0, 1):
        ratio = coarse.member[:, column].sum() / fine.member[:, column].sum()
        assert ratio == pytest.approx(0.25, rel=0.12)
    rim = [longest_edge(raw, np.abs(raw.points[raw.cells]).max(axis=(1, 2)) == 30.0) for raw in (coarse, fine)]
    # the longest edge of an unstructured mesh scatters by some 20 %
    assert rim[0] / rim[1] == pytest.approx(2, rel=0.2)


def test_sizes_grow_from_contact_over_mesa_to_rim():
    sizes = {"size_um": 1.0, "contact_size_um": 0.25, "rim_size_um": 6.0}
    raw = make_raw_mesh(scenario(crystal={}, contacts=[OFF_CENTRE], mesh=sizes))
    mean = cell_sizes(raw.points, raw.cells)
    mesa, contact = raw.member.T
    far = np.abs(raw.points[raw.cells]).max(axis=(1, 2)) > 25
    # an equilateral triangle of side h has the area 0.433 h²; real ones are smaller by up to a third
    assert 0.25 < mean[contact].mean() / 0.25**2 < 0.45
    assert mean[contact].mean() < mean[mesa & ~contact].mean() < 0.45
    assert mean[far].mean() > 10 * mean[mesa & ~contact].mean()


@pytest.mark.parametrize(("crystal", "length"), [(None, 40.0), ({}, 240.0), ({"width_um": 80, "depth_um": 20}, 200.0)])
def test_rim_is_the_outer_edge(crystal: dict[str, float] | None, length: float):
    raw = make_raw_mesh(scenario(crystal=crystal, contacts=[OFF_CENTRE]))
    ends = raw.points[raw.rim]
    assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum() == pytest.approx(length, rel=ROUNDING)
    half = np.abs(raw.points).max(axis=0)
    assert (np.abs(ends) == half).all(axis=1).any(axis=1).all()


def test_discs_have_their_area_and_nearly_their_perimeter():
    raw = make_raw_mesh(
        scenario(mesa={"shape": "disc", "radius_um": 5.64}, crystal={"shape": "disc", "radius_um": 30}, contacts=[{}])
    )
    found = areas(raw)
    for name, radius in (("plan", 30), ("mesa", 5.64), ("contact:wire", 2.5)):
        assert found[name] == pytest.approx(math.pi * radius**2, rel=ROUNDING)
    ends = raw.points[raw.rim]
    length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
    # a regular n-gon of the same area is longer by (pi/n)²/6, here n = 32
    assert length / (2 * math.pi * 30) == pytest.approx(1 + (math.pi / len(raw.rim)) ** 2 / 6, rel=1e-4)


def test_polygon_with_a_notch_either_way_round():
    corners = [(-5, -5), (5, -5), (5, 0), (0, 0), (0, 5), (-5, 5)]
    for vertices in (corners, corners[::-1]):
        mesa = {"shape": "polygon", "vertices_um": vertices}
        raw = make_raw_mesh(scenario(mesa=mesa, crystal={}, contacts=[{"x_um": -2, "y_um": -2, "radius_um": 1}]))
        assert areas(raw)["mesa"] == pytest.approx(75, rel=ROUNDING)
        middle = raw.points[raw.cells].mean(axis=1)
        notch = (middle > 0).all(axis=1) & (middle < 5).all(axis=1)
        assert notch.any()
        assert not raw.member[notch, 0].any()


def test_two_contacts_keep_their_names_and_radii():
    contacts = [{"name": "a", "x_um": 2, "radius_um": 1}, {"name": "b", "x_um": -2.5, "y_um": 1, "radius_um": 1.5}]
    raw = make_raw_mesh(scenario(contacts=contacts))
    found = areas(raw)
    assert found["contact:a"] == pytest.approx(math.pi, rel=ROUNDING)
    assert found["contact:b"] == pytest.approx(math.pi * 1.5**2, rel=ROUNDING)
    assert not raw.member[:, 1:].all(axis=1).any()


def test_overlapping_contacts_share_cells():
    contacts = [{"name": "a", "x_um": 0.5, "radius_um": 1}, {"name": "b", "x_um": -0.5, "radius_um": 1}]
    raw = make_raw_mesh(scenario(contacts=contacts))
    _, regions = region_tags(raw)
    assert set(regions["contact:a"]) & set(regions["contact:b"])
    assert areas(raw)["contact:a"] == pytest.approx(math.pi, rel=ROUNDING)


def test_contact_may_cover_a_whole_disc_mesa():
    raw = make_raw_mesh(scenario(mesa={"shape": "disc", "radius_um": 3}, contacts=[{"radius_um": 3}]))
    assert raw.member.all()


def test_narrow_gap_is_resolved_without_flat_triangles(caplog: pytest.LogCaptureFixture):
    # 0.1 µm of mesa between contact and edge, a fifth of an element; the quality check would warn
    make_raw_mesh(scenario(contacts=[{"x_um": 2.4}]))
    assert not [r for r in caplog.records if r.levelname == "WARNING"]


CROSS = ((1.5, 0), (-1.5, 0), (0, 1.5), (0, -1.5))
SIGNS = ((-1.0, 1.0), (1.0, -1.0))


@pytest.mark.parametrize(
    ("parts", "axes"),
    [
        ({}, (0, 1, DIAGONAL)),
        ({"mesa": {"width_um": 6}}, (0, 1)),
        ({"contacts": [{}], "crystal": {}}, (0, 1, DIAGONAL)),
        ({"contacts": [{"x_um": 2}]}, (1,)),
        ({"contacts": [{"y_um": 2}]}, (0,)),
        ({"contacts": [OFF_CENTRE]}, ()),
        ({"contacts": [{"name": "a", "x_um": 3, "radius_um": 1}, {"name": "b", "x_um": -3, "radius_um": 1}]}, (0, 1)),
        ({"contacts": [{"name": "a", "x_um": 3, "radius_um": 1}, {"name": "b", "x_um": -3, "radius_um": 1.5}]}, (1,)),
        ({"mesa": {"shape": "disc", "radius_um": 4}}, (0, 1, DIAGONAL)),
        (
            {
                "contacts": [
                    {"name": "abcd"[k], "x_um": x, "y_um": y, "radius_um": 0.8} for k, (x, y) in enumerate(CROSS)
                ]
            },
            (0, 1, DIAGONAL),
        ),
    ],
)
def test_mesh_has_the_mirror_lines_of_the_device(parts: dict[str, object], axes: tuple[int, ...]):
    device = scenario(**parts)
    mirrors = mirror_lines(device)
    assert tuple(m.axis for m in mirrors) == axes
    raw = make_raw_mesh(device)
    for mirror in mirrors:
        turn = np.array([[0.0, 1.0], [1.0, 0.0]]) if mirror.axis == DIAGONAL else np.diag(SIGNS[mirror.axis])
        images = raw.points @ turn + 0.0
        assert as_set(raw.points) == as_set(images)
        number = {place: k for k, place in enumerate(map(tuple, raw.points.tolist()))}
        image = np.array([number[tuple(place)] for place in images.tolist()])
        kinds = {tuple(sorted(c)): tuple(m) for c, m in zip(raw.cells.tolist(), raw.member.tolist(), strict=True)}
        for cell, kind in kinds.items():
            assert kinds[tuple(sorted(image[list(cell)].tolist()))] == tuple(kind[p] for p in mirror.partner)


def test_mesh_is_the_same_every_time():
    device = scenario(crystal={}, contacts=[OFF_CENTRE])
    first, second = make_raw_mesh(device), make_raw_mesh(device)
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.cells, second.cells)
    assert np.array_equal(first.member, second.member)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"contacts": [{"x_um": 20}]}, "'contact:wire' reaches to or beyond the outline of the mesa"),
        ({"contacts": [{"x_um": 3}]}, "'contact:wire' reaches to or beyond the outline of the mesa"),
        ({"contacts": [{"radius_um": 8}]}, "'contact:wire' reaches to or beyond the outline of the mesa"),
        ({"crystal": {"width_um": 9}}, "'mesa' reaches to or beyond the outline of the crystal"),
        ({"mesa": {"shape": "polygon", "vertices_um": [(0, 0), (1, 1), (2, 2)]}}, "has no area"),
        ({"mesa": {"shape": "polygon", "vertices_um": [(-5, -5), (5, 5), (5, -5), (-5, 3)]}}, "gmsh could not mesh"),
        ({"mesh": {"size_um": 1e-4}}, "at most 2e"),
    ],
)
def test_contradictions_are_refused_in_words(parts: dict[str, object], words: str):
    gmsh = pytest.importorskip("gmsh")
    with pytest.raises(MeshError, match=words):
        make_raw_mesh(scenario(**parts))
    assert not gmsh.isInitialized()


def test_a_gmsh_session_of_the_user_is_left_as_it_was():
    gmsh = pytest.importorskip("gmsh")
    gmsh.initialize(argv=[], readConfigFiles=False, interruptible=False)
    try:
        gmsh.model.add("mine")
        gmsh.model.add("other")
        gmsh.model.setCurrent("mine")
        gmsh.option.setNumber("Mesh.Algorithm", 5)
        make_raw_mesh(scenario())
        assert gmsh.model.getCurrent() == "mine"
        assert gmsh.model.list().count("hotmesa") == 0
        assert gmsh.option.getNumber("Mesh.Algorithm") == 5
    finally:
        gmsh.finalize()
