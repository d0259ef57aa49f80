"""The bundled search and fit of the kurter2010 set ask what docs/kurter2010-parameters.md says they ask."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest
from validation.kurter2010.fitted import composition, misfit, plan
from validation.kurter2010.page import DOCS, blocks_of
from validation.kurter2010.search import GAPS, PLACES, RANGES, SEARCHED, design
from validation.kurter2010.stacks import (
    BETA,
    POWER_MW,
    SHORT_STACK_K,
    SHORT_STACK_MV,
    SHORT_STACK_SIGMA_K,
    STACKS,
    paper_range,
    short_stack_K,
)
from validation.kurter2010.studied import write_design

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.files import bundled_file
from hotmesa.scenarios.plans.fit import Data, load_fit
from hotmesa.scenarios.plans.study import load_study
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.runs.uniform import UniformDevice
from hotmesa.vocabulary import VOCABULARY

SEARCH = "study-kurter2010-search"
LAW_FIT = "fit-kurter2010-law"
PARAMETERS = DOCS / "kurter2010-parameters.md"


def datum(name: str) -> Data:
    return next(data for data in plan().fit.data if data.name == name)


def test_cases_of_the_search_are_those_of_its_design(tmp_path) -> None:
    write_design(tmp_path / "cases.csv", design())
    assert (tmp_path / "cases.csv").read_text() == bundled_file(SEARCH).with_suffix(".csv").read_text()


def test_design_is_spread_evenly() -> None:
    rows = design()
    levels = Counter(tuple(row["case"].split("-", 2)[1:]) for row in rows)
    # A Sobol sequence of 64 points has each of the 16 combinations of its first two axes four times.
    assert levels == {(place, gaps): 4 for place in PLACES for gaps in GAPS}
    for one in SEARCHED:
        values = [float(row[one.key]) for row in rows]
        middle = one.at(0.5)
        assert one.low <= min(values) and max(values) <= one.high
        assert sum(value < middle for value in values) == pytest.approx(32, abs=1)  # rounding to three digits
    with bundled_file(SEARCH).with_suffix(".csv").open() as stream:
        assert len({tuple(row.values())[1:] for row in csv.DictReader(stream)}) == 64


def test_search_computes_two_stacks_for_every_set() -> None:
    assert Counter(case.scenario.mesa.junctions for case in load_study(SEARCH).cases if case.scenario) == {
        12: 64,
        30: 64,
    }


def test_search_covers_what_was_measured_and_the_fit_keeps_the_law_of_the_scenarios() -> None:
    searched = {one.key: (one.low, one.high) for one in SEARCHED}
    fitted = {one.key: (one.low, one.high) for one in RANGES}
    law = {one.key: (one.min, one.max) for one in load_fit(LAW_FIT).fit.parameters}
    assert {key: searched[key] for key in law} == law
    assert {key: ends for key, ends in fitted.items() if searched[key] != ends} == {"law.gamma_exponent": (3.0, 6.0)}


def test_fit_varies_its_ranges() -> None:
    found = [(one.key, one.min, one.max, one.scale == "log") for one in plan().fit.parameters]
    assert found == [(one.key, one.low, one.high, one.log) for one in RANGES]


def test_fit_of_the_law_varies_it_over_all_that_was_measured() -> None:
    found = {one.key: (one.min, one.max) for one in load_fit(LAW_FIT).fit.parameters}
    wider = {"law.gamma_exponent": (1.0, 6.0), "law.momentum_weight": (0.0, 0.6), "law.gap_tail": (0.1, 0.2)}
    same = {one.key: (one.low, one.high) for one in RANGES if one.key in found and one.key not in wider}
    assert found == wider | same and len(same) == 4


@pytest.mark.parametrize("one", plan().fit.parameters, ids=lambda one: one.name)
def test_fit_starts_in_the_middle(one) -> None:
    middle = (one.min * one.max) ** 0.5 if one.scale == "log" else 0.5 * (one.min + one.max)
    assert one.start == pytest.approx(middle, rel=0.05)


@pytest.mark.parametrize("n", STACKS)
def test_fit_asks_for_the_targets_of_the_page(n: int) -> None:
    low, high = paper_range(n)
    peak, flat = datum(f"n{n:02d}-peak"), datum(f"n{n:02d}-no-backbending")
    # Middle and half width of the uniform model's range; the file has two digits.
    assert peak.value == pytest.approx((low + high) / 2, abs=0.011)
    assert peak.sigma == pytest.approx((high - low) / 2, abs=0.011)
    assert flat.limit == "at-least" and flat.value is not None and flat.value >= 0
    if n > 6:
        normal = datum(f"n{n:02d}-normal")
        assert (normal.value - normal.sigma, normal.value + normal.sigma) == pytest.approx(POWER_MW)


def ratio_at_38_K(*overrides: str) -> float:
    """i/v of one junction at 48 mV and 38 K with the law of the scenarios, changed."""
    law = build_law(load_scenario("kurter2010-n19", overrides))
    return float(law.at(np.array([SHORT_STACK_MV]), np.array([SHORT_STACK_K])).i[0]) / SHORT_STACK_MV


def test_fit_of_the_law_has_values_where_limits_would_bind() -> None:
    # A residual that is zero on one side of a limit has a derivative that jumps there: the fit would go to and fro.
    data = {one.name: one for one in load_fit(LAW_FIT).fit.data}
    assert all(one.limit is None for one in data.values())
    assert data["n30-no-backbending"].value > 0.02 and data["n12-width"].value < BETA
    cells = [line.split("|") for line in blocks_of(PARAMETERS.read_text("utf-8"))["law-fit-data"].splitlines()]
    rows = {line[1].strip(): line for line in cells if len(line) == 7}
    assert set(data) <= set(rows)
    assert all(abs(float(rows[name][5])) <= 1.0 for name in data)
    last = next(line for name, line in rows.items() if name.startswith("χ²"))
    assert last[5].strip() == "converged"
    assert float(last[4]) == pytest.approx(sum(float(rows[name][5]) ** 2 for name in data), abs=0.3)


def test_fit_asks_for_the_temperature_of_four_junctions() -> None:
    law = load_fit(LAW_FIT, VOCABULARY)
    one = next(found for found in law.measurements if found.data.name == "n04-temperature")
    asked = one.data
    assert (asked.value, asked.sigma, asked.limit) == (SHORT_STACK_K, SHORT_STACK_SIGMA_K, None)
    assert asked.observable == f"T_max_K@V_per_junction_mV={SHORT_STACK_MV}"
    scenario = law.scenario(one, {p.key: p.start for p in law.fit.parameters})
    assert (scenario.mode, scenario.mesa.junctions) == ("uniform", 4)
    # 4 v i/R_j = (38 K - 4.2 K)/(110 K/mW), with i and v in mV.
    device = UniformDevice.of(scenario)
    power = (SHORT_STACK_K - device.bath_K) / device.thermal_K_per_mW * device.per_mW
    assert power / SHORT_STACK_MV**2 == pytest.approx(0.807, abs=5e-4)


def test_a_weight_of_the_antinodes_meets_it_and_the_shipped_law_does_not() -> None:
    assert ratio_at_38_K() == pytest.approx(0.843, abs=5e-4)
    assert abs(short_stack_K() - SHORT_STACK_K) > SHORT_STACK_SIGMA_K
    weights = [f"law.momentum_weight={weight}" for weight in (0.3, 0.4)]
    for weight in weights:
        assert abs(short_stack_K((weight,)) - SHORT_STACK_K) < SHORT_STACK_SIGMA_K
    # 0.807 lies between the two.
    low, high = sorted(ratio_at_38_K(weight) for weight in weights)
    assert low < 0.807 < high


def test_widths_are_upper_limits() -> None:
    widths = [data for data in plan().fit.data if data.observable == "beta"]
    assert [(data.value, data.limit) for data in widths] == [(BETA, "at-most")] * len(widths)
    assert len(widths) > 0


def test_misfit_counts_limits_on_one_side_and_what_is_missing() -> None:
    good = {"least_slope_over_R_N": 0.5, "V_steepest_mV_per_junction": datum("n12-peak").value, "P_normal_mW": 1.05}
    assert misfit({12: good | {"beta": 0.1}}) == pytest.approx(0.0)
    width = datum("n12-width")
    assert misfit({12: good | {"beta": 0.15 + 2 * width.sigma}}) == pytest.approx(4.0)
    assert misfit({12: good | {"beta": None}}) == pytest.approx(plan().fit.missing ** 2)


def test_composition_names_the_largest_part_first_and_positive() -> None:
    assert composition({"a": 0.3, "b": -0.9, "c": 0.1}) == "+0.90 b, -0.30 a"


def test_page_of_the_parameters_is_whole() -> None:
    blocks = blocks_of((DOCS / "kurter2010-parameters.md").read_text(encoding="utf-8"))
    wanted = {"targets", "bath", "mechanisms", "trade-off", "one-at-a-time", "degenerate", "meshes"}
    wanted |= {"search", "search-best", "search-effects", "fit", "fit-targets", "fit-directions", "search-costs"}
    wanted |= {"law-fit", "law-fit-data", "law-fit-directions"}
    assert set(blocks) == wanted
    for name, block in blocks.items():
        columns = {line.count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(columns) == 1, name
