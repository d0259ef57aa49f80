"""Fits with the derivatives of their branches: against differences of whole runs, in values and in numbers of runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.devices import WIRE, on_crystal

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.fit_jacobian import BY_CHOICE, jacobian
from hotmesa.fit_model import Evaluator, bounds
from hotmesa.pool import InThisProcess
from hotmesa.postprocess.states import DERIVATIVES
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.plans.fit import load_fit
from hotmesa.scenarios.schema import Branch, Curve, Law, Mesh, Numerics, Stability
from hotmesa.vocabulary import VOCABULARY

pytest.importorskip("lmfit")

FALLING = Curve(T_K=(4.0, 300.0), values=(300.0, 30.0))
DEVICE = on_crystal(
    end_mA=1.4,
    law=Law(kind="ohmic", resistivity_ohm_cm=FALLING),
    geometry="strip",
    contacts=(WIRE.model_copy(update={"y_um": 0.0}),),
    mesh=Mesh(size_um=1.6),  # the same elements, whatever the film
    branch=Branch(end_current_mA=1.4, min_points=30),
    numerics=Numerics(estimate_error=False),
    stability=Stability(points="none"),
)
HEAD = """
name = "small"
scenario = "device.toml"
tolerance = 1e-4

[[parameters]]
key = "contacts.0.contact_K_per_mW"
label = "contact"
start = 5.0
min = 1.0
max = 12.0
scale = "log"

[[parameters]]
key = "layers.0.thickness_um"
label = "film"
start = 0.06
min = 0.02
max = 0.1

[[parameters]]
key = "mesa.spacing_nm"
label = "spacing"
start = 2.4
min = 1.0
max = 4.0
"""
CURVE = '[[data]]\nname = "iv"\nfile = "iv.csv"\nsigma_mV = 0.5\nsigma_mA = 0.01\n'
NUMBERS = """
[[data]]
name = "steep"
observable = "least_slope_over_R_N"
value = -0.1
sigma = 0.1

[[data]]
name = "hot"
set = {bath.temperature_K = 12.0}
observable = "T_max_K@I_mA=1.0"
value = 90.0
sigma = 1.0

[[data]]
name = "last-T"
observable = "end.T_max_K"
value = 100.0
sigma = 1.0

[[data]]
name = "last-V"
observable = "end.V_mV"
value = 100.0
sigma = 1.0

