from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from hotmesa.scenarios import ScenarioError, available_scenarios, load_scenario
from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.load import scenario_of
from hotmesa.scenarios.overrides import parse
from hotmesa.scenarios.schema import WiedemannFranzContact
from hotmesa.scenarios.schema.runs import Stability

BROKEN = """\
name = "broken"
geometry = "plane"

[mesa]
junctions = 0
wdith_um = 3.0
depth_um = "ten"

[bath]
temperature_K = 300.0

[law]
gaps_meV = [25.0, -1.0]
"""


def test_small_scenario_loads(small: Path) -> None:
    scenario = load_scenario(small)
    assert scenario.mesa.junctions == 10
    assert scenario.layers[2].sublayers == 5
    assert scenario.contacts[0].x_um == 1.0


def test_all_problems_come_at_once_with_file_key_value_and_range(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(BROKEN)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    expected = {
        'geometry: "plane" must be one of "plan", "strip", "disc"; did you mean "plan"?',
        "mesa.junctions: 0 must be a whole number >= 1 and <= 100000",
        "mesa.wdith_um: unknown key; did you mean width_um?",
        'mesa.depth_um: "ten" must be a number >= 1e-06 and <= 1e+06 (µm)',
        "bath.temperature_K: 300.0 must be a number >= 1.5 and <= 290 (K)",
        "law.gaps_meV.1: -1.0 must be greater than 0 (meV)",
    }
    found = {text.removeprefix(f"{file}: ") for text in caught.value.problems}
    # The layers are missing too: contradictions are found beside invalid keys.
    assert expected < found
    assert any("there are no layers" in text for text in found - expected)
    assert str(caught.value).startswith(f"{len(found)} problems")
    assert len(found) == len(expected) + 1


def test_a_rule_that_rests_on_an_invalid_key_says_nothing(problems) -> None:
    assert problems("layers.0.thickness_um=-1") == (
        '--set layers.0 ("film").thickness_um: -1 must be greater than 0 (µm)',
    )


def test_changes_from_python_are_those_of_the_command_line(small: Path) -> None:
    texts = ["mesa.junctions=12", "layers.0.thickness_um=0.05", "mode=uniform", "contacts.0.x_um=-1", "law.set=none"]
    values = {
        "mesa.junctions": np.int64(12), "layers.0.thickness_um": np.float64(0.05), "mode": "uniform",
        "contacts.0.x_um": -1, "law.set": None,
    }  # fmt: skip
    assert load_scenario(small, values) == load_scenario(small, texts)
    with pytest.raises(ScenarioError, match="must be a whole number >= 1"):
        load_scenario(small, {"mesa.junctions": 0})
    with pytest.raises(ScenarioError, match="write key=value"):
        load_scenario(small, {"": 1})


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("mesa.junctions=12.5", "must be a whole number"),
        ("mesa.junctions=true", "must be a whole number"),
        ('mesa.width_um="10"', "must be a number >= 1e-06 and <= 1e+06 (µm)"),
        ("mesa.width_um=inf", "must be a number >= 1e-06 and <= 1e+06 (µm)"),
        ('mesa={shape="polygon",vertices_um=[[0.0]]}', "list of pairs"),
        ("mesa=3", "must be a table"),
        ("layers=3", "must be a list of tables"),
        ('name="a b"', "must be a name"),
        ('layers.0.name="a/b"', "must be a name"),
        ("materials.bi.in_plane_W_per_mK=x", "a number >= 1e-15 and <= 1e+15 (W/(m K)) or a curve"),
        ("materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0],values=[1.0,-1.0]}", "values.1: -1.0 must be"),
        ("materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0]}", "values: is missing"),
        ("temperature_K=4", "did you mean bath.temperature_K?"),
        ("N=3", "this section knows name, title"),
        ("bsae=x", "did you mean base?"),
    ],
)
def test_one_wrong_value_makes_one_problem(problems, override: str, text: str) -> None:
    found = problems(override)
    assert len(found) == 1
    assert text in found[0]


def test_missing_required_key_is_named(small: Path, problems) -> None:
    small.write_text(small.read_text().replace('material = "gold"\n', ""))
    assert problems() == (f'{small}: layers.0 ("film").material: is missing; it must be text',)


def test_overrides_change_values_list_elements_and_absent_tables(small: Path) -> None:
    changes = ["mesa.junctions=7", "layers.0.thickness_um=0.1", "contacts.0.x_um = -2", "mode=uniform", "mesh.refine=2"]
    scenario = load_scenario(small, changes)
    assert (scenario.mesa.junctions, scenario.layers[0].thickness_um) == (7, 0.1)
    assert (scenario.contacts[0].x_um, scenario.mode, scenario.mesh.refine) == (-2.0, "uniform", 2.0)


