"""What commands say, as JSON for other programs: the same as their words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.doctor import BROKEN, Finding
from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.files import PLANS, bundled_plans

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    """What a command prints as JSON."""
    assert main(arguments) == status
    return json.loads(capsys.readouterr().out)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = said(capsys, "list", "--json")
    kinds = ("scenario", "study", "fit", "optimise")
    by_kind = {kind: [row["name"] for row in rows if row["kind"] == kind] for kind in kinds}
    assert by_kind["scenario"] == list(available_scenarios())
    assert by_kind["study"] == list(bundled_plans("study"))
    assert all(row["title"] for row in rows)


def test_check_has_the_scenario_as_it_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "check", "kurter2010-uniform", "--set", "mesa.junctions=7", "--json")
    assert found["kind"] == "scenario"
    assert found["scenario"]["mesa"]["junctions"] == 7
    assert "no problems found" in found["text"]
    assert found["scenario"] == load_scenario("kurter2010-uniform", {"mesa.junctions": 7}).model_dump(mode="json")


def test_check_of_a_study_has_all_its_cases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study = tmp_path / "two.toml"
    words = 'name = "two"\nscenario = "kurter2010-uniform"\nobservables = ["V_peak_mV_per_junction"]\n'
    study.write_text(words + '[[vary]]\nkey = "mesa.junctions"\nvalues = [7, 9]\n')
    cases = said(capsys, "check", str(study), "--json")["cases"]
    assert sorted(case["mesa"]["junctions"] for case in cases.values()) == [7, 9]


def test_compare(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for junctions in (7, 12):
        hm.run(GOLDEN / "uniform.toml", {"mesa.junctions": junctions}, out=tmp_path / f"n{junctions}", quiet=True)
    capsys.readouterr()
    folders = [str(tmp_path / name) for name in ("n7", "n12")]
    found = said(capsys, "compare", *folders, "--by", "end.V_mV", "--largest", "--out", str(tmp_path / "c"), "--json")
    assert [case["case"] for case in found["cases"]] == ["n12", "n7"]
    assert found["cases"][0]["value"] == pytest.approx(hm.load_run(folders[1]).column("V_mV")[-1], rel=1e-12)
    assert all(Path(file).exists() for file in found["files"])


def test_doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import hotmesa.doctor

    monkeypatch.setattr(hotmesa.doctor, "examine", lambda: iter([Finding("PETSc", BROKEN, "gone", "get it")]))
    (finding,) = said(capsys, "doctor", "--json", status=1)["findings"]
    assert finding == {"subject": "PETSc", "state": "broken", "detail": "gone", "mend": "get it"}


def test_schemas_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in PLANS:
        assert said(capsys, "check", kind, "--schema", "--json")["$id"] == f"urn:hotmesa:{kind}"
    assert main(["check", "optimize", "--schema", "--json"]) == 2
    assert "files of study, fit, uncertainty, optimise, identify, folds have own" in capsys.readouterr().err
    assert main(["check", "optimise", "--schema"]) == 2
    assert "write --json too" in capsys.readouterr().err
