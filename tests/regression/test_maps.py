"""Maps of backbending (validation.kurter2010.maps): borders, grids, and the shipped device on their coarse mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from validation.kurter2010 import maps
from validation.kurter2010.page import DOCS, IMAGES, blocks_of
from validation.kurter2010.runs import trace

from hotmesa.postprocess.curve import make_curve
from hotmesa.scenarios.plans.study import load_study


@pytest.mark.parametrize("steepest", [-0.3, 0.0, 0.4])
def test_least_slope_is_smooth_through_the_border(steepest: float) -> None:
    # dV/dI = 1 - (1 - steepest) exp(-(I - 3)²): one dip, no fold in I.
    I_mA = np.linspace(0.0, 6.0, 61)
    slope = 1 - (1 - steepest) * np.exp(-((I_mA - 3.0) ** 2))
    fine = np.linspace(0.0, 6.0, 6001)
    between = 1 - (1 - steepest) * np.exp(-((fine - 3.0) ** 2))
    V = np.concatenate([[0.0], np.cumsum((between[1:] + between[:-1]) / 2 * np.diff(fine))])
    curve = make_curve(np.interp(I_mA, fine, V), I_mA, slope, 1.0)
    assert curve is not None
    # The dip is at a point; a cubic spline of the direction over steps of 0.1 is right to about 1e-4 beside it.
    assert maps.least_slope(curve) == pytest.approx(steepest, abs=1e-3)


def test_border_between_points() -> None:
    y = np.array([0.01, 0.1, 1.0])
    assert maps.border(y, np.array([0.2, 0.1, -0.1]), log=True) == [pytest.approx(10**-0.5)]
    assert maps.border(y, np.array([0.2, 0.1, -0.1]), log=False) == [pytest.approx(0.55)]
    assert maps.border(y, np.array([0.2, 0.1, 0.1]), log=True) == []


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        ([0.1, 0.2, 0.3], "nowhere"),
        ([-0.1, -0.2, -0.3], "everywhere"),
        ([0.1, -0.1, -0.3], "above 1.5"),
        ([-0.1, 0.1, 0.3], "below 1.5"),
        ([-0.1, 0.1, -0.1], "below 1.5 and above 2.5"),
        ([0.1, -0.1, 0.1], "from 1.5 to 2.5"),
    ],
)
def test_words_of_a_column(slope: list[float], words: str) -> None:
    assert maps.in_words(np.array([1.0, 2.0, 3.0]), np.array(slope), log=False) == words


@pytest.mark.parametrize("name", [maps.COOLING, maps.PLACE])
def test_cases_fill_a_grid_and_what_failed_is_empty(name: str, tmp_path: Path) -> None:
    found = maps.read_maps(name, tmp_path)
    assert list(found) == ["shipped", "late"]
    for one in found.values():
        assert one.slope.shape == (len(one.y), len(one.x)) and min(one.slope.shape) >= 6
        assert np.all(np.isnan(one.slope)) and np.all(np.isnan(one.depth))


def test_films_of_the_comparison_conduct_alike_between_helium_and_T_c(tmp_path: Path) -> None:
    constant, linear = maps.read_maps(maps.FILM, tmp_path).values()
    np.testing.assert_allclose(constant.x, linear.x, rtol=1e-5)  # 78.2 = 2 x 39.1


def test_scattering_rate_decides_for_a_poor_contact() -> None:
    cases = {case.name: case.scenario for case in load_study(f"study-{maps.COOLING}").cases}
    place = "thickness-0.04_contact_resistance-0.18"
    slopes = [maps.least_slope(trace(cases[f"{kind}_{place}"]).curve) for kind in ("shipped", "late")]
    assert slopes[0] > 0 > slopes[1]


def test_page_has_the_pictures() -> None:
    page = (DOCS / "kurter2010.md").read_text(encoding="utf-8")
    for name in (maps.COOLING, maps.PLACE, maps.FILM):
        file = f"paper-maps-{name.partition('-')[2]}.png"
        assert file in page and (IMAGES / file).exists()
    assert "**not met**" not in blocks_of(page)["maps-targets"]
