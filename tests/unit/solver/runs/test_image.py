"""Laser-scanning images: against heating one place after another, and the state they belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.cli import main
from hotmesa.computing import trace
from hotmesa.folder import exclusive
from hotmesa.meshes import build_mesh
from hotmesa.postprocess import Run, load_run
from hotmesa.postprocess.blur import smear
from hotmesa.postprocess.runs.image import colour_scale, load_image, render_image
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Bath, Contact, Crystal, Mesa, Scenario
from hotmesa.solver.errors import RequestError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.image import laser_image, surface_response
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady, solve_steady_state
from hotmesa.solver.states.stored import choose_crossing, crossings, flat_state, solve_at

CURRENT = 0.7


def strip() -> Scenario:
    wire = Contact(x_um=-3.0, radius_um=1.0, contact_K_per_mW=3.0, wire_K_per_mW=2.0)
    return on_crystal(path="sparse", geometry="strip", contacts=(wire,))


def disc() -> Scenario:
    wire = Contact(radius_um=1.0, contact_K_per_mW=3.0, wire_K_per_mW=2.0)
    mesa, crystal = Mesa(shape="disc", radius_um=5.6, junctions=19), Crystal(shape="disc", radius_um=20.0)
    return on_crystal(geometry="disc", mesa=mesa, crystal=crystal, contacts=(wire,))


DEVICES = {
    "condensed": on_crystal,
    "sparse": lambda: on_crystal(sublayers=2, path="sparse", bath=Bath(rim="bath")),
    "strip": strip,
    "disc": disc,
}


def solved(scenario: Scenario, current: float = CURRENT) -> tuple[ThermalBranch, State]:
    problem = ThermalBranch(Model(scenario, build_mesh(scenario)), Bias.current())
    return problem, solve_steady_state(problem, current)


def heated(problem: ThermalBranch, state: State, unknown: int) -> float:
    """Change of V (mV/mW) when one unknown is heated at constant current, by central differences."""
    power = 0.2  # µW: warms the place by some 0.01 K, so that the third order is below 1e-6 of the first
    u = state.u
    voltages = []
    for sign in (1.0, -1.0):
        heat = np.zeros(problem.model.layout.size)
        heat[unknown] = sign * power
        voltages.append(solve_steady(problem.model.variant(extra_heat=heat), problem.bias, state.I, u).V)
    return (voltages[0] - voltages[1]) / (2.0 * power) * 1e3


@pytest.mark.parametrize("device", list(DEVICES))
def test_image_agrees_with_heating_five_places(device: str) -> None:
    problem, state = solved(DEVICES[device]())
    layout = problem.model.layout
    response = surface_response(problem, state).mesa[layout.mesa_nodes]
    places = np.linspace(0, layout.mesa_nodes.size - 1, 5).astype(int)
    direct = [heated(problem, state, int(layout.starts[0]) + k) for k in places]
    # 1e-4 of the strongest response: states solved to 1e-10 of the power, V to about 1e-7 mV of 0.1 mV.
    np.testing.assert_allclose(response[places], direct, atol=1e-4 * np.abs(response).max())
    assert response.min() < -10.0  # mV/mW: a warm junction carries its current at a lower voltage


def test_crystal_beside_the_mesa_agrees_with_heating_it() -> None:
    problem, state = solved(DEVICES["sparse"]())
    model = problem.model
    crystal = surface_response(problem, state).crystal
    start = int(model.layout.starts[len(model.layout.mesa_layers)])
    outside = np.flatnonzero((model.operators.mesa_mass == 0.0) & ~model.operators.on_rim)
    nearest = outside[np.argsort(np.hypot(*(model.operators.xy[outside] - [5.0, 5.0]).T))]
    for node in nearest[[0, 5, 20]]:
        # As above, of the responses on the crystal.
        assert crystal[node] == pytest.approx(
            heated(problem, state, start + int(node)), abs=1e-4 * np.abs(crystal).max()
        )
    assert np.all(crystal[model.operators.on_rim] == 0.0)


@pytest.mark.parametrize("rim", ["insulated", "bath"])
def test_both_paths_give_one_image(rim: str) -> None:
    images = []
    for path in ("condensed", "sparse"):
        problem, state = solved(on_crystal(path=path, bath=Bath(rim=rim)))
        images.append(surface_response(problem, state))
    # 1e-7: both solve the same equations, the states to 1e-10 of the power and the adjoint to 1e-10.
    for name in ("mesa", "crystal"):
        one, other = getattr(images[0], name), getattr(images[1], name)
        np.testing.assert_allclose(one, other, atol=1e-7 * np.nanmax(np.abs(one)))


def test_voltage_does_not_respond_at_constant_voltage() -> None:
    problem, state = solved(on_crystal())
    fixed = ThermalBranch(problem.model, Bias.voltage())
    response = surface_response(fixed, fixed.evaluate(state.u))
    assert np.nanmax(np.abs(response.mesa)) < 1e-6  # mV/mW, of 600 at constant current: rounding of the solver


def test_a_beam_takes_the_mean_under_it() -> None:
    ticks = np.linspace(-5.0, 5.0, 41)
    xy = np.array([(x, y) for x in ticks for y in ticks])
    area = np.full(len(xy), 0.0625)
    middle = int(np.argmin(np.hypot(*xy.T)))
    # A quadratic field gains sigma^2 = (FWHM/2.3548)^2 in each direction; edges lie 6 sigma away.
    blurred = smear(xy, area * (3.0 + xy[:, 0] + xy[:, 1] ** 2), area, 2.0)
    assert blurred[middle] == pytest.approx(3.0 + (2.0 / 2.3548200450309493) ** 2, rel=1e-6)
    np.testing.assert_allclose(smear(xy, 7.0 * area, area, 3.0), 7.0, rtol=1e-12)  # rounding


def test_beam_sees_mesa_and_crystal_and_a_point_is_no_beam() -> None:
    problem, state = solved(on_crystal())
    point, narrow, wide = (laser_image(problem, state, beam) for beam in (0.0, 1e-3, 4.0))
    assert point is not None and narrow is not None and wide is not None
    inside = ~np.isnan(point.mesa_mV_per_mW)
    assert np.array_equal(point.image_mV_per_mW, np.where(inside, point.mesa_mV_per_mW, point.crystal_mV_per_mW))
    rim = np.isfinite(narrow.image_mV_per_mW) & (np.abs(point.mesa_mV_per_mW - point.crystal_mV_per_mW) > 0)
    # At the edge of the mesa a beam heats film and crystal, so it lies between the two; elsewhere nothing changes.
    low, high = (f(point.mesa_mV_per_mW, point.crystal_mV_per_mW) for f in (np.fmin, np.fmax))
    assert np.all((narrow.image_mV_per_mW[rim] >= low[rim] - 1e-9) & (narrow.image_mV_per_mW[rim] <= high[rim] + 1e-9))
    np.testing.assert_allclose(narrow.image_mV_per_mW[~inside], point.crystal_mV_per_mW[~inside], rtol=1e-12)
    assert np.abs(wide.image_mV_per_mW).max() < np.abs(point.image_mV_per_mW).max()
    with pytest.raises(RequestError, match="-1 µm"):
        laser_image(problem, state, -1.0)


@dataclass(frozen=True)
class Stored:
    """A stored branch that folds in I at 1.0 and 0.6 mA."""

    I_mA: Array
    V_mV: Array
    row: Array
    node_xy: Array
    T_K: Array
    wire_T_K: Array


@pytest.fixture
def folded() -> Stored:
    nothing = np.zeros((5, 0))
    current, voltage = np.array([0.0, 0.8, 1.0, 0.6, 1.4]), np.array([0.0, 200.0, 300.0, 500.0, 600.0])
    return Stored(current, voltage, np.array([0, 4, 7, 9, 13]), nothing, nothing, nothing)


def test_all_passages_of_a_folded_branch_are_found(folded: Stored) -> None:
    found = crossings(folded, 0.7)
    assert [(p.first, p.second) for p in found] == [(0, 1), (2, 3), (3, 4)]
    assert [p.part for p in found] == pytest.approx([0.875, 0.75, 0.125], rel=1e-12)  # rounding
    assert choose_crossing(found, None) is found[0]
    assert choose_crossing(found, 8) is found[1]
    assert [(p.first, p.second) for p in crossings(folded, 1.0)] == [(2, 2), (3, 4)]
    assert [(p.first, p.second) for p in crossings(folded, 1.4)] == [(4, 4)]
    with pytest.raises(RequestError, match=r"row 5; .*rows 0 to 4 .*; rows 7 to 9 .*; rows 9 to 13"):
        choose_crossing(found, 5)
    with pytest.raises(RequestError, match=r"from 0 to 1\.4 mA"):
        crossings(folded, 1.5)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the small device."""
    scenario = on_crystal()
    model = Model(scenario, build_mesh(scenario))
    branch = Run(scenario)
    for point in trace(model):
        branch.append(point)
    folder = tmp_path_factory.mktemp("runs") / "small"
    branch.save(folder)
    return folder


