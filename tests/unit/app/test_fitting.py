"""Fits: known parameters come back from synthetic data, with uncertainties that mean what they say."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hotmesa
from hotmesa import case as study_case
from hotmesa import fitting as fit_job
from hotmesa.cli import main
from hotmesa.fit_result import covariance_of
from hotmesa.postprocess.fit import compare_curves
from hotmesa.runner import Ending
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.plans.fit import Data, Measured, load_fit, read_measured
from hotmesa.scenarios.tables import TableError
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import uniform_curve
from hotmesa.vocabulary import VOCABULARY

pytest.importorskip("lmfit")

OHMIC = (
    "law.kind=ohmic",
    "law.set=none",
    "law.resistivity_ohm_cm={T_K=[4.0, 300.0], values=[200.0, 20.0]}",
)
ALPHA, AREA = 110.0, 2421.0
HEAD = """
name = "small"
scenario = "kurter2010-uniform"

[fixed]
law.kind = "ohmic"
law.set = "none"
law.resistivity_ohm_cm = {T_K = [4.0, 300.0], values = [200.0, 20.0]}

[[parameters]]
key = "uniform.thermal_resistance_K_per_mW"
label = "alpha"
start = 60.0
min = 30.0
max = 300.0
scale = "log"
"""
RESISTANCE = """
[[parameters]]
key = "mesa.spacing_nm"
label = "spacing"
start = 1.5
min = 1.0
max = 4.0
"""
CURVE = '[[data]]\nname = "iv"\nfile = "iv.csv"\nsigma_mV = 2.0\nlast_mA = 1.6\n'
SPACING, SIGMA = 2.151, 2.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a curve of the uniform model at known values and Gaussian noise of 2 mV."""
    scenario = load_scenario("kurter2010-uniform", OHMIC)
    curve = uniform_curve(build_law(scenario), scenario)
    order = np.linspace(0.02, 1.5, 60)
    rows = np.arange(curve.I_mA.size)
    from scipy.interpolate import PchipInterpolator

    places = [float(PchipInterpolator(rows, curve.I_mA).solve(current, extrapolate=False).min()) for current in order]
    V = PchipInterpolator(rows, curve.V_mV)(places)
    V = V + np.random.default_rng(3).normal(0.0, SIGMA, V.shape)
    lines = [f"{voltage!r},{1e3 * current!r}" for voltage, current in zip(V.tolist(), order.tolist(), strict=True)]
    (tmp_path / "iv.csv").write_text("\n".join(["V_mV,I (uA)", *lines]) + "\n")
    return tmp_path


def fit(folder: Path, text: str, *arguments: str) -> int:
    (folder / "fit.toml").write_text(text)
    command = ["fit", str(folder / "fit.toml"), "--out", str(folder / "out"), "--workers", "0", "--quiet", *arguments]
    return main(command)


