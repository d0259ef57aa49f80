"""Where a hot spot is, on synthetic fields."""

from __future__ import annotations

import numpy as np
import pytest
from unit.postprocess.conftest import plan_grid

from hotmesa.postprocess.place import Mesa, Spot, place_of

BATH, HOT, LENGTH = 20.0, 86.0, 4.0


def square(width: float = 100.0, depth: float = 100.0) -> Mesa:
    """A mesa of this size, meshed with 40 x 40 squares."""
    xy, cells, _ = plan_grid(0.5, 0.025, 0.5)
    return Mesa(xy * [width, depth], cells)


def placed(mesa: Mesa, spots: list[tuple[float, float]], height: float = 80.0, width: float = 8.0) -> Spot:
    """The place of Gaussian spots on a warm mesa."""
    T = np.full(len(mesa.xy), BATH + 10.0)
    for spot in spots:
        T += height * np.exp(-(np.linalg.norm(mesa.xy - spot, axis=1) ** 2) / (2 * width**2))
    return place_of(mesa, T, HOT, BATH, LENGTH)


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (0.0, 0.0, "middle"), (3.0, -3.0, "middle"), (25.0, 0.0, "off-centre"), (-25.0, 25.0, "off-centre"),
        (50.0, 0.0, "edge"), (0.0, -50.0, "edge"), (50.0, 20.0, "edge"), (-50.0, 50.0, "corner"),
        (50.0, 50.0, "corner"),
    ],
)  # fmt: skip
def test_places_on_a_square(x: float, y: float, place: str) -> None:
    assert placed(square(), [(x, y)]).place == place


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (150.0, 0.0, "end"), (0.0, 0.0, "middle"), (94.0, 0.0, "off-centre"), (0.0, 30.0, "edge"),
        (-150.0, 30.0, "corner"),
    ],
)  # fmt: skip
def test_short_sides_of_a_long_mesa_are_ends(x: float, y: float, place: str) -> None:
    assert placed(square(300.0, 60.0), [(x, y)]).place == place


def test_none_all_and_two_spots() -> None:
    assert placed(square(), [(0.0, 0.0)], height=50.0).place == placed(square(), []).place == "none"
    assert placed(square(), [(0.0, 0.0)], 200.0, 400.0).place == "all hot"
    two = placed(square(300.0, 60.0), [(-150.0, 0.0), (150.0, 0.0)])
    assert (two.place, two.spots) == ("end", 2)


def test_a_domain_that_fills_the_width_is_where_it_clings_to() -> None:
    mesa = square(300.0, 60.0)
    for low, high, place in ((-100, 100, "middle"), (-160, 60, "end"), (-20, 110, "off-centre"), (-148, 148, "middle")):
        T = np.where((mesa.xy[:, 0] > low) & (mesa.xy[:, 0] < high), 110.0, 40.0)
        assert place_of(mesa, T, HOT, BATH, LENGTH).place == place


def test_a_core_in_the_middle_that_misses_one_side_by_rounding_is_in_the_middle() -> None:
    mesa = square(300.0, 60.0)
    y = mesa.xy[:, 1]
    for shift in (-1e-9, 0.0, 1e-9, 1.0):
        hot = (np.abs(mesa.xy[:, 0]) < 40) & (y > -26.0 - 1e-9) & (y < 26.0 + shift)
        assert place_of(mesa, np.where(hot, 110.0, 40.0), HOT, BATH, LENGTH).place == "middle"


def test_a_mirror_image_has_the_same_place_and_finer_meshes_too() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        x, y = rng.uniform(-50, 50, 2)
        found = {placed(square(), [(a * x, b * y)]).place for a in (-1, 1) for b in (-1, 1)}
        assert len(found) == 1
    xy, cells, _ = plan_grid(0.5, 0.0125, 0.5)
    assert placed(Mesa(xy * 100.0, cells), [(50.0, 20.0)]).place == "edge"


def test_strips_and_discs() -> None:
    x = np.linspace(-50, 50, 101)
    cells = np.column_stack([np.arange(100), np.arange(1, 101)])
    strip = Mesa(np.column_stack([x, 0 * x]), cells, "strip")
    assert [placed(strip, [(at, 0.0)]).place for at in (0.0, 20.0, -50.0)] == ["middle", "off-centre", "end"]
    disc = Mesa(np.column_stack([x + 50, 0 * x]), cells, "disc")
    assert [placed(disc, [(at, 0.0)]).place for at in (0.0, 50.0, 100.0)] == ["middle", "off-centre", "edge"]
