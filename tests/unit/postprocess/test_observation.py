"""A finite voltage resolution: exact for a step and a straight line, and the derivative in the limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.postprocess.merit import curve_figures, curve_of
from hotmesa.postprocess.observation import Instrument, figures_for, observed
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.tables import ResultError


@pytest.fixture(scope="module")
def narrow() -> Run:
    """The uniform curve of 8 junctions, with a conductance peak."""
    return hm.run("kurter2010-uniform", {"mesa.junctions": 8})


@pytest.fixture(scope="module")
def folded() -> Run:
    """That of 24 junctions, which folds: a source of current sees a vertical step."""
    return hm.run("kurter2010-uniform", {"mesa.junctions": 24})


def test_a_small_window_gives_the_exact_figures(narrow: Run) -> None:
    exact = curve_figures(narrow.rows, curve_of(narrow.rows, narrow.normal_resistance_ohm), 8)
    (found,) = figures_for(narrow, (0.0,), Instrument())
    for name in ("V_peak_mV_per_junction", "beta", "beta_above_Y_N"):
        assert found[name] == pytest.approx(exact[name], rel=5e-4)


@pytest.mark.parametrize("leg", ["up", "down"])
@pytest.mark.parametrize("window", [0.5, 1.0, 2.0])
def test_a_vertical_step_is_as_wide_as_the_window(folded: Run, leg: str, window: float) -> None:
    (found,) = figures_for(folded, (window,), Instrument(leg="up" if leg == "up" else "down"))
    # Beside the step I(V) rises steeply as well: by a tenth of the step within a window at most.
    assert found["FWHM_mV_per_junction"] == pytest.approx(window, rel=0.03)
    folds = folded.rows["V_per_junction_mV"][folded.rows["fold"] == "V"]
    edge = max(folds) if leg == "up" else min(folds)
    assert abs(float(str(found["V_peak_mV_per_junction"])) - edge) <= 0.55 * window


def test_a_straight_line_is_unchanged() -> None:
    run = hm.run("kurter2010-uniform", {"law.kind": "ohmic", "law.resistivity_ohm_cm": 1126.0})
    for window in (0.1, 3.0):
        seen = observed(run, window * run.junctions)
        assert seen.conductance == pytest.approx(np.full(seen.V_mV.shape, seen.conductance[0]), rel=1e-9)
        assert seen.peak is None


def test_noise_is_reproducible_and_as_large_as_it_is_said_to_be(narrow: Run) -> None:
    window, noise = 8.0, 0.08
    clean, seen = observed(narrow, window), observed(narrow, window, Instrument(noise_mV=noise, seed=3))
    again = observed(narrow, window, Instrument(noise_mV=noise, seed=3))
    np.testing.assert_array_equal(seen.conductance, again.conductance)
    end = seen.V_mV > 0.9 * seen.V_mV[-1]  # the normal state: each end of the window is off by noise
    assert np.std((seen.conductance - clean.conductance)[end]) == pytest.approx(2**0.5 * noise / window, rel=0.1)


def test_a_contact_in_series_is_taken_off(narrow: Run) -> None:
    ohm = 20.0
    current = np.linspace(0.0, 50.0, 11)
    taken = observed(narrow, 0.8, Instrument(contact={"V_mV": ohm * current, "I_mA": current}))
    plain = observed(narrow, 0.8)
    # dV/dI is smaller by that of the contact: compared at the end, in the normal state.
    R = narrow.normal_resistance_ohm
    assert 1.0 / taken.conductance[-1] == pytest.approx(1.0 / plain.conductance[-1] - ohm / R, rel=1e-3)


def test_a_window_larger_than_the_curve_is_refused(narrow: Run) -> None:
    with pytest.raises(ResultError, match="smaller than the curve"):
        observed(narrow, 1e6)
    with pytest.raises(ResultError, match="must be 0 or more"):
        observed(narrow, -1.0)


def test_the_command_writes_a_row_a_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hm.run("kurter2010-uniform", {"mesa.junctions": 8}, out=tmp_path / "x")
    assert main(["observe", str(tmp_path / "x"), "--window", "0", "1"]) == 0
    lines = (tmp_path / "x" / "observed.csv").read_text().splitlines()
    assert len(lines) == 3 and lines[0].startswith("window_mV_per_junction,V_peak_mV_per_junction")
    assert "beta 0.1" in capsys.readouterr().out
    assert main(["observe", str(tmp_path / "x"), "--window", "1e5"]) == 2
