"""Uniform model: consistency of curve, slopes and features; degenerate curves."""

import re
from pathlib import Path

import numpy as np
import pytest

from hotmesa.scenarios.schema import Bath, Law, Mesa, Scenario, Uniform
from hotmesa.solver.law.laws import OhmicLaw, build_law
from hotmesa.solver.runs.uniform import UniformDevice, trace_uniform, uniform_curve, uniform_rows
from hotmesa.solver.runs.uniform_features import beta_of, half_height, largest_drop, local_minima, missed_dips, roots

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
    assert [fold.kind for fold in c.folds] == ["V", "V"]
    high, low = c.folds
    for fold in c.folds:
        assert fold.T_K in c.T_K
        assert pytest.approx(19 * fold.v_mV) == fold.V_mV
    between = (c.T_K >= high.T_K) & (c.T_K <= low.T_K)
    # The voltage of a fold does not depend on how many states are solved at once, to rounding.
    assert np.max(c.v_mV[c.T_K <= low.T_K]) == pytest.approx(high.v_mV, rel=1e-13)
    assert np.min(c.v_mV[c.T_K >= high.T_K]) == pytest.approx(low.v_mV, rel=1e-13)
    assert np.all(np.diff(c.v_mV[between]) < 0)
    assert c.backbending_mV == pytest.approx(high.v_mV - low.v_mV, rel=1e-11)
    assert c.v_extrema_mV == (high.v_mV, low.v_mV)
    assert c.peak is None
    assert "folds back" in c.peak_reason


def test_features_do_not_depend_on_the_grid():
    coarse, fine = curve(19, 300), curve(19, 2000)
    # Folds are roots, not grid points: brentq's tolerance of 1e-11 K, and v is stationary there.
    assert coarse.backbending_mV == pytest.approx(fine.backbending_mV, abs=1e-10)
    one, two = curve(8, 300).peak, curve(8, 2000).peak
    assert one is not None and two is not None
    # A maximum is flat: its place is known to the root of rounding, 1e-7 K times dv/dT < 0.1 mV/K.
    assert one.v_mV == pytest.approx(two.v_mV, abs=1e-6)
    assert one.from_zero.beta == pytest.approx(two.from_zero.beta, abs=1e-6)


def test_narrow_backbending_is_found_between_grid_points():
    # Just above the threshold both folds lie within one step of the coarse grid.
    c = curve(11.8345, 300)
    assert len(c.folds) == 2
    assert 0 < c.backbending_mV < 1e-4
    assert c.folds[1].T_K - c.folds[0].T_K < 1.0


def test_missing_half_height_is_said():
    law = build_law(Scenario(name="test", law=Law(set=1)), None)
    peak = trace_uniform(law, UniformDevice(4, 24.2, 110.0, 4.2), 300.0, 600).peak
    assert peak is not None
    assert peak.height < 2
    assert peak.from_zero.beta is None
    assert peak.from_zero.right_mV is None
    assert "above the peak" in peak.from_zero.reason
    assert peak.from_normal.beta is not None
    assert peak.from_normal.reason == ""
    assert peak.from_normal.baseline == pytest.approx(1.0, abs=1e-9)


def test_ohmic_mesa_has_no_features():
    c = trace_uniform(OhmicLaw(0.5), UniformDevice(10, 20.0, 50.0, 4.2), 200.0, 300)
    assert c.V_mV == pytest.approx(c.I_mA * 10 * 40.0, rel=1e-12)
    assert c.folds == ()
    assert c.backbending_mV == 0.0
    assert c.peak is None
    assert "no maximum" in c.peak_reason


def test_current_folds_back_where_resistance_falls_steeply():
    # Conductance ~ T^3: T - T_B = k g v^2 and I = g v ~ sqrt(g (T - T_B)) rises, V ~ sqrt((T - T_B)/g) folds once.
    T = np.linspace(5, 500, 100)
    c = trace_uniform(OhmicLaw((T, (T / 100) ** 3)), UniformDevice(1, 1.0, 100.0, 50.0), 400.0, 300)
    assert [fold.kind for fold in c.folds] == ["V"]
    # d ln(T - T_B) = 3 d ln T at T = 3 T_B/2; interpolation in logarithms is exact for a power law.
    assert c.folds[0].T_K == pytest.approx(75.0, rel=1e-8)


def test_rows_and_scenario():
    device = Scenario(
        name="test",
        mesa=Mesa(junctions=30, resistive_junctions=19, specific_resistance_ohm_um2=2420.0),
        bath=Bath(temperature_K=4.2),
        uniform=Uniform(thermal_resistance_K_per_mW=110.0, end_temperature_K=300.0),
    )
    rows = uniform_rows(uniform_curve(LAW, device, 600))
    assert list(rows) == ["V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K", "dV_dI_ohm"]
    reference = curve(19)
    assert rows["V_mV"] == pytest.approx(reference.V_mV, rel=1e-12)
    assert len({len(column) for column in rows.values()}) == 1


def test_end_must_be_above_the_bath():
    with pytest.raises(ValueError, match="not above the bath"):
        trace_uniform(LAW, UniformDevice(4, 24.2, 110.0, 90.0), 80.0)


def test_pure_functions():
    v = np.array([0, 1, 2, 3, 2.5, 2.2, 4, 3.9, 5])
    i = np.arange(9.0)
    assert largest_drop(v, i) == pytest.approx(0.8)
    assert largest_drop(v, np.array([0, 1, 2, 3, 2, 1, 4, 5, 6.0])) == pytest.approx(0.1)
    assert half_height(5.0, 1.0) == 3.0
    assert beta_of(40.0, 30.0, 50.0) == (0.5, "")
    for left, right, word in ((None, 1.0, "below"), (1.0, None, "above the peak"), (None, None, "both")):
        beta, reason = beta_of(40.0, left, right)
        assert beta is None
        assert word in reason
    x = np.linspace(0, 2, 12)
    assert roots(lambda t: t * t - 2, x, x**2 - 2) == pytest.approx([np.sqrt(2)])
    assert list(local_minima(np.array([3, 1, 2, 2, 0, 0, 5.0]))) == [1, 4]
    grid = np.array([0.0, 0.9, 1.2, 2.0])

    def dip(t):
        return (t - 1) ** 2 - 1e-3

    assert missed_dips(dip, grid, dip(grid)) == pytest.approx([1.0], abs=1e-6)
    assert missed_dips(lambda t: dip(t) + 2e-3, grid, dip(grid) + 2e-3) == []


def test_example_in_the_documentation(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = (Path(__file__).parents[4] / "docs" / "tunnelling-law.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\s+prints `(.*?)`", text, re.DOTALL)
    assert found is not None
    exec(found[1], {})
    assert capsys.readouterr().out.strip() == found[2]
