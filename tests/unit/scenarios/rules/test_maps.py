"""Maps and directions: what is refused, at which key, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.describe import summary
from hotmesa.scenarios.maps import read_factor

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


def image(file: Path, levels: np.ndarray, mode: str | None = None) -> Path:
    Image.fromarray(levels, mode).save(file)
    return file


def picture(file: Path, more: str = "black=0.5,white=1.5,x_um=[-5,5],y_um=[-5,5]", of: str = R) -> str:
    return f'maps=[{{of="{of}",file="{file}",{more}}}]'


def test_an_image_is_linear_between_the_middles_of_its_pixels(small: Path, tmp_path: Path) -> None:
    eight = image(tmp_path / "8.png", np.array([[0, 51], [102, 255]], dtype=np.uint8))
    sixteen = image(tmp_path / "16.png", np.array([[0, 13107], [26214, 65535]], dtype=np.uint16))
    for file in (eight, sixteen):
        (item,) = load_scenario(small, [picture(file)]).maps
        factor = read_factor(item)
        # The top row at high y; levels 0, 0.2 over 0.4, 1 between the factors 0.5 and 1.5, middles at ±2.5 µm.
        x, y = np.array([-2.5, 2.5, -2.5, 2.5, 0.0, -5.0, 0.0]), np.array([2.5, 2.5, -2.5, -2.5, 0.0, 5.0, 2.5])
        assert factor(x, y) == pytest.approx([0.5, 0.7, 0.9, 1.5, 0.9, 0.5, 0.6], rel=1e-12)
        assert np.isnan(factor(np.array([5.1]), np.zeros(1))).all()
        assert read_factor(item, beyond=True)(np.array([9.0]), np.array([-9.0])) == pytest.approx(1.5)


def test_an_image_of_an_expression_gives_its_device(small: Path, tmp_path: Path) -> None:
    # Middles of 40 pixels over 10 µm: a ramp along x is linear in between, and constant in the outer halves.
    middles = np.tile((np.arange(40) + 0.5) / 40, (4, 1))
    file = image(tmp_path / "ramp.png", np.round(65535 * middles).astype(np.uint16))
    (item,) = load_scenario(small, [picture(file)]).maps
    x = np.linspace(-4.8, 4.8, 31)
    assert read_factor(item)(x, np.zeros(31)) == pytest.approx(1.0 + 0.1 * x, abs=1e-4)  # levels of 16 bits
    assert "mean 1, 0.5125 to 1.488" in summary(load_scenario(small, [picture(file)]))


GREY = np.full((3, 3), 128, dtype=np.uint8)


@pytest.mark.parametrize(
    ("levels", "more", "key", "text"),
    [
        (GREY, "black=0.5,white=1.5,x_um=[-4,5],y_um=[-5,5]", "file", "x_um and y_um must enclose all"),
        (GREY, "black=0.5,white=1.5,x_um=[5,-5],y_um=[-5,5]", "x_um", "give the smaller value first"),
        (GREY, "white=1.5,x_um=[-5,5],y_um=[-5,5]", "black", "missing"),
        (GREY, "black=-1,white=1.5,x_um=[-5,5],y_um=[-5,5]", "black", "-1"),
        (0 * GREY, "black=0,white=1.5,x_um=[-5,5],y_um=[-5,5]", "file", "must be a number above 0 everywhere"),
        (np.dstack([GREY, GREY, 0 * GREY]), "black=0.5,white=1.5,x_um=[-5,5],y_um=[-5,5]", "file", "has colours"),
        (np.dstack([GREY] * 4), "black=0.5,white=1.5,x_um=[-5,5],y_um=[-5,5]", "file", "transparent"),
        (np.zeros((2001, 2001), dtype=np.uint8), "black=1,white=2,x_um=[-5,5],y_um=[-5,5]", "file", "make it smaller"),
    ],
)
def test_images_that_are_no_map_are_refused(
    problems, tmp_path: Path, levels: np.ndarray, more: str, key: str, text: str
) -> None:
    found = problems(picture(image(tmp_path / "map.png", levels), more))
    assert len(found) == 1, found
    assert f"maps.0.{key}" in found[0] and text in found[0]


@pytest.mark.parametrize("cut", [0, 40, 5])
def test_a_damaged_image_is_refused(problems, tmp_path: Path, cut: int) -> None:
    file = image(tmp_path / "map.png", np.random.default_rng(1).integers(0, 255, (40, 40), dtype=np.uint8))
    file.write_bytes(file.read_bytes()[: cut * 10] if cut else b"x_um,factor\n0,1\n")
    (found,) = problems(picture(file))
    assert "maps.0.file" in found and ("no PNG image" in found or "cannot be read" in found)


def test_maps_lie_below_and_on_an_electrode(problems) -> None:
    for target in (R, "law", "layers.film.sheet_W_per_K"):
        assert problems(on(target), 'electrode={kind="film",inject=["wire"]}') == ()


def test_check_tells_the_mean_of_a_factor(small: Path) -> None:
    # The mean of 1 + (x/5)² over |x| < 5 is 4/3; of where(x > 0, 3, 1) it is 2.
    text = summary(load_scenario(small, [on(R, "1 + (x/5)^2")]))
    assert f"{R} × 1 + (x/5)^2 (mean 1.333, 1 to 1.98)" in text
    text = summary(load_scenario(small, [on("layers.base.sheet_W_per_K", "where(x > 0, 3, 1)"), "geometry=strip"]))
    assert "(mean 2, 1 to 3)" in text
