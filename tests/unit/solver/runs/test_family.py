"""Families of partial stacks and the critical currents that mark them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.devices import on_crystal

from hotmesa.cli import main
from hotmesa.commands.family import parse_counts
from hotmesa.meshes import build_mesh
from hotmesa.postprocess import load_run, read_table
from hotmesa.postprocess.runs import numbers_of
from hotmesa.postprocess.values import flat_summary
from hotmesa.scenarios import load_scenario, to_toml
from hotmesa.scenarios.plans.observables import is_among
from hotmesa.scenarios.runs.family import counts_of
from hotmesa.scenarios.schema import Josephson as JosephsonKeys
from hotmesa.scenarios.schema import Law, Mesa, Output, Scenario
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.family import Josephson, build_josephson, changes, trace_member
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import Row
from hotmesa.solver.states.steady import solve_steady

JOSEPHSON = JosephsonKeys(critical_voltage_mV=7.2, mccumber_parameter=400.0)
COLD_MA = 7.2 / 2421.0 * 100.0  # I_c R_N over r, times 100 µm²: 0.30 mA


def device(**parts: object) -> Scenario:
    return on_crystal(**({"end_mA": 0.6, "josephson": JOSEPHSON} | parts))


@pytest.fixture(scope="module")
def model() -> Model:
    scenario = device()
    return Model(scenario, build_mesh(scenario))


@pytest.mark.parametrize(
    "parts",
    [{}, {"sublayers": 2, "path": "sparse"}, {"law": Law(set=1, sin_contact_ohm=20.0)}],
    ids=["condensed", "sparse", "contact in series"],
)
def test_shared_model_is_the_same_as_a_fresh_one(parts: dict[str, object]) -> None:
    scenario = device(**parts)
    tagged = build_mesh(scenario)
    whole = Model(scenario, tagged)
    shared = solve_steady(whole.variant(resistive_junctions=5), Bias.current(), 0.5)
    mesa = scenario.mesa.model_copy(update={"resistive_junctions": 5})
    fresh = solve_steady(Model(scenario.model_copy(update={"mesa": mesa}), tagged), Bias.current(), 0.5)
    assert shared.V == pytest.approx(fresh.V, rel=1e-9)  # both solved to 1e-10 of the power
    np.testing.assert_allclose(shared.T, fresh.T, rtol=1e-9)
    # The model that lent its parts still has all its junctions, and is hotter for it.
    all_of_them = solve_steady(whole, Bias.current(), 0.5)
    assert all_of_them.T.max() > 1.5 * shared.T.max()
    assert whole.junctions.counts.sum() == pytest.approx(19.0, rel=1e-12)  # rounding


def test_heat_bends_the_branches_of_taller_stacks(model: Model) -> None:
    ends = {n: list(trace_member(model, n))[-1] for n in (1, 10, 19)}
    per_junction = [float(ends[n]["V_per_junction_mV"]) for n in (1, 10, 19)]
    assert per_junction == sorted(per_junction, reverse=True)
    assert [ends[n]["n"] for n in (1, 10, 19)] == [1, 10, 19]
    # One junction at 0.6 mA dissipates 0.02 mW and stays near the bath; 19 reach the hot spot.
    assert float(ends[1]["T_max_K"]) < 20.0 < 40.0 < float(ends[19]["T_max_K"])
    for row in ends.values():
        assert float(row["I_mA"]) == pytest.approx(0.6, abs=1e-12)  # landed on exactly
        assert float(row["V_mV"]) == pytest.approx(float(row["n"]) * float(row["V_per_junction_mV"]), rel=1e-12)


def test_numbers_of_junctions_are_read() -> None:
    assert parse_counts(None, 4) == (1, 2, 3, 4)
    assert parse_counts("2:4", 19) == (2, 3, 4)
    assert parse_counts("1:19:6", 19) == (1, 7, 13, 19)
    assert parse_counts("19,3,1:2,3", 19) == (1, 2, 3, 19)
    with pytest.raises(ValueError, match="20 of 19"):
        scenario = device()
        Model(scenario, build_mesh(scenario)).variant(resistive_junctions=20)


@pytest.mark.parametrize("text", ["0:3", "5:20", "20", "4:2", "1:5:0", "1:2:3:4", "x", "", "1,,2", "1.5"])
def test_other_numbers_of_junctions_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--junctions"):
        parse_counts(text, 19)


def test_critical_current_falls_with_temperature() -> None:
    two_fluid = Josephson(7.2, 74.0, "two-fluid", None)
    T = np.array([0.0, 37.0, 74.0, 100.0])
    np.testing.assert_allclose(two_fluid.reduced(T), [1.0, 15.0 / 16.0, 0.0, 0.0], rtol=1e-14)  # rounding
    np.testing.assert_array_equal(Josephson(7.2, 74.0, "constant", None).reduced(T), [1.0, 1.0, 0.0, 0.0])
    assert build_josephson(on_crystal()) is None
    found = build_josephson(device(output=Output(hot_temperature_K=80.0)))
    assert found is not None and found.T_c == 80.0
    given = JosephsonKeys(critical_voltage_mV=7.2, critical_temperature_K=70.0)
    assert (build_josephson(device(josephson=given)) or two_fluid).T_c == 70.0


def test_currents_of_a_state_lie_between_those_of_its_extremes(model: Model) -> None:
    josephson = build_josephson(model.scenario)
    assert josephson is not None
    cold = josephson.currents(model, model.evaluate(*model.cold(), 0.0))
    at_bath = COLD_MA * (1.0 - (4.2 / 74.0) ** 4)
    # 1e-12: the mesh fills the square exactly.
    assert (cold.switching, cold.hottest, cold.coldest) == pytest.approx([at_bath] * 3, rel=1e-12)
    assert cold.retrapping == pytest.approx(4.0 / np.pi * np.sqrt(at_bath * COLD_MA / 400.0), rel=1e-12)
    warm = josephson.currents(model, solve_steady(model, Bias.current(), 0.6))
    assert warm.hottest < warm.switching < warm.coldest < at_bath


def test_changes_are_where_the_current_passes_its_limits(model: Model) -> None:
    n = 12
    rows = list(trace_member(model, n))
    retrap, switch = changes(rows, 19)
    assert (retrap.kind, switch.kind) == ("retrap", "switch")
    josephson, member = build_josephson(model.scenario), model.variant(resistive_junctions=n)
    assert josephson is not None
    # 5e-4: cubic splines between the points of a coarse branch.
    exact = solve_steady(member, Bias.current(), switch.I_mA)
    assert josephson.currents(member, exact).switching == pytest.approx(switch.I_mA, rel=5e-4)
    assert exact.V == pytest.approx(switch.V_mV, rel=5e-4)
    low = solve_steady(member, Bias.current(), retrap.I_mA)
    assert josephson.currents(member, low).retrapping == pytest.approx(retrap.I_mA, rel=5e-4)
    assert low.V == pytest.approx(retrap.V_mV, rel=5e-4)
    marks = [str(row["josephson"]) for row in rows]
    currents = [float(row["I_mA"]) for row in rows]
    for mark, current in zip(marks, currents, strict=True):
        assert mark == ("retrap" if current < retrap.I_mA else "switch" if current > switch.I_mA else "")


def test_whole_stack_has_no_junction_left_to_switch(model: Model) -> None:
    rows = list(trace_member(model, 19))
    assert [change.kind for change in changes(rows, 19)] == ["retrap"]
    assert "switch" not in {row["josephson"] for row in rows}
    assert changes([{key: value for key, value in row.items() if key != "I_c_mA"} for row in rows], 19) == ()


def test_crossing_of_straight_lines_is_exact() -> None:
    rows: list[Row] = [
        {"n": 2, "arclength": s, "I_mA": s, "I_c_mA": 2.6, "I_r_mA": float("nan"), "V_mV": 10.0 * s,
         "V_per_junction_mV": 5.0 * s, "T_max_K": 4.0 + s} for s in (0.0, 1.0, 2.0, 3.0)
    ]  # fmt: skip
    (change,) = changes(rows, 19)
    got = (change.n, change.I_mA, change.V_mV, change.V_per_junction_mV, change.T_max_K)
    assert got == pytest.approx((2, 2.6, 26.0, 13.0, 6.6), rel=1e-12)  # rounding


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(to_toml(device(mesa=Mesa(junctions=6), end_mA=0.4)), encoding="utf-8")
    return path


def test_command_writes_table_marks_and_picture(
    scenario_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "family"
    command = ["family", str(scenario_file), "--junctions", "1:6:5", "--out", str(out)]
    assert main(command) == 0
    names = {"family.csv", "changes.csv", "family.png", "scenario.toml", "provenance.json", "summary.json", "run.log"}
    assert {file.name for file in out.iterdir()} == names
    summary = json.loads((out / "summary.json").read_text())
    assert [member["n"] for member in summary["members"]] == [1, 6]
    assert [change["kind"] for change in summary["changes"]] == ["retrap", "switch", "retrap"]
    assert all(is_among(name, numbers_of("family")) for name in flat_summary(summary, tables=True))
    printed = capsys.readouterr().out
    assert "n =   1:" in printed and "n =   6:" in printed
    table = read_table(out / "family.csv", ("n", "V_mV", "I_mA", "T_max_K", "I_c_mA"), ("fold", "josephson"))
    assert np.unique(table["n"]).tolist() == [1.0, 6.0]
    assert read_table(out / "changes.csv", (), ("kind",))["kind"].tolist() == ["retrap", "switch", "retrap"]
    assert main(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite", "--log", "--quiet", "--set", "josephson.mccumber_parameter=none"]) == 0
    assert capsys.readouterr().out == ""
    assert read_table(out / "changes.csv", (), ("kind",))["kind"].tolist() == ["switch"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["kurter2010-n19", "--junctions", "0:3"], "1:19"),
        (["kurter2010-n19", "--junctions", "many"], "FIRST:LAST"),
        (["kurter2010-uniform"], "no layers"),
        (["kurter2010-n19", "--set", "family.last=20"], "family.last: 20 junctions cannot carry voltage"),
        (["kurter2010-n19", "--set", "family.first=5", "--set", "family.last=4"], "lies before first = 5"),
        (["kurter2010-n19", "--set", "family.junctions=[1]", "--set", "family.step=2"], "no effect beside"),
        (["kurter2010-n91"], "did you mean"),
        (["kurter2010-n19", "--set", "josephson.mccumber_parameter=100"], "critical_voltage_mV"),
        (["kurter2010-n19", "--set", "josephson.critical_voltage_mV=-1"], "must be greater than 0 (mV)"),
    ],
)
def test_bad_request_is_refused(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["family", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("error", "status", "kept"), [(SolveError, 3, [1, 3]), (KeyboardInterrupt, 130, [1])])
def test_what_was_reached_is_kept(
    error: type[BaseException], status: int, kept: list[int], scenario_file: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def stops(model: Model, n: int, *rest: Any) -> Iterator[Row]:
        if n == 2:
            raise error("no further")
        yield from trace_member(model, n, *rest)

    monkeypatch.setattr("hotmesa.solver.runs.family.trace_member", stops)
    out = tmp_path / "family"
    assert main(["family", str(scenario_file), "--junctions", "1:3", "--out", str(out)]) == status
    assert "so far are kept" in (told := capsys.readouterr().err)
    assert "1 of 3 branches stopped early; n = 2: stopped after 0 points" in told or status == 130
    table = read_table(out / "family.csv", (), ("fold", "josephson"))
    assert np.unique(table["n"]).tolist() == kept
    assert (out / "family.png").exists()


def test_a_family_is_a_run_and_can_be_studied(scenario_file: Path, tmp_path: Path) -> None:
    out, text = tmp_path / "run", ("--set", "mode=family", "--set", "family.step=5")
    assert main(["run", str(scenario_file), *text, "--out", str(out), "--quiet"]) == 0
    run = load_run(out)
    assert np.unique(run.rows["n"]).tolist() == [1.0, 6.0]
    assert run.scenario.family.step == 5 and run.tables["changes.csv"]["kind"].tolist()[0] == "retrap"
    plan = f'name = "s"\nscenario = "{scenario_file}"\nobservables = ["members.1.T_max_K", "changes.0.I_mA"]\n'
    plan += '[fixed]\nmode = "family"\nfamily.junctions = [1, 6]\n'
    plan += '[[vary]]\nkey = "bath.temperature_K"\nvalues = [4.2]\n'
    (tmp_path / "study-s.toml").write_text(plan)
    study = tmp_path / "study"
    assert main(["study", str(tmp_path / "study-s.toml"), "--out", str(study), "--workers", "0", "--quiet"]) == 0
    table = read_table(study / "table.csv", (), ("case", "status", "reason"))
    assert table["members.1.T_max_K"][0] == run.column("T_max_K")[-1]
    assert table["changes.0.I_mA"][0] == run.tables["changes.csv"]["I_mA"][0]


def test_the_numbers_of_a_family() -> None:
    def counts(*changes: str) -> tuple[int, ...]:
        return counts_of(load_scenario("kurter2010-n06", ("mode=family", *changes)))

    assert counts() == (1, 2, 3, 4, 5, 6)
    assert counts("family.first=2", "family.step=2") == (2, 4, 6)
    assert counts("family.junctions=[6, 1]") == (1, 6)