[[data]]
name = "kept"
observable = "T_max_K@I_mA=1.0"
limit = "at-least"
value = 5.0
sigma = 1.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a device and 12 points of its branch, 0.3 mV off to both sides in turn."""
    place = tmp_path_factory.mktemp("fit")
    (place / "device.toml").write_text(to_toml(DEVICE))
    run = hm.run(DEVICE.model_copy(update={"branch": Branch(end_current_mA=1.4, min_points=60)}))
    V, I = run.column("V_mV"), run.column("I_mA")  # noqa: E741
    at = np.linspace(0.1, 1.35, 12)
    V_at = np.interp(at, I, V) + 0.3 * (-1.0) ** np.arange(len(at))
    lines = [f"{v!r},{i!r}" for v, i in zip(V_at.tolist(), at.tolist(), strict=True)]
    (place / "iv.csv").write_text("\n".join(["V_mV,I_mA", *lines]) + "\n")
    return place


def evaluator(folder: Path, text: str, name: str) -> Evaluator:
    (folder / f"{name}.toml").write_text(text)
    plan = load_fit(folder / f"{name}.toml", VOCABULARY)
    return Evaluator(plan, folder / name, InThisProcess(), lambda *_: None)


def start(found: Evaluator) -> np.ndarray:
    internal = [np.log(p.start) if p.scale == "log" else p.start for p in found.plan.fit.parameters]
    assert all(bounds(p)[0] < u < bounds(p)[1] for p, u in zip(found.plan.fit.parameters, internal, strict=True))
    return np.array(internal)


@pytest.mark.parametrize("kind", ["V-at-I", "I-at-V", "nearest"])
def test_derivatives_of_the_residuals_are_those_of_whole_runs(folder: Path, kind: str):
    text = HEAD + CURVE + f'compare = "{kind}"\n' + (NUMBERS if kind == "V-at-I" else "")
    exact = evaluator(folder, text, f"exact-{kind}")
    found = jacobian(exact, start(exact))
    assert not found.differences
    assert exact.computed == (2 if kind == "V-at-I" else 1)  # two baths, each one branch
    differences = 'derivatives = "differences"\nderivative_step = 1e-3\n' + text
    by_runs = evaluator(folder, differences, "by_runs")
    expected = jacobian(by_runs, start(by_runs))
    assert set(expected.differences.values()) == {BY_CHOICE}
    error = np.abs(found.matrix - expected.matrix).max(axis=0) / np.abs(expected.matrix).max(axis=0)
    assert error.max() < 2e-3


def fitted(folder: Path, text: str, name: str, *words: str) -> dict[str, Any]:
    (folder / f"{name}.toml").write_text(text)
    out = folder / f"out-{name}"
    status = main(["fit", str(folder / f"{name}.toml"), "--out", str(out), "--workers", "0", "--quiet", *words])
    assert status == 0
    return json.loads((out / "fit.json").read_text())


def test_a_fit_takes_a_fifth_of_the_branches_to_the_same_place(folder: Path):
    text = HEAD + CURVE
    exact = fitted(folder, text, "a")
    by_runs = fitted(folder, 'derivatives = "differences"\n' + text, "b")
    assert exact["differences"] == []
    assert exact["chi_squared"] == pytest.approx(by_runs["chi_squared"], rel=1e-4)
    for name, item in exact["parameters"].items():
        other = by_runs["parameters"][name]
        assert item["value"] == pytest.approx(other["value"], abs=0.02 * other["uncertainty"])
        assert item["uncertainty"] == pytest.approx(other["uncertainty"], rel=0.02)
        for key, value in item["correlations"].items():
            assert value == pytest.approx(other["correlations"][key], abs=0.02)
    assert exact["cases_computed"] == exact["points"]
    assert 5 * exact["cases_computed"] <= by_runs["cases_computed"]
    again = fitted(folder, text, "a")
    assert again["cases_computed"] == 0 and again["parameters"] == exact["parameters"]


def test_what_is_not_known_is_a_difference_of_runs_and_told(folder: Path, capsys: pytest.CaptureFixture[str]):
    ends = '[[data]]\nname = "end"\nobservable = "alpha_mean_K_per_mW"\nvalue = 60.0\nsigma = 1.0\n'
    points = '[[parameters]]\nkey = "branch.end_current_mA"\nlabel = "end"\nstart = 1.45\nmin = 1.4\nmax = 1.5\n'
    found = evaluator(folder, "max_steps = 1\n" + HEAD + points + CURVE + ends, "some")
    slopes = jacobian(found, start(found))
    curve, number = ("iv", "end"), ("end", "film")
    assert slopes.differences[curve] == "branch.end_current_mA is no number that steady states depend on"
    assert slopes.differences[number] == "no derivative of alpha_mean_K_per_mW is known"
    assert ("iv", "film") not in slopes.differences
    # One branch for both data, two for the last current (both data), and two for each other parameter of the number.
    assert found.computed == 1 + 2 + 3 * 2
    by_runs = evaluator(folder, 'derivatives = "differences"\n' + HEAD + points + CURVE + ends, "every")
    expected = jacobian(by_runs, start(by_runs)).matrix
    assert slopes.matrix[-1] == pytest.approx(expected[-1], rel=1e-9)


def test_a_folder_without_derivatives_gets_them(folder: Path):
    fitted(folder, HEAD + CURVE, "c")
    out = folder / "out-c"
    files = sorted((out / "evaluations").glob(f"*/{DERIVATIVES}"))
    assert len(files) == json.loads((out / "fit.json").read_text())["points"]
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:200])
    assert fitted(folder, HEAD + CURVE, "c")["cases_computed"] == 2


def test_the_band_is_that_of_fits_to_data_that_scatter(folder: Path):
    """The band of a fit of one parameter is the change of the branch by its uncertainty: two more runs tell it."""
    one = HEAD.split('[[parameters]]\nkey = "layers')[0]
    found = fitted(folder, one + CURVE, "d")
    item = found["parameters"]["contact"]
    rows = np.genfromtxt(folder / "out-d" / "bands.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    sides = []
    for sign in (-1, 1):
        value = item["value"] * np.exp(sign * item["uncertainty"] / item["value"])
        run = hm.run(folder / "device.toml", {item["key"]: value, "branch.at_mA": [0.5, 1.0]})
        sides.append([run.column("V_mV")[np.argmin(np.abs(run.column("I_mA") - at))] for at in (0.5, 1.0)])
    for k, at in enumerate((0.5, 1.0)):
        width = np.interp(at, rows["I_mA"], rows["sigma_V_mV"])
        assert width == pytest.approx(0.5 * abs(sides[1][k] - sides[0][k]), rel=0.03)
    assert (folder / "out-d" / "bands.png").stat().st_size > 10_000


def test_directions_that_no_datum_sees_are_named_and_bounds_count_for_the_band(folder: Path):
    idle = '[[parameters]]\nkey = "materials.gold.lorenz_factor"\nlabel = "idle"\nstart = 1.2\nmin = 1.0\nmax = 2.0\n'
    number = '[[data]]\nname = "V"\nobservable = "V_mV@I_mA=1.0"\nvalue = 40.0\nsigma = 1.0\n'
    found = fitted(
        folder,
        HEAD + idle + number,
        "e",
    )
    assert [item["sigma"] is None for item in found["directions"]] == [True, True, True, False]
    assert found["bands"]["from"] == "data, and bounds where these leave a direction free"


def test_bad_words_for_derivatives_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "f.toml").write_text('derivatives = "exact"\n' + HEAD + CURVE)
    assert main(["fit", str(folder / "f.toml"), "--out", str(folder / "out-f"), "--workers", "0"]) == 2
    told = capsys.readouterr().err
    assert "derivatives" in told and "adjoint" in told and "differences" in told
