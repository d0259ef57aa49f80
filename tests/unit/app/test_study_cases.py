"""From the file of a study to its cases, each a scenario; what is wrong with a file is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.studies import HEAD, THREE, TWO, Write, study

from hotmesa.cli import main
from hotmesa.scenarios import available_scenarios
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.plans.study import load_study
from hotmesa.vocabulary import VOCABULARY


def test_a_grid_is_the_product_of_its_axes(write: Write):
    plan = load_study(write(THREE))
    assert [case.name for case in plan.cases][:2] == ["junctions-6_temperature-4.0", "junctions-6_temperature-22.0"]
    found = [(case.scenario.mesa.junctions, case.scenario.bath.temperature_K) for case in plan.cases if case.scenario]
    assert found == [(6, 4.0), (6, 22.0), (6, 40.0), (12, 4.0), (12, 22.0), (12, 40.0)]
    assert plan.keys == ("mesa.junctions", "bath.temperature_K")


def test_rows_go_together_and_named_cases_may_change_different_keys(write: Write):
    text = HEAD + (
        '[[vary]]\nlabel = "size"\nkeys = ["mesa.width_um", "mesa.depth_um"]\nrows = [[5.0, 5.0], [20.0, 10.0]]\n'
        'names = ["small", "large"]\n[[vary]]\nlabel = "kind"\n[vary.cases.plain]\n'
        "[vary.cases.warm]\nbath.temperature_K = 20.0\nuniform.thermal_resistance_K_per_mW = 50.0\n"
    )
    plan = load_study(write(text))
    assert [case.name for case in plan.cases] == ["small_plain", "small_warm", "large_plain", "large_warm"]
    last = plan.cases[-1]
    assert last.points == {"size": "large", "kind": "warm"}
    assert last.scenario is not None
    assert (last.scenario.mesa.width_um, last.scenario.bath.temperature_K) == (20.0, 20.0)


def test_cases_from_a_csv_file(write: Write, tmp_path: Path):
    (tmp_path / "devices.csv").write_text("case,mesa.junctions,mesa.width_um\na,6,5\nb,12,\n")
    plan = load_study(write(HEAD + '[[vary]]\nfile = "devices.csv"\n'))
    found = [(case.name, case.scenario.mesa.width_um) for case in plan.cases if case.scenario]
    assert found == [("a", 5.0), ("b", 10.0)]


def test_ranges():
    from hotmesa.scenarios.plans.axes import Range

    assert Range(first=6, last=30, step=6).numbers() == [6, 12, 18, 24, 30]
    assert Range(first=0.1, last=0.5, step=0.1).numbers() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert Range(first=1e-3, last=10.0, points=5, spacing="log").numbers() == [1e-3, 0.01, 0.1, 1.0, 10.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "the study is empty"),
        (HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalues = []\n', "no case"),
        (HEAD + '[[vary]]\nkey = "mesa.juntions"\nvalues = [1, 2]\n', "did you mean junctions?"),
        (HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalues = [6, 6]\n', "2 cases are called junctions-6"),
        (HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalues = [6]\n' * 2, "mesa.junctions is varied by 2 axes"),
        (HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalues = [6, -1]\n', "must be a whole number >= 1"),
        (HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalue = [6]\n', "did you mean values"),
        (HEAD + '[[vary]]\nfile = "none.csv"\n', "none.csv: cannot be read"),
        (HEAD + '[[vary]]\nkeys = ["mesa.width_um", "mesa.depth_um"]\nrows = [[1.0]]\n', "do not have 2 values"),
        ('observables = ["bakbending_mV_per_junction"]' + TWO, "did you mean backbending_mV_per_junction"),
        ('observables = ["T_max_K@I=1.0"]' + TWO, "unknown column I; did you mean I_mA"),
        ("max_cases = 5" + THREE, "6 cases are more than max_cases"),
        ("colour = 1" + TWO, "colour: unknown key"),
        (TWO.replace("kurter2010-uniform", "kurter2010-unifrm"), "did you mean kurter2010-uniform"),
        ("name = ", "not valid TOML"),
    ],
)
def test_bad_studies_have_status_2_and_a_reason(
    write: Write, capsys: pytest.CaptureFixture[str], text: str, words: str
):
    assert study(write(text)) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert "Traceback" not in printed


def test_unknown_study_and_case_are_named(write: Write, capsys: pytest.CaptureFixture[str]):
    assert main(["study", "heat-snks"]) == 2
    assert "did you mean study-heat-sinks" in capsys.readouterr().err
    assert study(write(TWO), "--case", "junctions-7") == 2
    assert "did you mean junctions-" in capsys.readouterr().err


def test_bundled_studies_are_valid_and_no_scenarios():
    assert "study-heat-sinks" in bundled_plans("study")
    assert not any(name.startswith(("study-", "fit-")) for name in available_scenarios())
    for name in bundled_plans("study"):
        plan = load_study(name, VOCABULARY)
        assert all(case.scenario is not None for case in plan.cases)
