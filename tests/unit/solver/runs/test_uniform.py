"""Uniform model: consistency of curve, slopes and features; degenerate curves."""

import re
from pathlib import Path

import numpy as np
import pytest

from hotmesa.cli import main
from hotmesa.postprocess import load_run
from hotmesa.scenarios.schema import Bath, Law, Mesa, Scenario, Uniform
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.law.ohmic import OhmicLaw
from hotmesa.solver.runs.uniform import (
    UniformDevice,
    cooling_of,
    loop_gain,
    trace_uniform,
    turning_points,
    uniform_curve,
    uniform_rows,
    uniform_states,
)

LAW = build_law(Scenario(name="test", law=Law(set=3)), None)


def curve(junctions, points=600):
    return trace_uniform(LAW, UniformDevice(junctions, 24.2, 110.0, 4.2), 300.0, points)


def test_every_point_satisfies_both_equations():
    c = curve(19)
    # Rounding of Newton's method; P in mW and alpha in K/mW.
    assert c.T_K - 4.2 == pytest.approx(110 * c.P_mW, rel=1e-12, abs=1e-12)
    assert pytest.approx(LAW.at(c.v_mV, c.T_K).i / 24.2, rel=1e-12) == c.I_mA
    assert pytest.approx(19 * c.v_mV) == c.V_mV
    assert (c.T_K[0], c.V_mV[0], c.I_mA[0]) == (4.2, 0.0, 0.0)
    assert c.T_K[-1] == pytest.approx(300.0)


def test_slope_is_that_of_the_points():
    c = curve(8, points=3000)
    middle = slice(200, -200)
    by_difference = np.gradient(c.V_mV, c.I_mA)[middle]
    # Second-order differences on 3000 points.
    assert c.dV_dI_ohm[middle] == pytest.approx(by_difference, rel=2e-3, abs=0.05)
    # Conductance rises by d ln g/dT times 3.3e-5 K and (v/Gamma)^2: about a percent at the first point.
    assert c.dV_dI_ohm[0] == pytest.approx(c.V_mV[1] / c.I_mA[1], rel=2e-2)


def test_folds_are_extrema_and_points_of_the_curve():
    c = curve(19)
    rows = np.flatnonzero(c.fold)
    assert list(c.fold[rows]) == ["V", "V"]
    high, low = rows
    # The voltage of a fold does not depend on how many states are solved at once, to rounding.
    assert np.max(c.v_mV[: low + 1]) == pytest.approx(c.v_mV[high], rel=1e-13)
    assert np.min(c.v_mV[high:]) == pytest.approx(c.v_mV[low], rel=1e-13)
    assert np.all(np.diff(c.v_mV[high : low + 1]) < 0)
    assert np.all(c.dV_dI_ohm[rows] == 0.0)
    assert [fold["V_per_junction_mV"] for fold in c.figures["folds"]] == list(c.v_mV[rows])
    assert c.figures["backbending_mV_per_junction"] == pytest.approx(c.v_mV[high] - c.v_mV[low], rel=1e-11)
    assert c.figures["V_extrema_mV_per_junction"] == pytest.approx(list(c.v_mV[rows]), rel=1e-13)
    assert c.figures["V_peak_mV_per_junction"] is None
    assert "V falls" in c.figures["reasons"]["V_peak_mV_per_junction"]


