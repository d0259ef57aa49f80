"""hotmesa optimise: optima that are known otherwise, limits, choices, fronts, what fails, going on, bad input."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.devices import WIRE, on_crystal

import hotmesa as hm
from hotmesa import pool
from hotmesa.case import STOPPED, Outcome, Task, compute_case
from hotmesa.cli import main
from hotmesa.scenarios import load_scenario, to_toml
from hotmesa.scenarios.files import bundled_plans
from hotmesa.scenarios.plans.goals import Constraint
from hotmesa.scenarios.plans.optimise import load_optimisation
from hotmesa.scenarios.schema import Branch, Curve, Law, Mesh, Numerics, Stability
from hotmesa.vocabulary import VOCABULARY

FALLING = Curve(T_K=(4.0, 300.0), values=(300.0, 30.0))
DEVICE = on_crystal(
    end_mA=1.1,
    law=Law(kind="ohmic", resistivity_ohm_cm=FALLING),
    geometry="strip",
    contacts=(WIRE.model_copy(update={"y_um": 0.0}),),
    mesh=Mesh(size_um=1.6),  # the same elements, whatever the film
    branch=Branch(end_current_mA=1.1, min_points=12),
    numerics=Numerics(estimate_error=False),
    stability=Stability(points="none"),
)
PLACE = '[[variables]]\nkey = "contacts.0.x_um"\nlabel = "place"\nmin = -3.0\nmax = 3.0\nstart = -2.0\n'
FILM = '[[variables]]\nkey = "layers.0.thickness_um"\nlabel = "film"\nmin = 0.02\nmax = 0.1\nstart = 0.04\n'
COLD = '[objective]\nobservable = "T_max_K@I_mA=1.0"\n'
GOLD = '[[constraints]]\nsum = {"layers.0.thickness_um" = 100.0}\nmax = 6.0\n'
OHMIC = {"law.kind": "ohmic", "law.resistivity_ohm_cm": 100.0}
ALPHA = '[[variables]]\nkey = "uniform.thermal_resistance_K_per_mW"\nmin = 10.0\nmax = 200.0\nstart = 20.0\n'
HOT = '[objective]\nsum = {"uniform.thermal_resistance_K_per_mW" = 1.0}\ngoal = "maximise"\n'
STACK = '[[variables]]\nkey = "mesa.junctions"\nlabel = "N"\nmin = 5\nmax = 8\ninteger = true\n'


@pytest.fixture
def optimised(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that optimises a text, of the strip or of the uniform model with an ohmic law."""
    (tmp_path / "strip.toml").write_text(to_toml(DEVICE))
    (tmp_path / "uniform.toml").write_text(to_toml(load_scenario("kurter2010-uniform", OHMIC)))

    def of(text: str, base: str = "uniform", **options: Any) -> Any:
        file = tmp_path / "best.toml"
        file.write_text(f'name = "best"\nscenario = "{base}.toml"\n{text}')
        return hm.optimise(file, out=tmp_path / "out", **({"workers": 0} | options))

    return of


def rows(tmp_path: Path, name: str = "optimise.csv") -> list[dict[str, str]]:
    """The rows of a table of the results."""
    with (tmp_path / "out" / name).open() as stream:
        return list(csv.DictReader(stream))


def test_the_coldest_place_is_the_middle_and_all_gold_is_used(optimised: Callable[..., Any], tmp_path: Path) -> None:
    found = optimised(PLACE + FILM + COLD + GOLD, "strip")
    place, film = found.best.place.values
    assert abs(place) < 2e-3  # by symmetry
    assert film == pytest.approx(0.06, rel=1e-4)
    assert found.converged and all(trace.differences == {} for trace in found.traces)
    scan = [
        hm.run(tmp_path / "strip.toml", {"contacts.0.x_um": x, "layers.0.thickness_um": 0.06, "branch.at_mA": [1.0]})
        for x in (-1.0, -0.1, 0.1, 1.0)
    ]
    at = [run.column("T_max_K")[np.argmin(np.abs(run.column("I_mA") - 1.0))] for run in scan]
    assert min(at) > found.best.numbers["T_max_K@I_mA=1.0"]
    assert at[1] == pytest.approx(found.best.numbers["T_max_K@I_mA=1.0"], rel=0.05)
    finer = found.finer.numbers["T_max_K@I_mA=1.0"]
    assert finer != found.best.numbers["T_max_K@I_mA=1.0"] and found.finer.scenario.mesh.refine == 1.5
    told = json.loads((tmp_path / "out" / "optimise.json").read_text())
    assert told["finer_elements"]["numbers"]["T_max_K@I_mA=1.0"] == finer
    assert load_scenario(tmp_path / "out" / "best.toml").layers[0].thickness_um == film


