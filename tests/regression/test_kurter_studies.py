"""The bundled studies about contacts, resolution and ingredients ask what docs/kurter2010.md says they ask."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from validation.kurter2010 import contacts, ingredients, loads, weighted
from validation.kurter2010.runs import trace
from validation.kurter2010.search import EDGE_UM
from validation.kurter2010.stacks import COARSE, STACKS
from validation.kurter2010.studied import write_design

from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import curve_of
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.files import bundled_file
from hotmesa.scenarios.plans.study import load_study


def bundled_rows(name: str) -> list[dict[str, str]]:
    with bundled_file(f"study-{name}").with_suffix(".csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_contacts_are_those_of_the_design_and_lie_on_the_mesa(tmp_path: Path) -> None:
    write_design(tmp_path / "cases.csv", contacts.design())
    file = bundled_file(f"study-{contacts.NAME}").with_suffix(".csv")
    assert (tmp_path / "cases.csv").read_text() == file.read_text()
    rows = bundled_rows(contacts.NAME)
    ohm, um = (np.array([float(row[key]) for row in rows]) for key in contacts.KEYS)
    x, y = (np.array([float(row[f"contacts.0.{axis}_um"]) for row in rows]) for axis in "xy")
    assert len(rows) == contacts.CASES
    assert np.all(np.maximum(abs(x), abs(y)) + um <= EDGE_UM + 0.01)
    # Even: half of them on either side of the middle, and the ends of the ranges reached.
    assert np.sum(x < 0) == pytest.approx(16, abs=1) and np.sum(y < 0) == pytest.approx(16, abs=1)
    assert ohm.min() < 0.012 and ohm.max() > 0.13 and um.min() < 0.8 and um.max() > 2.8


def test_every_contact_is_on_every_stack() -> None:
    cases = load_study(f"study-{contacts.NAME}").cases
    assert sorted(c.scenario.mesa.junctions for c in cases if c.scenario) == sorted(contacts.STACKS * contacts.CASES)


def test_band_of_the_power_has_both_ends_and_nothing_without_number() -> None:
    assert contacts.in_band(np.array([0.99, 1.0, 1.05, 1.1, 1.11, np.nan])).tolist() == [
        False, True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["shipped", "linear-weight-tail"])
def test_cooling_of_the_ingredients_is_what_it_says(name: str) -> None:
    rows = {row["case"]: row for row in bundled_rows(ingredients.NAME)}
    keys = ("uniform.cooling_exponent", "uniform.thermal_resistance_K_per_mW")
    for word in ingredients.CASES:
        row = rows[f"{name}-{word}"]
        assert {key: row[key] for key in ingredients.BASE} == ingredients.keys_of(name)
        cooling = ingredients.Cooling(*(float(row[key]) for key in keys))
        peak, _ = ingredients.steepest(name, 19, cooling)
        _, slope = ingredients.steepest(name, 30, cooling)
        assert peak == pytest.approx(ingredients.V_PEAK_MV, abs=0.03)
        if word == "needed":
            assert slope == pytest.approx(ingredients.SLOPE, abs=2e-3)
        elif word == "known":
            assert cooling.n == ingredients.KNOWN
        else:  # the power of T is written with four digits
            drop = ingredients.figures_of(name, 30, cooling)["backbending_mV_per_junction"]
            assert drop == pytest.approx(float(word), abs=5e-3)
            assert slope < 0.0


def test_ingredients_are_computed_for_all_stacks() -> None:
    rows = bundled_rows(ingredients.NAME)
    assert [row["case"] for row in rows] == [f"{n}-{w}" for n in ingredients.LAWS for w in ingredients.CASES]
    assert set(ingredients.WORDS) == set(ingredients.LAWS)
    found = {c.scenario.mesa.junctions for c in load_study(f"study-{ingredients.NAME}").cases if c.scenario}
    assert found == set(STACKS)


@dataclass(frozen=True)
class Cubic:
    """A branch with V + R I = x³ - 3x + 20, x = I - 2: lost at I = 1, found again where x³ - 3x is 2 again, at 4."""

    ohm: float

    def column(self, name: str) -> np.ndarray:
        """V, its slope, and the current itself for every other name."""
        current = np.linspace(0.0, 6.0, 241)
        x = current - 2.0
        columns = {"V_mV": x**3 - 3.0 * x + 20.0 - self.ohm * current, "dV_dI_ohm": 3.0 * x**2 - 3.0 - self.ohm}
        return columns.get(name, current)

    def held_at(self, current_mA: float) -> bool:
        """States beyond 3 are lost to some other mode."""
        return current_mA < 3.0

    @property
    def curve(self) -> IVCurve:
        """The cubic between the points."""
        table = {name: self.column(name) for name in ("V_mV", "I_mA", "dV_dI_ohm")}
        found = curve_of(table, 10.0)
        assert found is not None
        return found

    def at_current(self, name: str, current_mA: float) -> float:
        """A column between the points."""
        return float(np.interp(current_mA, self.column("I_mA"), self.column(name)))


def test_a_jump_follows_the_load_line() -> None:
    branch = Cubic(5.0)
    found = loads.jump(branch, 5.0)  # type: ignore[arg-type]
    assert found is not None
    # The curve between the points is a cubic; it is looked at in 40 places between two points 0.025 mA apart.
    assert (found.from_mA, found.to_mA) == pytest.approx((1.0, 4.0), abs=2e-3)
    assert found.drop_mV == pytest.approx(5.0 * 3.0, abs=1e-2)
    assert found.held_before and not found.held_after
    assert loads.in_words(found, "9") == "1.00 → 4.00, 9 (not held)"
    assert loads.jump(branch, 8.5) is None  # type: ignore[arg-type]
    assert loads.largest_load(branch) == pytest.approx(8.0)  # type: ignore[arg-type]
    assert loads.load_that_loses(branch, 1.0) == pytest.approx(5.0)  # type: ignore[arg-type]
    assert loads.load_that_loses(branch, 3.0) is None  # type: ignore[arg-type]


def test_the_weighted_set_differs_from_the_shipped_one_in_law_contact_and_conductivities_only() -> None:
    shipped, other = load_scenario("kurter2010-n19"), load_scenario(weighted.NAME)
    changed = {name for name in type(shipped).model_fields if getattr(shipped, name) != getattr(other, name)}
    assert changed == {"name", "title", "law", "contacts", "materials"}
    assert (other.contacts[0].wire_K_per_mW, other.layers) == (shipped.contacts[0].wire_K_per_mW, shipped.layers)
    cases = load_study(f"study-{weighted.NAME}").cases
    found = {case.scenario.mesa.junctions: case.scenario.branch for case in cases if case.scenario}
    for n in STACKS:
        assert found[n].end_current_mA == load_scenario(f"kurter2010-n{n:02d}").branch.end_current_mA


@pytest.mark.parametrize(("rate", "folds"), [(11.28, False), (9.0, True)])
def test_thirty_junctions_of_the_weighted_set_do_not_fold_back(rate: float, folds: bool) -> None:
    # 9 meV shows that the check can fail.
    changes = ("mesa.junctions=30", "branch.end_current_mA=1.55", f"law.gamma_c_meV={rate}")
    figures = trace(load_scenario(weighted.NAME, (*COARSE, *changes))).figures
    assert (figures["least_slope_over_R_N"] < 0) == folds
    assert (figures["backbending_mV_per_junction"] > 0) == folds
