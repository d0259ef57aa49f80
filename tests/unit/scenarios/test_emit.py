from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hotmesa.scenarios import available_scenarios, load_scenario, to_toml
from hotmesa.scenarios.toml import inline


@pytest.mark.parametrize("name", available_scenarios())
def test_bundled_scenarios_survive_the_round_trip(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name)
    file = tmp_path / "resolved.toml"
    file.write_text(to_toml(scenario), encoding="utf-8")
    again = load_scenario(file)
    assert again == scenario
    assert to_toml(again) == to_toml(scenario)


def test_every_kind_of_value_survives_the_round_trip(small: Path, tmp_path: Path) -> None:
    changes = [
        'title="µm \\"quoted\\" \\\\ \\n end\\u007f"',
        "mesa.shape=polygon",
        "mesa.vertices_um=[[-5,-5],[5,-5],[5,5.5]]",
        "contacts=[]",
        "materials.bi.in_plane_W_per_mK={T_K=[4.2,100.0],values=[0.1,1e-12],source='x'}",
        "law.gaps_meV=[22,23.1]",
        "numerics.tolerance=1e-11",
    ]
    scenario = load_scenario(small, changes)
    file = tmp_path / "resolved.toml"
    file.write_text(to_toml(scenario), encoding="utf-8")
    assert load_scenario(file) == scenario


def test_defaults_are_written_out(small: Path) -> None:
    data = tomllib.loads(to_toml(load_scenario(small)))
    assert data["mesa"]["spacing_nm"] == 2.151
    assert data["bath"]["rim"] == "insulated"
    assert data["numerics"]["path"] == "auto"


VALUES = [True, 1, -0.0, 1e300, 5e-324, "é\t\x7f \"q\"", [], [[0.5, 1]], {"a b": 1, "x": {"y": [{"z": 2}]}}]


@pytest.mark.parametrize("value", VALUES)
def test_values_in_one_line_read_back(value: object) -> None:
    assert "\n" not in inline(value)
    assert tomllib.loads(f"value = {inline(value)}") == {"value": value}
