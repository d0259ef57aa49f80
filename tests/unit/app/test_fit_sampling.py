"""Samples of fitted parameters: against the linearised fit, against an exact integral, resumed, refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.fit_jacobian import Jacobian
from hotmesa.fit_result import FitResult
from hotmesa.fit_sampling import sampled
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.fit import Parameter

pytest.importorskip("lmfit")

SCENARIO = """
name = "falling"
base = "kurter2010-uniform"
without = ["law"]

[uniform]
end_temperature_K = 120.0

[law]
kind = "ohmic"
resistivity_ohm_cm = {T_K = [4.0, 300.0], values = [300.0, 30.0]}
"""
FIT = """
name = "two"
tolerance = 1e-3
scenario = "device.toml"

[[parameters]]
key = "uniform.thermal_resistance_K_per_mW"
label = "alpha"
start = 108.0
min = 50.0
max = 200.0
scale = "log"

[[parameters]]
key = "mesa.spacing_nm"
label = "spacing"
start = 2.14
min = 1.0
max = 4.0

[[data]]
name = "iv"
file = "iv.csv"
sigma_mV = 2.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a device of uniform temperature, and 12 points of its curve, 1 mV off to both sides in turn."""
    place = tmp_path_factory.mktemp("sampled")
    (place / "device.toml").write_text(SCENARIO)
    curve = hm.uniform_curve(hm.load_scenario(place / "device.toml"))
    I, V = curve.I_mA, curve.V_mV  # noqa: E741
    first = int(np.argmax(V))
    at = np.linspace(0.1, 0.9, 12) * I[first]
    V_at = np.interp(at, I[: first + 1], V[: first + 1]) + (-1.0) ** np.arange(12)
    lines = [f"{v!r},{i!r}" for v, i in zip(V_at.tolist(), at.tolist(), strict=True)]
    (place / "iv.csv").write_text("\n".join(["V_mV,I_mA", *lines]) + "\n")
    (place / "fit.toml").write_text(FIT)
    return place


def test_samples_of_a_nearly_linear_fit_have_its_covariance(folder: Path, capsys: pytest.CaptureFixture[str]):
    words = ["fit", str(folder / "fit.toml"), "--out", str(folder / "out"), "--workers", "0", "--sample", "64"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "64 samples, as good as" in told and "fixed by the data" in told
    found = json.loads((folder / "out" / "sample.json").read_text())
    fit = json.loads((folder / "out" / "fit.json").read_text())
    assert found["effective_samples"] > 32
    spread = 3.0 / np.sqrt(2.0 * found["effective_samples"])  # three times that of a standard deviation
    for name, one in found["parameters"].items():
        assert one["sigma_over_linear"] == pytest.approx(1.0, abs=spread)
        linear = fit["parameters"][name]
        away = (one["quantiles"]["50 %"] - linear["value"]) / linear["uncertainty"]
        assert abs(away) < 3.0 / np.sqrt(found["effective_samples"])
        for other, value in one["correlations"].items():
            assert value == pytest.approx(linear["correlations"][other], abs=spread)
    with (folder / "out" / "sample.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 64 and sum(float(row["weight"]) for row in rows) == pytest.approx(1.0)
    assert (folder / "out" / "sample.png").stat().st_size > 10_000
    before = len(list((folder / "out" / "evaluations").iterdir()))
    assert main([*words, "--quiet"]) == 0
    assert len(list((folder / "out" / "evaluations").iterdir())) == before
    assert json.loads((folder / "out" / "sample.json").read_text()) == found


def test_too_few_samples_are_refused_before_anything_is_computed(folder: Path, capsys: pytest.CaptureFixture[str]):
    out = folder / "few"
    assert main(["fit", str(folder / "fit.toml"), "--out", str(out), "--sample", "9"]) == 2
    assert "--sample 9: 2 parameters need 32 samples at least" in capsys.readouterr().err
    assert not out.exists()


class Banana:
    """Stands for an evaluator: chi^2 of a curved valley, (a/0.3)^2 + ((b - 2 a^2)/0.2)^2."""

    derives = True

    def many(self, places: Sequence[Array]) -> list[Any]:
        """Return points that have chi^2 alone."""
        return [SimpleNamespace(chi_squared=float(self.at(*place))) for place in places]

    @staticmethod
    def at(a: Any, b: Any) -> Any:
        """Return chi^2."""
        return (a / 0.3) ** 2 + ((b - 2.0 * a**2) / 0.2) ** 2


def test_weights_make_up_for_what_is_curved_and_cut_off_at_a_bound():
    limits = ((-0.2, 1.0), (-0.5, 1.0))
    parameters = [Parameter(key=name, start=0.0, min=low, max=high)
                  for name, (low, high) in zip("ab", limits, strict=True)]  # fmt: skip
    plan: Any = SimpleNamespace(fit=SimpleNamespace(parameters=parameters))
    best: Any = SimpleNamespace(chi_squared=0.0)
    slopes = Jacobian(np.diag([1.0 / 0.3, 1.0 / 0.2]), {})
    covariance = np.diag([0.3**2, 0.2**2])
    result = FitResult(plan, best, np.zeros(2), slopes, covariance, 0, True, True, "", Path())
    evaluator: Any = Banana()
    found = sampled(result, evaluator, 1024)
    a, b = (np.linspace(low, high, 1201) for low, high in limits)
    weights = np.exp(-0.5 * Banana.at(a[:, None], b[None, :]))
    weights /= weights.sum()
    mean = np.array([weights.sum(axis=1) @ a, weights.sum(axis=0) @ b])
    expected = np.array([weights.sum(axis=1) @ (a - mean[0]) ** 2, weights.sum(axis=0) @ (b - mean[1]) ** 2])
    sigma = np.sqrt(expected)
    assert found.effective > 300
    assert np.abs((found.mean - mean) / sigma).max() < 0.05
    assert np.sqrt(np.diag(found.covariance)) / sigma == pytest.approx([1.0, 1.0], abs=0.04)
    assert found.linear == pytest.approx(covariance)
    assert mean[1] > 0.1  # a third of its uncertainty, which the linear problem does not see
    away = np.meshgrid(a - mean[0], b - mean[1], indexing="ij")
    exact = np.array([[np.sum(weights * x * y) for x in away] for y in away])
    span = np.ptp(limits, axis=1)
    parts = np.sqrt(12.0 * np.linalg.eigvalsh(exact / np.outer(span, span)))
    assert [item["of_bounds"] for item in found.directions()] == pytest.approx(parts.tolist(), rel=0.05)
    assert [item["fixed"] for item in found.directions()] == [bool(part < 0.5) for part in parts] == [True, False]
