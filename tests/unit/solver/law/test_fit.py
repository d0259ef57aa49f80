"""hotmesa spectrum and hotmesa subtract on CSV files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.tunnelling import sin_current, sis_current

from hotmesa.cli import main
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.fit import SpectrumParameters, tunnelling_conductance
from hotmesa.spectrum import subtract_contact


def conductance_file(folder: Path) -> Path:
    v = np.arange(-70.0, 70.5, 0.5)
    g = tunnelling_conductance(v, 4.2, SpectrumParameters(24.0, 0.55, 0.3, 0.07), "SIS")
    g = np.where(np.abs(v) < 3, 5.0, g) + np.random.default_rng(3).normal(0, 1e-3, v.size)  # a Josephson peak
    path = folder / "data.csv"
    path.write_text("v_mV,dI_dV\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(v.tolist(), g.tolist(), strict=True)))
    return path


def test_a_file_is_fitted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fit.json"
    words = ["spectrum", str(conductance_file(tmp_path)), "--kind", "SIS", "--temperature", "4.2", "--from", "3"]
    assert main([*words, "--out", str(out)]) == 0
    assert "gap_meV" in capsys.readouterr().out
    found = json.loads(out.read_text())
    for name, true in (("gap_meV", 24.0), ("gamma_meV", 0.55), ("momentum_weight", 0.3), ("scale", 0.07)):
        # Four standard deviations: four numbers are compared.
        assert abs(found["best"][name] - true) < 4 * found["standard_deviation"][name], name
    assert found["fitted"] == ["gap_meV", "gamma_meV", "momentum_weight", "scale"]
    assert found["points"] == 270


def test_a_parameter_is_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["spectrum", str(conductance_file(tmp_path)), "--kind", "SIS", "--temperature", "4.2", "--from", "3"]
    assert main([*words, "--hold", "momentum_weight=0.3"]) == 0
    assert "0.3 held" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--temperature", "0"], "above 0 K"),
        (["--hold", "gap=3"], "no parameter 'gap'"),
        (["--hold", "gap_meV"], "expected NAME=VALUE"),
        (["--from", "69.9"], "cannot determine"),
    ],
)
def test_bad_input_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: list[str], message: str
) -> None:
    words = ["spectrum", str(conductance_file(tmp_path)), "--kind", "SIS", "--temperature", "4.2"]
    assert main([*words, *changed]) == 2
    assert message in capsys.readouterr().err


def test_files_without_units_or_with_nan_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--kind", "SIN", "--temperature", "4.2"]
    bad = tmp_path / "bad.csv"
    bad.write_text("v,g\n1,2\n")
    assert main(["spectrum", str(bad), *words]) == 2
    assert "v_mV" in capsys.readouterr().err
    bad.write_text("v_mV,dI_dV\n1,nan\n")
    assert main(["spectrum", str(bad), *words]) == 2
    assert "no finite number" in capsys.readouterr().err
    conductance_file(tmp_path)
    assert main(["spectrum", str(tmp_path / "data.csv"), *words, "--out", str(tmp_path / "data.csv")]) == 2


def test_contact_is_taken_out_of_a_measured_curve(tmp_path: Path) -> None:
    # Nineteen junctions of 24.2 Ω behind a contact of 60 Ω: the current is common, the voltages add.
    v = np.linspace(0.0, 60.0, 200)
    current = sis_current(v, 4.2, 24.0, 0.55) / 24.2
    u = np.linspace(0.0, 160.0, 4000)
    contact = sin_current(u, 4.2, 24.0, 0.55) / 60.0
    together = 19 * v + np.interp(current, contact, u)
    for name, a, b in (("data.csv", together, current), ("contact.csv", u, contact)):
        rows = "".join(f"{x!r},{y!r}\n" for x, y in zip(a.tolist(), b.tolist(), strict=True))
        (tmp_path / name).write_text("V_mV,I_mA\n" + rows)
    files = [str(tmp_path / name) for name in ("data.csv", "contact.csv")]
    assert main(["subtract", *files, "--out", str(tmp_path / "stack.csv")]) == 0
    found = np.loadtxt(tmp_path / "stack.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(found[:, 0], 19 * v, atol=1e-9)  # rounding: the same interpolation on both ways
    np.testing.assert_allclose(found[:, 2], together - 19 * v, atol=1e-9)
    assert main(["subtract", *files, "--out", files[0]]) == 2


def test_contact_must_cover_the_currents() -> None:
    with pytest.raises(RequestError, match=r"current 3 mA is outside of the contact's, 0 to 2 mA"):
        subtract_contact(np.array([1.0]), np.array([3.0]), np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    with pytest.raises(RequestError, match="every current once"):
        subtract_contact(np.array([1.0]), np.array([1.0]), np.array([0.0, 1.0]), np.array([2.0, 2.0]))