@pytest.mark.parametrize(
    ("number", "junctions", "scale", "folds"),
    [
        # Set and stack, junction voltage (mV) and current (mA): converged with another code.
        (1, 24, 1.0, [(26.541, 0.5544), (24.044, 0.9566)]),
        # Where rounding once gave a fold on a point of the table to the wrong side, and lost it.
        (2, 14, 1.0, None),
        (2, 30, 1.0, None),
        (3, 19, 2.0, None),
        (3, 28, 1.0, None),
    ],
)
def test_no_fold_is_lost(number, junctions, scale, folds):
    law = build_law(Scenario(name="test", law=Law(set=number, gamma_scale=scale)), None)
    figures = trace_uniform(law, UniformDevice(junctions, 24.2, 110.0, 4.2), 300.0).figures
    assert [fold["kind"] for fold in figures["folds"]] == ["V", "V"]
    found = [(fold["V_per_junction_mV"], fold["I_mA"]) for fold in figures["folds"]]
    assert [v for v, _ in found] == pytest.approx(figures["V_extrema_mV_per_junction"], rel=1e-12)
    if folds is not None:
        # Half a unit of the last digit.
        assert np.array(found) == pytest.approx(np.array(folds), abs=6e-4)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_folds_of_any_device_come_in_pairs_and_are_its_extrema(number, scale):
    law = build_law(Scenario(name="test", law=Law(set=number, gamma_scale=scale)), None)
    rng = np.random.default_rng(number + round(10 * scale))
    for junctions in range(4, 41):
        bath = float(rng.choice([2.0, 4.2, 10.0, 20.0, 40.0, 60.0, 80.0]))
        device = UniformDevice(junctions, 24.2, float(rng.uniform(40.0, 200.0)), bath)
        figures = trace_uniform(law, device, 300.0, 500).figures
        # Exact derivatives on eight times as many temperatures, without any search between them.
        states = uniform_states(law, device, bath + (300.0 - bath) * np.linspace(0.0, 1.0, 4001)[1:] ** 2)
        for kind, slope in (("V", states.dv), ("I", states.di)):
            turns = np.flatnonzero(np.diff(np.sign(slope)))
            folds = [fold for fold in figures["folds"] if fold["kind"] == kind]
            assert len(folds) == turns.size, (junctions, device)
            assert len(folds) % 2 == 0
            for fold, k in zip(folds, turns, strict=True):
                assert states.T[k] <= fold["T_max_K"] <= states.T[k + 1]
        pair = [fold["V_per_junction_mV"] for fold in figures["folds"]]
        assert (figures["V_extrema_mV_per_junction"] or []) == pytest.approx(pair, rel=1e-12)
        assert figures["backbending_mV_per_junction"] == pytest.approx(pair[0] - pair[1] if pair else 0.0, rel=1e-9)


def test_features_do_not_depend_on_the_grid():
    coarse, fine = curve(19, 300).figures, curve(19, 2000).figures
    # Folds are roots, not grid points: brentq's tolerance of 1e-11 K, and v is stationary there.
    assert coarse["backbending_mV_per_junction"] == pytest.approx(fine["backbending_mV_per_junction"], abs=1e-10)
    names = ("V_peak_mV_per_junction", "peak_height_over_Y_N", "beta", "beta_above_Y_N")
    coarse, middle, fine = (np.array([curve(8, n).figures[k] for k in names]) for n in (300, 1200, 9600))
    # Between its points the curve is a spline; that of the law has kinks of its own in between.
    assert np.all(np.abs(middle - fine) <= 2e-6 * fine)
    assert np.all(np.abs(coarse - fine) <= 1e-5 * fine)


def test_narrow_backbending_is_found_between_grid_points():
    # Just above the threshold both folds lie within one step of the coarse grid.
    figures = curve(11.8345, 300).figures
    high, low = figures["folds"]
    assert 0 < figures["backbending_mV_per_junction"] < 1e-4
    assert low["T_max_K"] - high["T_max_K"] < 1.0


def test_missing_half_height_is_said():
    law = build_law(Scenario(name="test", law=Law(set=1)), None)
    figures = trace_uniform(law, UniformDevice(4, 24.2, 110.0, 4.2), 300.0, 600).figures
    assert 1 < figures["peak_height_over_Y_N"] < 2
    assert figures["beta"] is None
    assert "above the peak" in figures["reasons"]["beta"]
    assert figures["beta_above_Y_N"] > 0
    assert "beta_above_Y_N" not in figures["reasons"]


def test_ohmic_mesa_has_no_features():
    c = trace_uniform(OhmicLaw(0.5), UniformDevice(10, 20.0, 50.0, 4.2), 200.0, 300)
    assert c.V_mV == pytest.approx(c.I_mA * 10 * 40.0, rel=1e-12)
    assert c.figures["folds"] == []
    assert c.figures["backbending_mV_per_junction"] == 0.0
    assert c.figures["V_peak_mV_per_junction"] is None
    assert c.figures["reasons"]["V_peak_mV_per_junction"]


def test_voltage_folds_back_where_resistance_falls_steeply():
    # Conductance ~ T^3: T - T_B = k g v^2 and I = g v ~ sqrt(g (T - T_B)) rises, V ~ sqrt((T - T_B)/g) folds once.
    T = np.linspace(5, 500, 100)
    c = trace_uniform(OhmicLaw((T, (T / 100) ** 3)), UniformDevice(1, 1.0, 100.0, 50.0), 400.0, 300)
    (fold,) = c.figures["folds"]
    assert fold["kind"] == "V"
    # d ln(T - T_B) = 3 d ln T at T = 3 T_B/2; interpolation in logarithms is exact for a power law.
    assert fold["T_max_K"] == pytest.approx(75.0, rel=1e-8)


