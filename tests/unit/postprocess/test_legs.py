"""A sweep with hysteresis is compared leg by leg, each with the branch of the computed curve that it ran on."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hotmesa.cli import main
from hotmesa.postprocess.legs import legs, on_branches, pieces
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import uniform_curve

TRUE, START = 110.0, 60.0
RISING = "{ T_K = [4.0, 50.0, 60.0, 300.0], values = [20.0, 60.0, 120.0, 130.0] }"
FALLING = "{ T_K = [4.0, 50.0, 60.0, 300.0], values = [130.0, 120.0, 60.0, 50.0] }"


def curve(resistivity: str) -> tuple[Array, Array]:
    """Return V and I of the uniform model with thousands of points."""
    changes = ("law.kind=ohmic", "law.set=none", f"law.resistivity_ohm_cm={resistivity}")
    scenario: Scenario = load_scenario("kurter2010-uniform", changes)
    found = uniform_curve(build_law(scenario), scenario)
    return found.V_mV, found.I_mA


def swept(x: Array, y: Array, stops: list[float], count: int) -> tuple[Array, Array]:
    """Return what a slow sweep of x measures on a curve: it stays on its branch up to the fold and jumps there."""
    parts = pieces(x)
    stable = [part for part in parts if x[part.stop - 1] > x[part.start]]
    places = np.concatenate([np.linspace(a, b, count) for a, b in pairwise(stops)])
    here, found = 0, []
    for place in places:
        while place > x[stable[here]].max():
            here += 1
        while place < x[stable[here]].min():
            here -= 1
        found.append(np.interp(place, x[stable[here]], y[stable[here]]))
    return places, np.array(found)


def test_legs_end_where_the_sweep_turns_and_where_the_answer_jumps() -> None:
    up = np.linspace(0, 1, 11)
    x = np.concatenate([up, up[::-1][1:]])
    y = np.where(np.arange(21) < 6, x, x + 2)
    y[18:] -= 2
    assert [(leg.start, leg.stop) for leg in legs(x, y)] == [(0, 6), (6, 11), (11, 18), (18, 21)]
    noisy = x + 0.004 * np.cos(7 * np.arange(21))
    assert [(leg.start, leg.stop) for leg in legs(noisy, y)] == [(0, 6), (6, 11), (11, 18), (18, 21)]
    assert [(leg.start, leg.stop) for leg in legs(up, up**2)] == [(0, 11)]


def test_a_curve_without_folds_or_points_without_order_are_compared_as_they_are() -> None:
    x = np.linspace(0, 1, 50)
    near = np.array([0.1, 0.7, 0.4])
    ones = np.ones(3)
    assert on_branches(x, x**2, near, near, ones, near).tolist() == near.tolist()
    s = np.linspace(0, 2, 201)
    fold = s - 1.2 * s**2 + 0.42 * s**3
    assert on_branches(fold, s, np.array([0.2, 0.25, 0.2]), near, ones, near).tolist() == near.tolist()


@pytest.mark.parametrize(
    ("resistivity", "compare", "swapped"), [(RISING, "V-at-I", False), (FALLING, "I-at-V", True)], ids=["I", "V"]
)
def test_a_sweep_up_and_down_gives_the_parameter_back(
    tmp_path: Path, resistivity: str, compare: str, swapped: bool
) -> None:
    """The start has other folds: its sweep would jump at currents a third larger."""
    pytest.importorskip("lmfit")
    V, current = curve(resistivity)
    x, y = (V, current) if swapped else (current, V)
    parts = pieces(x)
    assert len(parts) == 3  # two folds
    low, high = float(x[parts[1]].min()), float(x[parts[1]].max())
    assert high > 1.1 * low
    places, answers = swept(x, y, [0.05 * low, 1.5 * high, 0.05 * low], 40)
    up, down = answers[:40], answers[40:][::-1]
    assert (np.abs(up / down - 1) > 0.1).sum() >= 5  # the legs differ
    V_swept, I_swept = (places, answers) if swapped else (answers, places)
    lines = [f"{v!r},{i!r}" for v, i in zip(V_swept.tolist(), I_swept.tolist(), strict=True)]
    (tmp_path / "iv.csv").write_text("\n".join(["V_mV,I_mA", *lines, ""]))
    (tmp_path / "fit.toml").write_text(
        f'name = "loop"\nscenario = "kurter2010-uniform"\n[fixed]\nlaw.kind = "ohmic"\nlaw.set = "none"\n'
        f"law.resistivity_ohm_cm = {resistivity}\n[[parameters]]\n"
        f'key = "uniform.thermal_resistance_K_per_mW"\nlabel = "alpha"\nstart = {START}\nmin = 30.0\nmax = 300.0\n'
        f'scale = "log"\n[[data]]\nname = "iv"\nfile = "iv.csv"\ncompare = "{compare}"\nsigma_mV = 1.0\n'
        "sigma_mA = 0.005\n"
    )
    out = tmp_path / "out"
    assert main(["fit", str(tmp_path / "fit.toml"), "--out", str(out), "--workers", "0", "--quiet"]) == 0
    found = json.loads((out / "fit.json").read_text())["parameters"]["alpha"]
    # What is left is the interpolation of the computed curve between its points, far below the uncertainty.
    assert found["value"] == pytest.approx(TRUE, rel=2e-3)
    assert abs(found["value"] - TRUE) < found["uncertainty"]
