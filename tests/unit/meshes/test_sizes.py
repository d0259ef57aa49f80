"""Element sizes and the estimate of the healing length."""

import math

import numpy as np
import pytest

from hotmesa.meshes.sizes import element_sizes, healing_length
from hotmesa.scenarios.materials import gold_phonon_resistivity
from hotmesa.scenarios.schema import Scenario


def scenario(material: dict[str, object] | None = None, **parts: object) -> Scenario:
    layers = [{"name": "film", "material": "m", "region": "mesa", "thickness_um": 0.04}]
    stack = {} if material is None else {"layers": layers, "materials": {"m": material}}
    return Scenario.model_validate({"name": "test"} | stack | parts)


def test_healing_length_of_a_film_by_hand():
    # lambda² = kappa d alpha A = 100 µW/(µm K) 0.04 µm 0.11 K/µW 100 µm² = 44 µm²
    assert healing_length(scenario({"in_plane_W_per_mK": 100.0})) == pytest.approx(math.sqrt(44), rel=1e-12)


def power(T: float, low: tuple[float, float], high: tuple[float, float]) -> float:
    """The power law between two points of a curve."""
    return low[1] * (T / low[0]) ** (math.log(high[1] / low[1]) / math.log(high[0] / low[0]))


@pytest.mark.parametrize(
    ("material", "conductivity"),
    [
        ({"in_plane_W_per_mK": {"T_K": [25, 100], "values": [10, 40]}}, 20.0),  # log-log: 50 K is the middle
        ({"base": "gold-film"}, 2.44e-8 * 50 / (1e-8 + float(gold_phonon_resistivity(np.array([50.0]))[0]))),
        ({"base": "bi2212", "divide_conductivity_by": 5}, power(50, (40, 5.0), (65, 6.0)) / 5),
        ({"base": "bi2212", "divide_conductivity_by": 5, "anisotropy": 10}, 2 * power(50, (39, 0.50), (55, 0.57))),
        ({"out_of_plane_W_per_mK": 0.5, "anisotropy": 10}, 5.0),
    ],
)
def test_healing_length_follows_the_conductivity(material: dict[str, object], conductivity: float):
    # 1e-5: the film is tabulated at 400 temperatures.
    assert healing_length(scenario(material)) == pytest.approx(math.sqrt(0.44 * conductivity), rel=1e-5)


def test_junction_layer_counts_with_its_height_and_crystal_does_not():
    layers = [
        {"name": "mesa", "material": "m", "region": "mesa", "junctions": True},
        {"name": "crystal", "material": "m", "thickness_um": 50},
    ]
    device = scenario(layers=layers, materials={"m": {"in_plane_W_per_mK": 10}}, mesa={"junctions": 10})
    assert healing_length(device) == pytest.approx(math.sqrt(10 * 0.02151 * 0.11 * 100), rel=1e-12)


def test_no_layers_no_healing_length():
    assert healing_length(scenario()) is None
    assert element_sizes(scenario()).mesa == pytest.approx(10 / 19)


def test_healing_length_limits_the_size():
    sizes = element_sizes(scenario({"in_plane_W_per_mK": 1.0}))
    assert sizes.mesa == pytest.approx(math.sqrt(0.44) / 8, rel=1e-12)
    assert sizes.healing_length == pytest.approx(math.sqrt(0.44), rel=1e-12)


def test_given_sizes_win_and_refine_divides_them():
    mesh = {"size_um": 0.8, "contact_size_um": 0.2, "rim_size_um": 4.0, "refine": 2}
    sizes = element_sizes(scenario(crystal={}, contacts=[{}], mesh=mesh))
    assert (sizes.mesa, sizes.contacts, sizes.rim) == (0.4, (0.1,), 2.0)


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