def test_a_limit_of_a_number_is_met_where_the_formula_says(optimised: Callable[..., Any]) -> None:
    found = optimised(ALPHA + HOT + '[[constraints]]\nobservable = "T_max_K@I_mA=1.0"\nmax = 40.0\n')
    run = hm.run(load_scenario("kurter2010-uniform", OHMIC))
    R_ohm = run.column("V_mV")[-1] / run.column("I_mA")[-1]
    exact = (40.0 - run.scenario.bath.temperature_K) / (R_ohm * 1e-3)  # T = T_B + alpha R I^2
    assert found.best.place.values[0] == pytest.approx(exact, rel=1e-3)
    assert found.best.numbers["T_max_K@I_mA=1.0"] <= 40.0 * (1.0 + 1e-4)
    assert "T_max_K@I_mA=1.0 by uniform.thermal_resistance_K_per_mW" in found.traces[0].differences


def test_the_worst_contact_that_keeps_the_branch_steep_enough(optimised: Callable[..., Any]) -> None:
    key, name = "contacts.0.contact_K_per_mW", "least_slope_over_R_N"
    found = optimised(
        f'[[variables]]\nkey = "{key}"\nmin = 0.3\nmax = 60.0\nstart = 3.0\nscale = "log"\n'
        f'[objective]\nsum = {{"{key}" = 1.0}}\ngoal = "maximise"\n[[constraints]]\nobservable = "{name}"\nmin = 0.35\n'
        "[fixed]\nbranch.end_current_mA = 1.4\nbranch.min_points = 20\n",
        "strip",
    )
    assert found.converged and found.traces[0].differences == {}
    assert found.best.numbers[name] == pytest.approx(0.35, rel=2e-4)
    beyond = [one.numbers[name] < 0.35 * 0.999 for one in found.traces[0].iterates]
    assert any(beyond)  # the gradient led beyond the limit and back


def test_no_backbending_is_a_limit_of_the_least_slope() -> None:
    one = Constraint(no_backbending=True)
    assert one.observed == "least_slope_over_R_N" and one.limits == ((1.0, 0.0),)


def test_a_margin_is_kept_in_the_search(optimised: Callable[..., Any]) -> None:
    limit = '[[constraints]]\nobservable = "T_max_K@I_mA=1.0"\nmax = 40.0\nmargin = 0.1\n'
    found = optimised(ALPHA + HOT + limit)
    assert found.best.numbers["T_max_K@I_mA=1.0"] == pytest.approx(36.0, rel=1e-3)


def test_whole_numbers_and_choices_are_all_tried(optimised: Callable[..., Any], tmp_path: Path) -> None:
    bath = '[[variables]]\nlabel = "bath"\n[variables.cases.cold]\n"bath.temperature_K" = 4.2\n'
    bath += '[variables.cases.warm]\n"bath.temperature_K" = 20.0\n'
    found = optimised(STACK + bath + COLD)
    assert found.values == {"mesa.junctions": 5, "bath.temperature_K": 4.2}
    assert {row["choice"] for row in rows(tmp_path)} == {
        f"{n}_{bath}" for n in range(5, 9) for bath in ("cold", "warm")
    }
    assert optimised(STACK + COLD + 'goal = "maximise"\n').values == {"mesa.junctions": 8}


def test_a_front_is_where_gold_is_used_up_at_every_level(optimised: Callable[..., Any], tmp_path: Path) -> None:
    two = COLD.replace("[objective]", "[[objectives]]") + '[[objectives]]\nsum = {"layers.0.thickness_um" = 1.0}\n'
    found = optimised("front_points = 4\n" + FILM + two, "strip")
    cold = [one.numbers["T_max_K@I_mA=1.0"] for one in found.front]
    gold = [one.place.values[0] for one in found.front]
    assert np.all(np.diff(cold) > 0.0) and np.all(np.diff(gold) < 0.0)
    assert gold == pytest.approx(np.linspace(0.1, 0.02, 4), rel=1e-3)  # T_max falls with the film
    assert [float(row["T_max_K@I_mA=1.0"]) for row in rows(tmp_path, "pareto.csv")] == pytest.approx(cold)


