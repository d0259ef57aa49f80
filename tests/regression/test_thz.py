"""The large mesa: numbers of its scenario, what a thick electrode and a warmer bath do, on a coarse mesh."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from validation.kurter2010 import thz
from validation.kurter2010.runs import Trace, trace

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.files import bundled_file
from hotmesa.scenarios.geometry import mesa_height_um, normal_resistance_ohm

# 10 µm, near the healing length: enough for signs and for the numbers with the tolerances below.
COARSE = ("mesh.size_um=10", "mesh.rim_size_um=40", "branch.min_points=12", "output.every=2", "numerics.path=sparse")


@cache
def coarse(*changes: str) -> Trace:
    return trace(load_scenario("thz-300x60", (*COARSE, *changes)))


def test_scenario_has_the_resistance_and_height_of_the_paper() -> None:
    mesa = load_scenario("thz-300x60").mesa
    assert normal_resistance_ohm(mesa) == pytest.approx(12.8, rel=1e-9)
    assert mesa_height_um(mesa) == pytest.approx(1.0, rel=1e-9)


def test_every_number_of_the_device_has_its_source() -> None:
    section = ""
    for line in bundled_file("thz-300x60").read_text(encoding="utf-8").splitlines():
        section = line.strip("[]").split(".")[0] if line.startswith("[") else section
        if re.match(r"^\w+ = [\[\d]", line) and section not in ("branch", "mesh"):
            assert re.search(r"\[(paper|derived|literature|assumed)\]|numerical|the same", line), line


def test_hot_spot_begins_small_in_the_middle_and_grows() -> None:
    found = coarse()
    hot = found.column("hot_fraction")
    first = int(np.flatnonzero(hot > 0)[0])
    assert hot[first] < 0.1
    assert np.all(np.diff(hot) >= -1e-9)
    # Without a lead everything is symmetric; one element is 10 µm.
    assert np.hypot(found.column("hot_x_um")[first], found.column("hot_y_um")[first]) < 10
    length, width, _ = thz.size(found, thz.state_at(found, 30.0))
    assert 0 < width < 61 and 60 < length < 200


def test_numbers_at_26_K() -> None:
    found = coarse()
    # A mesh of 3 µm gives 1319 mV and 487 mV; 10 µm is off by a few percent.
    assert found.column("V_mV")[found.column("I_mA") < 20].max() == pytest.approx(1319, rel=0.02)
    assert thz.drop(found) == pytest.approx(487, rel=0.05)
    assert np.nanmax(found.column("heat_balance_error")[1:]) < 1e-8


def test_thick_electrode_levels_the_mesa() -> None:
    thin, thick = coarse(), coarse(*thz.THICK)
    # With 3 to 6 µm the ratios are 0.46 and 0.74: a load of half the resistance keeps V from jumping.
    assert 0.3 < thz.steepest(thick) / thz.steepest(thin) < 0.65
    assert thz.spread(thick) < 0.85 * thz.spread(thin)


def test_warm_bath_removes_backbending() -> None:
    # The end of the range is enough: backbending is below 35 mA.
    assert thz.steepest(coarse("bath.temperature_K=50", "branch.end_current_mA=36")) < -1
    assert thz.steepest(coarse("bath.temperature_K=62", "branch.end_current_mA=36")) > 0


def test_sublayers_differ_in_temperature_and_share_the_current() -> None:
    # J V d/(4 κ) for heat made evenly over d = 1 µm: 1.4 K at 3.6e-3 mA/µm² and 834 mV, the hot part at the end.
    # More where J is larger, in the middle of the spot.
    assert 0.05 < thz.through(coarse()) < 5


def test_the_size_of_the_crystal_decides_whether_the_middle_is_held() -> None:
    # Elements of 8 µm: at 40 mA the growing mode of the small crystal is far from what their rows do.
    fine = ("mesh.size_um=8", "numerics.path=auto", "branch.end_current_mA=40", "stability.points=counts")

    def growing(width: float, depth: float) -> float:
        found = coarse(*fine, f"crystal.width_um={width}", f"crystal.depth_um={depth}")
        return float(found.column("unstable_modes_current_bias")[-1])

    assert growing(400.0, 160.0) == 1
    assert growing(800.0, 500.0) == 0
