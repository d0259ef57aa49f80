"""Temperatures along the top of a mesa as data of a fit: what made them comes back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import hotmesa
from hotmesa.cli import main

pytest.importorskip("lmfit")


def fit(folder: Path, text: str) -> int:
    (folder / "fit.toml").write_text(text)
    return main(["fit", str(folder / "fit.toml"), "--out", str(folder / "out"), "--workers", "0", "--quiet"])


PROFILE = """
name = "profile"
scenario = "device.toml"
method = "least_squares"

[[parameters]]
key = "bath.bottom_W_per_m2K"
start = 1.2e5
min = 5e4
max = 2e5

[[data]]
name = "T"
profile = "T.csv"
at_mA = 0.3
sigma_K = 0.5
"""
DEVICE = """
name = "device"
geometry = "strip"

[mesa]
junctions = 8

[[layers]]
name = "mesa"
material = "m"
region = "mesa"
junctions = true

[materials.m]
in_plane_W_per_mK = 200.0
out_of_plane_W_per_mK = 1.0

[[contacts]]
name = "side"
x_um = -3.0
radius_um = 1.0
contact_K_per_mW = 100.0

[bath]
bottom = "conductance"
bottom_W_per_m2K = 9e4

[law]
kind = "d-wave"

[branch]
end_current_mA = 0.4
min_points = 6

[mesh]
size_um = 1.0
refine_for_walls = false

[numerics]
estimate_error = false

[stability]
points = "none"
"""


def test_a_profile_of_temperatures_gives_the_cooling_back(tmp_path: Path):
    (tmp_path / "device.toml").write_text(DEVICE)
    places = np.linspace(-4.5, 4.5, 6)
    run = hotmesa.run(tmp_path / "device.toml", {"output.probes_um": [[float(x), 0.0] for x in places]})
    T = [float(np.interp(0.3, run.column("I_mA"), run.column(f"T_probe_{k}_K"))) for k in range(len(places))]
    assert np.ptp(T) > 1.0
    lines = "".join(f"{x},{value}\n" for x, value in zip(1e-3 * places, T, strict=True))
    (tmp_path / "T.csv").write_text("x (mm),T (K)\n" + lines)
    assert fit(tmp_path, PROFILE) == 0
    found = json.loads((tmp_path / "out" / "fit.json").read_text())["parameters"]["bath.bottom_W_per_m2K"]
    # T is taken between points of the branch, there straight and in the fit by a smooth curve.
    assert found["value"] == pytest.approx(9e4, rel=0.02)
    assert 0 < found["uncertainty"] < 0.1 * 9e4
    with (tmp_path / "out" / "residuals.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(places)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("at_mA = 0.3\n", ""), "profile and at_mA, its current, belong together"),
        (("sigma_K = 0.5\n", ""), "give sigma_K, or a column sigma_T_K in T.csv"),
        (('profile = "T.csv"\nat_mA = 0.3\n', ""), "give either file (a curve), profile (T along x) or observable"),
        (("T.csv", "none.csv"), "cannot be read"),
        (("T.csv", "wide.csv"), "lies outside the mesa"),
    ],
)
def test_profiles_that_cannot_be_are_refused(
    tmp_path: Path, change: tuple[str, str], reason: str, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "device.toml").write_text(DEVICE)
    (tmp_path / "T.csv").write_text("x_um,T_K\n0,20\n")
    (tmp_path / "wide.csv").write_text("x_um,T_K\n20,20\n")
    assert fit(tmp_path, PROFILE.replace(*change)) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
