"""Assumptions that decide something are named where a study has shown what."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotmesa.cli import main
from hotmesa.scenarios import available_scenarios
from hotmesa.scenarios.plans.assumptions import deciding_assumptions


def keys(name: str, *overrides: str) -> list[tuple[str, ...]]:
    return [item.keys for item in deciding_assumptions(name, overrides)]


def test_the_crystal_of_the_large_mesa_is_an_assumption_that_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert keys("thz-300x60") == [("crystal.width_um", "crystal.depth_um")]
    assert main(["check", "thz-300x60"]) == 0
    printed = capsys.readouterr().out
    assert "crystal.width_um = 400, crystal.depth_um = 160: not measured" in printed
    assert "decides where the hot spot sits" in printed and "see study-thz-crystal" in printed


def test_a_value_that_is_given_is_no_assumption(tmp_path: Path) -> None:
    assert keys("thz-300x60", "crystal.width_um=500") == [("crystal.depth_um",)]
    file = tmp_path / "mine.toml"
    file.write_text('base = "thz-300x60"\nname = "mine"\n[crystal]\nwidth_um = 500.0  # [measured]\n')
    assert keys(str(file)) == [("crystal.depth_um",)]
    file.write_text('base = "kurter2010-n19"\nname = "mine"\n')
    inherited = {key for found in keys(str(file)) for key in found}
    assert {"contacts.0.contact_resistance_ohm", "contacts.0.x_um", "law.gamma_c_meV"} <= inherited
    contact = '[[contacts]]\nname = "wire"\nradius_um = 1.5\nx_um = -1.0\ncontact_K_per_mW = 3.0\nwire_K_per_mW = 2.0\n'
    file.write_text(f'base = "kurter2010-n19"\nname = "mine"\n{contact}')
    assert not any(key.startswith("contacts") for found in keys(str(file)) for key in found)


def test_only_what_is_known_is_told() -> None:
    told = {name for name in available_scenarios() if keys(name)}
    assert told == {"thz-300x60", "kurter2010-n19"}
    for name in told:  # layers.0.thickness_um is varied too, and not an assumption there
        assert not any(key.startswith("layers") for found in keys(name) for key in found)