def result(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads((folder / "out" / "fit.json").read_text())


def test_a_curve_gives_its_parameters_back(folder: Path):
    assert fit(folder, HEAD + RESISTANCE + CURVE) == 0
    found = result(folder)
    for name, true in (("alpha", ALPHA), ("spacing", SPACING)):
        value, error = found["parameters"][name]["value"], found["parameters"][name]["uncertainty"]
        assert 0 < error < 0.2 * true
        # The noise is drawn once: 3.5 standard deviations of two values fail once in a thousand seeds.
        assert abs(value - true) < 3.5 * error
    # 58 degrees of freedom: chi^2 per degree has a standard deviation of 0.19.
    assert found["chi_squared_reduced"] == pytest.approx(1.0, abs=0.6)
    assert (
        found["parameters"]["alpha"]["correlations"]["spacing"]
        == found["parameters"]["spacing"]["correlations"]["alpha"]
    )
    assert len(found["directions"]) == 2 and found["directions"][0]["sigma"] >= found["directions"][1]["sigma"]
    names = {file.name for file in (folder / "out").iterdir()}
    assert {"fit.json", "residuals.csv", "history.csv", "best-iv.toml", "fit.png", "fit.toml"} <= names
    best = load_scenario(folder / "out" / "best-iv.toml")
    assert best.uniform.thermal_resistance_K_per_mW == found["parameters"]["alpha"]["value"]


def test_numbers_of_several_scenarios(folder: Path):
    data = ""
    for n in (6, 12):
        scenario = load_scenario("kurter2010-uniform", (*OHMIC, f"mesa.junctions={n}"))
        V = uniform_curve(build_law(scenario), scenario).V_mV
        data += f'[[data]]\nname = "n{n}"\nset = {{mesa.junctions = {n}}}\nobservable = "end.V_mV"\n'
        data += f"value = {float(V[-1])!r}\nsigma = 1.0\n"
    assert fit(folder, HEAD + data) == 0
    found = result(folder)["parameters"]["alpha"]
    # Data without noise: what is left is the tolerance of the fit, far below the uncertainty.
    assert found["value"] == pytest.approx(ALPHA, abs=0.01 * found["uncertainty"])


@pytest.mark.parametrize(("limit", "missed"), [("at-least", False), ("at-most", True)])
def test_limits_count_on_their_forbidden_side_alone(folder: Path, limit: str, missed: bool):
    scenario = load_scenario("kurter2010-uniform", OHMIC)
    V = float(uniform_curve(build_law(scenario), scenario).V_mV[-1])
    number = f'[[data]]\nname = "v"\nobservable = "end.V_mV"\nvalue = {V!r}\nsigma = 1.0\n'
    # 5 mV below what the first number asks for: a contradiction if it is an upper limit, nothing if it is a lower one.
    bound = f'[[data]]\nname = "w"\nobservable = "end.V_mV"\nvalue = {V - 5.0!r}\nsigma = 1.0\nlimit = "{limit}"\n'
    assert fit(folder, HEAD + number + bound) == 0
    # Half-way both are missed by 2.5 sigma; the fit stops where a step would gain little of that.
    assert result(folder)["chi_squared"] == pytest.approx(12.5 if missed else 0.0, abs=0.3)


def test_a_second_fit_computes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    assert fit(folder, HEAD + CURVE) == 0
    first = result(folder)
    monkeypatch.setattr(study_case, "compute", lambda *_, **__: pytest.fail("computed again"))
    assert fit(folder, HEAD + CURVE) == 0
    second = result(folder)
    assert second["cases_computed"] == 0
    assert second["parameters"] == first["parameters"]


def test_an_interrupted_fit_keeps_its_evaluations(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    original, calls = study_case.compute, []

    def compute(scenario: Scenario, folder: Path, **options: Any) -> Ending:
        calls.append(folder)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(scenario, folder, **options)

    with monkeypatch.context() as patch:
        patch.setattr(study_case, "compute", compute)
        assert fit(folder, HEAD + CURVE) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert fit(folder, HEAD + CURVE) == 0
    assert result(folder)["cases_computed"] == result(folder)["points"] - 3


def test_a_parameter_that_does_nothing_has_no_uncertainty(folder: Path, capsys: pytest.CaptureFixture[str]):
    idle = '[[parameters]]\nkey = "branch.end_current_mA"\nstart = 1.0\nmin = 0.5\nmax = 2.0\n'
    assert fit(folder, HEAD + idle + CURVE) in (0, 3)
    assert result(folder)["parameters"]["branch.end_current_mA"]["uncertainty"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("start = 60.0", "start = 10.0") + CURVE, "start = 10 lies outside of 30 to 300"),
        (HEAD.replace("min = 30.0", "min = 400.0") + CURVE, "min = 400 is not below max = 300"),
        (HEAD.replace("min = 30.0", "min = -1.0") + CURVE, "needs positive bounds"),
        (HEAD.replace("thermal_resistance", "thermal_resistanc") + CURVE, "did you mean thermal_resistance_K_per_mW"),
        (HEAD.replace("uniform.thermal_resistance_K_per_mW", "mesa.junctions") + CURVE, "whole number"),
        (HEAD, "data: is missing"),
        (HEAD + CURVE + CURVE, "2 data sets are called iv"),
        (HEAD + CURVE.replace("iv.csv", "none.csv"), "none.csv: cannot be read"),
        (HEAD + CURVE.replace("last_mA = 1.6", "last_mA = 0.0"), "no point of iv.csv"),
        (HEAD + '[[data]]\nname = "a"\nobservable = "betta"\nvalue = 1.0\nsigma = 1.0\n', "did you mean beta"),
        (HEAD + '[[data]]\nname = "a"\nobservable = "beta"\nvalue = 1.0\n', "sigma is missing"),
        (HEAD + CURVE + 'limit = "at-most"\n', "limit is for numbers"),
        (HEAD.replace("law.set", "uniform.thermal_resistance_K_per_mW = 1.0\nlaw.set") + CURVE, "also set in fixed"),
    ],
)
def test_bad_fits_have_status_2_and_a_reason(folder: Path, capsys: pytest.CaptureFixture[str], text: str, words: str):
    assert fit(folder, text) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2\n3,4\n", "write for example I_mA,V_mV"),
        ("V_mV,T_K\n1,2\n", "has no column I_mA"),
        ("X_mV,I_mA\n1,2\n", "has no column V_mV, nor V_per_junction_mV; the header is: X_mV, I_mA"),
        ("V_mV,I_mA,sigma_V_mV\n1,2,0\n", "sigma_V_mV must be positive everywhere; line 2 has"),
    ],
)
def test_bad_csv_files_are_refused(tmp_path: Path, text: str, words: str):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(TableError) as error:
        read_measured(tmp_path / "x.csv")
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "# from the plotter\nV_mV,I_mA\n30,0.5\n60,1\n",
        "Voltage (V);Current [uA];note\n0.03;500;a\n0.06;1000;b\n",
        "V/mV\tI/A\n30\t5e-4\n60\t1e-3\n",
        "V_per_junction_mV,I_mA\n3,0.5\n6,1\n",
    ],
)
def test_units_of_the_header_count(tmp_path: Path, text: str):
    (tmp_path / "x.csv").write_text(text)
    measured = read_measured(tmp_path / "x.csv", junctions=10)
    assert measured.V_mV == pytest.approx([30.0, 60.0], rel=1e-14)  # rounding of one product
    assert measured.I_mA == pytest.approx([0.5, 1.0], rel=1e-14)


