"""Figures and the whole of `render`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from hotmesa.folder import FolderError, prepare
from hotmesa.postprocess import Run, load_run, render
from hotmesa.postprocess.choice import choose_jumps, choose_moments, choose_states, states_to_show
from hotmesa.postprocess.map import caption, mesa_outline, plot_map, temperature_scale, three_digits
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.postprocess.runs.diagram import BranchPart, draw_lines
from hotmesa.postprocess.style import STABLE, UNSTABLE_UNDER_CURRENT, answers, segments


def png_size(path: Any) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


@pytest.mark.parametrize("geometry", ["plan", "strip", "disc"])
def test_render_makes_every_file_of_the_contract(make_run: Callable[..., Any], geometry: str) -> None:
    run = make_run(geometry=geometry)
    written = render(run.folder)
    names = {path.name for path in written}
    assert {"summary.json", "iv.png", "map.png", "fields.pvd", "fields_0000.vtu"} <= names
    assert all(path.stat().st_size > 0 for path in written)
    assert not list(run.folder.glob("*.part"))
    assert min(png_size(run.folder / "iv.png")) > 600
    assert min(png_size(run.folder / "map.png")) > 400


def test_render_again_replaces_and_keeps_what_the_run_wrote(make_run: Callable[..., Any]) -> None:
    run = make_run()
    first = render(run.folder)
    before = (run.folder / "summary.json").read_text()
    assert render(run.folder) == first
    assert (run.folder / "summary.json").read_text() == before
    assert json.loads(before)["wall_s"] == 1.5


@pytest.mark.parametrize("points", [1, 2, 3, 5])
def test_render_accepts_an_interrupted_run(make_run: Callable[..., Any], points: int) -> None:
    run = make_run(points=points)
    render(run.folder)
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["points"] == points
    # Two to three points carry no curve; five are enough for one, and then every number that is missing has a reason.
    assert ("curve" in summary["reasons"]) == (points < 4)


def test_states_are_chosen_by_hot_fraction() -> None:
    hot = np.array([0, 0, 0.001, 0.04, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0, 1.0])
    assert choose_states(hot, np.arange(11.0)).tolist() == [3, 5, 7, 9]


def test_states_are_filled_up_where_the_hot_spot_jumps_or_is_absent() -> None:
    jump = np.array([0, 0, 0, 0, 1.0, 1.0])
    chosen = choose_states(jump, np.arange(6.0))
    assert 4 in chosen and len(set(chosen.tolist())) == 4
    cold = choose_states(np.zeros(9), np.arange(9.0))
    assert len(cold) == 4 and 0 not in cold  # at rest there is nothing to see
    assert choose_states(np.full(2, np.nan), np.arange(2.0)).tolist() == [0, 1]


def test_states_that_the_source_holds_come_first() -> None:
    hot = np.array([0, 0, 0.05, 0.2, 0.33, 0.5, 0.66, 0.8, 1.0])
    stable = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1], dtype=bool)
    assert choose_states(hot, np.arange(9.0), stable).tolist() == [2, 3, 7, 8]
    # Others fill up what is left, and their captions say so.
    assert choose_states(hot, np.arange(9.0), hot < 0.1).tolist() == [0, 1, 2, 8]
    assert choose_states(hot, np.arange(9.0), hot == 0.0).tolist() == [2, 4, 6, 8]


def test_currents_that_were_asked_for_are_shown() -> None:
    hot, stable = np.linspace(0, 1, 9), np.ones(9, dtype=bool)
    stable[5] = False
    assert 5 in choose_states(hot, np.arange(9.0), stable, requested_mA=(5.0,))
    assert choose_states(hot, np.arange(9.0), stable, requested_mA=range(1, 7)).tolist() == [1, 2, 3, 4, 5, 6]


def test_both_sides_of_jumps_are_shown() -> None:
    row, hot, I = np.arange(0, 40, 2), np.linspace(0, 0.9, 20), np.arange(20.0)  # noqa: E741
    assert choose_jumps(row, [(8, 9), (20, 22)], hot, I).tolist() == [4, 10, 11, 19]
    assert choose_jumps(row, [(8, 10), (20, 22), (30, 32), (34, 36)], hot, I).tolist() == [4, 5, 10, 11, 15, 16, 19]
    assert choose_jumps(row, [], hot, I).tolist() == choose_states(hot, I).tolist()


def test_pictures_of_states_that_the_source_does_not_hold_say_so(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(a=1.3, unstable=True, points=12, every=1).folder)
    states = run.states
    assert states is not None
    counts = run.rows["unstable_modes_current_bias"]
    chosen = states_to_show(run, states)
    assert np.all(counts[states.row[chosen]] == 0) and np.any(counts[states.row] > 0)
    run.rows["unstable_modes_current_bias"][:] = 1.0
    figure = plot_map(run)
    assert figure is not None and "unstable: not held by the current source" in figure.get_suptitle()
    assert caption(run, states, 0).endswith("unstable")


def test_stretches_meet_and_cover_the_branch() -> None:
    nan = np.nan
    rows = {
        "V_mV": np.arange(8.0),
        "unstable_modes_voltage_bias": np.array([0, nan, 1, 2, 2, 1, 0, nan]),
        "unstable_modes_current_bias": np.array([0, nan, 0, 1, 1, 0, 0, nan]),
    }
    found = answers(rows)
    # Rows without an answer take that before them.
    assert found.tolist() == [STABLE, STABLE, 1, UNSTABLE_UNDER_CURRENT, UNSTABLE_UNDER_CURRENT, 1, STABLE, STABLE]
    assert [(s.answer, s.first, s.last) for s in segments(found)] == [
        (0, 0, 1), (1, 1, 2), (2, 2, 4), (1, 4, 5), (0, 5, 7),
    ]  # fmt: skip


def test_a_branch_without_answers_is_drawn_as_stable() -> None:
    assert answers({"V_mV": np.arange(3.0)}).tolist() == [STABLE] * 3


def test_outline_of_a_square_has_its_perimeter(make_run: Callable[..., Any]) -> None:
    states = load_run(make_run(crystal=True).folder).states
    assert states is not None
    ends = states.node_xy[mesa_outline(states.mesa_cells)]
    length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
    assert length == pytest.approx(40.0, rel=1e-12)  # rounding only


def test_figures_of_a_backbending_branch_with_unstable_part(make_run: Callable[..., Any]) -> None:
    run = make_run(a=1.3, unstable=True)
    render(run.folder)
    assert (run.folder / "iv.png").exists()


def test_figures_are_figures_and_can_be_drawn_into_axes_of_the_caller(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(uniform_a=0.5).folder)
    figure = plot_iv(run)
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    mine = Figure()
    left, right = mine.subplots(1, 2)
    assert plot_iv(run, ax=right) is mine
    assert not left.lines and right.get_xlabel() == "voltage per junction V/n (mV)"


def test_a_figure_is_added_by_one_entry(make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def plot_profile(run: Run) -> Figure:
        figure = Figure()
        figure.subplots().plot(run.rows["I_mA"], run.rows["T_max_K"])
        return figure

    monkeypatch.setitem(results_of("branch").figures, "profile.png", plot_profile)
    folder = make_run().folder
    assert folder / "profile.png" in render(folder)
    other = folder / "mine.png"
    other.write_bytes(b"")
    with pytest.raises(FolderError, match="already holds results"):
        prepare(folder, overwrite=False)
    prepare(folder, overwrite=True)
    assert list(folder.iterdir()) == [other]


def test_a_picture_that_fails_is_told_and_the_others_are_made(
    make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_run().folder
    render(folder)

    def fail(run: Run) -> Figure:
        raise RuntimeError("no fonts")

    monkeypatch.setitem(results_of("branch").figures, "iv.png", fail)
    names = {path.name for path in render(folder)}
    assert "iv.png could not be drawn: RuntimeError: no fonts" in caplog.text
    assert "map.png" in names and "iv.png" not in names
    assert not (folder / "iv.png").exists()  # that of before would pass for one of these results


@pytest.mark.parametrize("backend", ["nonsense", "module://matplotlib_inline.backend_inline", "agg"])
def test_settings_of_the_user_do_not_reach_figures(make_run: Callable[..., Any], backend: str) -> None:
    folder = make_run().folder
    (folder / "matplotlibrc").write_text("text.usetex: True\nfont.family: nonsense\nsavefig.format: svg\n")
    environment = {**os.environ, "MPLBACKEND": backend, "MATPLOTLIBRC": str(folder / "matplotlibrc")}
    code = "import sys; from hotmesa.postprocess import render; render(sys.argv[1]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "matplotlib.pyplot" not in done.stdout
    assert min(png_size(folder / "iv.png")) > 600


def test_the_hottest_moment_of_a_transient_is_always_shown_and_none_twice() -> None:
    t = np.array([0.0, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    T = np.array([4.0, 4.0, 5.0, 90.0, 20.0, 9.0, 6.0, 5.0, 4.5])
    assert choose_moments(t, T).tolist() == [2, 3, 6, 8]
    # The hottest state before a jump of the source stands for that time.
    T[1] = 99.0
    assert choose_moments(t, T).tolist() == [1, 3, 6, 8]
    assert choose_moments(t, T, requested_us=(0.3, 0.7)).tolist() == [1, 4, 8]
    assert choose_moments(t, T, requested_us=(0.1,)).tolist() == [1]
    assert choose_moments(t[:1], T[:1]).tolist() == [0]


def test_a_hot_spot_shows_however_hot_other_states_are() -> None:
    colours, norm = temperature_scale(40.0, 300.0, 74.0)
    grey = np.array([0.299, 0.587, 0.114])
    below, above = (grey @ colours(norm(T))[:3] for T in (73.9, 74.1))
    assert above - below > 0.12  # lightness of 0 to 1; 0.004 on an even scale
    lightness = [grey @ colours(norm(T))[:3] for T in np.linspace(40.0, 300.0, 200)]
    assert np.all(np.diff(lightness) > -0.01)
    colours, norm = temperature_scale(40.0, 60.0, 74.0)
    assert (norm(40.0), norm(60.0)) == (0.0, 1.0)


def test_titles_tell_what_was_computed(make_run: Callable[..., Any]) -> None:
    file = make_run().folder / "scenario.toml"
    file.write_text(file.read_text().replace("\njunctions = 19", "\njunctions = 12"))
    changed = load_run(file.parent)
    assert changed.scenario.title == "Synthetic mesa, N = 19"
    for figure in (plot_iv(changed), plot_map(changed)):
        assert figure is not None
        title = figure.get_suptitle()
        assert "12 junctions" in title and "19" not in title


def test_noise_is_no_number() -> None:
    assert [three_digits(value) for value in (3.5e-13, 0.35, 36.0)] == ["0", "0.350", "36.0"]


def test_the_uniform_model_is_told_apart_from_the_device(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(uniform_a=0.5).folder)
    labels = [line.get_label() for line in plot_iv(run).axes[0].lines]
    assert f"uniform heating, {run.rows['alpha_mean_K_per_mW'][-1]:.3g} K/mW as this device at its end" in labels
    file = run.folder / "scenario.toml"
    file.write_text(file.read_text() + "\n[uniform]\nthermal_resistance_K_per_mW = 110.0\n")
    labels = [line.get_label() for line in plot_iv(load_run(run.folder)).axes[0].lines]
    assert f"uniform heating, 110 K/mW (this device: {run.rows['alpha_mean_K_per_mW'][-1]:.3g})" in labels


def test_axes_say_quantity_and_unit(make_run: Callable[..., Any]) -> None:
    run = load_run(make_run(crystal=True).folder)
    for figure in (plot_iv(run), plot_map(run)):
        assert figure is not None
        labels = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]
        assert labels and all("(" in text for text in labels)


def test_branches_of_a_diagram_are_drawn_with_their_slopes(make_run: Callable[..., Any]) -> None:
    made = make_run(a=1.3, points=12)
    run = load_run(made.folder)
    left, right = Figure().subplots(1, 2)
    draw_lines(left, right, BranchPart(0, "end", run), run.junctions)
    v, current = left.lines[0].get_data()
    # Twelve points show neither peak nor fold: straight lines are 0.66 mV off, the curve is 0.07 mV.
    assert np.max(np.abs(made.law.v(np.asarray(current) * 24.21) - v)) < 0.15
    straight = np.interp(current, run.rows["I_mA"], run.rows["V_per_junction_mV"])
    assert np.max(np.abs(made.law.v(np.asarray(current) * 24.21) - straight)) > 0.3
