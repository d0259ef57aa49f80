"""hotmesa sensitivity: files, figures of merit against whole runs, bad input, and any number of processes."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.folder import exclusive
from hotmesa.postprocess.merit import curve_figures, curve_of, nucleation
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.schema import Branch, Law, Mesh, Numerics

KEYS = ["law.gap_ratio", "layers.0.thickness_um", "contacts.0.contact_K_per_mW", "contacts.0.x_um"]
OF = ["V_steepest_mV_per_junction", "nucleation.I_mA", "V_mV@I_mA=0.7", "T_max_K@I_mA=0.7"]
DEVICE = on_crystal(
    end_mA=1.4,
    law=Law(gaps_meV=(22.0,), gamma0_meV=0.8),
    mesh=Mesh(refine=0.3),
    numerics=Numerics(table_max_mV=60.0),
    branch=Branch(end_current_mA=1.4, min_points=60),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("device") / "device.toml"
    path.write_text(to_toml(DEVICE))
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def figures(run: hm.Run) -> dict[str, float]:
    curve = curve_of(run.rows, run.normal_resistance_ohm)
    assert curve is not None
    appears = nucleation(run.rows, curve, run.hot_temperature_K)
    assert appears is not None
    row = int(np.argmin(np.abs(run.column("I_mA") - 0.7)))
    assert run.column("I_mA")[row] == pytest.approx(0.7, abs=1e-11)
    return {
        "V_steepest_mV_per_junction": curve_figures(run.rows, curve, run.junctions)["V_steepest_mV_per_junction"],
        "nucleation.I_mA": appears["I_mA"],
        "V_mV@I_mA=0.7": run.column("V_mV")[row],
        "T_max_K@I_mA=0.7": run.column("T_max_K")[row],
    }


def test_files_and_figures_of_merit_are_those_of_whole_runs(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    out = tmp_path / "out"
    assert main(["sensitivity", str(file), "--out", str(out), "--of", *OF, "--parameters", *KEYS]) == 0
    told = capsys.readouterr().out
    assert "1 % more of ... changes it by" in told and "law.gap_ratio (now 7.8)" in told
    assert {path.name for path in out.iterdir()} == {
        "sensitivity.csv",
        "curves.csv",
        "sensitivity.json",
        "tornado.png",
    }
    rows = {(row["observable"], row["parameter"]): row for row in table(out / "sensitivity.csv")}
    assert len(rows) == len(OF) * len(KEYS)
    assert json.loads((out / "sensitivity.json").read_text())["status"] == "complete"
    # What lies on a point of the branch is exact; what lies between points is as exact as its interpolation, in whole
    # runs too: the steepest place follows from a second derivative of it.
    tolerance = {"V_mV@I_mA=0.7": 1e-4, "T_max_K@I_mA=0.7": 1e-4, "nucleation.I_mA": 2e-4}
    tolerance |= {"V_steepest_mV_per_junction": 2e-3}
    for key, value in (("law.gap_ratio", 7.8), ("contacts.0.contact_K_per_mW", 3.0)):
        h = 1e-3 * value
        changes = [{key: value + sign * h, "branch.at_mA": [0.7]} for sign in (-1, 1)]
        low, high = (figures(hm.run(file, change)) for change in changes)
        for name in tolerance:
            row = rows[name, key]
            assert float(row["derivative"]) == pytest.approx((high[name] - low[name]) / (2 * h), rel=tolerance[name])
            ratio = float(row["derivative"]) * value / float(row["value"])
            assert float(row["dln_dln"]) == pytest.approx(ratio, rel=1e-12)
    curves = table(out / "curves.csv")
    at = min(curves, key=lambda row: abs(float(row["I_mA"]) - 0.7))
    for key in KEYS:
        expected = float(rows["V_mV@I_mA=0.7", key]["derivative"])
        assert float(at[f"dV_mV_by_{key}"]) == pytest.approx(expected, rel=1e-12)


def test_a_second_command_in_one_folder_is_refused(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    with exclusive(tmp_path / "out"):
        assert main(["sensitivity", str(file), "--out", str(tmp_path / "out")]) == 2
    assert f"another command computes in {tmp_path / 'out'}; wait for it" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--parameters", "layers.0.thicknes_um"], "did you mean layers.0.thickness_um"),
        (["--parameters", "law.kind"], "law.kind: no number"),
        (["--of", "V_peak"], "unknown observable V_peak; did you mean V_peak_mV_per_junction"),
        (["--of", "hot_fraction"], "it is a column: say where"),
        (["--of", "T_max_K"], "T_max_K: no derivative of it is known"),
        (["--of", "T_min_K@I_mA=0.7"], "no derivative of T_min_K is known"),
        (["--of", "V_mV@I_mA=9"], "I_mA goes from"),
        (["--set", "mode=uniform"], "sensitivities are those of a branch"),
    ],
)
def test_bad_input_is_refused_with_what_to_try(
    words: list[str], message: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    quick = ["--set", "branch.min_points=4", "--set", "law.kind=ohmic", "--set", "law.resistivity_ohm_cm=112"]
    if "law.kind" in words or "mode=uniform" in words:
        quick = []
    assert main(["sensitivity", str(file), "--out", str(tmp_path / "out"), *quick, *words]) == 2
    assert message in capsys.readouterr().err


def test_any_number_of_processes_gives_the_same_table(
    run_mpi: Callable[..., subprocess.CompletedProcess[str]], file: Path, tmp_path: Path
):
    tables = {}
    for ranks in (1, 2):
        words = ["--out", str(tmp_path / str(ranks)), "--of", *OF, "--set", "numerics.path=sparse"]
        words += ["--set", "layers.2.sublayers=3", "--set", "branch.min_points=10"]
        words += ["--parameters", *KEYS, "mesa.width_um", "bath.temperature_K"]
        done = run_mpi(ranks, "-m", "hotmesa", "sensitivity", str(file), *words)
        assert done.returncode == 0, done.stderr
        tables[ranks] = table(tmp_path / str(ranks) / "sensitivity.csv")
    for one, two in zip(tables[1], tables[2], strict=True):
        assert (one["observable"], one["parameter"]) == (two["observable"], two["parameter"])
        assert float(two["derivative"]) == pytest.approx(float(one["derivative"]), rel=1e-5)
