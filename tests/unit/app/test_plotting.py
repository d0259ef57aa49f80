"""Pictures on request: their files, sizes and formats, what they show, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.folder import own_files
from hotmesa.plotting import Look, move, plot, width_in_mm
from hotmesa.postprocess.animation import _draw, frames_of
from hotmesa.postprocess.page import on_page
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.postprocess.spot import plot_places
from hotmesa.postprocess.together import plot_together
from hotmesa.scenarios.errors import HotmesaError

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run with fields, without its pictures."""
    folder = tmp_path_factory.mktemp("plot") / "strip"
    hm.run(GOLDEN / "strip.toml").save(folder)
    return folder


def test_all_formats_have_the_width_of_the_page(strip: Path) -> None:
    svg, pdf, png = (plot([strip], ["iv"], Look(kind, 86.0))[0] for kind in ("svg", "pdf", "png"))
    assert [file.name for file in (svg, pdf, png)] == ["iv-86mm.svg", "iv-86mm.pdf", "iv-86mm.png"]
    points = 86.0 / 25.4 * 72.0
    assert float(re.search(r'width="([\d.]+)pt"', svg.read_text())[1]) == pytest.approx(points, abs=0.01)
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ", pdf.read_bytes())
    assert box is not None
    assert float(box[1]) == pytest.approx(points, abs=0.01)
    assert int.from_bytes(png.read_bytes()[16:20], "big") == pytest.approx(86.0 / 25.4 * 300, abs=1.0)


def test_the_same_picture_twice_is_the_same_file(strip: Path) -> None:
    for kind in ("pdf", "png"):
        (first,) = plot([strip], ["map"], Look(kind))
        before = first.read_bytes()
        plot([strip], ["map"], Look(kind))
        assert first.read_bytes() == before


def test_pictures_on_request_leave_with_an_overwritten_run(strip: Path) -> None:
    files = {*plot([strip], ["profile", "section"]), *plot([strip], ["iv"], Look("pdf", 178.0))}
    assert files <= set(own_files(strip))


def test_without_names_all_figures_of_a_run_are_drawn(strip: Path, tmp_path: Path) -> None:
    assert {file.stem for file in plot([strip], out=tmp_path / "new" / "place")} >= {"iv", "map"}


def test_voltage_of_the_stack_is_n_times_that_of_a_junction(strip: Path) -> None:
    run = hm.load_run(strip)
    lines = [plot_iv(run, voltage=voltage).axes[0].lines for voltage in ("junction", "stack")]
    for line, other in zip(*lines, strict=True):
        x, X = np.asarray(line.get_xdata()), np.asarray(other.get_xdata())
        assert pytest.approx(run.junctions * x, rel=1e-12) == X
        assert pytest.approx(np.asarray(line.get_ydata()), rel=1e-12) == np.asarray(other.get_ydata())


def test_curves_of_several_runs_stand_in_one_figure(strip: Path, tmp_path: Path) -> None:
    other = tmp_path / "strip"
    hm.run(GOLDEN / "uniform.toml").save(other)
    (file,) = plot([strip, other], out=tmp_path)
    assert file.name == "iv.png"
    runs = {"a": hm.load_run(strip), "b": hm.load_run(other)}
    (axes,) = plot_together(runs, "stack").axes
    drawn = {str(line.get_label()): np.asarray(line.get_xdata()).max() for line in axes.lines}
    assert drawn["a"] == pytest.approx(runs["a"].column("V_mV").max())
    runs = {"a": runs["a"], "c": hm.run(GOLDEN / "strip.toml", {"stability.points": "none"})}
    title = plot_together(runs).get_suptitle()
    assert title.splitlines() == ["a: the current source holds every state", "c: stability not computed"]


def test_a_narrow_page_has_panels_below_each_other(strip: Path) -> None:
    run = hm.load_run(strip)
    places = []
    for width in (None, 86.0):
        with on_page(width):
            figure = plot_iv(run)
        left, right = (axes.get_subplotspec() for axes in figure.axes)
        places.append((left.rowspan.start, right.rowspan.start))
    assert places == [(0, 0), (0, 1)]