def test_state_is_found_again_between_stored_ones(result: Path) -> None:
    states = load_run(result).states
    assert states is not None
    problem, state = solved(on_crystal())
    last = flat_state(problem.model, states, len(states.row) - 1)
    # 1e-8: residuals of 1e-10 of the power.
    np.testing.assert_allclose(last[:-1][: problem.model.layout.size].max(), np.nanmax(states.T_K[-1]), rtol=1e-8)
    (crossing,) = crossings(states, CURRENT)
    again = solve_at(problem, states, crossing, CURRENT)
    assert again.I == pytest.approx(CURRENT, rel=1e-12)  # landed on exactly
    np.testing.assert_allclose(again.T, state.T, rtol=1e-8)


def test_command_writes_image_and_record(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "image"
    assert main(["ltslm", str(result), "--current", "0.7", "--beam-um", "1.5", "--out", str(out)]) == 0
    assert "strongest response -" in capsys.readouterr().out
    assert {file.name for file in out.iterdir()} == {"ltslm.npz", "ltslm.json", "ltslm.png", "ltslm.vtu"}
    image, record = load_image(out / "ltslm.npz"), json.loads((out / "ltslm.json").read_text())
    assert record["strongest_mV_per_mW"] == image.image_mV_per_mW[np.argmax(np.abs(image.image_mV_per_mW))]
    assert record["I_mA"] == pytest.approx(0.7, rel=1e-12)  # landed on exactly
    # The hot spot lies opposite to the contact, which is at (-2, -2) and short-circuits the heat.
    assert record["strongest_x_um"] > 0 and record["strongest_y_um"] > 0
    assert main(["ltslm", str(result), "--current", "0.7", "--out", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["ltslm", str(result), "--current", "0.7", "--out", str(out), "--overwrite"]) == 0
    assert load_image(out / "ltslm.npz").beam_um == 0.0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--current", "1.5"], "from 0 to 1 mA"),
        (["--current", "0"], "above 0 mA"),
        (["--current", "nan"], "above 0 mA"),
        (["--current", "0.7", "--beam-um", "-2"], "--beam-um -2"),
        (["--current", "0.7", "--row", "1"], "does not pass this current at row 1"),
    ],
)
def test_bad_request_is_refused(
    result: Path, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(result.iterdir())
    assert main(["ltslm", str(result), *arguments]) == 2
    printed = capsys.readouterr()
    assert reason in printed.err
    assert "Traceback" not in printed.err
    assert set(result.iterdir()) == before


def test_a_second_image_into_one_folder_waits(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with exclusive(tmp_path / "image"):
        assert main(["ltslm", str(result), "--current", "0.7", "--out", str(tmp_path / "image")]) == 2
    assert f"another command computes in {tmp_path / 'image'}; wait for it" in capsys.readouterr().err
    assert not list((tmp_path / "image").iterdir())


def test_run_without_states_is_refused(result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("iv.csv", "scenario.toml"):
        (tmp_path / name).write_text((result / name).read_text())
    assert main(["ltslm", str(tmp_path), "--current", "0.7"]) == 2
    assert "states.npz" in capsys.readouterr().err
    assert main(["ltslm", str(tmp_path / "none"), "--current", "0.7"]) == 2


@pytest.mark.parametrize("device", ["strip", "disc"])
def test_lines_are_drawn_too(device: str, tmp_path: Path) -> None:
    problem, state = solved(DEVICES[device]())
    image = laser_image(problem, state)
    assert image is not None
    path = image.save(tmp_path)
    assert all(file.stat().st_size > 1000 for file in render_image(path))
    (tmp_path / "ltslm.npz").write_bytes(path.read_bytes()[:500])
    with pytest.raises(ResultError, match=r"ltslm\.npz"):
        load_image(path)


def test_colours_are_two_sided_where_both_signs_matter() -> None:
    assert colour_scale(np.array([-5.0, 0.01]))["vmax"] == 0.0
    assert colour_scale(np.array([-0.01, 5.0]))["vmin"] == 0.0
    two = colour_scale(np.array([-5.0, 2.0]))
    assert (two["vmin"], two["vmax"]) == (-5.0, 5.0)


def test_a_state_that_the_source_does_not_hold_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = ['mode="branch"', "mesh.refine=0.4", "branch.min_points=20", "numerics.estimate_error=false"]
    options = [word for change in changes for word in ("--set", change)]
    assert main(["run", "diagram-square", *options, "--out", str(tmp_path), "--quiet"]) == 0
    table = load_run(tmp_path).table
    current_mA, growing = (np.asarray(table[name], dtype=float) for name in ("I_mA", "unstable_modes_current_bias"))
    # Far from where a mode begins or ceases to grow, so that both neighbours count the same.
    (k,) = np.flatnonzero((growing > 0) & (growing == growing.max()))[:1]
    capsys.readouterr()
    for current, expected in ((0.3 * float(current_mA[growing > 0].min()), 0), (float(current_mA[k]), int(growing[k]))):
        out = tmp_path / f"image-{expected}"
        assert main(["ltslm", str(tmp_path), "--current", f"{current:.9g}", "--out", str(out)]) == 0
        assert json.loads((out / "ltslm.json").read_text())["growing_modes"] == expected
        assert ("warning: a current source does not hold" in capsys.readouterr().out) == (expected > 0)
        image = load_image(out / "ltslm.npz")
        assert image.warning == (f"not held by a current source (growing modes: {expected})" if expected else "")