def test_elements_of_lists_go_by_their_names(small: Path) -> None:
    changes = ["contacts.wire.x_um=-2", "layers.film.thickness_um=0.1"]
    scenario = load_scenario(small, changes)
    assert scenario == load_scenario(small, ["contacts.0.x_um=-2", "layers.0.thickness_um=0.1"])
    (found,) = _problems_of(small, ["contacts.wire.radius_um=-1"])
    assert "--set contacts.0" in found
    assert "wire" in found
    assert find_key(("contacts", "wire", "x_um")) == find_key(("contacts", 0, "x_um")) is not None
    assert find_key(("branch", "at_mA", "wire")) is None


def _problems_of(small: Path, changes: list[str]) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as error:
        load_scenario(small, changes)
    return error.value.problems


def test_none_leaves_a_key_or_an_element_out(small: Path) -> None:
    changes = ["contacts.0.contact_K_per_mW=none", "contacts.0.contact_resistance_ohm=0.1", "bath.rim=none"]
    scenario = load_scenario(small, changes)
    assert isinstance(scenario.contacts[0], WiedemannFranzContact)
    assert load_scenario(small, ["contacts.0=none"]).contacts == ()
    assert load_scenario(small, ["crystal=none", "layers.2=none"]).crystal is None


def test_none_is_a_word_where_the_key_has_it_among_its_choices(small: Path) -> None:
    assert load_scenario(small, ["stability.points=none"]).stability.points == "none"
    assert load_scenario(small, [("stability.points", None)]).stability.points == Stability().points != "none"


@pytest.mark.parametrize("name", ["01.msh", "2-d.msh", "01 a (b).msh", "0x.msh", "3e5.msh", "2026-11-27", "run 7"])
def test_a_file_may_begin_with_a_number(small: Path, name: str) -> None:
    path = small.with_name(name)
    path.write_text("")
    assert load_scenario(small, [f"mesh.file={path}"]).mesh.file == str(path)
    assert parse(f"mesh.file={name}") == (("mesh", "file"), name)


@pytest.mark.parametrize("value", ["12x", "1.5.2", "0x1g", "1 000", "01"])
def test_what_is_nearly_a_number_is_told_as_none(problems, value: str) -> None:
    (found,) = problems(f"mesa.width_um={value}")
    assert f"--set mesa.width_um: \"{value}\" must be a number" in found


CORNERS = "[-5.0,-5.0],[5.0,-5.0],[5.0,5.0],[-5.0,5.0]"


def test_a_closed_polygon_is_that_of_its_corners(small: Path) -> None:
    open_, closed = (
        load_scenario(small, [f'mesa={{shape="polygon",vertices_um=[{corners}],junctions=3}}'])
        for corners in (CORNERS, f"{CORNERS},[-5.0,-5.0]")
    )
    assert closed == open_
    assert closed.mesa.area_um2 == 100.0


def test_a_corner_given_twice_elsewhere_is_told(problems) -> None:
    (found,) = problems(f'mesa={{shape="polygon",vertices_um=[{CORNERS},[-5.0,5.0]],junctions=3}}')
    assert "crosses or touches itself at its edges 2 and 4" in found


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("mesa.junctions", "write key=value"),
        ("=3", "write key=value"),
        ("mesa..junctions=3", "write key=value"),
        ("mesa.junctions=", "is not a value"),
        ("mesa.junctions=[1", "is not a value"),
        ("layers.9.thickness_um=1", "layers has 3 elements (numbers: 0 to 2)"),
        ("layers.flim.thickness_um=1", "layers has no element flim; did you mean film?"),
        ("mesa.junctions.x=1", "is a value and holds no keys"),
        ("mesa.vertices_um.0=[1.0,1.0]", "the scenario has no mesa.vertices_um"),
        ("mesa.width_um=1\ncrystal=2", "one value is expected"),
    ],
)
def test_unusable_override_is_explained(problems, override: str, text: str) -> None:
    found = problems(override)
    assert len(found) == 1
    assert text in found[0]


def test_unusable_overrides_come_together_with_other_problems(problems) -> None:
    assert len(problems("layers.9.name=x", "mesa.junctions=0", "bath.rim=bat")) == 3


def test_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean kurter2010-n19"):
        load_scenario("kurter2010-n18")


