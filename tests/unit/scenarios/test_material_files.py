"""Material files: what the bundled ones hold, and what bad ones are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.material_files import MaterialError, read_material
from hotmesa.scenarios.materials import bi2212, build_material, out_of_range
from hotmesa.scenarios.schema import Bath, Curve, Material
from hotmesa.scenarios.schema.material import LIBRARY
from hotmesa.solver.device.capacity import require_heat_capacities
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model

THZ = "thz-300x60"


@pytest.mark.parametrize("name", LIBRARY)
def test_a_bundled_material_tells_source_and_range(name: str) -> None:
    material = read_material(name)
    assert material.name == name and material.title and material.source
    for curve in (material.in_plane_W_per_mK, material.out_of_plane_W_per_mK, material.heat_capacity_J_per_m3K):
        if curve is not None:
            assert isinstance(curve, Curve) and curve.source
            assert curve.T_K[0] <= material.range_K[0] and curve.T_K[-1] >= material.range_K[1]


@pytest.mark.parametrize(
    ("name", "key", "T_K", "value", "rtol"),
    [
        ("copper-rrr100", "out_of_plane", 77.0, 547.2, 2e-3),  # the rational function of NIST, by hand
        ("copper-rrr50", "heat_capacity", 20.0, 7.51 * 8960 * 1e-6, 3e-3),
        ("polyimide", "out_of_plane", 77.0, 0.1255, 2e-3),
        ("teflon", "heat_capacity", 77.0, 301.1 * 2200 * 1e-6, 2e-3),
        ("g10", "in_plane", 77.0, 0.386, 2e-3),
        ("g10", "out_of_plane", 77.0, 0.280, 2e-3),
        ("stainless-304", "out_of_plane", 300.0, 15.31, 1e-3),
        ("silicon", "out_of_plane", 163.0, 385.0, 1e-3),
    ],
)
def test_curves_are_those_of_their_source(name: str, key: str, T_K: float, value: float, rtol: float) -> None:
    assert getattr(build_material(Material(file=name)), key)(T_K) == pytest.approx(value, rel=rtol)


def test_sapphire_stores_heat_by_the_law_of_debye_and_has_no_conductivity_of_its_own() -> None:
    with pytest.raises(MaterialError, match="sapphire: holds no conductivity; give out_of_plane_W_per_mK"):
        build_material(Material(file="sapphire"))
    crystal = build_material(Material(file="sapphire", out_of_plane_W_per_mK=1e3))
    assert crystal.in_plane(20.0) == crystal.out_of_plane(20.0) == 1e3
    law = 5 * 12 * np.pi**4 / 5 * 8.314 * (4.0 / 1034.0) ** 3 / 25.57  # J/(cm³ K), T^3 law of five atoms
    assert crystal.heat_capacity(4.0) == pytest.approx(law, rel=1e-2)


def test_what_is_given_beside_a_file_goes_before_it() -> None:
    half = build_material(Material(file="polyimide", divide_conductivity_by=2.0))
    whole = build_material(Material(file="polyimide"))
    assert half.out_of_plane(50.0) == pytest.approx(0.5 * whole.out_of_plane(50.0))
    assert build_material(Material(file="brass", heat_capacity_J_per_m3K=3e6)).heat_capacity(9.0) == 3.0
    assert whole.stores_heat and not build_material(Material(file="brass")).stores_heat
    assert build_material(Material(file="brass", heat_capacity_of="bi2212")).heat_capacity(20.0) == (
        bi2212().heat_capacity(20.0)
    )


def test_a_file_of_ones_own_stands_beside_the_scenario(tmp_path: Path) -> None:
    text = 'name = "paste"\nsource = "own measurement"\nrange_K = [4, 300]\nout_of_plane_W_per_mK = 3.5\n'
    (tmp_path / "paste.toml").write_text(text)
    device = f'base = "{THZ}"\nname = "mine"\nwithout = ["materials.glue"]\n[materials.glue]\nfile = "paste.toml"\n'
    (tmp_path / "device.toml").write_text(device)
    scenario = load_scenario(tmp_path / "device.toml")
    assert build_material(scenario.materials["glue"]).out_of_plane(50.0) == 3.5
    assert str(tmp_path) in scenario.model_dump()["materials"]["glue"]["file"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nrange_K = [4, 300]\nout_of_plane_W_per_mK = 1.0\n', "source"),
        ('name = "x"\nsource = "y"\nrange_K = [300, 4]\nout_of_plane_W_per_mK = 1.0\n', "range_K: must be [low, high]"),
        ('name = "x"\nsource = "y"\nrange_K = [4, 300]\n', "out_of_plane_W_per_mK: is missing"),
        ('name = "x"\nsource = "y"\nrange_K = [4, 300]\nout_of_plane_W_per_mK = -1.0\n', "greater than"),
        ('name = "x"\nsource = "y"\nrange_K = [4, 300]\nkappa = 1.0\n', "kappa"),
        ("name = \n", "x.toml"),
    ],
)
def test_bad_files_are_told_with_key_and_reason(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as raised:
        load_scenario(THZ, ["materials.bi2212={}", f'materials.bi2212.file="{file}"'])
    assert said in str(raised.value) and "materials.bi2212.file" in str(raised.value)


SWEEP = ['mode="sweep"', "bias.legs_mA=[0.0,4.0]"]
TRANSIENT = ['mode="transient"', "transient.level_mA=4.0"]


@pytest.mark.parametrize("changes", [SWEEP, TRANSIENT, ['stability.points="kept"']])
def test_what_is_told_of_time_needs_heat_capacities(changes: list[str]) -> None:
    glue = "materials.glue={in_plane_W_per_mK=0.2,out_of_plane_W_per_mK=0.2}"
    with pytest.raises(ScenarioError, match=r"materials\.glue\.heat_capacity_J_per_m3K: is missing"):
        load_scenario(THZ, [glue, *changes])
    assert load_scenario(THZ, [glue]).materials["glue"].word == "none"
    load_scenario(THZ, changes)


def test_a_model_without_heat_capacity_has_no_rates() -> None:
    stack = Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02)
    scenario = on_crystal(materials={"gold": Material(base="gold-film"), "crystal": stack})
    model = Model(scenario, build_mesh(scenario))
    with pytest.raises(RequestError, match="heat_capacity_of"):
        require_heat_capacities(model.layout)


def test_a_bath_outside_the_range_is_told() -> None:
    scenario = load_scenario(THZ, ['materials.glue={file="polyimide"}', "bath.temperature_K=1.8"])
    assert any("polyimide holds from 4 to 300 K, the bath is at 1.8 K" in text for text in out_of_range(scenario))
    assert out_of_range(load_scenario(THZ)) == ()
    assert isinstance(scenario.bath, Bath)