def test_a_moving_picture_has_a_frame_for_each_state(strip: Path, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    states = hm.load_run(strip).states
    assert states is not None
    with image.open(move(strip, tmp_path / "spot.gif", 5.0)) as film:
        assert film.n_frames == len(states.row)
        assert film.info["duration"] == 200
    assert [file.name for file in tmp_path.iterdir()] == ["spot.gif"]
    assert move(strip) in own_files(strip)


@pytest.mark.parametrize("kind", ["strip", "transient", "sweep"])
def test_the_point_moves_along_the_curve_and_nothing_else_does(kind: str) -> None:
    run = hm.run(GOLDEN / f"{kind}.toml")
    frames = frames_of(run)
    figure, updates = _draw(run, frames)
    states, T = run.states, run.junction_T_K
    assert states is not None
    assert T is not None
    boxes = [axes.get_position().bounds for axes in figure.axes]
    limits = [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes]
    for state in frames:
        for update in updates:
            update(int(state))
        figure.draw_without_rendering()
        (x,), (y,) = figure.axes[1].lines[-1].get_data()
        row = states.row[state]
        shown = ("t_us", "T_max_K") if kind == "transient" else (None, "I_mA")
        assert y == run.column(str(shown[1]))[row]
        assert shown[0] is None or x == run.column(shown[0])[row]
        assert np.nanmax(np.asarray(figure.axes[0].lines[0].get_ydata())) == pytest.approx(np.nanmax(T[state]))
    assert [axes.get_position().bounds for axes in figure.axes] == boxes
    assert [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes] == limits


@pytest.mark.parametrize(("text", "width"), [("86mm", 86.0), ("8.6cm", 86.0), ("2in", 50.8), ("120", 120.0)])
def test_widths_are_read_with_their_unit(text: str, width: float) -> None:
    assert width_in_mm(text) == pytest.approx(width)


def test_what_cannot_be_drawn_is_refused_in_words(strip: Path, tmp_path: Path) -> None:
    uniform = tmp_path / "uniform"
    hm.run(GOLDEN / "uniform.toml").save(uniform)
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text("")
    cases = [
        (lambda: plot([strip], ["mpa"]), "mpa: unknown figure; did you mean map?"),
        (lambda: plot([uniform], ["section"]), "section: unknown figure"),
        (lambda: plot([strip, strip]), "the same result twice"),
        (lambda: plot([study]), "is the folder of a study"),
        (lambda: plot([tmp_path / "nowhere"]), "no such folder"),
        (lambda: Look("jpg"), "--format jpg: must be one of png, pdf, svg"),
        (lambda: Look(width_mm=3.0), "--width 3mm: must be 60 to 400 mm"),
        (lambda: move(uniform), "nothing moves"),
        (lambda: move(strip, tmp_path / "x.avi"), "ends with .gif or .mp4"),
        (lambda: move(strip, None, 0.0), "--speed 0: must be above 0"),
        (lambda: width_in_mm("wide"), "--width wide: is no width"),
    ]
    for act, words in cases:
        with pytest.raises(HotmesaError, match=re.escape(words)) as error:
            act()
        assert error.value.status == 2


def test_places_of_hot_spots_are_those_of_the_tables(strip: Path, tmp_path: Path) -> None:
    with pytest.raises(HotmesaError, match="--what spot: there is nothing to draw"):
        plot([strip], ["spot"], out=tmp_path)
    warm = ("output.hot_temperature_K=40.0", "stability.points=none", "numerics.estimate_error=false")
    run = hm.run(hm.load_scenario(GOLDEN / "strip.toml", warm))
    figure = plot_places({"one": run, "two": run})
    assert figure is not None
    (axes,) = figure.axes
    shown = {tuple(point) for line in axes.lines for point in np.column_stack([line.get_xdata(), line.get_ydata()])}
    hot = np.isfinite(run.rows["hot_x_um"])
    assert hot.sum() > 1
    assert {*zip(run.rows["I_mA"][hot], run.rows["hot_x_um"][hot], strict=True)} <= shown
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:2] == ["one", "two"] and labels[-1] == "contact"
    run.save(tmp_path / "run")
    (file,) = plot([tmp_path / "run"], ["spot"])
    assert file.name == "spot.png"