def test_current_folds_back_where_resistance_rises_steeply():
    # Conductance ~ T^-3: V rises and I ~ sqrt(g (T - T_B)) folds once, at T = 3 T_B/2.
    T = np.linspace(5, 500, 100)
    c = trace_uniform(OhmicLaw((T, (T / 100) ** -3)), UniformDevice(1, 1.0, 100.0, 50.0), 400.0, 300)
    (fold,) = c.figures["folds"]
    assert (fold["kind"], fold["T_max_K"]) == ("I", pytest.approx(75.0, rel=1e-8))
    assert np.isinf(c.dV_dI_ohm[c.fold == "I"]).all()


def test_rows_and_scenario():
    device = Scenario(
        name="test",
        mesa=Mesa(junctions=30, resistive_junctions=19, specific_resistance_ohm_um2=2420.0),
        bath=Bath(temperature_K=4.2),
        uniform=Uniform(thermal_resistance_K_per_mW=110.0, end_temperature_K=300.0),
    )
    rows = uniform_rows(uniform_curve(LAW, device, 600))
    assert list(rows) == ["V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K", "f_THz", "dV_dI_ohm", "fold"]
    reference = curve(19)
    assert rows["V_mV"] == pytest.approx(reference.V_mV, rel=1e-12)
    assert len({len(column) for column in rows.values()}) == 1


def test_end_must_be_above_the_bath():
    with pytest.raises(ValueError, match="not above the bath"):
        trace_uniform(LAW, UniformDevice(4, 24.2, 110.0, 90.0), 80.0)


def test_turning_points_on_and_between_points_of_the_grid():
    x = np.linspace(0, 2, 12)
    assert turning_points(lambda t: t * t - 2, x) == pytest.approx([np.sqrt(2)])
    # A root on a point of the grid, whatever sign rounding gives it; a touch is none.
    grid = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    for rounding in (-1e-17, 0.0, 1e-17):
        found = turning_points(lambda t, off=rounding: np.where(t == 1.0, off, t - 1.0), grid)
        assert found == pytest.approx([1.0])
    assert turning_points(lambda t: (t - 1.0) ** 2, grid).size == 0
    # Two roots within one interval, of either sign.
    rough = np.array([0.0, 0.9, 1.2, 2.0])
    for side in (1.0, -1.0):
        found = turning_points(lambda t, side=side: side * ((t - 1) ** 2 - 1e-3), rough)
        assert found == pytest.approx([1 - 1e-3**0.5, 1 + 1e-3**0.5])
        assert turning_points(lambda t, side=side: side * ((t - 1) ** 2 + 1e-3), rough).size == 0


