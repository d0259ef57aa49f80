"""Sweeps on small devices; most on a uniformly cooled strip, whose jumps are the folds of the uniform model."""

from __future__ import annotations

import csv
import json
import re
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import FILM, junction_layer, on_crystal

from hotmesa.cli import main
from hotmesa.meshes import build_mesh
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios import load_scenario, to_toml
from hotmesa.scenarios.schema import Bath, Bias, Branch, Law, Material, Mesa, Mesh, Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.growing import Growing
from hotmesa.solver.runs.pinning import Pinning
from hotmesa.solver.runs.sweep import TOO_MANY, _Sweep, sweep, whole_curve
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias as Source
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.observables import Row, observe
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.time import settling
from hotmesa.solver.time.transient import Circuit, Tolerances, Transient

POOR = Material(base="gold-film", residual_resistivity_ohm_m=8e-8)
GOOD = Material(in_plane_W_per_mK=1e5, out_of_plane_W_per_mK=1e5, heat_capacity_of="bi2212")  # no break-up at all
# The film alone conducts along the mesa, and half the stack adds 1e-6 to the resistance of the cooling.
STACK = Material(in_plane_W_per_mK=0.02, out_of_plane_W_per_mK=3e3, heat_capacity_of="bi2212")
# The uniform model of the paper, alpha = 110 K/mW on 100 µm², N = 30, set 3: maximum and minimum of V (mV/junction),
# converged with two independent codes to the digits given.
FOLDS_MV = (30 * 27.194, 30 * 23.055)


def cooled_strip(film: Material, bias: Bias) -> Scenario:
    """A mesa of 30 junctions with the same cooling everywhere."""
    return Scenario(
        name="strip",
        mode="sweep",
        geometry="strip",
        mesa=Mesa(junctions=30),
        layers=(FILM, junction_layer()),
        materials={"gold": film, "crystal": STACK},
        bath=Bath(bottom="conductance", bottom_W_per_m2K=1e5 / 1.1),
        law=Law(set=3),
        mesh=Mesh(size_um=0.5),
        branch=Branch(end_current_mA=1.0),
        bias=bias,
    )


def swept(film: Material, **bias: object) -> list[Row]:
    scenario = cooled_strip(film, Bias(**({"points_per_leg": 15} | bias)))
    return [point.row for point in sweep(Model(scenario, build_mesh(scenario)))]


def jumps(rows: list[Row]) -> list[tuple[Row, Row]]:
    return [(a, b) for a, b in pairwise(rows) if a["jump"] == "from" and b["jump"] == "to"]


@pytest.fixture(scope="module")
def by_voltage() -> list[Row]:
    return swept(POOR, kind="voltage", legs_mV=(0.0, 950.0, 0.0))


def test_a_voltage_sweep_jumps_at_the_folds_of_the_uniform_model(by_voltage: list[Row]) -> None:
    up, down = jumps(by_voltage)
    # 0.02 mV/junction x 30: the reference values have three decimals, and the film drops nothing in a uniform state.
    assert up[0]["V_mV"] == pytest.approx(FOLDS_MV[0], abs=0.6)
    assert down[0]["V_mV"] == pytest.approx(FOLDS_MV[1], abs=0.6)
    assert (up[0]["jump_cause"], down[0]["jump_cause"]) == ("fold", "fold")
    assert up[1]["I_mA"] > 2.0 * up[0]["I_mA"]
    assert down[1]["I_mA"] < 0.5 * down[0]["I_mA"]


