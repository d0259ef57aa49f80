"""Elements and sublayers that are chosen for an accuracy."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.devices import WIRE, on_crystal
from matplotlib.text import Text
from mpi4py import MPI

from hotmesa.case import Task, known_outcome
from hotmesa.cli import main
from hotmesa.meshes import build_mesh
from hotmesa.meshes.sizes import element_sizes
from hotmesa.meshes.zones import refined, zones
from hotmesa.postprocess import load_run
from hotmesa.postprocess.map import plot_map
from hotmesa.postprocess.runs.branch import plot_iv
from hotmesa.scenarios import to_toml
from hotmesa.scenarios.layers import finer_layer, graded, halved_sublayers, layer_thickness
from hotmesa.scenarios.schema import Crystal, Mesa, Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.finer import between
from hotmesa.solver.runs.refining import MESH_ORDER, Part, cheapest
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steady import solve_steady

ASKED = 0.3


def coarse(accuracy: float | None = ASKED, geometry: str = "strip", **mesh: object) -> Scenario:
    """A strip or a disc with so coarse elements and sublayers that V is off by percents."""
    disc = {"mesa": Mesa(shape="disc", radius_um=5.0, junctions=19), "crystal": Crystal(shape="disc", radius_um=15.0)}
    place = {"y_um": 0.0} | ({"x_um": 0.0} if geometry == "disc" else {})
    outlines = disc if geometry == "disc" else {}
    found = on_crystal(geometry=geometry, contacts=(WIRE.model_copy(update=place),), **outlines)
    sizes = {"refine": 0.25, "accuracy_percent": accuracy} | mesh
    stability = found.stability.model_copy(update={"points": "none"})
    return found.model_copy(update={"mesh": found.mesh.model_copy(update=sizes), "stability": stability})


def run(folder: Path, scenario: Scenario, name: str, *more: str) -> int:
    file = folder / f"{name}.toml"
    file.write_text(to_toml(scenario), encoding="utf-8")
    return main(["run", str(file), "--out", str(folder / name), *more])


def summary(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return found


def total(found: dict[str, object]) -> float:
    return sum(abs(float(str(found[f"{what}_error_V_percent"]))) for what in ("mesh", "layer"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that has chosen its elements and sublayers."""
    place = tmp_path_factory.mktemp("chosen")
    assert run(place, coarse(), "first", "--quiet") == 0
    return place


def test_a_run_reaches_the_accuracy_that_is_asked_for(folder: Path):
    found, chosen = summary(folder / "first"), load_run(folder / "first").scenario
    assert found["accuracy_reached"] is True
    assert total(found) <= ASKED
    assert chosen.mesh.chosen
    # Against four times finer elements everywhere and sublayers cut into four, at the steepest place.
    fine = refined(chosen, dict.fromkeys(zones(chosen), 4.0))
    fine = halved_sublayers(halved_sublayers(fine))
    current = load_run(folder / "first").tables["accuracy.csv"]["I_mA"][0]
    models = [Model(scenario, build_mesh(scenario, MPI.COMM_SELF)) for scenario in (coarse(), chosen, fine)]
    e = solve_steady(models[0], Bias.current(), float(current))
    V = [e.V]
    for source, target in pairwise(models):
        e = between(source, target).solve(e)
        V.append(e.V)
    assert 100 * abs(V[1] / V[2] - 1) < ASKED
    assert 100 * abs(V[0] / V[2] - 1) > 2 * ASKED  # what was coarse is off by more


def test_a_disc_with_a_contact_reaches_it_too(tmp_path: Path):
    device = coarse(geometry="disc")
    assert device.contacts and run(tmp_path, device, "disc", "--quiet") == 0
    found, plain = summary(tmp_path / "disc"), coarse(geometry="disc", accuracy=None)
    assert found["accuracy_reached"] is True and total(found) <= ASKED
    end = device.branch.end_current_mA
    assert load_run(tmp_path / "disc").column("I_mA")[-1] == pytest.approx(end, rel=1e-12)
    assert run(tmp_path, plain, "plain", "--quiet") == 0
    assert total(summary(tmp_path / "plain")) > ASKED


def test_the_written_scenario_repeats_the_run(folder: Path):
    assert main(["run", str(folder / "first" / "scenario.toml"), "--out", str(folder / "again"), "--quiet"]) == 0
    assert (folder / "again" / "iv.csv").read_bytes() == (folder / "first" / "iv.csv").read_bytes()
    assert (folder / "again" / "scenario.toml").read_text() == (folder / "first" / "scenario.toml").read_text()


