"""Healing lengths against closed formulas."""

import math
from pathlib import Path
from typing import Any

import pytest

from hotmesa.meshes.healing import SPREADING, HealingLengths, healing_lengths, sharpness
from hotmesa.meshes.sizes import element_sizes
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Scenario

FILM = {"name": "film", "material": "film", "region": "mesa", "thickness_um": 0.04}
MESA = {"name": "mesa", "material": "m", "region": "mesa", "junctions": True}
MATERIALS = {
    "film": {"in_plane_W_per_mK": 100.0},
    "m": {"in_plane_W_per_mK": 8.0, "out_of_plane_W_per_mK": 0.5},
}
HEIGHT_UM = 10 * 0.002151


def lengths(*below: dict[str, Any], bath: dict[str, Any] | None = None, **parts: Any) -> HealingLengths:
    device = {"name": "test", "layers": [FILM, MESA | {"sublayers": 1}, *below], "materials": MATERIALS}
    device |= {"mesa": {"junctions": 10, "spacing_nm": 2.151}, "bath": bath or {}} | parts
    found = healing_lengths(Scenario.model_validate(device))
    assert found is not None
    return found


def test_sheet_on_a_conductance_has_the_root_of_K_over_h():
    found = lengths(bath={"bottom": "conductance", "bottom_W_per_m2K": 1e5, "top_W_per_m2K": 2e4})
    K, h = 4.0 + 8.0 * HEIGHT_UM, 0.02 + 1 / (1 / 0.1 + HEIGHT_UM / 0.5)
    assert found.cold == pytest.approx(math.sqrt(K / h), rel=1e-8)
    assert found.normal == pytest.approx(math.sqrt(K / h), rel=1e-8)
    # Heating that grows four times as fast as cooling: K k^2 = 3 h.
    assert found.wall == pytest.approx(math.sqrt(K / (3 * h)), rel=1e-8)


def test_layers_and_borders_below_are_in_series():
    glue = {"name": "glue", "material": "glue", "region": "mesa", "thickness_um": 5.0, "boundary_W_per_m2K": 2e5}
    found = lengths(glue, materials=MATERIALS | {"glue": {"in_plane_W_per_mK": 0.2}})
    K, h = 4.0 + 8.0 * HEIGHT_UM + 0.2 * 5.0, 1 / (HEIGHT_UM / 0.5 + 5.0 / 0.2 + 1 / 0.2)
    assert found.cold == pytest.approx(math.sqrt(K / h), rel=1e-8)


def test_thick_crystal_is_a_half_space():
    crystal = {"name": "crystal", "material": "m", "thickness_um": 1000.0}
    mesa = {"junctions": 10, "spacing_nm": 1e-6}  # no resistance of its own
    found = lengths(crystal, mesa=mesa, crystal={"width_um": 1e6, "depth_um": 1e6})
    K, kappa, k0 = 4.0, math.sqrt(8.0 * 0.5), SPREADING / 10.0
    for length, times in ((found.cold, 2.0), (found.wall, 4.0)):
        # K k^2 + kappa k = s kappa k0
        k = (-kappa + math.sqrt(kappa**2 + 4 * K * times * kappa * k0)) / (2 * K)
        assert length == pytest.approx(1 / k, rel=2e-4)


def test_crystal_as_small_as_the_mesa_is_a_slab():
    crystal = {"name": "crystal", "material": "m", "thickness_um": 0.001}
    found = lengths(crystal, crystal={"width_um": 10.0, "depth_um": 10.0})
    K, h = 4.0 + 8.0 * HEIGHT_UM, 1 / ((HEIGHT_UM + 0.001) / 0.5)
    assert found.cold == pytest.approx(math.sqrt(K / h), rel=1e-3)


