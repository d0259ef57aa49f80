"""Sublayers: gradings, junction shares, boundaries."""

import numpy as np
import pytest

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.layers import graded, layer_thickness
from hotmesa.scenarios.schema import Layer, Material, Mesa, Scenario
from hotmesa.solver.device.stack import build_stack


@pytest.mark.parametrize(
    ("total", "count", "first"),
    [
        (30.0, 14, 0.1),
        (5.0, 4, 0.2),
        (1.0, 2, 0.5),
        (1.0, 2, 0.9),
        (3.0, 200, 0.001),
        (2.0, 7, 2.0 / 7.0),
        (8.0, 3, 5.0),
    ],
)
def test_grading_sums_to_the_thickness_with_one_ratio(total, count, first) -> None:
    d = graded(total, count, first)
    assert d.shape == (count,)
    assert d.sum() == pytest.approx(total, rel=1e-14)
    assert np.all(d > 0.0)
    # The ratio is found to 1e-14; raised to the power of 200 sublayers that is 1e-11.
    assert d[0] == pytest.approx(first, rel=1e-9)
    assert d[1:] / d[:-1] == pytest.approx(np.full(count - 1, d[1] / d[0]), rel=1e-12)


@pytest.mark.parametrize(("count", "first"), [(1, None), (5, None), (1, 0.3)])
def test_even_grading(count, first) -> None:
    assert graded(2.0, count, first) == pytest.approx(np.full(count, 2.0 / count), rel=1e-15)


def scenario(**mesa_layer: object) -> Scenario:
    return Scenario(
        name="stack",
        mesa=Mesa(junctions=20, resistive_junctions=12, spacing_nm=1.5),
        layers=(
            Layer(name="film", material="m", thickness_um=0.04, region="mesa", boundary_W_per_m2K=2e8),
            Layer(name="mesa", material="m", region="mesa", junctions=True, **mesa_layer),
            Layer(name="crystal", material="m", thickness_um=4.0, sublayers=2, boundary_W_per_m2K=1e7),
            Layer(name="glue", material="m", thickness_um=1.0),
        ),
        materials={"m": Material(in_plane_W_per_mK=1.0)},
    )


def test_junction_layer_is_as_thick_as_its_junctions() -> None:
    s = scenario()
    assert layer_thickness(s, s.layers[1]) == pytest.approx(20 * 1.5e-3)
    with pytest.raises(ValueError, match="film has no thickness"):
        layer_thickness(s, s.layers[0].model_copy(update={"thickness_um": None}))


def test_names_regions_and_boundaries() -> None:
    stack = build_stack(scenario(sublayers=2))
    assert [s.name for s in stack] == ["film", "mesa_01", "mesa_02", "crystal_01", "crystal_02", "glue"]
    assert [s.on_mesa for s in stack] == [True, True, True, False, False, False]
    # A boundary lies below the last sublayer of its layer: 2e8 W/m²K = 200 µW/(µm² K).
    assert [s.boundary for s in stack] == pytest.approx([200.0, np.inf, np.inf, np.inf, 10.0, np.inf])
    assert len({id(s.material) for s in stack}) == 1


def test_sublayers_share_the_resistive_junctions_by_thickness() -> None:
    stack = build_stack(scenario(sublayers=3, first_sublayer_um=0.005))
    mesa = [s for s in stack if s.junctions > 0.0]
    assert [s.name for s in mesa] == ["mesa_01", "mesa_02", "mesa_03"]
    assert sum(s.junctions for s in mesa) == pytest.approx(12.0, rel=1e-14)
    thickness = np.array([s.thickness for s in mesa])
    assert [s.junctions for s in mesa] == pytest.approx(12.0 * thickness / thickness.sum(), rel=1e-14)


def test_a_bundled_device() -> None:
    s = load_scenario("kurter2010-n19")
    stack = build_stack(s)
    assert sum(x.junctions for x in stack) == pytest.approx(19.0)
    assert sum(x.thickness for x in stack if x.junctions > 0) == pytest.approx(19 * s.mesa.spacing_nm * 1e-3)
