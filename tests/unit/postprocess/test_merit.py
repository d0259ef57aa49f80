"""Figures of merit against the analytic I(V) of conftest, where every one of them is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from hotmesa.postprocess import Run, load_run, summarise
from hotmesa.postprocess.curve import make_curve
from hotmesa.postprocess.merit import conductance_peak, full_width, largest_drop, nucleation, steepest
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import rows_of

N, R_J = 19, 24.21


def test_peak_lies_between_the_points(make_run: Callable[..., Any]) -> None:
    run = make_run(a=0.9)
    figures = summarise(load_run(run.folder))
    law = run.law
    # 60 points leave 1 mV between neighbours; the spline through their tangents is 100 times finer than that,
    # and the nearest point alone would be off by more than the tolerance.
    assert figures["V_peak_mV_per_junction"] == pytest.approx(float(law.v(law.y0)), abs=2e-3)
    assert np.abs(law.v(run.y) - law.v(law.y0)).min() > 5e-3
    # Height 1/(1 - a) = 10; at the peak tan(angle) multiplies an error of the angle by 100.
    assert figures["peak_height_over_Y_N"] == pytest.approx(1 / (1 - law.a), rel=2e-3)
    assert figures["backbending_mV_per_junction"] == 0.0
    assert figures["V_extrema_mV_per_junction"] is None


@pytest.mark.parametrize(("baseline", "key"), [(0.0, "FWHM"), (1.0, "FWHM_above_Y_N")])
def test_width_by_both_baselines(make_run: Callable[..., Any], baseline: float, key: str) -> None:
    run = make_run(a=0.9)
    figures, law = summarise(load_run(run.folder)), run.law
    half = (1 / (1 - law.a) + baseline) / 2
    reach = law.y_of_bump((1 - 1 / half) / law.a)
    width = float(law.v(law.y0 + reach) - law.v(law.y0 - reach))
    # The width is a difference of two voltages that are good to some 1e-3 mV each.
    assert figures[f"{key}_mV_per_junction"] == pytest.approx(width, abs=3e-3)
    beta = figures["beta" if baseline == 0 else "beta_above_Y_N"]
    assert beta == pytest.approx(figures[f"{key}_mV_per_junction"] / figures["V_peak_mV_per_junction"])


def test_low_peak_has_no_half_height_above_zero_but_one_above_the_normal_conductance(
    make_run: Callable[..., Any],
) -> None:
    figures = summarise(load_run(make_run(a=0.4).folder))  # height 1.67 < 2: never falls to 0.83 behind the peak
    assert figures["beta"] is None
    assert "half height" in figures["reasons"]["beta"]
    assert figures["beta_above_Y_N"] > 0


@pytest.mark.parametrize("points", [30, 60, 240])
def test_backbending_and_extrema(make_run: Callable[..., Any], points: int) -> None:
    run = make_run(a=1.3, points=points)
    figures, law = summarise(load_run(run.folder)), run.law
    reach = law.y_of_bump(1 / law.a)
    top, bottom = float(law.v(law.y0 - reach)), float(law.v(law.y0 + reach))
    # Cubic Hermite: error h⁴; 30 points are 2 mV apart, on a bump 5 mV wide.
    tolerance = 2e-2 * (30 / points) ** 4 + 1e-9
    assert figures["V_extrema_mV_per_junction"] == pytest.approx([top, bottom], abs=tolerance)
    assert figures["backbending_mV_per_junction"] == pytest.approx(top - bottom, abs=tolerance)
    assert figures["V_peak_mV_per_junction"] is None
    assert "V_extrema" in figures["reasons"]["V_peak_mV_per_junction"]


def test_normal_power_by_both_readings(make_run: Callable[..., Any]) -> None:
    run = make_run(a=0.9)
    figures, law = summarise(load_run(run.folder)), run.law
    y = law.y0 + law.y_of_bump((1 - 1 / 1.05) / law.a)
    power = N * float(law.v(y)) * y / R_J * 1e-3
    assert figures["P_normal_mW"] == pytest.approx(power, rel=1e-3)  # interpolation of the angle
    y = brentq(lambda y: y - 0.95 * float(law.v(y)), 20.0, 60.0)
    power = N * float(law.v(y)) * y / R_J * 1e-3
    assert figures["P_normal_static_mW"] == pytest.approx(power, rel=1e-5)  # position is better than direction


def test_normal_power_needs_a_branch_that_gets_there(make_run: Callable[..., Any]) -> None:
    folder = make_run(a=0.9).folder
    (folder / "states.npz").unlink()
    run = load_run(folder)
    short = Run(run.scenario)
    for row in rows_of(run.rows)[:40]:
        short.append(Point(row))
    figures = summarise(short)
    assert figures["P_normal_mW"] is None
    assert "end_current_mA" in figures["reasons"]["P_normal_mW"]


def test_folds_of_a_table_without_marks_are_the_rows_at_which_it_turns(make_run: Callable[..., Any]) -> None:
    run = make_run(a=0.9, uniform_a=1.3)
    table = load_run(run.folder).uniform
    assert table is not None
    folds = summarise(load_run(run.folder))["uniform"]["folds"]
    reach = run.law.y_of_bump(1 / 1.3)
    assert [fold["kind"] for fold in folds] == ["V", "V"]
    places = [(run.law.y0 + sign * reach) / R_J for sign in (-1, 1)]
    step = np.diff(table["I_mA"]).max()
    for fold, place, extreme in zip(folds, places, (np.max, np.min), strict=True):
        near = np.abs(table["I_mA"] - place) < 2 * step
        assert fold["V_mV"] == extreme(table["V_mV"][near])
        assert abs(fold["I_mA"] - place) < step


def test_nucleation_is_far_from_the_contact_and_at_the_critical_temperature(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run().folder)
    figures = summarise(run)
    place, rows = figures["nucleation"], run.rows
    row = place["row"]
    assert rows["hot_fraction"][row] > 0 == rows["hot_fraction"][row - 1]
    assert rows["I_mA"][row - 1] < place["I_mA"] <= rows["I_mA"][row]
    assert (place["x_um"], place["y_um"]) == pytest.approx((5.0, 5.0))
    assert place["contact_distance_um"] == pytest.approx(np.hypot(7, 7))
    assert figures["full_normality"]["I_mA"] > place["I_mA"]


def test_plain_numbers_of_the_summary(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run().folder)
    figures = summarise(run)
    assert figures["heat_balance_error"] == pytest.approx(3e-10)  # the largest by magnitude, sign dropped
    assert figures["points"] == 60
    assert figures["alpha_mean_K_per_mW"] == run.rows["alpha_mean_K_per_mW"][-1]
    assert figures["alpha_mean_at_I_mA"] == run.rows["I_mA"][-1]
    assert figures["normal_resistance_ohm"] == pytest.approx(N * R_J, rel=1e-12)


def loop(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A curve with a fold in V and one in I each way: V = t + 1.2 sin t, I = t - 1.2 sin t (R_N = 1)."""
    return t + 1.2 * np.sin(t), t - 1.2 * np.sin(t), (1 + 1.2 * np.cos(t)) / (1 - 1.2 * np.cos(t))