def test_a_step_that_fails_is_shortened_and_kept(optimised: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def hot(run):\n"
        "    alpha = run.scenario.uniform.thermal_resistance_K_per_mW\n"
        "    if alpha > 100.0:\n"
        "        raise ValueError('too hot for me')\n"
        "    return (alpha - 80.0) ** 2 + 1000.0 - 5.0 * alpha\n"
    )
    found = optimised(ALPHA + '[objective]\npython = "mine.py:hot"\n')
    assert found.best.place.values[0] == pytest.approx(82.5, abs=0.5)  # of the parabola
    failed = [row for row in rows(tmp_path) if "too hot for me" in row["reason"]]
    assert failed and all(float(row["uniform.thermal_resistance_K_per_mW"]) > 100.0 for row in failed)
    assert "it is a function of yours" in found.traces[0].differences.values()


def test_a_number_that_hardly_depends_on_a_variable_leads_to_its_bound(
    optimised: Callable[..., Any], tmp_path: Path
) -> None:  # fmt: skip
    (tmp_path / "mine.py").write_text(
        "def cold(run):\n    return 1000.0 - 0.01 * run.scenario.uniform.thermal_resistance_K_per_mW\n"
    )
    found = optimised(ALPHA + '[objective]\npython = "mine.py:cold"\n')
    assert found.best.place.values[0] == 200.0  # by a thousandth of the number over all of its bounds


