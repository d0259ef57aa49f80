"""hotmesa folds: against the closed form of the uniform model and against branches, files, bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.folding import folds
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.schema import Bath, Branch, Curve, Law, Layer, Material, Mesa, Mesh, Numerics, Uniform
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import UniformDevice


def closed_form(alpha: float = 110.0) -> tuple[float, float]:
    """Temperature and bath at which two folds in V of the uniform model meet, by lambda = 1 alone.

    v i_T = k/alpha fixes v at every T, and then v i = k (T - T_B)/alpha the bath: the cusp is its maximum.
    """
    scenario = load_scenario("kurter2010-uniform")
    law, device = build_law(scenario), UniformDevice.of(scenario)

    def bath(T: float) -> float:
        at = np.array([T])
        v = brentq(lambda v: float(v * law.at(np.array([v]), at).di_dT[0]) - device.per_mW / alpha, 1.0, 40.0)
        return T - v * float(law.at(np.array([v]), at).i[0]) * alpha / device.per_mW

    found = minimize_scalar(lambda T: -bath(float(T)), bounds=(50.0, 73.0), method="bounded", options={"xatol": 1e-9})
    return float(found.x), -float(found.fun)


def test_backbending_of_the_uniform_model_is_gone_where_its_formula_says(tmp_path: Path):
    out = tmp_path / "out"
    assert (
        main(["folds", "kurter2010-uniform", "--over", "bath.temperature_K=4.2:80", "--out", str(out), "--quiet"]) == 0
    )
    with (out / "folds.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    cusps = [row for row in rows if row["cusp"] == "1"]
    T, bath = closed_form()
    assert len(cusps) == 1
    assert float(cusps[0]["bath.temperature_K"]) == pytest.approx(bath, abs=1e-6)
    assert float(cusps[0]["T_max_K"]) == pytest.approx(T, abs=1e-2)
    assert json.loads((out / "folds.json").read_text())["cusps"][0]["bath.temperature_K"] == pytest.approx(
        bath, abs=1e-6
    )
    # Both ends are the folds of the curve at 4.2 K.
    curve = hm.uniform_curve(load_scenario("kurter2010-uniform"))
    assert sorted(float(row["V_mV"]) for row in (rows[0], rows[-1])) == pytest.approx(
        sorted(curve.V_mV[curve.fold == "V"]), rel=1e-9
    )
    assert (out / "folds.png").stat().st_size > 10_000


CONDUCTANCE, KAPPA = 1e5, 0.5
HEIGHT_UM = 20 * 2.151e-3
UNIFORM_DEVICE = Scenario(
    name="uniform",
    mesa=Mesa(junctions=20, width_um=8.0, depth_um=5.0),
    layers=(Layer(name="mesa", material="stack", region="mesa", junctions=True),),
    materials={"stack": Material(in_plane_W_per_mK=1e3, out_of_plane_W_per_mK=KAPPA)},
    bath=Bath(temperature_K=10.0, bottom="conductance", bottom_W_per_m2K=CONDUCTANCE),
    law=load_scenario("kurter2010-uniform").law,
    branch=Branch(end_current_mA=1.2, min_points=25),
    mesh=Mesh(size_um=2.5),
    numerics=Numerics(estimate_error=False),
    uniform=Uniform(
        # 1/h + d/2 kappa over the area, in K/mW
        thermal_resistance_K_per_mW=1e-3 * (1e12 / CONDUCTANCE + 0.5e6 * HEIGHT_UM / KAPPA) / (8.0 * 5.0),
        end_temperature_K=110.0,
    ),
)


def test_a_branch_without_places_folds_as_the_uniform_model_does_and_as_its_runs_do():
    over = "bath.temperature_K=10:65"
    branch = folds(UNIFORM_DEVICE, over=over)
    uniform = folds(UNIFORM_DEVICE.model_copy(update={"mode": "uniform"}), over=over)
    assert branch.problem == uniform.problem == ""
    assert len(branch.cusps) == len(uniform.cusps) == 1
    a, b = branch.cusps[0], uniform.cusps[0]
    assert a.number == pytest.approx(b.number, abs=1e-5)
    assert (a.V_mV, a.I_mA, a.T_max_K) == pytest.approx((b.V_mV, b.I_mA, b.T_max_K), rel=1e-3)
    ends = [sorted((curve[0].V_mV, curve[-1].V_mV)) for curve in (branch.curves[0], uniform.curves[0])]
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)
    # What a study shows: backbending just below, none just above.
    fine = UNIFORM_DEVICE.model_copy(update={"branch": Branch(end_current_mA=1.2, min_points=120)})
    for away, backbends in ((-1.0, True), (1.0, False)):
        bath = fine.bath.model_copy(update={"temperature_K": a.number + away})
        run = hm.run(fine.model_copy(update={"bath": bath}))
        assert ("V" in set(run.rows["fold"])) is backbends


def test_folds_in_the_current_meet_where_the_formula_says():
    """A resistance that rises by a step with T: I² = (T - T_B)/(alpha R) folds where T_B = T - R/R'.

    Two folds are there below the largest T_B of this kind, none above; with I = V/R, R/R' is -i/i_T at constant V.
    """
    T = np.linspace(4.0, 300.0, 1185)
    rising = Curve(T_K=tuple(T), values=tuple(30.0 + 250.0 / (1.0 + np.exp(-(T - 70.0) / 6.0))))
    law = Law(kind="ohmic", resistivity_ohm_cm=rising)
    device = UNIFORM_DEVICE.model_copy(update={"law": law, "branch": Branch(end_current_mA=0.7, min_points=25)})
    known = build_law(device)

    def bath(T: float) -> float:
        values = known.at(np.array([5.0]), np.array([T]))
        return T + float(values.i[0] / values.di_dT[0])

    best = minimize_scalar(lambda T: -bath(float(T)), bounds=(60.0, 80.0), method="bounded")
    over = "bath.temperature_K=10:75"
    uniform = folds(device.model_copy(update={"mode": "uniform"}), over=over, fold="I")
    branch = folds(device, over=over, fold="I")
    for found in (uniform, branch):
        assert found.problem == "" and len(found.cusps) == 1
        assert found.cusps[0].number == pytest.approx(-float(best.fun), abs=1e-3)
        assert found.cusps[0].T_max_K == pytest.approx(float(best.x), abs=0.3)
        # Both folds of 10 K are the ends of the curve.
        assert [end.number for end in (found.curves[0][0], found.curves[0][-1])] == pytest.approx([10.0, 10.0])
    assert branch.cusps[0].I_mA == pytest.approx(uniform.cusps[0].I_mA, rel=1e-5)


@pytest.mark.parametrize(
    ("T", "values"),
    [
        ((4.0, 20.0, 40.0, 60.0, 90.0, 150.0), (4e3, 2e3, 600.0, 200.0, 90.0, 60.0)),
        ((4.0, 30.0, 60.0, 90.0, 150.0), (4e3, 1500.0, 200.0, 90.0, 60.0)),
        ((4.0, 50.0, 100.0, 150.0), (4e4, 1000.0, 30.0, 25.0)),
    ],
)
def test_folds_pass_the_corners_that_a_coarse_table_makes(T: tuple[float, ...], values: tuple[float, ...]) -> None:
    """V² g(T) = k (T - T_B)/alpha folds where T_B = T - g/g', which has a corner at each node of a table."""
    law = Law(kind="ohmic", resistivity_ohm_cm=Curve(T_K=T, values=values))
    scenario = load_scenario("kurter2010-uniform").model_copy(update={"law": law})
    known = build_law(scenario)

    def bath(places: np.ndarray) -> np.ndarray:
        at = known.at(np.array([5.0]), places)
        return np.asarray(places - at.i / at.di_dT)

    found = folds(scenario, over="bath.temperature_K=4.2:80")
    assert found.problem == "" and len(found.curves) == 1
    points = found.curves[0]
    assert [points[0].number, points[-1].number] == pytest.approx([4.2, 4.2])
    assert bath(np.array([point.T_max_K for point in points])) == pytest.approx(
        [point.number for point in points], abs=1e-5
    )
    # The nodes of the table are among the places: some are extrema.
    places = np.union1d(np.linspace(points[0].T_max_K, points[-1].T_max_K, 40001), T[1:-1])
    turns = 1 + np.flatnonzero(np.diff(np.sign(np.diff(bath(places)))))
    along = sorted(found.cusps, key=lambda cusp: cusp.T_max_K)
    assert [cusp.number for cusp in along] == pytest.approx(bath(places[turns]), abs=1e-4)
    assert [cusp.T_max_K for cusp in along] == pytest.approx(places[turns], abs=0.05)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--over", "bath.temperature_K"], "write KEY=FROM:TO"),
        (["--over", "bath.temperature_K=80:80"], "write KEY=FROM:TO"),
        (["--over", "bath.temperature_K=warm:80"], "write KEY=FROM:TO"),
        (["--over", "bath.temperatur_K=4:80"], "did you mean bath.temperature_K"),
        (["--over", "bath.temperature_K=-4:80"], "bath.temperature_K"),
        (["--over", "bath.temperature_K=4.2:80", "sweep-poor-film"], "add --set mode=branch"),
        (["--over", "contacts.0.x_um=1:2", "kurter2010-n19"], "moves the nodes of the mesh"),
        (["--over", "bath.temperature_K=70:80"], "no fold in V at bath.temperature_K = 70, nor at 80"),
    ],
)
def test_bad_input_is_refused_with_what_to_try(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    names = [] if len(words) > 2 else ["kurter2010-uniform"]
    assert main(["folds", *names, "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err


FILE = 'name = "which"\nscenario = "kurter2010-uniform"\n[follow]\nkey = "bath.temperature_K"\nmin = 4.2\nmax = 80.0\n'


def test_a_bundled_file_says_what_options_say(tmp_path: Path):
    assert {"folds-uniform", "folds-pristine-n28"} <= set(bundled_plans("folds"))
    assert main(["folds", "folds-uniform", "--out", str(tmp_path / "file"), "--quiet"]) == 0
    words = ["--over", "bath.temperature_K=4.2:80", "--out", str(tmp_path / "words"), "--quiet"]
    assert main(["folds", "kurter2010-uniform", *words]) == 0
    assert (tmp_path / "file" / "folds.csv").read_text() == (tmp_path / "words" / "folds.csv").read_text()


@pytest.mark.parametrize("name", bundled_plans("folds"))
def test_the_bundled_ones_are_valid(name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["check", name]) == 0
    assert "followed over bath.temperature_K = 4.2 to 80" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (FILE.replace("temperature_K", "temperatur_K"), [], "did you mean"),
        (FILE.replace("min = 4.2", "min = -4.2"), [], "bath.temperature_K"),
        (FILE.replace("max = 80.0", "max = 4.0"), [], "min = 4.2 is not below max = 4"),
        (FILE.replace("[follow]", 'fold = "T"\n[follow]'), [], "fold"),
        (FILE.replace("min =", "mn ="), [], "follow.mn: unknown key; did you mean min"),
        (FILE + '[fixed]\nmode = "transient"\n', [], "mode"),
        (FILE, ["--over", "bath.temperature_K=4.2:8"], "says what --set and --over would say"),
    ],
)
def test_bad_files_are_refused(
    text: str, words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "bad.toml").write_text(text)
    assert main(["folds", str(tmp_path / "bad.toml"), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