def test_missing_file_names_what_is_there(small: Path, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no file .*smal\.toml; did you mean small\.toml"):
        load_scenario(tmp_path / "smal.toml")
    with pytest.raises(ScenarioError, match=r"folder .* does not exist"):
        load_scenario(str(tmp_path / "nowhere" / "x.toml"))
    with pytest.raises(ScenarioError, match=r"without \.toml"):
        load_scenario(tmp_path / "kurter2010-n19.toml")
    with pytest.raises(ScenarioError, match="is a folder; name a TOML file"):
        load_scenario(tmp_path)


@pytest.mark.parametrize(
    ("content", "text"), [(b"name = \n", "not valid TOML"), (b'name = "\xff"', "not text in UTF-8")]
)
def test_unreadable_file_is_a_problem(tmp_path: Path, content: bytes, text: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError, match=text):
        load_scenario(file)


def test_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(ScenarioError(["a", "b"])))
    assert error.problems == ("a", "b")


def test_names_are_sorted_and_complete() -> None:
    names = available_scenarios()
    assert list(names) == sorted(names)
    expected = {f"kurter2010-{name}" for name in ("n06", "n12", "n19", "n24", "n30", "uniform")}
    assert expected <= set(names)


def test_a_change_of_the_law_leaves_the_keys_of_the_other_law_behind(small: Path, tmp_path: Path) -> None:
    small.write_text(small.read_text() + "[law]\nset = 2\ngamma_scale = 2.0\n")
    changes = ["law.kind=ohmic", "law.resistivity_ohm_cm=100"]
    assert load_scenario(small, changes).law.describe() == "ohmic, 100 Ω cm"
    child = tmp_path / "child.toml"
    child.write_text('base = "small.toml"\n[law]\nkind = "ohmic"\nresistivity_ohm_cm = 100\n')
    assert load_scenario(child).law == load_scenario(small, changes).law
    with pytest.raises(ScenarioError, match=r'--set law\.set: has no effect with kind = "ohmic"'):
        load_scenario(small, ["law.set=1", *changes])
    child.write_text(child.read_text() + "gap_tail = 0.2\n")
    with pytest.raises(ScenarioError, match=r'law\.gap_tail: has no effect with kind = "ohmic"'):
        load_scenario(child)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = " + "[" * 600 + "]" * 600, "nested more than 20 deep"),
        ("x = " + "[" * 100_000 + "]" * 100_000, "nested more than 20 deep"),
        ("x = " + "9" * 5000, "not valid TOML"),
        ("#" * 1_000_001, "larger than 1 MB"),
        ('name = "x"\n' + '[[contacts]]\nname = "c"\n' * 3000, "list of tables (200 at most)"),
        ('name = "x"\n' + '[[layers]]\nname = "c"\n' * 3000, "list of tables (100 at most)"),
        ('name = "x"\n[[contacts]]\nradius_um = 1e-200\n', "1e-200 must be a number >= 1e-06 and <= 1e+06 (µm)"),
    ],
    ids=["deep", "deeper", "digits", "large", "contacts", "layers", "tiny"],
)
def test_what_would_crash_or_never_end_is_refused_at_once(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    started = time.monotonic()
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert reason in str(caught.value)
    assert time.monotonic() - started < 5.0


def test_devices_and_pipes_are_no_scenarios(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for name in ("/dev/zero", str(pipe)):
        with pytest.raises(ScenarioError, match="is a device or a pipe"):
            load_scenario(name)


def test_nested_changes_are_refused(problems) -> None:
    (text,) = problems("mesa.width_um=" + "[" * 500 + "]" * 500)
    assert "nested more than 20 deep" in text


def test_a_change_of_the_shape_leaves_the_sizes_of_the_other_shape_behind(tmp_path: Path) -> None:
    changed = load_scenario("kurter2010-n06", {"mesa.shape": "disc", "mesa.radius_um": 4.0})
    file = tmp_path / "disc.toml"
    file.write_text('base = "kurter2010-n06"\n[mesa]\nshape = "disc"\nradius_um = 4.0\n')
    assert changed.mesa == load_scenario(file).mesa
    assert changed.mesa.area_um2 == pytest.approx(16 * np.pi, rel=1e-15)
    assert changed.mesa.extent_um == (8.0, 8.0)
    with pytest.raises(ScenarioError, match=r'mesa.width_um: has no effect with shape = "disc"'):
        load_scenario(file, {"mesa.width_um": 8.0})


def test_what_is_given_is_a_name_a_file_a_folder_or_a_scenario(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small.parent / "kurter2010-n19"
    folder.mkdir()
    (folder / "scenario.toml").write_text(small.read_text())
    loaded = load_scenario(small)
    assert scenario_of(folder) == scenario_of(small) == loaded
    assert scenario_of(loaded) is loaded
    monkeypatch.chdir(small.parent)
    assert scenario_of("kurter2010-n19") == load_scenario("kurter2010-n19") != loaded
    with pytest.raises(ScenarioError, match="give them to load_scenario"):
        scenario_of(loaded, ["mesa.junctions=7"])