@pytest.mark.parametrize("a", [0.4, 0.9, 0.99, 1.01, 1.3])
def test_steepest_place_passes_smoothly_from_a_peak_to_backbending(make_run: Callable[..., Any], a: float) -> None:
    run = make_run(a=a)
    figures, law = summarise(load_run(run.folder)), run.law
    # dV/dI over R_N is 1 - a at the middle of the bump, above and below zero alike.
    assert figures["least_slope_over_R_N"] == pytest.approx(1 - a, abs=1e-3)
    assert figures["V_steepest_mV_per_junction"] == pytest.approx(float(law.v(law.y0)), abs=5e-3)
    if a < 1:
        assert figures["peak_height_over_Y_N"] == pytest.approx(1 / figures["least_slope_over_R_N"])
        assert figures["V_peak_mV_per_junction"] == pytest.approx(figures["V_steepest_mV_per_junction"])


def test_steepest_slope_ends_where_a_branch_turns_back_in_current() -> None:
    t = np.linspace(0.1, 9.0, 200)
    curve = make_curve(t + 3.0 * np.sin(t), t + 1.2 * np.sin(t), (1 + 3.0 * np.cos(t)) / (1 + 1.2 * np.cos(t)), 1.0)
    assert curve is not None
    assert steepest(curve, 1).slope == pytest.approx(-1.0)


def test_folds_of_both_kinds_on_a_looping_branch() -> None:
    curve = make_curve(*loop(np.linspace(0.1, 9.0, 120)), 1.0)
    assert curve is not None
    t = np.pi - np.arccos(1 / 1.2)
    drop, before, after = largest_drop(curve, rising_current_only=False)
    assert before == pytest.approx(t + 1.2 * np.sin(t), abs=1e-5)  # h⁴ of 120 points
    assert after == pytest.approx(2 * np.pi - before, abs=1e-5)
    assert drop == pytest.approx(before - after)
    # Current rises through that whole stretch, so a current source sees the same drop.
    assert largest_drop(curve, rising_current_only=True)[0] == pytest.approx(drop)