def test_a_run_that_has_chosen_is_recognised(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(folder, coarse(), "first", "--resume") == 0
    assert "is complete already" in capsys.readouterr().out
    assert run(folder, coarse(accuracy=0.2), "first", "--resume") == 2
    assert "mesh.accuracy_percent is 0.3 there and 0.2 here" in capsys.readouterr().err
    outcome = known_outcome(Task("first", folder / "first", coarse()))
    assert outcome is not None and outcome.status == "ok"


def test_the_advice_of_a_coarse_run_brings_it_below(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(folder, coarse(accuracy=None), "plain") == 0
    assert total(summary(folder / "plain")) > ASKED
    assert summary(folder / "plain")["accuracy_reached"] is None
    assert "set mesh.accuracy_percent = 0.3" in capsys.readouterr().out  # which is the run of the other tests


def test_an_accuracy_out_of_reach_is_told_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]):
    # Room for the estimate alone.
    begin = coarse()
    model = Model(begin, build_mesh(begin, MPI.COMM_SELF))
    most = 4 * int(model.operators.owned) * len(model.layout.stack) + 1
    assert run(folder, coarse(max_unknowns=most), "small") == 0
    found, words = summary(folder / "small"), f"raise mesh.max_unknowns (now {most:,})"
    assert found["accuracy_reached"] is False
    assert total(found) > ASKED
    assert words in capsys.readouterr().out
    assert words in (folder / "small" / "run.log").read_text()
    small = load_run(folder / "small")
    for figure in (plot_iv(small), plot_map(small)):
        assert figure is not None
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert any(f"error of V {total(found):.2g} %, not {ASKED} % as asked for" in text for text in texts)
    provenance = json.loads((folder / "small" / "provenance.json").read_text())
    assert provenance["chosen_error_V_percent"] == pytest.approx(total(found), rel=0.05)


def test_a_mesh_that_is_fine_enough_is_kept_and_its_branch_is_the_run(tmp_path: Path):
    easy = coarse(accuracy=10.0)
    assert run(tmp_path, easy, "asked", "--quiet") == 0
    assert run(tmp_path, coarse(accuracy=None), "plain", "--quiet") == 0
    assert (tmp_path / "asked" / "iv.csv").read_bytes() == (tmp_path / "plain" / "iv.csv").read_bytes()
    chosen = load_run(tmp_path / "asked").scenario
    assert chosen == easy.model_copy(update={"mesh": easy.mesh.model_copy(update={"chosen": True})})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("mesh.accuracy_percent=0.001",), "0.01"),
        (("mesh.accuracy_percent=0.3", "mesh.file=a.msh"), "a mesh of your own is not refined"),
        (("mesh.accuracy_percent=0.3", "mode=uniform"), "is for runs that follow the branch from rest"),
        (("mesh.accuracy_percent=0.3", "numerics.estimate_error=false"), "needs the estimates"),
        (("mesh.chosen=true",), "has no effect without mesh.accuracy_percent"),
    ],
)
def test_contradictions_have_status_2(changes: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]):
    settings = [word for change in changes for word in ("--set", change)]
    assert main(["check", "kurter2010-n19", *settings]) == 2
    assert words in capsys.readouterr().err


def test_cheapest_refinement_reaches_the_goal_at_least_cost():
    parts = {"edge": Part(1.0, 10.0), "mesa": Part(0.1, 1000.0)}
    factors = cheapest(parts, 0.2, 2)
    left = sum(part.error * factors[zone] ** -MESH_ORDER for zone, part in parts.items())
    assert left == pytest.approx(0.2, rel=1e-4)
    cost = sum(part.cost * factors[zone] ** 2 for zone, part in parts.items())
    for shift in (0.9, 1.1):
        edge = factors["edge"] * shift
        rest = 0.2 - edge**-MESH_ORDER
        mesa = (rest / 0.1) ** (-1 / MESH_ORDER)
        assert mesa < 1.0 or 10.0 * edge**2 + 1000.0 * mesa**2 > cost
    assert cheapest(parts, 2.0, 2) == {"edge": 1.0, "mesa": 1.0}


def test_finer_layers_keep_their_growth_or_nest():
    device = on_crystal()
    layer = device.layers[2]
    before = graded(20.0, layer.sublayers, layer.first_sublayer_um)
    first = finer_layer(device, 2, whole=False).layers[2]
    after = graded(20.0, first.sublayers, first.first_sublayer_um)
    assert after[0] == pytest.approx(before[0] / 2)
    assert after[1] / after[0] <= before[1] / before[0]
    whole = finer_layer(device, 2, whole=True)
    parts = graded(layer_thickness(whole, whole.layers[2]), 12, whole.layers[2].first_sublayer_um)
    assert parts.reshape(-1, 2).sum(axis=1) == pytest.approx(before, rel=1e-9)
    single = finer_layer(device, 0, whole=False).layers[0]
    assert single.sublayers == 2 and single.first_sublayer_um == pytest.approx(0.02)


def test_zones_are_refined_each_for_itself():
    device = on_crystal()
    assert zones(device) == ("contacts", "edge", "mesa", "outer")
    before = element_sizes(device)
    edge = element_sizes(refined(device, {"edge": 4.0}))
    assert (edge.mesa, edge.edge) == pytest.approx((before.mesa, before.mesa / 4), rel=5e-3)
    assert (edge.rim, edge.growth) == pytest.approx((before.rim, before.growth), rel=5e-3)
    outer = element_sizes(refined(device, {"outer": 2.0}))
    assert outer.mesa == pytest.approx(before.mesa, rel=5e-3)
    assert (outer.rim, outer.growth) == pytest.approx((before.rim / 2, before.growth / 2), rel=5e-3)


def test_states_are_carried_to_any_other_mesh_and_layers_linearly():
    device = on_crystal()
    finer = finer_layer(refined(device, {"edge": 2.0, "mesa": 1.5}), 2, whole=False)
    source, target = (Model(s, build_mesh(s, MPI.COMM_SELF)) for s in (device, finer))
    e = solve_steady(source, Bias.current(), 0.5)
    T = target.layout.on_plan(between(source, target).guess(e)[: target.layout.size])
    exact = target.layout.on_plan(between(source, target).solve(e).T)
    assert np.nanmax(np.abs(T - exact)) < 0.1 * np.nanmax(exact - 4.2)