def test_example_in_the_documentation(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = (Path(__file__).parents[4] / "docs" / "tunnelling-law.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\s+prints `(.*?)`", text, re.DOTALL)
    assert found is not None
    exec(found[1], {})
    assert capsys.readouterr().out.strip() == found[2]


def test_loop_gain_is_that_of_the_definition():
    """At 50 K: T di/dT / i by differences, over T C'/C of linear cooling."""
    c = curve(19)
    row = int(np.argmin(np.abs(c.T_K - 50.0)))
    T, v, dT = c.T_K[row], c.v_mV[row : row + 1], 0.01
    up, down = (LAW.at(v, np.array([T + h])).i[0] for h in (dT, -dT))
    needed = T * (up - down) / (2 * dT) / LAW.at(v, np.array([T])).i[0]
    found = loop_gain(LAW, c)
    assert found.exponent_needed[row] == pytest.approx(needed, rel=1e-4)
    assert found.cooling_exponent[row] == pytest.approx(T / (T - 4.2), rel=1e-12)
    assert found.loop_gain[row] == pytest.approx(needed * (T - 4.2) / T, rel=1e-4)
    assert (found.loop_gain[0], found.cooling_exponent[0]) == (0.0, np.inf)


def test_cooling_that_grows_faster_than_is_needed_unfolds_the_curve():
    folded = trace_uniform(LAW, UniformDevice(19, 24.2, 110.0, 4.2), 300.0, 600)
    needed = float(loop_gain(LAW, folded).exponent_needed.max())
    # The paper's device at set 3: 1.8; its voltages change with the cooling, by which it stays just above or below.
    assert 1.7 < needed < 1.9
    for exponent, folds in ((0.8 * needed, 2), (1.25 * needed, 0)):
        cooling = cooling_of(Uniform(thermal_resistance_K_per_mW=110.0, cooling_exponent=exponent), 4.2)
        c = trace_uniform(LAW, UniformDevice(19, 24.2, 110.0, 4.2, cooling), 300.0, 600)
        assert len(c.figures["folds"]) == folds
        # The same power as with linear cooling at the reference temperature.
        assert cooling(np.array(74.0))[0] == pytest.approx((74.0 - 4.2) / 110.0, rel=1e-12)


def test_a_table_of_the_cooling_is_what_it_says(tmp_path):
    table = tmp_path / "cooling.csv"
    T = np.linspace(4.2, 310.0, 50)
    table.write_text("T_K,P_mW\n" + "".join(f"{a},{(a - 4.2) / 110.0}\n" for a in T))
    cooling = cooling_of(Uniform(cooling_table=str(table)), 4.2)
    c = trace_uniform(LAW, UniformDevice(8, 24.2, 1.0, 4.2, cooling), 300.0, 300)
    assert c.V_mV == pytest.approx(curve(8, 300).V_mV, rel=1e-9)


@pytest.mark.parametrize(
    ("keys", "text", "said"),
    [
        ({"cooling_exponent": 0}, "", "must be a number >= 0.1 and <= 20"),
        ({"cooling_exponent": 2.0, "cooling_reference_K": 4.0}, "", "4 K must be above the bath temperature (4.2 K)"),
        ({"cooling_reference_K": 60.0}, "", "has no effect with cooling_exponent = 1"),
        ({"cooling_exponent": 2.0}, "T_K,P_mW\n4.2,0\n300,2\n", "has no effect with cooling_table"),
        ({}, "T_K,P_mW\n4.2,0\n50,0.4\n300,0.3\n", "must increase from row to row; line 4 has T_K = 300, P_mW = 0.3"),
        ({}, "T_K,P_mW\n10,0\n300,0.3\n", "covers 10 to 300 K; add a row at the bath temperature, with the power 0"),
        ({}, "T_K,P_mW\n4.2,0\n300,0.3\n250,0.4\n", "must increase from row to row; line 4 has T_K = 250, P_mW = 0.4"),
    ],
)
def test_a_cooling_that_makes_no_sense_is_refused(tmp_path, capsys, keys, text, said):
    table = tmp_path / "cooling.csv"
    table.write_text(text)
    changes = {f"uniform.{name}": value for name, value in keys.items()}
    changes |= {"uniform.cooling_table": str(table)} if text else {}
    words = [word for name, value in changes.items() for word in ("--set", f"{name}={value}")]
    assert main(["run", "kurter2010-uniform", *words, "--out", str(tmp_path / "x"), "--quiet"]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("law.gamma_exponent=0", "law.gamma_exponent: 0 must be greater than 0"),
        ("law.gamma_exponent=-1", "law.gamma_exponent: -1 must be greater than 0"),
        ("law.coherent_fraction=1.2", "law.coherent_fraction: 1.2 must be a number >= 0 and <= 1"),
        ("law.coherent_fraction=-0.1", "law.coherent_fraction: -0.1 must be a number >= 0 and <= 1"),
        ("law.momentum_weight=1", "law.momentum_weight: 1 must be a number > -1 and < 1"),
    ],
)
def test_a_law_that_makes_no_sense_is_refused(tmp_path, capsys, change, said):
    assert main(["run", "kurter2010-uniform", "--set", change, "--out", str(tmp_path / "x"), "--quiet"]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_the_run_says_which_cooling_the_stack_needs(tmp_path, capsys):
    assert main(["run", "kurter2010-uniform", "--set", "mesa.junctions=19", "--out", str(tmp_path / "x")]) == 0
    run = load_run(tmp_path / "x")
    folds = [fold["T_max_K"] for fold in run.summary["folds"]]
    assert [run.summary["cooling_too_slow_from_K"], run.summary["cooling_too_slow_to_K"]] == pytest.approx(folds)
    assert run.summary["loop_gain_max"] > 1.0
    assert f"needs cooling that grows faster than T^{run.summary['exponent_needed_max']:.2f}" in capsys.readouterr().out
    assert (tmp_path / "x" / "cooling.png").exists()