def test_figures_between_points_gain_five_orders_with_the_step() -> None:
    """The peak of V = y - a f(y), its place and its width by their closed forms; halved steps leave 1/32 and less."""
    width, a = 1.3, 0.8

    def V(y: np.ndarray) -> np.ndarray:
        return y - a * np.tanh(y / width) * width

    def slope(y: np.ndarray) -> np.ndarray:
        return 1.0 - a / np.cosh(y / width) ** 2

    # The peak 1/(1 - a) = 5 is at y = 0; half of it where a sech² = 1 - 2 (1 - a).
    y = width * np.arccosh(np.sqrt(a / (1.0 - 2.0 * (1.0 - a))))
    exact = np.array([0.0, 2.0 * float(V(np.array(y)))])
    errors = []
    for count in (25, 50, 100):
        at = np.linspace(-6.0, 7.0, count)
        curve = make_curve(V(at), at, slope(at), 1.0)
        assert curve is not None
        peak = conductance_peak(curve, 1.0)
        assert peak is not None and peak.height == pytest.approx(5.0, rel=0.02)
        errors.append(np.abs([peak.V_mV_per_junction, full_width(curve, peak, 0.0, 1.0).value] - exact))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert (orders[-1] > 4.5).all(), orders
    assert (errors[-1] < 1e-5).all()


def test_the_current_of_nucleation_does_not_wait_for_the_mean_over_sublayers() -> None:
    """T_max passes T_c one point before the mean over the sublayers, hot_fraction, does."""
    I = np.linspace(0.5, 1.5, 6)  # noqa: E741
    T = 60.0 + 20.0 * I
    zero = np.zeros(6)
    table = {
        "I_mA": I, "V_mV": 100.0 * I, "V_per_junction_mV": 10.0 * I, "P_mW": 0.1 * I**2, "T_max_K": T,
        "hot_fraction": np.array([0.0, 0.0, 0.0, 0.0, 0.1, 0.2]), "hot_x_um": zero, "hot_y_um": zero,
        "hot_contact_distance_um": zero, "dV_dI_ohm": np.full(6, 100.0),
    }  # fmt: skip
    found = nucleation(table, make_curve(table["V_mV"], I, table["dV_dI_ohm"], 100.0), 74.0)
    assert found is not None
    assert found["row"] == 4
    assert found["I_mA"] == pytest.approx(0.7, rel=1e-9)
    assert found["V_per_junction_mV"] == pytest.approx(7.0, rel=1e-9)


def test_current_source_jumps_over_what_lies_behind_a_fold_in_current() -> None:
    # The current turns back at t = 2.56 and is regained at t = 4.6; in between the voltage falls by 0.18 mV.
    t = np.linspace(0.0, 7.0, 300)
    dip = 0.8 * np.exp(-(((t - 3.2) / 0.4) ** 2))
    slope = (1 + 2 * (t - 3.2) / 0.16 * dip) / (1 + 1.2 * np.cos(t))
    curve = make_curve(t - dip, t + 1.2 * np.sin(t), slope, 1.0)
    assert curve is not None
    assert largest_drop(curve, rising_current_only=False)[0] > 0.15
    assert largest_drop(curve, rising_current_only=True)[0] == 0.0


def test_directions_survive_infinite_and_missing_slopes_and_repeated_points() -> None:
    t = np.linspace(0.1, 9.0, 120)
    V, I, slope = loop(t)  # noqa: E741
    whole = make_curve(V, I, slope, 1.0)
    slope[7] = np.nan
    torn = make_curve(np.insert(V, 30, V[30]), np.insert(I, 30, I[30]), np.insert(slope, 30, slope[30]), 1.0)
    assert whole is not None and torn is not None
    assert len(torn.s) == len(whole.s)
    # One slope of 120 taken from chords: second order in the step of 0.1.
    assert np.abs(torn.angle(torn.s) - whole.angle(whole.s)).max() < 1e-2
    fold_in_current = make_curve(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.8, 1.0, 0.8]),
                                 np.array([1.0, 2.0, np.inf, -2.0]), 1.0)  # fmt: skip
    assert fold_in_current is not None
    assert fold_in_current.angle(fold_in_current.s[2]) == pytest.approx(0.0)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_points_make_no_curve(count: int) -> None:
    values = np.arange(float(count))
    assert make_curve(values, values, np.ones(count), 1.0) is None
