"""hotmesa identify: its uncertainties are those of a fit to such readings, files, bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import WIRE, on_crystal

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.schema import Branch, Curve, Law, Mesh, Numerics, Stability

KEYS = ["contacts.0.contact_K_per_mW", "mesa.spacing_nm"]
DEVICE = on_crystal(
    end_mA=1.4,
    law=Law(kind="ohmic", resistivity_ohm_cm=Curve(T_K=(4.0, 300.0), values=(300.0, 30.0))),
    geometry="strip",
    contacts=(WIRE.model_copy(update={"y_um": 0.0}),),
    mesh=Mesh(size_um=1.6),
    branch=Branch(end_current_mA=1.4, min_points=30),
    numerics=Numerics(estimate_error=False),
    stability=Stability(points="none"),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("device") / "device.toml"
    path.write_text(to_toml(DEVICE))
    return path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_uncertainties_are_those_of_a_fit_to_such_readings(file: Path, tmp_path: Path):
    pytest.importorskip("lmfit")
    out = tmp_path / "out"
    words = ["--parameters", *KEYS, "--readings", "60", "--sigma-mV", "2", "--out", str(out), "--quiet"]
    assert main(["identify", str(file), *words]) == 0
    readings, designs = table(out / "identify.csv"), {row["readings"]: row for row in table(out / "designs.csv")}
    assert len(readings) == 60 and sum(float(row["best_share"]) for row in readings) == pytest.approx(1.0)
    lines = [f"{float(row['V_mV'])!r},{float(row['I_mA'])!r}" for row in readings]
    (tmp_path / "iv.csv").write_text("\n".join(["V_mV,I_mA", *lines]) + "\n")
    parts = [f'[[parameters]]\nkey = "{key}"\nstart = {value}\nmin = 1.0\nmax = 9.0\nscale = "log"\n'
             for key, value in zip(KEYS, (3.0, 2.151), strict=True)]  # fmt: skip
    text = f'name = "f"\nscenario = "{file}"\nmax_steps = 3\n' + "".join(parts)
    (tmp_path / "fit.toml").write_text(text + '[[data]]\nname = "iv"\nfile = "iv.csv"\nsigma_mV = 2.0\n')
    found = hm.fit(tmp_path / "fit.toml", out=tmp_path / "fit", workers=0)
    assert found is not None
    for key, value, error in zip(KEYS, found.best.values.values(), found.errors, strict=True):
        percent = float(designs["whole branch"][f"uncertainty_percent_{key}"])
        assert percent == pytest.approx(100.0 * (error or 0.0) / value, rel=0.02)
    correlation = found.correlations
    assert correlation is not None
    assert float(designs["whole branch"]["largest_correlation"]) == pytest.approx(abs(correlation[0, 1]), rel=0.01)
    volume = {name: np.prod([float(row[f"uncertainty_percent_{key}"]) for key in KEYS])
              * np.sqrt(1 - float(row["largest_correlation"]) ** 2) for name, row in designs.items()}  # fmt: skip
    assert volume["best readings"] < volume["whole branch"]


def test_settings_are_told_apart_and_drawn(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    words = ["--parameters", *KEYS, "--vary", "bath.temperature_K=4.2,40", "--out", str(out)]
    assert main(["identify", str(file), *words]) == 0
    told = capsys.readouterr().out
    assert "uncertainties (%) that 20 readings of V to 1 mV leave" in told and "bath.temperature_K = 40" in told
    names = [row["readings"] for row in table(out / "designs.csv")]
    assert names == ["bath.temperature_K = 4.2", "bath.temperature_K = 40", "all of them", "best readings"]
    assert json.loads((out / "identify.json").read_text())["vary"] == "bath.temperature_K"
    assert (out / "identify.png").stat().st_size > 10_000
    assert main(["identify", str(file), *words]) == 2
    assert "overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--parameters", "mesa.spacin_nm"], "did you mean mesa.spacing_nm"),
        (["--parameters", *KEYS, "--sigma-mV", "0"], "must be positive"),
        (["--parameters", *KEYS, "--readings", "1"], "2 parameters need as many readings"),
        (["--parameters", *KEYS, "--vary", "bath.temperature_K"], "write KEY=NUMBER,NUMBER"),
        (["--parameters", *KEYS, "--vary", "bath.temperature_K=cold"], "write KEY=NUMBER,NUMBER"),
        (["--parameters", *KEYS, "--vary", "bath.temperatur_K=4"], "did you mean temperature_K"),
        (["--parameters", *KEYS, "--set", "mode=uniform"], "sensitivities are those of a branch"),
    ],
)
def test_bad_input_is_refused_with_what_to_try(
    words: list[str], message: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["identify", str(file), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


PLAN = 'name = "which"\nscenario = "device.toml"\ntell_apart = ["contacts.0.contact_K_per_mW", "mesa.spacing_nm"]\n'
SETTING = '[setting]\nkey = "bath.temperature_K"\nvalues = [4.2, 40.0]\n[fixed]\n"branch.min_points" = 12\n'


def test_a_file_says_what_options_say(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    plan = file.with_name("which.toml")
    plan.write_text(f"{PLAN}readings = 8\n{SETTING}")
    assert main(["check", str(plan)]) == 0
    assert "bath.temperature_K = 4.2, 40" in capsys.readouterr().out
    assert main(["identify", str(plan), "--out", str(tmp_path / "file"), "--quiet"]) == 0
    words = ["--parameters", *KEYS, "--vary", "bath.temperature_K=4.2,40", "--readings", "8", "--quiet"]
    words += ["--set", "branch.min_points=12", "--out", str(tmp_path / "words")]
    assert main(["identify", str(file), *words]) == 0
    for name in ("identify.csv", "designs.csv"):
        assert table(tmp_path / "file" / name) == table(tmp_path / "words" / name)


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (PLAN + SETTING.replace("temperature_K", "temperatur_K"), [], "did you mean"),
        (PLAN + SETTING.replace("4.2,", "-4.2,"), [], "bath.temperature_K"),
        (PLAN.replace("spacing_nm", "spacin_nm"), [], "did you mean mesa.spacing_nm"),
        (PLAN + "sigma_mV = 0.0\n", [], "sigma_mV"),
        (PLAN + "readings = 1\n", [], "2 parameters need as many readings"),
        (PLAN + "reading = 8\n", [], "did you mean readings"),
        (PLAN + '[fixed]\nmode = "uniform"\n', [], "sensitivities are those of a branch"),
        (PLAN, ["--set", "mesh.size_um=2"], "says what --set would say: change it there"),
        (PLAN, ["--parameters", "mesa.spacing_nm"], "says what --parameters would say"),
    ],
)
def test_bad_files_are_refused(
    text: str, words: list[str], message: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    plan = file.with_name("bad.toml")
    plan.write_text(text)
    assert main(["identify", str(plan), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", bundled_plans("identify"))
def test_the_bundled_ones_are_valid(name: str, capsys: pytest.CaptureFixture[str]):
    assert main(["check", name]) == 0
    assert "no problems found" in capsys.readouterr().out