def test_starts_that_all_fail_are_no_convergence(optimised: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def hot(run):\n    return float('nan')\n")
    with pytest.raises(hm.SolveError, match="hot: ValueError: it returned nan"):
        optimised(ALPHA + '[objective]\npython = "mine.py:hot"\n')
    assert rows(tmp_path, "table.csv")[0]["status"] == "ok"


def test_it_goes_on_behind_the_case_that_was_lost(
    optimised: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ALPHA + HOT + '[[constraints]]\nobservable = "T_max_K@I_mA=1.0"\nmax = 40.0\n'
    done: list[str] = []

    def interrupted(task: Task) -> Outcome:
        done.append(task.name)
        return Outcome(task.name, STOPPED, "interrupted") if len(done) == 4 else compute_case(task)

    monkeypatch.setattr(pool, "compute_case", interrupted)
    with pytest.raises(KeyboardInterrupt, match="goes on from what has been computed"):
        optimised(text)
    assert len(rows(tmp_path, "table.csv")) >= 1
    first = optimised(text)
    monkeypatch.undo()
    assert optimised(text).computed == 0
    whole = optimised(text, overwrite=True)
    assert whole.computed == first.computed + 3
    assert whole.best.place == first.best.place


def test_several_starts_share_the_processes_and_keep_the_sums(optimised: Callable[..., Any]) -> None:
    text = "starts = 3\n" + ALPHA.replace("start = 20.0\n", "") + "[objective]\n" + 'observable = "T_max_K@I_mA=1.0"\n'
    text += '[[constraints]]\nsum = {"uniform.thermal_resistance_K_per_mW" = 1.0}\nmin = 30.0\nmax = 150.0\n'
    one = optimised(text)
    assert [30.0 <= trace.search.start.values[0] <= 150.0 for trace in one.traces] == [True] * 3
    assert one.best.place.values[0] == pytest.approx(30.0, rel=1e-3)
    two = optimised(text, workers=2, overwrite=True)
    assert [[i.place for i in trace.iterates] for trace in two.traces] == [
        [i.place for i in trace.iterates] for trace in one.traces
    ]


def test_a_state_that_the_source_does_not_hold_is_no_candidate(tmp_path: Path) -> None:
    (tmp_path / "held.toml").write_text(
        'name = "held"\nscenario = "diagram-strip"\n[fixed]\nmode = "branch"\n"contacts.0" = "none"\n'
        '"mesh.size_um" = 0.5\n"numerics.estimate_error" = false\n'
        '[[variables]]\nkey = "bath.temperature_K"\nvalues = [4.2, 73.0]\n'
        '[objective]\nobservable = "T_max_K@I_mA=0.8"\n[[constraints]]\nstable_at_mA = 0.8\n'
    )
    found = hm.optimise(tmp_path / "held.toml", out=tmp_path / "out", workers=0)
    cold, warm = (trace.iterates[0] for trace in found.traces)
    assert cold.numbers["T_max_K@I_mA=0.8"] < warm.numbers["T_max_K@I_mA=0.8"]
    assert cold.problem == "there is no stable state at 0.8 mA"
    assert found.values == {"bath.temperature_K": 73.0}


def test_a_function_that_is_missing_is_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "uniform.toml").write_text(to_toml(load_scenario("kurter2010-uniform", OHMIC)))
    (tmp_path / "mine.py").write_text("def cold(run):\n    return 0.0\n")
    text = f'name = "bad"\nscenario = "uniform.toml"\n{ALPHA}[objective]\npython = "mine.py:hot"\n'
    (tmp_path / "bad.toml").write_text(text)
    for command, *more in (("check",), ("optimise", "--out", str(tmp_path / "out"))):
        assert main([command, str(tmp_path / "bad.toml"), *more]) == 2
        assert "has no function hot; it has cold" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


BAD = {
    "unknown key": (ALPHA.replace("thermal_resistance_K", "thermal_resistence_K") + COLD, "did you mean"),
    "no number": ('[[variables]]\nkey = "law.kind"\nmin = 1.0\nmax = 2.0\n' + COLD, "it has no values between bounds"),
    "whole": (STACK.replace("integer = true", "") + COLD, "add integer = true"),
    "observable": (ALPHA + COLD.replace("T_max_K@", "T_maxi_K@"), "unknown column T_maxi_K; did you mean T_max_K"),
    "range": (ALPHA.replace("min = 10.0", "min = -1.0") + COLD, "at its min -1"),
    "start": (ALPHA + COLD + '[[constraints]]\nsum = {"uniform.thermal_resistance_K_per_mW" = 1.0}\nmin = 50.0\n',
              "the start violates the constraint uniform.thermal_resistance_K_per_mW >= 50: it is 20 there"),
    "sum": (ALPHA + COLD + '[[constraints]]\nsum = {"bath.temperature_K" = 1.0}\nmin = 5.0\n', "is no variable"),
    "limits": (ALPHA + COLD + '[[constraints]]\nobservable = "T_max_K"\n', "min or max belong to"),
    "twice": (ALPHA + ALPHA + COLD, "is set by 2 variables"),
    "order": (ALPHA.replace("min = 10.0", "min = 300.0") + COLD, "is not below max"),
    "function": (ALPHA + '[objective]\npython = "nowhere.py:hot"\n', "there is no file"),
    "no objective": (ALPHA, "give either [objective] or two [[objectives]]"),
    "three": (ALPHA + 3 * COLD.replace("[objective]", "[[objectives]]"), "not of 3"),
    "backbending": (ALPHA + COLD + "[[constraints]]\nno_backbending = true\n", "speaks of a branch"),
    "stability": (ALPHA + COLD + "[[constraints]]\nstable_at_mA = 1.0\n[fixed]\nstability.points = 'none'\n",
                  "needs stability.points"),
    "word": (ALPHA + COLD + 'methodd = "x"\n', "unknown key"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["optimise", "check"])
def test_bad_input(name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, words = BAD[name]
    (tmp_path / "uniform.toml").write_text(to_toml(load_scenario("kurter2010-uniform", OHMIC)))
    (tmp_path / "bad.toml").write_text(f'name = "bad"\nscenario = "uniform.toml"\n{text}')
    out = ["--out", str(tmp_path / "out")] if command == "optimise" else []
    assert main([command, str(tmp_path / "bad.toml"), *out]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_places_beyond_the_mesa_are_told_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "strip.toml").write_text(to_toml(DEVICE))
    text = PLACE.replace("max = 3.0", "max = 4.5") + COLD
    (tmp_path / "bad.toml").write_text(f'name = "bad"\nscenario = "strip.toml"\n{text}')
    assert main(["optimise", str(tmp_path / "bad.toml"), "--out", str(tmp_path / "out")]) == 2
    assert "with contacts.0.x_um at its max 4.5" in capsys.readouterr().err


def test_the_command_draws_and_the_bundled_ones_are_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    (tmp_path / "uniform.toml").write_text(to_toml(load_scenario("kurter2010-uniform", OHMIC)))
    (tmp_path / "best.toml").write_text(f'name = "best"\nscenario = "uniform.toml"\n{STACK}{COLD}')
    words = ["--out", str(tmp_path / "out"), "--workers", "0"]
    assert main(["optimise", str(tmp_path / "best.toml"), *words]) == 0
    assert "best: mesa.junctions = 5" in capsys.readouterr().out
    assert (tmp_path / "out" / "optimise.png").stat().st_size > 10_000
    assert main(["check", str(tmp_path / "best.toml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "optimise"
    for name in bundled_plans("optimise"):
        assert load_optimisation(name, VOCABULARY).choices
