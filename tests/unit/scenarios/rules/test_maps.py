"""Maps and directions: what is refused, at which key, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.describe import summary

R = "mesa.specific_resistance_ohm_um2"


def on(target: str, expression: str = "1 + 0.1*x/5") -> str:
    return f'maps=[{{of="{target}",expression="{expression}"}}]'


WRONG = [
    ([on("mesa.resistance")], "maps.0.of", f"did you mean {R}"),
    ([on("layers.gold.sheet_W_per_K")], "maps.0.of", "nothing that a map can be of"),
    ([on("layers.film.boundary_W_per_m2K")], "maps.0.of", 'layer "film" has no boundary_W_per_m2K'),
    ([on(R, "x")], "maps.0.expression", "the factor is -5 at x = -5"),
    ([on(R, "1/(x - 5)")], "maps.0.expression", "it must be a number above 0 everywhere"),
    ([on(R, "1 + z")], "maps.0.expression", '"z" is not known'),
    ([f'maps=[{{of="{R}",expression="2"}},{{of="{R}",expression="3"}}]'], "maps.1.of", "has a map already"),
    ([on("law"), "law.kind=ohmic", "law.resistivity_ohm_cm=5"], "maps.0.of", 'law.kind = "ohmic" has none'),
    ([on("law"), "law.sin_contact_ohm=1"], "maps.0.of", "contact in series"),
    ([on(R), "josephson.critical_voltage_mV=1"], "maps.0.of", "knows no maps"),
    (["maps=[{of='law',file='nowhere.csv'}]"], "maps.0.file", "no such file"),
    (["maps=[{of='law'}]"], "maps.0.expression", "is missing"),
    ([on(R), 'electrode={kind="sheet",inject=["wire"],sheet_ohm=1.0}'], "maps", "alike everywhere"),
    ([on(R), "mode=uniform"], "maps", "knows no places"),
    (["geometry=strip", "materials.bi.conductivity_ratio_xy=2"], "conductivity_ratio_xy", "one direction"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "key", "text"), WRONG)
def test_what_cannot_be_is_refused_at_its_key(problems, overrides: list[str], key: str, text: str) -> None:
    found = problems(*overrides)
    assert len(found) == 1, found
    assert key in found[0].replace(' ("wire")', "")
    assert text in found[0]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("x_um,y_um,factor\n-5,-5,1\n5,-5,1\n5,5,1\n-5,5,2\n", ""),
        ("x_um,y_um,factor\n-4,-5,1\n5,-5,1\n5,5,1\n-5,5,2\n", "must enclose all of what the map is on"),
        ("x_um,y_um,factor\n-5,-5,1\n5,5,1\n0,0,1\n", "lie on one line"),
        ("x_um,y_um,factor\n-5,-5,1\n5,-5,-1\n5,5,1\n-5,5,2\n", "it must be a number above 0 everywhere"),
        ("x_um,y_um\n-5,-5\n", "factor"),
        ("x_um,factor\n-5,1\n5,2\n", ""),
        ("x_um,factor\n-5,1\n4,2\n", "must enclose all of what the map is on"),
    ],
)
def test_a_table_covers_the_mesa(problems, tmp_path: Path, rows: str, text: str) -> None:
    file = tmp_path / "map.csv"
    file.write_text(rows)
    found = problems(f'maps=[{{of="{R}",file="{file}"}}]')
    assert len(found) == (1 if text else 0), found
    assert not text or (text in found[0] and "maps.0.file" in found[0])


def test_check_tells_the_mean_of_a_factor(small: Path) -> None:
    # The mean of 1 + (x/5)² over |x| < 5 is 4/3; of where(x > 0, 3, 1) it is 2.
    text = summary(load_scenario(small, [on(R, "1 + (x/5)^2")]))
    assert f"{R} × 1 + (x/5)^2 (mean 1.333, 1 to 1.98)" in text
    text = summary(load_scenario(small, [on("layers.base.sheet_W_per_K", "where(x > 0, 3, 1)"), "geometry=strip"]))
    assert "(mean 2, 1 to 3)" in text
