"""docs/thermal-imaging.md: its key numbers on coarse meshes, and its tables."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from validation.imaging import HAO, MINAMI, PAGE, first_hot, largest_growth, largest_move, moved_um, real_jumps, where
from validation.kurter2010.page import IMAGES, blocks_of

import hotmesa as hm
from hotmesa.postprocess.results import Run

TEXT = PAGE.read_text(encoding="utf-8")
COARSE = {"mesh.size_um": 8.0, "bias.points_per_leg": 10}
LONG = {"mesh.size_um": 7.0, "mesh.rim_size_um": 40.0, "layers.1.sublayers": 1}


@cache
def swept(name: str, *changes: tuple[str, object]) -> Run:
    """The states of a sweep, without the curve beside it."""
    scenario = hm.load_scenario(name, dict(changes))
    run = hm.Run(scenario)
    for point in hm.sweep(hm.Model(scenario, hm.build_mesh(scenario))):
        run.append(point)
    return run


def square(bath_K: float, end_mA: float) -> Run:
    """The square stack on a coarse mesh, upwards."""
    return swept(HAO, *COARSE.items(), ("bath.temperature_K", bath_K), ("bias.legs_mA", (0.0, end_mA)))


def lines(block: str) -> list[list[str]]:
    """The cells of a table of the page, below its head."""
    rows = [row.strip("| ").split(" | ") for row in blocks_of(TEXT)[block].strip().splitlines()[2:]]
    return [[cell.strip() for cell in row] for row in rows]


def test_a_spot_nucleates_at_a_corner_and_moves_to_the_middle() -> None:
    run = square(20.0, 20.0)
    first = first_hot(run)
    assert where(run, first) == "corner"
    assert 0.2 <= run.column("hot_current_share")[first] <= 0.3
    assert run.column("hot_fraction")[first] < 0.1
    places = [where(run, row) for row in range(first, len(run))]
    assert [place for place in dict.fromkeys(places) if place != "off the middle"] == ["corner", "edge", "middle"]
    assert largest_growth(run) < 1e-9


def test_jumps_of_the_page_are_those_of_a_coarse_mesh() -> None:
    told = [float(row[1]) for row in lines("hao2015-table") if row[0] == "up" and row[-1] == "lost"]
    coarse = square(20.0, 20.0)
    found = [float(coarse.column("I_mA")[jump.before]) for jump in real_jumps(coarse)]
    # Elements of 8 µm against 3 µm: 2 and 5 % too high.
    assert found == pytest.approx(told, rel=0.06)


def test_at_55_K_the_spot_is_in_the_middle() -> None:
    run = square(55.0, 14.0)
    partly = [row for row in range(len(run)) if 0 < run.column("hot_fraction")[row] < 1]
    assert len(partly) > 2 and {where(run, row) for row in partly} == {"middle"}
    assert not real_jumps(run)


@pytest.mark.parametrize(("bath_K", "held"), [(20.0, False), (35.0, True), (50.0, True)])
def test_the_middle_of_the_large_mesa_holds_a_spot_from_35_K_on(bath_K: float, held: bool) -> None:
    changes = {"mode": "branch", "bath.temperature_K": bath_K, "branch.end_current_mA": 32.0, "branch.min_points": 8}
    scenario = hm.load_scenario("thz-300x60", LONG | changes)
    run = hm.Run(scenario)
    for point in hm.trace(hm.Model(scenario, hm.build_mesh(scenario))):
        run.append(point)
    hot = run.column("hot_fraction") > 0
    growing = run.column("unstable_modes_current_bias")
    assert hot[-1] and not np.any(growing[~hot])
    # On a mesh this coarse rows of elements pin the spot here and there; at its end nothing does.
    assert np.all(growing[hot] == 0) if held else growing[-1] == 1


def test_the_spot_jumps_along_the_large_mesa(nightly: bool) -> None:
    if not nightly:
        pytest.skip("half a minute: pytest --nightly")
    changes = LONG | {"mesh.size_um": 6.0, "bias.legs_mA": (20.0, 27.0), "bias.points_per_leg": 3}
    changes |= {"mesh.refine_for_walls": False}  # 3.8 µm take several minutes
    run = swept(MINAMI, *changes.items())
    jump = largest_move(run)
    assert moved_um(run, jump) > 70
    V = run.column("V_mV")
    assert -0.03 < V[jump.after] / V[jump.before] - 1 < 0
    told = next(float(row[1]) for row in lines("minami2013-table") if row[-1] == "lost")
    # Rows of elements of 6 µm hold the spot a little longer than those of 4 µm.
    assert run.column("I_mA")[jump.before] == pytest.approx(told, rel=0.12)


def test_the_page_says_what_its_tables_say() -> None:
    blocks = blocks_of(TEXT)
    for name in (HAO, MINAMI):
        assert "| met |" in blocks[f"{name}-targets"] and lines(f"{name}-table") and lines(f"{name}-warm")
    for bath in ("between", "warm"):  # 35 and 50 K: nothing is lost up to the end, and that is beyond 40 mA
        states = lines(f"minami2013-{bath}")
        assert float(states[-1][1]) > 40 and {row[-1] for row in states} == {"none", "middle"}
    nucleation = next(row for row in lines("hao2015-table") if row[0] == "up" and row[7] == "corner")
    assert 20 <= float(nucleation[5]) <= 30
    targets = {row[0]: row[2] for row in lines("minami2013-targets")}
    assert f"{targets['change of V there (%)'].removeprefix('−')} %" in TEXT


def test_the_page_has_its_pictures_and_names_its_sources() -> None:
    for name in re.findall(r"images/([\w.-]+\.png)", TEXT):
        assert (IMAGES / name).exists(), name
    assert "arXiv:1307.3651" in TEXT and "W11.8" in TEXT