def test_contacts_take_their_part():
    bare = {"bottom": "conductance", "bottom_W_per_m2K": 1e4}
    contact = {"radius_um": 2.0, "contact_K_per_mW": 1.0, "wire_K_per_mW": 9.0}
    K, h = 4.0 + 8.0 * HEIGHT_UM, 1 / (1 / 0.01 + HEIGHT_UM / 0.5)
    g = 1e3 / (1.0 + 9.0 + 1e3 / (2 * math.pi * K)) / 100.0
    assert lengths(bath=bare, contacts=[contact]).cold == pytest.approx(math.sqrt(K / (h + 2 * g)), rel=1e-8)


def test_the_law_sharpens_the_wall():
    steep = {"kind": "ohmic", "resistivity_ohm_cm": {"T_K": [10, 40, 80, 300], "values": [64.0, 16.0, 1.0, 1.0]}}
    device = Scenario.model_validate({"name": "test", "law": steep, "bath": {"temperature_K": 8.0}})
    # rho falls as T^-4 from 40 to 80 K.
    assert sharpness(device) == pytest.approx(4.0 * (1 - 8.0 / 80.0), rel=1e-12)
    flat = device.model_copy(update={"law": type(device.law)(resistivity_ohm_cm=1.0)})
    assert sharpness(flat) == 0.0


def test_without_layers_or_cooling_there_is_no_length():
    assert healing_lengths(Scenario.model_validate({"name": "test"})) is None
    layers = {"layers": [MESA], "materials": MATERIALS, "bath": {"bottom": "insulated"}}
    assert healing_lengths(Scenario.model_validate({"name": "test"} | layers)) is None


def test_heat_sinks_decide_the_mesh_and_the_uniform_model_does_not():
    sizes = []
    for crystal, glue in ((15.0, 30.0), (15.0, 5.0), (5.0, 2.0), (2.0, 0.5), (1.0, 0.1)):
        changes = {"layers.2.thickness_um": crystal, "layers.2.first_sublayer_um": 0.1, "layers.3.thickness_um": glue}
        changes |= {"mesa.depth_um": 120.0}
        changes["uniform.thermal_resistance_K_per_mW"] = 100 * glue
        device = load_scenario("thz-300x60", changes)
        device = device.model_copy(update={"mesh": device.mesh.model_copy(update={"size_um": None})})
        sizes.append(element_sizes(device).mesa)
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 5
    assert sizes[0] > 3 * sizes[-1]


def test_sinks_shorten_the_healing_length_as_their_slope_does(tmp_path: Path):
    bath = {"bottom": "conductance", "bottom_W_per_m2K": 1e3, "temperature_K": 4.0}
    K, below = 4.0 + 8.0 * HEIGHT_UM, 1 / (1 / 1e-3 + HEIGHT_UM / 0.5)
    table = tmp_path / "q.csv"
    table.write_text("T_K,q_W_per_m2\n2,0\n200,9.9e6\n", encoding="utf-8")
    conductance = {"name": "s", "face": "top", "kind": "conductance", "h_W_per_m2K": 5e4}
    measured = {"name": "s", "face": "top", "kind": "table", "table": str(table)}
    for sink in (conductance, measured):
        found = lengths(bath=bath, sinks=[sink])
        assert found.cold == pytest.approx(math.sqrt(K / (below + 0.05)), rel=1e-8)
    hot = 60.0
    helium = {"name": "s", "face": "top", "kind": "helium", "a_W_per_m2K4": 0.1}
    found = lengths(bath=bath, sinks=[helium], output={"hot_temperature_K": hot})
    assert found.normal == pytest.approx(math.sqrt(K / (below + 4e-7 * hot**3)), rel=1e-8)
    bottom = lengths(bath=bath, sinks=[conductance | {"face": "bottom"}])
    assert bottom.cold == pytest.approx(math.sqrt(K * (1 / (1e-3 + 0.05) + HEIGHT_UM / 0.5)), rel=1e-8)
    assert lengths(bath=bath, sinks=[conductance | {"face": "crystal"}]).cold == lengths(bath=bath).cold