@pytest.mark.parametrize("of_the_mesh", [True, False])
def test_a_fold_of_the_mesh_is_left_out_or_ends_the_way_there(
    of_the_mesh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind it the curve goes back, which no source does: what grows there is of the mesh, or lost at the fold."""
    monkeypatch.setattr(Pinning, "fold", lambda *_: True)
    steps: list[float] = []
    monkeypatch.setattr(_Sweep, "_take_step", lambda _, leg, value: steps.append(value))
    if of_the_mesh:
        take = Growing.take
        monkeypatch.setattr(Growing, "take", lambda *told: replace(take(*told), held=(0,)))
    rows = swept(GOOD, kind="voltage", legs_mV=(0.0, 950.0))
    V = [row["source_mV"] for row in rows]
    assert np.all(np.diff(V) > 0.0)
    at = int(np.argmin(np.abs(np.array(V) - FOLDS_MV[0])))
    assert V[at] == pytest.approx(FOLDS_MV[0], rel=2e-4)
    told = ("", f"{PINNED} fold") if of_the_mesh else ("from", "mode")
    assert (rows[at]["jump"], rows[at]["jump_cause"]) == told
    # Next to it is the hot state, which is stable, on the curve or behind a jump.
    assert rows[at + 1]["I_mA"] > 2.0 * rows[at]["I_mA"] and rows[at + 1]["growth_per_us"] < 0.0
    # What is left out is counted all the same, so that bias.max_steps ends a way back that has no end.
    assert np.any(np.diff(steps) < 0.0)


def test_every_state_of_a_sweep_is_stable(by_voltage: list[Row]) -> None:
    inside = [row for row in by_voltage if row["jump"] != "from"]
    assert max(row["growth_per_us"] for row in inside) < 0.0
    # At the loss itself the rate is zero: below 1e-6 of the rates around it, which are of order 1/µs.
    assert max(abs(row["growth_per_us"]) for row in by_voltage if row["jump"] == "from") < 1e-6


def test_a_sweep_goes_where_it_is_told(by_voltage: list[Row]) -> None:
    assert [row["leg"] for row in by_voltage] == sorted(row["leg"] for row in by_voltage)
    assert max(row["source_mV"] for row in by_voltage) == 950.0  # landed on exactly
    assert (by_voltage[-1]["source_mV"], by_voltage[-1]["I_mA"], by_voltage[-1]["T_max_K"]) == (0.0, 0.0, 4.2)
    steps = np.diff([row["source_mV"] for row in by_voltage])
    assert [sum(row["leg"] == leg for row in by_voltage) >= 15 for leg in (1, 2)] == [True, True]
    # Steps are taken along the curve, so that one may exceed its share of the leg, but never twice.
    assert np.abs(steps).max() < 2 * 950.0 / 15
    assert np.all(np.diff([row["travel_mV"] for row in by_voltage]) > 0.0)


def test_a_jump_ends_where_the_transient_ends(by_voltage: list[Row]) -> None:
    before, after = jumps(by_voltage)[0]
    scenario = cooled_strip(POOR, Bias(kind="voltage", legs_mV=(0.0, 950.0)))
    model = Model(scenario, build_mesh(scenario))
    lost = solve_steady(model, Source.current(), before["I_mA"])
    start = np.concatenate([lost.T + 0.5, lost.wires, [lost.V]])
    circuit = Circuit(Source.voltage(), 0.0, lambda t: after["source_mV"])
    *_, last = Transient(model, circuit, Tolerances(atol_K=1e-4, rtol=1e-6)).run(start, 0.0, 200.0)
    # exp(-0.5/µs x 150 µs) is far below the 1e-4 K of the integrator.
    assert last.e.T.max() == pytest.approx(after["T_max_K"], abs=1e-3)


def test_a_current_source_meets_continuous_transitions_only() -> None:
    rows = swept(POOR, legs_mA=(0.0, 1.0, 0.0))
    spread = np.array([row["T_max_K"] - row["T_min_K"] for row in rows])
    assert spread.max() > 20.0  # a hot and a cold part
    assert spread[0] == spread[-1] == 0.0
    V = np.array([row["V_mV"] for row in rows])
    changes = [abs(b["V_mV"] - a["V_mV"]) for a, b in jumps(rows)]
    assert len(changes) >= 4  # into the two-phase state and out of it, up and down
    assert max(changes) < 2e-3 * V.max()


@pytest.mark.parametrize(("ohm", "count"), [(100.0, 2), (600.0, 0)])
def test_a_load_line_jumps_where_it_is_less_steep_than_the_curve(ohm: float, count: int) -> None:
    rows = swept(GOOD, kind="load-line", load_resistance_ohm=ohm, legs_mV=(0.0, 900.0 + ohm, 0.0))
    steepest = min(row["dV_dI_ohm"] for row in whole_rows(1.0))
    assert -600.0 < steepest < -100.0
    assert len(jumps(rows)) == count
    error = max(abs(row["V_mV"] + ohm * row["I_mA"] - row["source_mV"]) for row in rows)
    assert error < 1e-6  # mV: landing to 1e-12 of a step, and rounding


def whole_rows(end_mA: float) -> list[Row]:
    scenario = cooled_strip(GOOD, Bias())
    return [point.row for point in whole_curve(Model(scenario, build_mesh(scenario)), end_mA)][3:]


def test_negative_legs_mirror_positive_ones() -> None:
    rows = swept(POOR, kind="voltage", legs_mV=(500.0, -500.0))
    assert sorted({row["leg"] for row in rows}) == [0, 1]  # leg 0 comes from rest
    top = next(row for row in rows if row["source_mV"] == 500.0)
    bottom = rows[-1]
    assert bottom["source_mV"] == -500.0
    # 1e-9: the law is odd in v, so that the two states are one, each solved to 1e-10 of its power.
    assert bottom["I_mA"] == pytest.approx(-top["I_mA"], rel=1e-9)
    assert bottom["T_max_K"] == pytest.approx(top["T_max_K"], rel=1e-9)


def test_states_of_a_condensed_crystal_go_to_the_full_one_and_back() -> None:
    scenario = on_crystal()
    model = Model(scenario, build_mesh(scenario))
    assert model.layout.condensed
    stability = Stability(model)
    e = solve_steady(model, Source.current(), 0.5)
    full = stability.to_full(e)
    back = carried_over(stability.model, model, full)
    np.testing.assert_allclose(back, e.u, rtol=1e-10)
    # 1e-8 of the power: the condensed crystal is exact, both are solved to 1e-10.
    assert np.abs(full.residual).sum() < 1e-8 * full.P


def test_what_does_not_settle_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FOREVER_US", 1e-3)
    with pytest.raises(SolveError, match=r"lost at 816\.\d+ mV did not settle within \S+ µs"):
        swept(POOR, kind="voltage", legs_mV=(0.0, 950.0))


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    scenario = cooled_strip(POOR, Bias(kind="voltage", legs_mV=(0.0, 950.0, 0.0), points_per_leg=10))
    path = tmp_path / "strip.toml"
    path.write_text(to_toml(scenario), encoding="utf-8")
    return path


def test_a_run_writes_table_jumps_and_pictures(scenario_file: Path, tmp_path: Path) -> None:
    assert main(["run", str(scenario_file), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    log = (tmp_path / "out" / "run.log").read_text(encoding="utf-8")
    assert re.search(r"leg 1: state lost by a fold at 81[56]\.\d+ mV, V .* mV, settles in \d+ µs", log)
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"sweep.csv", "iv.csv", "sweep.png", "map.png", "summary.json", "fields.pvd", "states.npz"} <= names
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [(jump["leg"], jump["cause"]) for jump in summary["jumps"]] == [(1, "fold"), (2, "fold")]
    assert {jump["settling_by"] for jump in summary["jumps"]} == {"time"}
    assert summary["continuous_transitions"] == []
    up, down = summary["jumps"]
    width = up["from"]["V_mV"] - down["from"]["V_mV"]
    heights = [abs(jump["to"]["I_mA"] - jump["from"]["I_mA"]) for jump in (up, down)]
    # The loop lies between the two rectangles of its width and of the heights of its jumps.
    assert 0.9 * width * min(heights) < summary["hysteresis_area_uW"] < 1.1 * width * max(heights)


def test_a_sweep_that_stops_keeps_what_it_has(
    scenario_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settling, "FOREVER_US", 1e-3)
    assert main(["run", str(scenario_file), "--out", str(tmp_path / "out"), "--quiet"]) == 3
    assert "did not settle" in capsys.readouterr().err
    with (tmp_path / "out" / "sweep.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[-1]["jump"] == "from"
    assert (tmp_path / "out" / "sweep.png").exists()


def test_an_interrupted_sweep_keeps_what_it_has(
    scenario_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def interrupting(model: Model, e: State, *others: object) -> Row:
        seen.append(e.V)
        if len(seen) == 5:
            signal.raise_signal(signal.SIGINT)
        return observe(model, e, *others)

    monkeypatch.setattr("hotmesa.solver.runs.sweep.observe", interrupting)
    assert main(["run", str(scenario_file), "--out", str(tmp_path / "out"), "--quiet"]) == 130
    lines = (tmp_path / "out" / "sweep.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 5
    assert not (tmp_path / "out" / "iv.csv").exists()  # whoever stops a sweep does not want to wait for its background


@pytest.mark.parametrize(
    ("change", "reason"), [("bias.legs_mV=[0,0]", "zero length"), ("bias.legs_mV=none", "legs_mV")]
)
def test_a_wrong_sweep_is_bad_input(
    scenario_file: Path, change: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(scenario_file), "--set", change]) == 2
    assert reason in capsys.readouterr().err


# A coarse crystal under the pristine mesa: V within 2 % of the bundled mesh.
COARSE = (
    "mesh.refine=0.3", "layers.1.sublayers=1", "layers.2.sublayers=7", "layers.2.first_sublayer_um=1.0",
    "bias.points_per_leg=8",
)  # fmt: skip


@pytest.mark.parametrize(("ohm", "count"), [(10.0, 1), (60.0, 0)])
def test_the_pristine_mesa_jumps_on_a_low_load_line_only(ohm: float, count: int) -> None:
    legs = f"bias.legs_mV=[0.0,{430.0 + 5.0 * (ohm - 10.0)}]"
    scenario = load_scenario("sweep-pristine-n28", [*COARSE, f"bias.load_resistance_ohm={ohm}", legs])
    rows = [point.row for point in sweep(Model(scenario, build_mesh(scenario)))]
    # On this coarse crystal the hot spot leaves the centre of the mesa for a while (dense eigenvalues confirm that the
    # state in the centre is unstable there; the bundled mesh shows nothing of it). V and I go on without a jump.
    largest = {name: max(abs(float(row[name])) for row in rows) for name in ("V_mV", "I_mA")}
    found = [
        (a, b) for a, b in jumps(rows) if any(abs(b[name] - a[name]) > 2e-3 * size for name, size in largest.items())
    ]
    assert len(found) == count
    if found:
        before, after = found[0]
        assert before["dV_dI_ohm"] == pytest.approx(-ohm, rel=1e-3)  # where the load line touches the curve
        assert before["T_max_K"] < 74.0 < after["T_max_K"]


@pytest.mark.parametrize("kind", ["voltage", "load-line", "current"])
def test_sweeps_to_negative_bias_mirror_those_to_positive(kind: str) -> None:
    """Two junction sublayers: their voltages are matched to one current on both sides of zero, and at the return."""
    load = {"load_resistance_ohm": 100.0} if kind == "load-line" else {}
    top = 0.6 if kind == "current" else 500.0
    unit = "mA" if kind == "current" else "mV"
    bias = Bias(kind=kind, points_per_leg=4, **load, **{f"legs_{unit}": (0.0, top, 0.0, -top, 0.0)})
    scenario = cooled_strip(POOR, bias).model_copy(update={"layers": (FILM, junction_layer(2))})
    rows = [point.row for point in sweep(Model(scenario, build_mesh(scenario)))]
    assert rows[-1]["V_mV"] == rows[-1]["I_mA"] == rows[-1][f"source_{unit}"] == 0.0
    a, b = ([row for row in rows if row["leg"] == leg][-1] for leg in (1, 3))
    # The end of a leg is landed on exactly; there the states solve the same equations to 1e-10 of the power.
    assert b["V_mV"] == pytest.approx(-a["V_mV"], rel=1e-8)
    assert b["I_mA"] == pytest.approx(-a["I_mA"], rel=1e-8)
    assert b["T_max_K"] == pytest.approx(a["T_max_K"], rel=1e-8)


def test_a_leg_that_takes_too_many_steps_ends_with_what_to_try() -> None:
    """Points of the curve count, and steps in time behind a jump: those take the last of what is allowed here."""
    legs = {"kind": "voltage", "legs_mV": (0.0, 950.0)}
    whole = swept(POOR, **legs)
    lost = next(k for k, row in enumerate(whole) if row["jump"] == "from")
    scenario = cooled_strip(POOR, Bias(points_per_leg=15, max_steps=lost + 3, **legs))
    rows: list[Row] = []
    with pytest.raises(SolveError, match=f"leg 1 has taken {lost + 3} points and steps in time.*{TOO_MANY}"):
        rows.extend(point.row for point in sweep(Model(scenario, build_mesh(scenario))))
    # What was found stays; the state at rest is no step.
    assert [(row["source_mV"], row["V_mV"]) for row in rows] == [(r["source_mV"], r["V_mV"]) for r in whole[: lost + 1]]


def test_steps_of_a_leg_are_more_than_its_points(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "sweep-poor-film", "--set", "bias.max_steps=20"]) == 2
    told = capsys.readouterr().err
    assert "max_steps" in told and "20 must be above bias.points_per_leg" in told
