"""Element sizes."""

import math

import pytest
from helpers.parts import small

from hotmesa.meshes.sizes import element_sizes, size_function
from hotmesa.scenarios.schema import Scenario


def scenario(**parts: object) -> Scenario:
    return small(parts)


SHEET = {
    "layers": [{"name": "mesa", "material": "m", "region": "mesa", "junctions": True}],
    "materials": {"m": {"in_plane_W_per_mK": 1.0}},
    "bath": {"bottom": "conductance", "bottom_W_per_m2K": 1e5},
}


def test_without_layers_the_width_decides():
    assert element_sizes(scenario()).mesa == pytest.approx(10 / 19)


def test_healing_lengths_limit_the_size_and_the_nodes_limit_them():
    sizes = element_sizes(scenario(**SHEET))
    assert sizes.healing is not None
    assert sizes.mesa == pytest.approx(sizes.healing.wall / 5, rel=5e-4)  # four digits
    wide = scenario(**SHEET, mesa={"width_um": 1000.0, "depth_um": 1000.0})
    assert element_sizes(wide).mesa == pytest.approx(math.sqrt(1.2 * 1e6 / 1e5), rel=1e-12)


def test_given_sizes_win_and_refine_divides_them():
    mesh = {"size_um": 0.8, "contact_size_um": 0.2, "rim_size_um": 4.0, "refine": 2}
    sizes = element_sizes(scenario(crystal={}, contacts=[{}], mesh=mesh))
    assert (sizes.mesa, sizes.contacts, sizes.rim) == (0.4, (0.1,), 2.0)


def test_edge_has_its_own_size_and_the_mesa_none_without():
    device = scenario(crystal={}, mesh={"size_um": 0.8, "rim_size_um": 4.0, "edge_size_um": 0.1, "growth": 0.2})
    size = size_function(device, element_sizes(device))
    at = [size(x, 0.0) for x in (0.0, 4.0, 5.0, 6.0, 29.0)]
    assert at == pytest.approx([0.8, 0.3, 0.1, 0.3, 4.0])
    plain = scenario(crystal={}, mesh={"size_um": 0.8, "rim_size_um": 4.0})
    size = size_function(plain, element_sizes(plain))
    assert [size(x, 0.0) for x in (0.0, 5.0, 6.0)] == pytest.approx([0.8, 0.8, 1.05])


def test_small_contacts_and_lines_get_finer_elements():
    plan = element_sizes(scenario(contacts=[{"radius_um": 1}, {"name": "b", "radius_um": 4}]))
    assert plan.contacts == pytest.approx((0.25, 10 / 19))
    line = element_sizes(scenario(geometry="strip", contacts=[{"radius_um": 1}]))
    assert (line.mesa, *line.contacts) == pytest.approx((10 / 95, 0.05))


def test_thin_polygon_is_as_wide_as_it_is_thin():
    ell = [(0, 0), (10, 0), (10, 1), (1, 1), (1, 10), (0, 10)]
    mesa = {"shape": "polygon", "vertices_um": ell}
    # hydraulic width 4 * 19 / 40 of an L with arms of 1 µm
    assert element_sizes(scenario(mesa=mesa)).mesa == pytest.approx(1.9 / 19)