@pytest.mark.parametrize("kind", ["V-at-I", "I-at-V", "nearest"])
def test_curves_that_fold_back_are_compared_where_they_are(kind: str):
    s = np.linspace(0.0, 2.0, 60)
    V, I = 30.0 * (s - 0.9 * s**2 + 0.3 * s**3), s  # noqa: E741 - V falls between two extrema
    fine = np.linspace(0.1, 1.9, 37)
    measured = Measured(30.0 * (fine - 0.9 * fine**2 + 0.3 * fine**3), fine)
    data = Data(name="x", file="x.csv", compare=kind, sigma_mV=1.0, sigma_mA=0.1)
    exact = compare_curves(V, I, measured, data)
    # PCHIP between points 0.03 apart, and its flattening at the extrema: below 1e-2 mV and 1e-2 mA there.
    assert np.abs(exact.residual).max() < 0.1
    shifted = compare_curves(V + 2.0, I, measured, data)
    if kind == "V-at-I":
        assert shifted.residual == pytest.approx(np.full(37, 2.0), abs=0.1)
    if kind == "nearest":
        assert (shifted.residual > 0).all() and shifted.residual.max() < 2.1


def test_both_polarities_are_one_curve(tmp_path: Path):
    (tmp_path / "x.csv").write_text("V_mV,I_mA\n30,0.5\n60,1\n-30,-0.5\n-60,-1\n")
    measured = read_measured(tmp_path / "x.csv")
    assert measured.V_mV.tolist() == [30.0, 60.0, 30.0, 60.0]
    assert measured.I_mA.tolist() == [0.5, 1.0, 0.5, 1.0]
    assert measured.lines == (2, 3, 4, 5)


