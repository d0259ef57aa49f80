"""hotmesa uncertainty: bands and shares against closed forms, resuming, files, bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.postprocess.uncertainty import first_order
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.plans.uncertainty import Assumed, load_uncertainty
from hotmesa.scenarios.schema import (
    Bath,
    Branch,
    Curve,
    Law,
    Layer,
    Material,
    Mesa,
    Mesh,
    Numerics,
    Stability,
)
from hotmesa.vocabulary import VOCABULARY

AREA_UM2, JUNCTIONS, RESISTIVITY = 40.0, 20, 100.0
SPACING, COOLING, BATH_SIGMA = (1.5, 2.5), (1e5, 4e5), 1.0
DEVICE = Scenario(
    name="ohmic",
    mesa=Mesa(junctions=JUNCTIONS, width_um=8.0, depth_um=5.0, spacing_nm=2.0),
    layers=(Layer(name="mesa", material="stack", region="mesa", junctions=True),),
    materials={"stack": Material(in_plane_W_per_mK=1e3, out_of_plane_W_per_mK=1e6)},
    bath=Bath(temperature_K=30.0, bottom="conductance", bottom_W_per_m2K=2e5),
    law=Law(kind="ohmic", resistivity_ohm_cm=Curve(T_K=(4.0, 300.0), values=(RESISTIVITY, RESISTIVITY))),
    branch=Branch(end_current_mA=1.0, min_points=8),
    mesh=Mesh(size_um=2.5),
    numerics=Numerics(estimate_error=False),
    stability=Stability(points="none"),
)
HEAD = 'name = "u"\nscenario = "device.toml"\nsamples = 32\ncurrents = 4\n'
ASSUMED = f"""
[[assumed]]
key = "mesa.spacing_nm"
min = {SPACING[0]}
max = {SPACING[1]}

[[assumed]]
key = "bath.bottom_W_per_m2K"
label = "cooling of the bottom"
min = {COOLING[0]}
max = {COOLING[1]}
scale = "log"

