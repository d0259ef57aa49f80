"""Josephson frequency, cold part and its resonances against closed formulas."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from helpers.devices import normal_law, on_crystal
from scipy.special import jvp

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.schema import Crystal, Josephson, Mesa, Output
from hotmesa.solver.constants import FLUX_QUANTUM_MV_PER_THZ, LIGHT_UM_THZ
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import branch_points
from hotmesa.solver.states.cavity import disc_mode, rectangle_mode
from hotmesa.solver.states.cold import longest_gap, merged
from hotmesa.solver.states.observables import observe

T_C, INDEX, V = 74.0, 4.2, 190.0


def state(shape: Callable[[np.ndarray], np.ndarray], **parts: object) -> tuple[Model, State]:
    """A mesa of normal junctions at given temperatures of its places; J is the same everywhere."""
    given = {"contacts": (), "output": Output(hot_temperature_K=T_C)} | parts
    scenario = on_crystal(law=normal_law(), **given)
    model = Model(scenario, build_mesh(scenario))
    T, wires = model.cold()
    rows = model.layout.junction_rows
    T[rows] = shape(model.operators.xy[model.layout.mesa_nodes])
    return model, model.evaluate(T, wires, V)


def test_a_millivolt_per_junction_is_half_a_terahertz() -> None:
    row = observe(*state(lambda xy: np.full(len(xy), 20.0)))
    assert row["f_THz"] == pytest.approx(10.0 * 1.602176634e-19 * 2e-15 / 6.62607015e-34, rel=1e-9)  # 2 e V/h
    assert row["cold_area_um2"] == pytest.approx(100.0, rel=1e-12)
    assert row["cold_length_um"] == 10.0
    assert row["cold_P_mW"] == pytest.approx(row["P_mW"], rel=1e-12)


@pytest.mark.parametrize(
    "parts",
    [
        {"mesa": Mesa(junctions=19, width_um=10.0, depth_um=6.0)},
        {"mesa": Mesa(junctions=19, width_um=10.0, depth_um=6.0), "geometry": "strip"},
    ],
)
def test_a_mesa_that_is_hot_at_one_end_is_cold_at_the_other(parts: dict[str, object]) -> None:
    # T_c is passed between nodes: a linear temperature is exact in every element.
    row = observe(*state(lambda xy: 70.0 + 2.0 * xy[:, 0] - 0.26, **parts))
    length = 5.0 + (T_C - 69.74) / 2.0
    assert row["cold_length_um"] == pytest.approx(length, rel=1e-12)
    assert row["cold_area_um2"] == pytest.approx(6.0 * length, rel=1e-12)
    assert row["cold_P_mW"] == pytest.approx(row["P_mW"] * length / 10.0, rel=1e-12)
    mode = rectangle_mode(V / 19.0 / FLUX_QUANTUM_MV_PER_THZ, length, 6.0, INDEX)
    assert (row["cavity_along"], row["cavity_across"]) == (mode.along, mode.across)
    assert row["cavity_THz"] == pytest.approx(mode.THz, rel=1e-12)
    assert row["cavity_detuning"] == pytest.approx(row["f_THz"] / mode.THz - 1.0, rel=1e-9)


def test_a_band_along_y_leaves_the_longer_end() -> None:
    mesa = Mesa(junctions=19, width_um=6.0, depth_um=10.0)
    row = observe(*state(lambda xy: 80.0 - 6.0 * np.abs(xy[:, 1] - 1.0), mesa=mesa))
    assert row["cold_length_um"] == pytest.approx(5.0, abs=0.3)  # the tip is lost where no node stands on y = 1
    assert row["cold_area_um2"] == pytest.approx(48.0, rel=0.02)


def test_a_spot_inside_leaves_what_it_does_not_cover() -> None:
    row = observe(*state(lambda xy: 84.0 - 5.0 * np.hypot(xy[:, 0] - 1.0, xy[:, 1])))
    assert row["cold_area_um2"] == pytest.approx(100.0 - np.pi * 4.0, rel=0.01)
    assert row["cold_length_um"] == pytest.approx(4.0, abs=0.1)


def test_voltages_below_zero_meet_the_same_resonances() -> None:
    model, e = state(lambda xy: np.full(len(xy), 20.0))
    plus, minus = observe(model, e), observe(model, model.evaluate(e.T, e.wires, -V))
    assert minus["f_THz"] == -plus["f_THz"]
    for name in ("cavity_THz", "cavity_along", "cavity_across", "cavity_detuning", "cold_area_um2", "cold_P_mW"):
        assert minus[name] == pytest.approx(plus[name], rel=1e-12)


def test_nothing_is_cold_in_a_normal_mesa() -> None:
    row = observe(*state(lambda xy: np.full(len(xy), T_C + 1.0)))
    assert (row["cold_area_um2"], row["cold_P_mW"], row["cold_length_um"]) == (0.0, 0.0, 0.0)
    assert np.isnan(float(row["cavity_THz"])) and np.isnan(float(row["cavity_detuning"]))


def test_the_critical_temperature_of_the_junctions_is_that_of_the_cold_part() -> None:
    keys = Josephson(critical_temperature_K=60.0, refractive_index=1.0)
    row = observe(*state(lambda xy: np.full(len(xy), 70.0), josephson=keys))
    assert row["cold_area_um2"] == 0.0 and row["hot_fraction"] == 0.0


def test_a_disc_is_cold_around_its_hot_centre_or_inside_its_hot_rim() -> None:
    disc = {"mesa": Mesa(shape="disc", radius_um=5.0), "geometry": "disc"}
    disc["crystal"] = Crystal(shape="disc", radius_um=15.0)
    ring = observe(*state(lambda xy: 84.0 - 5.0 * xy[:, 0], **disc))
    assert ring["cold_area_um2"] == pytest.approx(np.pi * (25.0 - 4.0), rel=2e-3)
    assert ring["cold_length_um"] == pytest.approx(3.0, rel=1e-9)
    assert np.isnan(float(ring["cavity_THz"]))
    inside = observe(*state(lambda xy: 54.0 + 5.0 * xy[:, 0], **disc))
    assert inside["cold_length_um"] == pytest.approx(4.0, rel=1e-9)
    assert inside["cavity_THz"] == pytest.approx(disc_mode(float(inside["f_THz"]), 4.0, INDEX).THz, rel=1e-12)


def test_modes_of_a_rectangle_are_the_nearest_of_all() -> None:
    every = [(m, k) for m in range(40) for k in range(40) if m or k]
    for f in np.linspace(0.0, 1.6, 33):
        mode = rectangle_mode(f, 300.0, 60.0, INDEX)
        table = {(m, k): LIGHT_UM_THZ / 2 / INDEX * np.hypot(m / 300.0, k / 60.0) for m, k in every}
        assert abs(mode.THz - f) == pytest.approx(min(abs(g - f) for g in table.values()), abs=1e-12)
        assert mode.THz == pytest.approx(table[mode.along, mode.across], rel=1e-12)
    assert rectangle_mode(0.0, 300.0, 60.0, INDEX).along == 1
    # Across 60 µm at n = 4.2 half a wave is 0.595 THz.
    assert rectangle_mode(0.5948, 30.0, 60.0, INDEX).across == 1


def test_modes_of_a_disc_have_a_field_without_slope_at_its_rim() -> None:
    for f in (0.0, 0.1, 0.3, 0.56, 2.0):
        mode = disc_mode(f, 50.0, INDEX)
        x = mode.THz * 2 * np.pi * INDEX * 50.0 / LIGHT_UM_THZ
        assert jvp(mode.along, x) == pytest.approx(0.0, abs=1e-9)
    lowest = disc_mode(0.0, 50.0, INDEX)
    assert (lowest.along, lowest.across) == (1, 1)
    assert lowest.THz == pytest.approx(1.8411837813 * LIGHT_UM_THZ / (2 * np.pi * INDEX * 50.0), rel=1e-9)
    near = [disc_mode(f, 50.0, INDEX) for f in np.linspace(0.0, 1.0, 101)]
    assert all(a.THz <= b.THz for a, b in pairwise(near))


def test_intervals_that_touch_are_one() -> None:
    ends = merged(np.array([[3.0, 4.0], [0.0, 1.0], [1.0, 2.0], [0.5, 1.5]]))
    np.testing.assert_array_equal(ends, [[0.0, 2.0], [3.0, 4.0]])
    assert longest_gap(ends, -0.5, 9.0) == (4.0, 9.0)
    assert longest_gap(np.zeros((0, 2)), -1.0, 1.0) == (-1.0, 1.0)
    # Neighbours that touch but for rounding leave no gap, on any number of processes.
    assert np.ptp(longest_gap(np.array([[0.0, 0.3], [0.3 + 1e-15, 1.0]]), 0.0, 1.0)) == 0.0
    assert longest_gap(np.array([[0.0, 1.0]]), 0.0, 1.0)[0] == longest_gap(np.array([[0.0, 1.0]]), 0.0, 1.0)[1]


def test_the_slope_of_the_frequency_is_that_of_the_voltage() -> None:
    scenario = on_crystal(law=normal_law(), end_mA=0.4)
    rows = [point.row for point in branch_points(Model(scenario, build_mesh(scenario)))]
    for row in rows:
        assert row["df_dI_THz_per_mA"] == pytest.approx(float(row["dV_dI_ohm"]) / 19.0 / 2.067833848, rel=1e-9)
    f, I = (np.array([float(row[name]) for row in rows]) for name in ("f_THz", "I_mA"))  # noqa: E741
    assert np.diff(f)[-1] / np.diff(I)[-1] == pytest.approx(float(rows[-1]["df_dI_THz_per_mA"]), rel=1e-6)


@pytest.mark.parametrize("value", ["0.9", "0", "-4", "1e4", "abc"])
def test_an_index_that_no_stack_has_is_refused(value: str) -> None:
    with pytest.raises(ScenarioError, match=r"josephson\.refractive_index"):
        load_scenario("kurter2010-n19", [f"josephson.refractive_index={value}"])