def test_a_wrong_sign_is_refused(tmp_path: Path):
    (tmp_path / "x.csv").write_text("V_mV,I_mA\n0.1,0\n-30,0.5\n-60,1\n60,-1\n")
    with pytest.raises(TableError, match="opposite signs in 3 of 4 points, first in line 3: change the sign"):
        read_measured(tmp_path / "x.csv")


def test_both_legs_of_a_hysteresis_find_their_own_solution():
    s = np.linspace(0.0, 2.0, 200)
    V, I = s, s - 1.2 * s**2 + 0.42 * s**3  # noqa: E741 - three voltages at currents between the folds
    folds = np.roots([1.26, -2.4, 1.0])
    low, high = np.linspace(0.1, folds.min(), 20), np.linspace(folds.max(), 1.9, 20)[::-1]
    legs = np.concatenate([low, high])
    currents = legs - 1.2 * legs**2 + 0.42 * legs**3
    found = compare_curves(V, I, Measured(legs, currents), Data(name="x", file="x.csv", sigma_mV=0.01, sigma_mA=0.01))
    # At the folds themselves V has an infinite slope and PCHIP a flat top: 1e-3 in I there is 0.03 in V.
    assert np.abs(found.model - legs)[[*range(19), *range(20, 39)]].max() < 2e-3
    assert found.warning == ""


@pytest.mark.parametrize(
    ("V_scale", "I_scale", "kind", "words"),
    [
        (1.0, 1.0, "V-at-I", None),
        (1.0, 1.06, "V-at-I", "2 of 20 measured points lie beyond the computed curve, which ends at 60 mV and 1 mA"),
        (1.0, 1e3, "V-at-I", "20 of 20 measured points lie beyond"),
        (1e3, 1.0, "V-at-I", "20 of 20 measured points lie beyond"),
        (1e-3, 1.0, "V-at-I", "the computed values are about 1e+03 times the measured"),
        (1.3, 1.0, "V-at-I", None),
        (1.0, 1e-3, "I-at-V", "the computed values are about 1e+03 times the measured"),
        (1.06, 1.0, "I-at-V", "2 of 20 measured points"),
        (1.0, 1e3, "nearest", "20 of 20 measured points lie beyond"),
    ],
)
def test_what_the_computed_curve_cannot_meet_is_said(V_scale: float, I_scale: float, kind: str, words: str | None):
    I = np.linspace(0.05, 1.0, 20)  # noqa: E741
    lines = tuple(range(2, 22))
    measured = Measured(60.0 * I * V_scale, I * I_scale, lines=lines)
    data = Data(name="x", file="x.csv", compare=kind, sigma_mV=1.0, sigma_mA=0.1)
    warning = compare_curves(60.0 * I, I, measured, data).warning
    if words is None:
        assert warning == ""
    else:
        assert words in warning
    if "2 of 20" in (words or ""):
        assert "(line 20, line 21)" in warning


def test_covariance_is_that_of_a_straight_line():
    x = np.linspace(0.0, 1.0, 20)
    jacobian = np.column_stack([np.ones(20), x]) / 0.3
    covariance = covariance_of(jacobian, 18.0, absolute=True)
    assert covariance is not None
    # Textbook: var(slope) = sigma^2 / sum (x - mean)^2.
    assert covariance[1, 1] == pytest.approx(0.09 / np.sum((x - x.mean()) ** 2), rel=1e-12)
    scaled = covariance_of(jacobian, 36.0, absolute=False)
    assert scaled == pytest.approx(2.0 * covariance, rel=1e-12)
    assert covariance_of(np.ones((20, 2)), 1.0, absolute=True) is None


def test_without_lmfit_the_way_out_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(__import__("sys").modules, "lmfit", None)
    assert fit(folder, HEAD + CURVE) == 2
    assert fit_job.NO_LMFIT in capsys.readouterr().err


def test_bundled_fits_are_valid():
    assert "fit-cooling" in bundled_plans("fit")
    for name in bundled_plans("fit"):
        assert load_fit(name, VOCABULARY).measurements
    assert isinstance(fit_job.minimizer_class(), Callable)


