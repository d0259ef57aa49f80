from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from annotated_types import Ge, Gt, Le, Lt

from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.describe import summary
from hotmesa.scenarios.files import PLANS, bundled_file, bundled_plans
from hotmesa.scenarios.keys import find_key, groups, names_at
from hotmesa.scenarios.labels import label_of, label_of_key
from hotmesa.scenarios.plans.schemas import MODELS, plan_schema_json
from hotmesa.scenarios.reference import schema_json, schema_markdown, schema_text
from hotmesa.scenarios.schema import Section
from hotmesa.scenarios.units import unit_of

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_reference_page_is_in_step_with_the_schema() -> None:
    page = (DOCS / "scenario-reference.md").read_text(encoding="utf-8")
    assert page == schema_markdown(), "run: hotmesa check --schema --markdown > docs/scenario-reference.md"


def sections(base: type[Section] = Section) -> Iterator[type[Section]]:
    for section in base.__subclasses__():
        yield section
        yield from sections(section)


def test_no_limit_is_given_twice() -> None:
    """Which of two limits of one kind holds depends on the version of pydantic."""
    limits = {
        f"{section.__name__}.{name}": [type(rule) for rule in info.metadata if isinstance(rule, Ge | Le | Gt | Lt)]
        for section in sections()
        for name, info in section.model_fields.items()
    }
    assert len(limits) > 150
    assert [key for key, kinds in limits.items() if len(kinds) > len(set(kinds))] == []


def test_every_key_is_described() -> None:
    keys = [key for group in groups() for key in group.keys]
    assert len(keys) >= 85  # as many as the schema had at first: none may get lost on the way
    assert [key.path for key in keys if not key.description] == []
    text = schema_text()
    assert all(key.path in text for key in keys)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("width_um", "µm"),
        ("contact_K_per_mW", "K/mW"),
        ("specific_resistance_ohm_um2", "Ω µm²"),
        ("residual_resistivity_ohm_m", "Ω m"),
        ("T_K", "K"),
        ("gaps_meV", "meV"),
        ("table_max_mV", "mV"),
        ("junctions", ""),
        ("min_points", ""),
        ("V_extrema_mV_per_junction.0", "mV per junction"),
        ("rate_voltage_bias_per_us", "1/µs"),
    ],
)
def test_unit_follows_from_the_ending(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_keys_are_found_through_lists_and_names() -> None:
    thickness = find_key(("layers", 3, "thickness_um"))
    assert thickness is not None
    assert thickness.allowed == "number >= 1e-06 and <= 1e+06 (µm)"
    curve = find_key(("materials", "layers", "in_plane_W_per_mK", "T_K"))
    assert curve is not None
    assert curve.type == "list of numbers (2 or more, 10000 at most)"
    assert find_key(("mesa", "nothing")) is None
    assert "base" in names_at(("materials", "anything"))
    assert names_at(("mesa", "junctions")) == ()


@pytest.mark.parametrize("name", ["kurter2010-n19", "kurter2010-uniform"])
def test_summary_tells_the_device(name: str) -> None:
    text = summary(load_scenario(name))
    assert "R_N = 460 Ω, 24.21 Ω for each junction" in text
    assert "19 junctions of 2.151 nm, 40.9 nm high" in text
    assert ("patch of radius 1.5 µm" in text) == (name == "kurter2010-n19")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("T_max_K@I_mA=1.2", r"$T_\mathrm{max}$ (K) at I = 1.2 mA"),
        ("backbending_mV_per_junction", "backbending (mV per junction)"),
        ("nucleation.I_mA", "nucleation: I (mA)"),
        ("hot_fraction@t_us=0.06", "hot fraction at t = 0.06 µs"),
        ("mesa.junctions", "N"),
        ("beta_above_Y_N", r"β above $Y_\mathrm{N}$"),
        ("least_slope_over_R_N", r"least dV/dI / $R_\mathrm{N}$"),
        ("folds.0.I_mA", "folds: 0: I (mA)"),
    ],
)
def test_an_observable_is_said_in_words_with_its_unit(name: str, label: str) -> None:
    assert label_of(name) == label


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("law.gap_ratio", r"$2\Delta_0/k_\mathrm{B}T_\mathrm{p}$"),
        ("law.gaps_meV.0", r"$\Delta_0$"),
        ("law.gaps_meV.2", r"$\Delta_0$ 2"),
        ("mesa.width_um", "mesa: width"),
        ("layers.2.thickness_um", "layer 2: thickness"),
        ("contacts.0.contact_resistance_ohm", "contact 0: contact resistance"),
        ("materials.film.residual_resistivity_ohm_m", r"film: $\rho_0$"),
        ("materials.intercalated.divide_conductivity_by", "intercalated: divisor of κ"),
    ],
)
def test_a_key_is_said_in_the_signs_of_the_field(key: str, label: str) -> None:
    assert label_of_key(key) == label


@pytest.mark.parametrize("name", available_scenarios())
def test_the_schema_for_editors_knows_the_bundled_files(name: str) -> None:
    validator = jsonschema.Draft7Validator(json.loads(schema_json()))
    data = tomllib.loads(bundled_file(name).read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in PLANS for name in bundled_plans(kind)])
def test_the_schemas_of_commands_know_their_bundled_files(kind: str, name: str) -> None:
    schema = json.loads(plan_schema_json(kind))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    data = tomllib.loads(bundled_file(name).read_text(encoding="utf-8"))
    assert MODELS.keys() == PLANS.keys()
    assert [error.message for error in validator.iter_errors(data)] == []
    assert not validator.is_valid(data | {"methodd": "x"})
    assert not validator.is_valid({key: value for key, value in data.items() if key != "scenario"})


def test_the_schema_of_an_optimisation_tells_units_and_finds_what_is_wrong() -> None:
    schema = json.loads(plan_schema_json("optimise"))
    limit = schema["$defs"]["Constraint"]["properties"]["stable_at_mA"]
    assert limit["x-unit"] == "mA" and limit["description"].endswith("[mA]")
    good = {"name": "x", "scenario": "y", "variables": [{"key": "a", "min": 1.0, "max": 2.0}]}
    validator = jsonschema.Draft7Validator(schema)
    assert validator.is_valid(good)
    for wrong in ({"starts": 0}, {"variables": []}, {"objective": {"goal": "best"}}, {"tolerance": 1.0}):
        assert not validator.is_valid(good | wrong)


def test_the_schema_for_editors_finds_what_is_wrong_and_shows_units() -> None:
    schema = json.loads(schema_json())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for wrong in ({"law": {"kind": "ohmic", "set": 1}}, {"mesa": {"junctions": 0}}, {"mesa": {"wdith_um": 1.0}}):
        assert not validator.is_valid({"name": "x", **wrong})
    assert not validator.is_valid({})  # neither name nor base
    thickness = schema["$defs"]["Layer"]["properties"]["thickness_um"]
    assert thickness["x-unit"] == "µm"
    assert thickness["description"].endswith("[µm]")
