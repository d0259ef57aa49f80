"""A study as an instrument of finite resolution sees it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from unit.postprocess.test_legible import assert_legible

from hotmesa.cli import main
from hotmesa.postprocess import style
from hotmesa.postprocess.observation import EXACT, figures_for
from hotmesa.postprocess.resolution import Seen, observe_study, plot_observed
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.tables import ResultError

STUDY = """
name = "seen"
title = "Two laws"
scenario = "kurter2010-uniform"
observables = ["beta", "beta_above_Y_N"]
[observed]
windows_mV_per_junction = [0.0, 2.0]
[[vary]]
label = "rate"
[vary.cases.late]
[vary.cases.early]
"law.gamma_c_meV" = 13.0
"law.gamma_exponent" = 3.0
[[vary]]
key = "mesa.junctions"
values = [6, 8]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a study that observes its cases."""
    place = tmp_path_factory.mktemp("study")
    (place / "seen.toml").write_text(STUDY)
    assert main(["study", str(place / "seen.toml"), "--out", str(place / "out"), "--workers", "0", "--quiet"]) == 0
    return place / "out"


def rows_in(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_study_observes_its_cases(folder: Path) -> None:
    found, table = rows_in(folder / "observed.csv"), rows_in(folder / "table.csv")
    assert (folder / "observed.png").stat().st_size > 0
    assert [(row["rate"], row["mesa.junctions"]) for row in found[::2]] == [
        (row["rate"], row["mesa.junctions"]) for row in table
    ]
    for exact, wide, case in zip(found[::2], found[1::2], table, strict=True):
        assert float(exact["beta"]) == pytest.approx(float(case["beta"]), rel=5e-4)
        # A window blurs: the width never falls, and grows most where the peak is narrow.
        assert float(wide["beta"]) > float(exact["beta"])


def test_the_numbers_are_those_of_the_single_run(folder: Path) -> None:
    row = observe_study(folder, (1.0,)).rows[-1]
    (alone,) = figures_for(load_run(folder / "cases" / str(row["case"])), (1.0,), EXACT)
    assert {name: row[name] for name in alone} == alone


def test_the_command_takes_a_study_and_other_windows(folder: Path, tmp_path: Path, capsys) -> None:
    assert main(["observe", str(folder), "--window", "1", "--out", str(tmp_path / "w.csv")]) == 0
    assert len(rows_in(tmp_path / "w.csv")) == 4 and (tmp_path / "w.png").exists()
    assert "w.png" in capsys.readouterr().out


def test_junctions_are_the_abscissa_and_the_rest_panels(folder: Path) -> None:
    seen = observe_study(folder, (0.0, 2.0))
    assert seen.along() == ("junctions", ("rate",))
    figure = plot_observed(seen)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["late", "early"]
    with style.own_settings():
        assert_legible(figure)


def test_what_does_not_follow_the_junctions_is_drawn_in_words(folder: Path) -> None:
    rows = tuple(row for row in observe_study(folder, (0.0,)).rows if row["junctions"] == 8)
    seen = Seen(rows, ("rate",))
    assert seen.along() == ("rate", ())
    with style.own_settings():
        assert_legible(plot_observed(seen))


def test_a_window_larger_than_the_curve_names_the_case(folder: Path, tmp_path: Path, capsys) -> None:
    assert main(["observe", str(folder), "--window", "500"]) == 2
    words = capsys.readouterr().err
    assert "case late_junctions-6" in words and "smaller than the curve, which spans" in words
    (tmp_path / "wide.toml").write_text(STUDY.replace("[0.0, 2.0]", "[500.0]").replace("[6, 8]", "[6]"))
    assert main(["study", str(tmp_path / "wide.toml"), "--out", str(tmp_path / "x"), "--workers", "0"]) == 0
    assert "observed.windows_mV_per_junction: case late" in capsys.readouterr().err
    assert (tmp_path / "x" / "table.csv").exists() and not (tmp_path / "x" / "observed.csv").exists()


@pytest.mark.parametrize(
    ("windows", "said"),
    [("[-1.0]", "greater than or equal to 0"), ("[]", "at least 1"), ('["wide"]', "valid number")],
)
def test_windows_that_make_no_sense_are_refused(tmp_path: Path, capsys, windows: str, said: str) -> None:
    (tmp_path / "bad.toml").write_text(STUDY.replace("[0.0, 2.0]", windows))
    assert main(["study", str(tmp_path / "bad.toml"), "--out", str(tmp_path / "x")]) == 2
    words = capsys.readouterr().err
    assert "observed.windows_mV_per_junction" in words and said in words


def test_nothing_computed_is_told(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "table.csv").write_text("case,status,mesa.junctions\na,waiting,6\n")
    with pytest.raises(ResultError, match="no case is computed"):
        observe_study(tmp_path, (0.0,))