def test_never_keeps_a_lower_limit_and_the_mesh_is_told_of(folder: Path):
    golden = Path(__file__).parents[2] / "regression" / "golden" / "strip.toml"
    text = (
        f'name = "small"\nscenario = "{golden}"\nmax_steps = 2\n'
        '[fixed]\n"layers.2.sublayers" = 3\n"layers.2.first_sublayer_um" = 3.0\n'
        '[[parameters]]\nkey = "bath.temperature_K"\nstart = 4.5\nmin = 4.0\nmax = 5.0\n'
        '[[data]]\nname = "spot"\nobservable = "nucleation.I_mA"\nvalue = 0.5\nsigma = 0.1\nlimit = "at-least"\n'
    )
    assert fit(folder, text) in (0, 3)
    found = json.loads((folder / "out" / "fit.json").read_text())
    # The strip has no hot spot up to its last current of 0.8 mA: above the limit, and not a number that is missing.
    assert found["chi_squared"] == 0.0 and not found["problems"]
    assert "never: no place becomes hot up to 0.8 mA" in found["warnings"]["spot"]
    assert "the sublayers alone change V" in found["warnings"]["spot"]


def test_what_the_source_loses_can_be_fitted(folder: Path):
    """The current at which the uniform state of a strip breaks up, its fold in V before it, what is held beyond."""
    data = (("lost", "first_unstable_I_mA", 0.7), ("fold", "folds.0.I_mA", 0.4), ("held", "stable_at_I_mA=0.8", 0.0))
    text = (
        'name = "small"\nscenario = "diagram-strip"\nmax_steps = 1\n'
        '[fixed]\nmode = "branch"\n"contacts.0" = "none"\n"mesh.size_um" = 0.5\n"numerics.estimate_error" = false\n'
        '[[parameters]]\nkey = "bath.temperature_K"\nstart = 4.5\nmin = 4.0\nmax = 5.0\n'
    ) + "".join(
        f'[[data]]\nname = "{name}"\nobservable = "{what}"\nvalue = {value}\nsigma = 0.1\n'
        for name, what, value in data
    )
    assert fit(folder, text) in (0, 3)
    with (folder / "out" / "residuals.csv").open(newline="") as stream:
        model = {row["data"]: float(row["model"]) for row in csv.DictReader(stream)}
    assert 0.0 < model["fold"] < model["lost"] < 0.8 and model["held"] == 0.0


def test_the_contact_of_a_device_comes_back_from_its_own_curve(tmp_path: Path):
    """Data hold for the sublayers they were made on: with other ones the same curve gives another contact."""
    golden = Path(__file__).parents[2] / "regression" / "golden" / "strip.toml"
    small = {"mesh.refine": 0.3, "branch.end_current_mA": 0.6, "stability.points": "none"}
    run = hotmesa.run(golden, small | {"numerics.estimate_error": False})
    rows = zip(run.column("V_mV")[1:].tolist(), run.column("I_mA")[1:].tolist(), strict=True)
    (tmp_path / "iv.csv").write_text("V_mV,I_mA\n" + "".join(f"{V!r},{current!r}\n" for V, current in rows))
    text = (
        f'name = "small"\nscenario = "{golden}"\n[fixed]\nmesh.refine = 0.3\nbranch.end_current_mA = 0.6\n'
        'stability.points = "none"\nnumerics.estimate_error = false\n'
        '[[parameters]]\nkey = "contacts.0.contact_K_per_mW"\nlabel = "contact"\nstart = 5.0\nmin = 0.5\nmax = 20.0\n'
        '[[data]]\nname = "iv"\nfile = "iv.csv"\nsigma_mV = 0.01\n'
    )
    assert fit(tmp_path, text) == 0
    found = result(tmp_path)["parameters"]["contact"]
    assert found["value"] == pytest.approx(3.0, abs=3.0 * found["uncertainty"])
    assert found["uncertainty"] < 0.03