[[assumed]]
key = "bath.temperature_K"
sigma = {BATH_SIGMA}
"""
OBSERVABLES = 'observables = ["V_mV@I_mA=1.0", "T_mean_K@I_mA=1.0"]\n'


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assumed")
    (folder / "device.toml").write_text(to_toml(DEVICE))
    (folder / "u.toml").write_text(HEAD + OBSERVABLES + ASSUMED)
    return folder / "u.toml"


@pytest.fixture(scope="module")
def found(file: Path):
    result = hm.uncertainty(file, out=file.parent / "out", workers=0)
    assert result is not None and result.status == 0
    return result


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def resistance_ohm(spacing_nm: float) -> float:
    """Return rho N s/A: Ω cm times nm over µm² is 1e-2 * 1e-9 / 1e-12 Ω."""
    return RESISTIVITY * JUNCTIONS * spacing_nm * 10.0 / AREA_UM2


def test_bands_of_what_is_linear_are_those_of_its_range(found):
    V, _ = found.spreads
    low, high = (resistance_ohm(end) for end in SPACING)  # mV at 1 mA
    assert V.value == pytest.approx(resistance_ohm(2.0), rel=1e-6)
    assert V.linear_deviation == pytest.approx((high - low) / np.sqrt(12.0), rel=1e-3)
    assert np.quantile(V.linear, 0.16) == pytest.approx(low + 0.16 * (high - low), rel=1e-3)
    assert np.quantile(V.sampled, 0.16) == pytest.approx(low + 0.16 * (high - low), abs=0.02 * (high - low))
    assert V.linear_shares == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert V.shares == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    # V(I) of a resistor: every band in proportion.
    assert [one.linear_deviation for one in found.bands] == pytest.approx(
        [part * V.linear_deviation for part in (0.25, 0.5, 0.75, 1.0)], rel=1e-6
    )


def test_shares_are_those_of_the_closed_form(found):
    """T = T_B + I² R(s)/(h A): its first-order shares follow from the moments of s and of 1/h."""
    _, T = found.spreads
    scale = resistance_ohm(1.0) * 1e-6 / (AREA_UM2 * 1e-12)  # of s/h at 1 mA
    s, s_variance = np.mean(SPACING), np.ptp(SPACING) ** 2 / 12.0
    length = np.log(COOLING[1] / COOLING[0])
    inverse = (1.0 / COOLING[0] - 1.0 / COOLING[1]) / length
    inverse_variance = (COOLING[0] ** -2 - COOLING[1] ** -2) / (2.0 * length) - inverse**2
    parts = np.array([
        scale**2 * s_variance * inverse**2, scale**2 * s**2 * inverse_variance, BATH_SIGMA**2,
    ])  # fmt: skip
    whole = parts.sum() + scale**2 * s_variance * inverse_variance
    assert T.value == pytest.approx(30.0 + scale * 2.0 / 2e5, abs=1e-3)
    assert np.mean(T.sampled) == pytest.approx(30.0 + scale * s * inverse, rel=0.01)
    assert np.var(T.sampled) == pytest.approx(whole, rel=0.05)
    assert T.shares == pytest.approx(parts / whole, abs=0.02)
    slopes = np.array([scale / 2e5, -scale * 2.0 / 2e5, 1.0])
    assert T.slopes == pytest.approx(slopes, rel=1e-4)
    linear = (slopes * [np.ptp(SPACING) / np.sqrt(12.0), length / np.sqrt(12.0), BATH_SIGMA]) ** 2
    assert T.linear_shares == pytest.approx(linear / linear.sum(), rel=1e-3)


def test_it_goes_on_with_what_is_there_and_more_samples_keep_the_first(found, file: Path, tmp_path: Path):
    out = file.parent / "out"
    assert {item.name for item in found.files} >= {
        "table.csv", "uncertainty.csv", "shares.csv", "bands.csv", "uncertainty.png",
    }  # fmt: skip
    assert (out / "uncertainty.png").stat().st_size > 10_000
    before = {path: path.stat().st_mtime_ns for path in (out / "cases").glob("*/iv.csv")}
    assert len(before) == 33
    gone = out / "cases" / "sample-07" / "summary.json"
    text = json.loads(gone.read_text())
    rows = (out / "uncertainty.csv").read_text()
    for name in ("summary.json", "provenance.json", "case.json"):
        (gone.parent / name).unlink()
    assert main(["uncertainty", str(file), "--out", str(out), "--workers", "0", "--quiet"]) == 0
    after = {path: path.stat().st_mtime_ns for path in (out / "cases").glob("*/iv.csv")}
    assert [path.parent.name for path in before if before[path] != after[path]] == ["sample-07"]
    assert json.loads(gone.read_text())["points"] == text["points"]
    assert (out / "uncertainty.csv").read_text() == rows
    (tmp_path / "device.toml").write_text(to_toml(DEVICE))
    (tmp_path / "more.toml").write_text(HEAD.replace("32", "128") + OBSERVABLES + ASSUMED)
    few, many = load_uncertainty(file), load_uncertainty(tmp_path / "more.toml")
    assert np.array_equal(few.parts, many.parts[:32])


def test_shares_of_known_polynomials():
    """A sum 3 a + 2 (b² - 1)/√2 + a b of normal a, b has parts of 9, 4 and 1 in 14."""
    rng = np.random.default_rng(1)
    one = Assumed(key="a", sigma=1.0)
    parts = rng.random((4096, 2))
    basis = [one.basis(parts[:, k]) for k in (0, 1)]
    a, b = basis[0][:, 0], basis[1]
    y = 3.0 * a + 2.0 * b[:, 1] + a * b[:, 0]
    assert first_order(basis, y) == pytest.approx([9 / 14, 4 / 14], abs=0.02)
    y[::2] = np.nan
    assert first_order(basis, y) == pytest.approx([9 / 14, 4 / 14], abs=0.03)
    assert np.isnan(first_order(basis, np.full(len(y), 2.0))).all()
    assert np.isnan(first_order([part[:9] for part in basis], np.arange(9.0))).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "assumed: is missing"),
        (HEAD + '[[assumed]]\nkey = "mesa.spacin_nm"\nmin = 1.0\nmax = 2.0\n', "mesa.spacin_nm"),
        (HEAD + '[[assumed]]\nkey = "mesa.spacing_nm"\nmin = 1.0\n', "give either min and max (a range) or sigma"),
        (HEAD + '[[assumed]]\nkey = "mesa.spacing_nm"\nmin = 2.0\nmax = 1.0\n', "min = 2 is not below max = 1"),
        (HEAD + '[[assumed]]\nkey = "mesa.spacing_nm"\nmin = 3.0\nmax = 4.0\n', "has 2, outside of the assumed 3 to 4"),
        (HEAD + '[[assumed]]\nkey = "mesa.spacing_nm"\nmin = -1.0\nmax = 4.0\n', "at its min -1"),
        (HEAD + '[[assumed]]\nkey = "mesa.junctions"\nsigma = 1.0\n', "only keys that hold any number"),
        (HEAD.replace("32", "100") + ASSUMED, "powers of two: 64 or 128"),
        (HEAD.replace("32", "8") + ASSUMED, "samples = 8 tell 3 numbers not apart: 16 are needed"),
        (HEAD + ASSUMED + ASSUMED, "mesa.spacing_nm is assumed twice"),
        (HEAD + 'observables = ["bta"]\n' + ASSUMED, "did you mean beta"),
        (HEAD + 'observables = ["x_um@I_mA=1.0"]\n' + ASSUMED, "x_um"),
        (HEAD + ASSUMED.replace("[[assumed]]", '[fixed]\nmode = "uniform"\n[[assumed]]', 1), "those of a branch"),
    ],
)
def test_bad_input_is_refused_with_what_to_try(
    text: str, message: str, file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "device.toml").write_text(to_toml(DEVICE))
    (tmp_path / "bad.toml").write_text(text)
    assert main(["uncertainty", str(tmp_path / "bad.toml"), "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_bundled_files_are_whole():
    assert bundled_plans("uncertainty")
    for name in bundled_plans("uncertainty"):
        plan = load_uncertainty(name, VOCABULARY)
        assert all(case.scenario is not None for case in plan.cases(()).cases)
