"""Factors of maps on boundaries and layers: values, exact derivatives, and refusals at nodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios.schema import Curve, Layer, Material, Mesa
from hotmesa.scenarios.schema.maps import Map
from hotmesa.solver.device.vertical import BoundaryCurve, UnlikeMaterials
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model

CUBIC = Curve(T_K=(1.0, 300.0), values=(30.0, 30.0 * 300.0**3))
STEP = "where(x > 0, 0.3, 1.2)"


def mapped(target: str, expression: str = STEP, boundary: float | Curve = 3e5, **parts: object) -> Model:
    """A model with a boundary below its junctions, and a map."""
    plain = on_crystal(2)
    own = {"mesa": {"boundary_W_per_m2K": boundary}}
    layers = [layer.model_copy(update=own.get(layer.name, {})) for layer in plain.layers]
    maps = (Map(of=target, expression=expression),) if target else ()
    scenario = on_crystal(2, layers=tuple(layers), maps=maps, **parts)
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize("boundary", [3e5, CUBIC])
def test_a_factor_on_a_boundary_is_another_conductance_at_every_node_with_exact_derivatives(boundary: float | Curve):
    model = mapped("layers.mesa.boundary_W_per_m2K", boundary=boundary)
    kind = BoundaryCurve if isinstance(boundary, Curve) else UnlikeMaterials
    face = next(f for f in model.interfaces if isinstance(f, kind) and f.above.layer == "mesa")
    random = np.random.default_rng(1)
    T = random.uniform(5.0, 60.0, model.layout.size)
    x = model.operators.xy[model.layout.mesa_nodes, 0]

    def q(T: np.ndarray) -> np.ndarray:
        return face.flux(T, model.layout.potentials(T, 4.2)).q

    flux = face.flux(T, model.layout.potentials(T, 4.2))
    for inside, factor in ((x > 0, 0.3), (x <= 0, 1.2)):
        if isinstance(boundary, Curve):
            whole = replace(face, factor=1.0, conductance=face.conductance.scaled(factor))
        else:
            whole = replace(face, factor=None, above=replace(face.above, boundary=factor * face.above.boundary))
        assert flux.q[inside] == pytest.approx(whole.flux(T, model.layout.potentials(T, 4.2)).q[inside], rel=1e-8)
    for rows, derivative in ((face.upper, flux.by_upper), (face.lower, flux.by_lower)):
        h = np.zeros(T.size)
        h[rows] = 1e-3
        # Second differences leave (1e-3 K)² of the curvature, the solution of a curve its tolerance.
        assert derivative == pytest.approx((q(T + h) - q(T - h)) / 2e-3, rel=2e-4)


def test_where_nothing_is_mapped_nothing_is_made():
    model = mapped("")
    assert model.operators.own_stiffness == {}
    assert model.junctions.factor is None and model.junctions.scale is None
    assert all(getattr(face, "factor", None) is None for face in model.interfaces)


def test_a_factor_on_a_layer_weighs_its_conduction_alone():
    whole, half = mapped(""), mapped("layers.film.sheet_W_per_K", "0.5")
    rows = half.layout.rows(0)
    phi = np.random.default_rng(2).uniform(0.0, 1.0, half.layout.size)
    changed, plain = half.conduction.apply(phi), whole.conduction.apply(phi)
    assert changed[rows] == pytest.approx(0.5 * plain[rows], rel=1e-12, abs=1e-15)
    assert np.array_equal(np.delete(changed, np.arange(len(phi))[rows]), np.delete(plain, np.arange(len(phi))[rows]))
    # However it varies, a layer conducts nothing where it has one temperature, and loses nothing by itself.
    uneven = mapped("layers.film.sheet_W_per_K", "1 + 0.1*x + 0.05*y^2")
    assert np.abs(uneven.conduction.apply(np.ones(len(phi)))[rows]).max() < 1e-12
    assert abs(uneven.conduction.apply(phi)[rows].sum()) < 1e-12


def test_a_map_of_the_crystal_is_not_condensed():
    plain = on_crystal()
    assert Model(plain, build_mesh(plain)).layout.condensed
    crystal = plain.layers[2].model_copy(update={"boundary_W_per_m2K": 1e5})
    glue = Layer(name="glue", material="crystal", thickness_um=2.0)
    void = Map(of="layers.crystal.boundary_W_per_m2K", expression="where(hypot(x, y) < 3, 0.01, 1)")
    ratio = {"crystal": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02, conductivity_ratio_xy=2.0)}
    layers = (*plain.layers[:2], crystal, glue)
    for parts, reason in (
        ({"layers": layers, "maps": (void,), "materials": plain.materials | ratio}, "direction"),
        ({"layers": layers, "maps": (void,)}, "temperature|place"),
    ):
        scenario = on_crystal(**parts)
        model = Model(scenario, build_mesh(scenario))
        assert any(word in str(model.parts.why_sparse) for word in reason.split("|"))


def test_a_map_that_is_no_positive_number_at_a_node_is_refused():
    with pytest.raises(RequestError, match=r"the map of mesa.specific_resistance_ohm_um2 is -?\d.* at x = "):
        mapped("mesa.specific_resistance_ohm_um2", "x - 100")


def test_a_table_is_linear_between_its_places_and_goes_on_at_the_edge_of_a_round_mesa(tmp_path: Path):
    file = tmp_path / "map.csv"
    # 2 + 0.1 x + 0.05 y on a square around the disc, whose polygon reaches beyond its radius.
    rows = [f"{x},{y},{2 + 0.1 * x + 0.05 * y}" for x in (-5, 0, 5) for y in (-5, 0, 5)]
    file.write_text("\n".join(["x_um,y_um,factor", *rows]))
    disc = Mesa(shape="disc", radius_um=5.0)
    scenario = on_crystal(mesa=disc, maps=(Map(of="mesa.specific_resistance_ohm_um2", file=str(file)),))
    model = Model(scenario, build_mesh(scenario))
    x, y = model.operators.xy[model.layout.mesa_nodes].T
    inside = np.maximum(np.abs(x), np.abs(y)) <= 5.0
    assert model.junctions.factor is not None
    assert model.junctions.factor[inside] == pytest.approx((2 + 0.1 * x + 0.05 * y)[inside], rel=1e-12)
    assert (model.junctions.factor > 0.0).all()


def test_upright_planes_spread_heat_along_themselves():
    # The c axis along x: what a hot place warms reaches farther along y, by the root of the ratio in a thin layer.
    upright = Material(in_plane_W_per_mK=0.02, out_of_plane_W_per_mK=0.2, conductivity_ratio_xy=0.1)
    plain = on_crystal(contacts=())
    scenario = on_crystal(contacts=(), materials=plain.materials | {"crystal": upright})
    model = Model(scenario, build_mesh(scenario))
    phi = np.zeros((model.layout.size, 2))
    rows = model.layout.rows(model.layout.junction_layers[0])
    phi[rows] = 0.1 * model.operators.xy[model.layout.mesa_nodes]
    heat = model.conduction.apply(phi)
    # Dissipation of a unit slope along y over that along x: 1/ratio.
    along = [float(phi[rows, k] @ heat[rows, k]) for k in (0, 1)]
    assert along[1] / along[0] == pytest.approx(10.0, rel=1e-12)
