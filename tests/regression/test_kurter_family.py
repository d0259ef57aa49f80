"""The kurter2010 scenarios keep meeting what they were chosen for (docs/kurter2010-parameters.md), on coarse meshes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.postprocess.merit import curve_figures, curve_of, full_normality, is_monotonic, nucleation
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.model import Model
from hotmesa.solver.runs.uniform import uniform_curve

STACKS = (6, 12, 19, 24, 30)
TALL = (12, 19, 24, 30)
# Against the scenarios V_peak moves by 0.06 mV, powers by 0.5 %, and the least dV/dI of N = 30 by a tenth.
COARSE = (
    "mesh.refine=0.7", "branch.min_points=40",
    "layers.1.sublayers=1", "layers.2.sublayers=14", "layers.2.first_sublayer_um=0.1",
)  # fmt: skip


def follow(junctions: int, *overrides: str) -> dict[str, Any]:
    scenario = load_scenario(f"kurter2010-n{junctions:02d}", [*COARSE, *overrides])
    rows = [point.row for point in trace(Model(scenario, build_mesh(scenario)))]
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    curve = curve_of(table, normal_resistance_ohm(scenario.mesa))
    assert curve is not None
    hot = scenario.output.hot_temperature_K
    return curve_figures(table, curve, junctions) | {
        "monotonic": is_monotonic(curve),
        "nucleation": nucleation(table, curve, hot),
        "full": full_normality(table),
        "table": table,
    }


@pytest.fixture(scope="module")
def runs() -> dict[int, dict[str, Any]]:
    return {n: follow(n) for n in STACKS}


@pytest.mark.parametrize("n", STACKS)
def test_no_backbending(runs: dict[int, dict[str, Any]], n: int) -> None:
    assert runs[n]["monotonic"]
    assert runs[n]["backbending_mV_per_junction"] == 0
    assert runs[n]["folds"] == []


def test_a_sharper_scattering_rate_folds_back() -> None:
    # The same device with the rate of the uniform model: shows that the check above can fail.
    run = follow(30, "law.gamma_c_meV=10", "law.gamma_exponent=5")
    assert not run["monotonic"]
    assert run["backbending_mV_per_junction"] > 0.5


@pytest.mark.parametrize("n", TALL)
def test_normal_from_the_measured_power(runs: dict[int, dict[str, Any]], n: int) -> None:
    # The paper: 1.0 to 1.1 mW. The coarse mesh adds up to 0.006 mW.
    assert 1.0 <= runs[n]["P_normal_mW"] <= 1.106


def test_static_reading_stays_below(runs: dict[int, dict[str, Any]]) -> None:
    # A known miss of the set, kept in sight: 0.68 to 0.78 mW instead of 1.0 to 1.1 mW.
    assert all(0.6 < runs[n]["P_normal_static_mW"] < 0.85 for n in TALL)


@pytest.mark.parametrize("n", STACKS)
def test_peak_lies_in_the_range_of_the_uniform_model(runs: dict[int, dict[str, Any]], n: int) -> None:
    ends = []
    for number in (1, 2, 3):
        scenario = load_scenario("kurter2010-uniform", [f"mesa.junctions={n}", f"law.set={number}"])
        figures = uniform_curve(build_law(scenario), scenario).figures
        peak = figures["V_peak_mV_per_junction"]
        ends += figures["V_extrema_mV_per_junction"] or [np.nan if peak is None else peak]
    assert min(ends) <= runs[n]["V_peak_mV_per_junction"] <= max(ends)


def test_peak_falls_with_the_number_of_junctions(runs: dict[int, dict[str, Any]]) -> None:
    peaks = [runs[n]["V_peak_mV_per_junction"] for n in STACKS]
    # Values of the scenarios; 0.15 mV is three times what coarse mesh and thick sublayers together move them by.
    np.testing.assert_allclose(peaks, [39.22, 33.74, 28.71, 26.14, 23.83], atol=0.15)


def test_width_of_the_peak(runs: dict[int, dict[str, Any]]) -> None:
    # N = 19 to 30 are below 0.15 as measured; N = 12 is not (0.31), which is the price of N = 30 without backbending.
    assert all(0 < runs[n]["beta"] < 0.15 for n in (19, 24, 30))
    assert 0.25 < runs[12]["beta"] < 0.35
    assert runs[6]["beta"] > 3 * runs[12]["beta"]


@pytest.mark.parametrize("n", STACKS)
def test_hot_spot_starts_far_from_the_contact_and_fills_the_mesa(runs: dict[int, dict[str, Any]], n: int) -> None:
    run = runs[n]
    x, y = run["nucleation"]["x_um"], run["nucleation"]["y_um"]
    assert x > 2 and y > 2  # the contact lies at (-1.5, -1.5)
    assert run["nucleation"]["contact_distance_um"] > 5
    hot = run["table"]["hot_fraction"]
    distance = run["table"]["hot_contact_distance_um"][hot > 0]
    assert np.all(np.diff(hot) >= 0)
    # Its centroid comes nearer as it grows; the coarse mesh adds jitter of less than one element while it is small.
    assert distance[-1] < 0.5 * distance[0]
    assert run["full"] is not None and 1.0 < run["full"]["P_mW"] < 1.5


def test_heat_balance(runs: dict[int, dict[str, Any]]) -> None:
    assert all(np.max(runs[n]["table"]["heat_balance_error"]) < 1e-8 for n in STACKS)
