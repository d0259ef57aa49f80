from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotmesa.scenarios import ScenarioError, load_scenario, toml
from hotmesa.scenarios.files import PLANS, bundled_file, bundled_plans, command_of, find_file
from hotmesa.scenarios.plans.fit import load_fit
from hotmesa.scenarios.plans.folds import load_folds
from hotmesa.scenarios.plans.identify import load_identify
from hotmesa.scenarios.plans.optimise import load_optimisation
from hotmesa.scenarios.plans.study import load_study
from hotmesa.scenarios.plans.uncertainty import load_uncertainty


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_base_is_merged_key_by_key_and_lists_are_replaced(small: Path, tmp_path: Path) -> None:
    contact = '[[contacts]]\nname = "tip"\ncontact_K_per_mW = 1.0\n'
    file = write(tmp_path, "child.toml", f'base = "small.toml"\nname = "child"\n[mesa]\njunctions = 3\n{contact}')
    parent, child = load_scenario(small), load_scenario(file)
    assert (child.name, child.mesa.junctions) == ("child", 3)
    assert (child.layers, child.materials, child.crystal) == (parent.layers, parent.materials, parent.crystal)
    assert [contact.name for contact in child.contacts] == ["tip"]
    assert child.contacts[0].x_um == 0.0


def test_base_may_be_bundled_and_have_a_base_itself(tmp_path: Path) -> None:
    file = write(tmp_path, "mine.toml", 'base = "kurter2010-n12"\nname = "mine"\n')
    assert load_scenario(file).model_copy(update={"name": "kurter2010-n12"}) == load_scenario("kurter2010-n12")


def test_without_leaves_keys_of_the_base_out(small: Path, tmp_path: Path) -> None:
    text = 'base = "small.toml"\nname = "bare"\nwithout = ["crystal", "layers", "contacts"]\nmode = "uniform"\n'
    scenario = load_scenario(write(tmp_path, "bare.toml", text))
    assert scenario.crystal is None
    assert scenario.layers == ()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('base = "smal"\n', "no bundled scenario and no file .*smal"),
        ('base = "kurter2010-n18"\n', r"did you mean kurter2010-n19\?|did you mean kurter2010-n1"),
        ("base = 3\n", "must be the name"),
        ('base = "small.toml"\nwithout = ["cristal"]\n', "the base has no key cristal"),
        ('base = "small.toml"\nwithout = "crystal"\n', "must be a list of keys"),
        ('without = ["crystal"]\n', "no base is named"),
        ('base = "child.toml"\n', "in a circle: .*child.toml -> .*child.toml"),
    ],
)
def test_unusable_base_is_explained(small: Path, tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ScenarioError, match=match):
        load_scenario(write(tmp_path, "child.toml", text))


def test_longer_circle_is_found(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", 'base = "b.toml"\n')
    write(tmp_path, "b.toml", 'base = "c.toml"\n')
    write(tmp_path, "c.toml", 'base = "a.toml"\n')
    with pytest.raises(ScenarioError, match="in a circle"):
        load_scenario(tmp_path / "a.toml")


def test_a_problem_names_the_file_it_comes_from(small: Path, tmp_path: Path) -> None:
    small.write_text(small.read_text().replace("junctions = 10", "junctions = 0"))
    file = write(tmp_path, "child.toml", 'base = "small.toml"\n[bath]\ntemperature_K = 0.0\n')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file)
    assert [text.split(": ")[:2] for text in caught.value.problems] == [
        [str(small), "mesa.junctions"],
        [str(file), "bath.temperature_K"],
    ]


def test_file_names_are_relative_to_the_file_that_holds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "lib/gap.csv", "T_K,Delta_meV\n4,25\n80,0\n")
    write(tmp_path, "lib/base.toml", 'name = "x"\nmode = "uniform"\n[law]\ngap_table = "gap.csv"\n')
    child = write(tmp_path, "child.toml", 'base = "lib/base.toml"\n')
    assert load_scenario(child).law.gap_table == str(tmp_path / "lib" / "gap.csv")
    monkeypatch.chdir(tmp_path)
    changed = load_scenario("child.toml", ["law.gamma_table=lib/gap.csv"])
    assert changed.law.gamma_table == str(tmp_path / "lib" / "gap.csv")
    assert changed.law.gap_table == str(tmp_path / "lib" / "gap.csv")


def test_missing_table_file_is_a_problem(tmp_path: Path) -> None:
    file = write(tmp_path, "x.toml", 'name = "x"\nmode = "uniform"\n[law]\ngap_table = "no/gap.csv"\n')
    with pytest.raises(ScenarioError, match=r"law\.gap_table: no such file: .*gap\.csv; the folder .* does not exist"):
        load_scenario(file)


@pytest.mark.parametrize("kind", PLANS)
def test_a_bundled_file_of_another_kind_names_its_command(kind: str) -> None:
    name = bundled_plans(kind)[0]
    with pytest.raises(ScenarioError, match=f"{name} is .*; it is computed by: hotmesa {kind} {name}"):
        find_file(name)


def own(folder: Path, kind: str) -> Path:
    """Copy a bundled file of a kind, as a user's own."""
    bundled = "hao2015" if kind == "run" else bundled_plans(kind)[0]
    return write(folder, f"my {kind}.toml", bundled_file(bundled).read_text())


@pytest.mark.parametrize("kind", PLANS)
def test_an_own_file_of_another_kind_names_its_command_and_nothing_else(kind: str, tmp_path: Path) -> None:
    file = own(tmp_path, kind)
    said = f"{file} is {PLANS[kind].noun}; it is computed by: hotmesa {kind} '{file}'"
    with pytest.raises(ScenarioError) as error:
        load_scenario(file)
    assert error.value.problems == (said,)
    child = write(tmp_path, "child.toml", f'base = "{file.name}"\n')
    with pytest.raises(ScenarioError) as error:
        load_scenario(child)
    assert error.value.problems == (f"{child}: base: {said}",)


LOADERS: dict[str, Callable[[str], object]] = {
    "study": load_study, "fit": load_fit, "uncertainty": load_uncertainty, "optimise": load_optimisation,
    "identify": load_identify, "folds": load_folds,
}  # fmt: skip


@pytest.mark.parametrize("given", [*PLANS, "run"])
@pytest.mark.parametrize("kind", PLANS)
def test_a_file_given_to_another_plan_names_its_command_and_nothing_else(
    kind: str, given: str, tmp_path: Path
) -> None:
    file = own(tmp_path, given)
    bundled = "hao2015" if given == "run" else bundled_plans(given)[0]
    if kind == given:
        assert command_of(toml.read(file)) == kind
        return
    for name, quoted in ((str(file), f"'{file}'"), (bundled, bundled)):
        with pytest.raises(ScenarioError) as error:
            LOADERS[kind](name)
        (problem,) = error.value.problems
        assert problem.startswith(f"{name} is a")
        assert problem.endswith(f"; it is computed by: hotmesa {given} {quoted}")


def test_keys_of_both_kinds_leave_a_scenario_with_unknown_keys(small: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "both.toml", 'base = "small.toml"\ndata = 3\n')
    with pytest.raises(ScenarioError, match="data: unknown key"):
        load_scenario(file)
