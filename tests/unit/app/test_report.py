"""Reports: their numbers are those of the results, they need nothing beside them, and bad input is told."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.studies import HEAD, TWO, study

import hotmesa as hm
from hotmesa.cli import main
from hotmesa.folder import own_files
from hotmesa.postprocess.report.document import MARK
from hotmesa.postprocess.report.moving import colour_scale, raster_of
from hotmesa.postprocess.values import flat_summary
from hotmesa.reporting import report
from hotmesa.scenarios.errors import BAD_INPUT, HotmesaError
from hotmesa.scenarios.origins import origins

pytest.importorskip("plotly")
pytest.importorskip("jinja2")
GOLDEN = Path(__file__).parents[2] / "regression" / "golden"
LARGEST_MB = 5.0


def data_in(file: Path, name: str) -> Any:
    """What a script of a report holds."""
    found = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', file.read_text(), re.DOTALL)
    assert found is not None, name
    return json.loads(found[1])


def charts_in(file: Path) -> dict[str, Any]:
    return {chart["name"]: chart for chart in data_in(file, "charts")}


def numbers_in(file: Path) -> set[float]:
    """All numbers of tables, with all their digits."""
    return {float(text) for text in re.findall(r'<data value="([^"]+)">', file.read_text())}


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small branch."""
    folder = tmp_path_factory.mktemp("report") / "strip"
    assert main(["run", str(GOLDEN / "strip.toml"), "--out", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def page(strip: Path) -> Path:
    return report(strip)


def test_the_curve_is_that_of_the_table_with_every_digit(strip: Path, page: Path) -> None:
    with (strip / "iv.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    drawn = next(trace for trace in charts_in(page)["curve"]["traces"] if trace.get("customdata"))
    for name, found in (("V_per_junction_mV", "x"), ("I_mA", "y"), ("T_max_K", "customdata")):
        assert drawn[found] == [float(row[name]) for row in rows]


def test_the_numbers_are_those_of_summary_json(strip: Path, page: Path) -> None:
    summary = flat_summary(json.loads((strip / "summary.json").read_text()), tables=True)
    wanted = {float(value) for value in summary.values() if isinstance(value, float)}
    assert len(wanted) > 20
    assert wanted <= numbers_in(page)


def test_errors_are_those_of_mesh_and_sublayers_together(strip: Path, page: Path) -> None:
    summary = json.loads((strip / "summary.json").read_text())
    percent = abs(summary["mesh_error_V_percent"]) + abs(summary["layer_error_V_percent"])
    assert f"± {0.01 * percent * summary['end']['V_mV']:.2g}<" in page.read_text()


def test_heat_is_told_as_parts_that_add_up(strip: Path, page: Path) -> None:
    run = hm.load_run(strip)
    sinks = [name for name in run.rows if name.startswith("Q_")]
    shares = [100.0 * run.column(name)[-1] / run.column("P_mW")[-1] for name in sinks]
    assert sum(shares) == pytest.approx(100.0, abs=1e-6)
    found = numbers_in(page)
    assert all(min(abs(number - share) for number in found) < 1e-9 for share in shares)


def test_nothing_is_loaded_from_elsewhere_and_the_file_is_small(page: Path) -> None:
    text = page.read_text()
    assert page.stat().st_size < LARGEST_MB * 1e6
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', text) == []
    assert "default-src 'none'" in text
    assert all(f'href="#{anchor}"' in text for anchor in re.findall(r'<section id="([^"]+)"', text))


def test_names_of_places_are_told_once(page: Path) -> None:
    names = re.findall(r'\sid="([^"]+)"', page.read_text())
    assert sorted(names) == sorted(set(names))


def test_plotly_knows_every_trace_and_layout(page: Path) -> None:
    from plotly.graph_objects import Figure

    for chart in charts_in(page).values():
        Figure(data=chart["traces"], layout=chart["layout"])


def test_states_are_kept_to_a_part_of_their_range(strip: Path, page: Path) -> None:
    moving, run = data_in(page, "moving"), hm.load_run(strip)
    assert run.states is not None
    assert run.junction_T_K is not None
    whole = np.frombuffer(gzip.decompress(base64.b64decode(moving["values"])), "<u2").reshape(-1, moving["columns"])
    nodes = run.states.mesa_nodes[np.argsort(run.states.node_xy[run.states.mesa_nodes, 0])]
    T = run.junction_T_K[:, nodes]
    assert moving["low_K"] + moving["step_K"] * (whole - 1.0) == pytest.approx(T, abs=0.51 * moving["step_K"])
    assert moving["step_K"] < 2e-5 * np.ptp(T)
    assert moving["y"] == run.column("I_mA")[run.states.row].tolist()


def test_a_raster_is_exact_for_what_is_linear_and_empty_outside() -> None:
    scenario = hm.load_scenario("kurter2010-n06", ["mesh.refine=0.4", "branch.end_current_mA=0.05"])
    states = hm.run(scenario).states
    assert states is not None
    raster = raster_of(states, 900)
    x, y = np.meshgrid(raster.x_um, raster.y_um)
    field = 3.0 + 0.5 * states.node_xy[:, 0] - 0.25 * states.node_xy[:, 1]
    found = raster.values(field[None])[0]
    assert found == pytest.approx((3.0 + 0.5 * x - 0.25 * y).ravel(), abs=1e-9)
    assert raster.x_um[1] - raster.x_um[0] == pytest.approx(raster.y_um[1] - raster.y_um[0], rel=0.05)


def test_colours_jump_at_the_hot_temperature() -> None:
    scale = colour_scale(4.0, 104.0, 74.0)
    places = [place for place, _ in scale]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)
    assert places.count(pytest.approx(0.7)) == 2
    below, above = (colour for place, colour in scale if place == pytest.approx(0.7))
    assert below != above


def test_values_have_the_sources_of_the_bundled_file() -> None:
    found = origins(hm.load_scenario("kurter2010-n30", ["mesa.width_um=11.0"]))
    assert found["mesa.junctions"] == "[paper] Sec. II: tallest stack"
    assert found["contacts.0.x_um"].startswith("[assumed]")
    assert found["mesa.depth_um"] == "[paper] Sec. II"
    assert "mesa.width_um" not in found  # another value has another source


@pytest.mark.parametrize("kind", ["uniform", "disc", "sweep", "transient", "diagram"])
def test_every_kind_of_run_has_a_report(tmp_path: Path, kind: str) -> None:
    hm.run(GOLDEN / f"{kind}.toml").save(tmp_path)
    file = hm.report(tmp_path)
    assert file.stat().st_size < LARGEST_MB * 1e6
    assert file in own_files(tmp_path)
    run, drawn = hm.load_run(tmp_path), charts_in(file)["curve"]["traces"]
    largest = max(value for trace in drawn for value in trace["y"] if value is not None)
    assert largest >= run.column("T_max_K" if kind == "transient" else "I_mA").max() * (1 - 1e-12)


def test_several_runs_stand_side_by_side(strip: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    hm.run(GOLDEN / "uniform.toml").save(other)
    file = report([strip, other], tmp_path / "both.html")
    names = {trace["name"] for trace in charts_in(file)["curve"]["traces"]}
    assert {"strip", "other"} <= names
    assert float(hm.load_run(other).column("I_mA")[-1]) in numbers_in(file)


def test_a_run_that_was_killed_is_called_incomplete(strip: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(strip, tmp_path / "killed"))
    record = json.loads((folder / "provenance.json").read_text()) | {"status": "running"}
    (folder / "provenance.json").write_text(json.dumps(record))
    (folder / "summary.json").unlink()
    assert "This run is not complete" in report(folder).read_text()
    assert "This run is not complete" not in report(strip).read_text()


def test_a_study_tells_ranking_effects_and_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    rank = 'observables = ["I_mA@P_mW=0.5", "nucleation.I_mA"]\nrank_by = "I_mA@P_mW=0.5"\n'
    file.write_text(TWO.replace("\n[fixed]", f"{rank}\n[fixed]", 1))
    assert study(file) == 0
    made = report(tmp_path / "out")
    with (tmp_path / "out" / "table.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    values = sorted(float(row["I_mA@P_mW=0.5"]) for row in rows)
    charts = charts_in(made)
    assert charts["ranking-chart"]["traces"][0]["x"] == values[::-1]
    effect = charts["effect-0"]["traces"][1]
    assert effect["x"] == [6.0, 12.0]
    assert sorted(effect["y"]) == pytest.approx(values)
    assert "parallel-chart" in charts


def test_a_fit_tells_its_parameters_and_residuals(tmp_path: Path) -> None:
    about = {
        "name": "f", "converged": True, "chi_squared": 1.5, "data": 3, "chi_squared_reduced": 1.5, "directions": [],
        "uncertainties_from": "given uncertainties", "problems": {}, "warnings": {}, "differences": [],
        "parameters": {
            name: {
                "key": f"k.{name}", "value": value, "uncertainty": 0.125, "start": 1.0, "min": 0.5, "max": 9.0,
                "at_bound": None, "correlations": {other: -0.75},
            }
            for name, other, value in (("a", "b", 2.0625), ("b", "a", 3.03125))
        },
    }  # fmt: skip
    (tmp_path / "fit.json").write_text(json.dumps(about))
    lines = ["data,quantity,at,measured,sigma,model,residual", "iv,V-at-I,1.0,2.0,0.1,2.05,0.5"]
    lines += ["iv,V-at-I,2.0,3.0,0.1,2.9,-1.0", "n,P_mW,,1.0,0.5,1.25,0.5"]
    (tmp_path / "residuals.csv").write_text("\n".join(lines) + "\n")
    made = report(tmp_path)
    charts = charts_in(made)
    assert [trace["y"] for trace in charts["data-0"]["traces"]] == [[2.0, 3.0], [2.05, 2.9]]
    assert charts["residual-0"]["traces"][0]["y"] == [0.5, -1.0]
    assert charts["correlation-chart"]["traces"][0]["z"] == [[1.0, -0.75], [-0.75, 1.0]]
    assert {2.0625, 3.03125, 0.125} <= numbers_in(made)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "is damaged|no such file"),
        (lambda folder: _study(folder), "no table.csv yet"),
        (lambda folder: _study(folder, "case,status\n"), "holds no case"),
    ],
)  # fmt: skip
def test_bad_folders_are_told_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Any, told: str
) -> None:  # fmt: skip
    make(tmp_path / "x")
    assert main(["report", str(tmp_path / "x"), "--out", str(tmp_path / "r.html")]) == BAD_INPUT
    assert re.search(told, capsys.readouterr().err)
    assert not list(tmp_path.glob("r.html*"))


def _study(folder: Path, table: str | None = None) -> None:
    folder.mkdir()
    (folder / "study.toml").write_text(HEAD)
    if table is not None:
        (folder / "table.csv").write_text(table)


def test_only_a_report_is_replaced_unasked(strip: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.html"
    file.write_text("<p>mine</p>")
    with pytest.raises(HotmesaError, match="is no report; add --overwrite"):
        report(strip, file)
    assert file.read_text() == "<p>mine</p>"
    assert MARK in report(strip, file, overwrite=True).read_text()
    assert report(strip, file) == file
    with pytest.raises(HotmesaError, match=r"ends with \.html"):
        report(strip, tmp_path / "iv.csv")


@pytest.mark.parametrize("name", ["plotly", "jinja2"])
def test_what_is_missing_is_told_with_the_command_that_brings_it(
    strip: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(HotmesaError, match=rf"{name} is missing.*pip install 'hotmesa\[report\]'"):
        report(strip, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()
