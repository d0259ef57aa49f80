"""What fit-kurter2010 finds, beside the set of the scenarios."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from validation.kurter2010.page import markdown, number, verdict
from validation.kurter2010.stacks import STACKS, THICK, branch, checks

from hotmesa import Scenario, fit, load_scenario
from hotmesa.fit_model import beyond, bounds
from hotmesa.postprocess.tables import text_rows
from hotmesa.scenarios.plans.files import flat
from hotmesa.scenarios.plans.fit import FitPlan, load_fit

FILE, LAW = "fit-kurter2010", "fit-kurter2010-law"
FINAL = ("mesh.refine=1.4", *THICK)
"""Mesh and sublayers on which scenarios and fit are compared: those of the fit, with finer elements."""
QUANTITIES = (
    ("least dV/dI over R_N", "least_slope_over_R_N", 3, "rising"),
    ("backbending (mV per junction)", "backbending_mV_per_junction", 3, "no backbending"),
    ("normal from, differential (mW)", "P_normal_mW", 3, "differential"),
    ("normal from, static (mW)", "P_normal_static_mW", 3, ""),
    ("β, baseline zero", "beta", 3, "narrow"),
    ("V_peak (mV per junction)", "V_peak_mV_per_junction", 2, "peak"),
)


@cache
def plan(file: str = FILE) -> FitPlan:
    """Return a bundled fit."""
    return load_fit(file)


def misfit(figures: Mapping[int, Mapping[str, Any]]) -> float:
    """Return χ² of the data of the fit that are about the given stacks (by number of junctions)."""
    total = 0.0
    for data in plan().fit.data:
        junctions = int(str(data.scenario)[-2:])
        if junctions in figures and data.value is not None and data.sigma is not None:
            value = figures[junctions][str(data.observable)]
            miss = plan().fit.missing
            if value is not None:
                miss = beyond(value - data.value, data.limit) / data.sigma
            total += miss**2
    return total


@cache
def result(file: str = FILE) -> dict[str, Any]:
    """Return fit.json of a bundled fit, computing what is missing in out/NAME-fit."""
    results = Path("out") / f"{file.removeprefix('fit-')}-fit"
    fit(file, out=results, command=f"hotmesa fit {file}")
    found: dict[str, Any] = json.loads((results / "fit.json").read_text(encoding="utf-8"))
    costs = [json.loads(file.read_text(encoding="utf-8")) for file in (results / "evaluations").glob("*/case.json")]
    return found | {"cpu_min": sum(cost["cpu_s"] for cost in costs) / 60, "branches": len(costs)}


def best() -> tuple[str, ...]:
    """Return the values of the fit as overrides."""
    return tuple(f"{found['key']}={found['value']!r}" for found in result()["parameters"].values())


def fit_table(file: str = FILE) -> str:
    """Return the values of a fit with how well the data fix them."""
    shipped = load_scenario("kurter2010-n19")
    rows = []
    for parameter in plan(file).fit.parameters:
        found = result(file)["parameters"][parameter.name]
        low, high = bounds(parameter)
        error = found["uncertainty"]
        if error is not None:
            error = error / (found["value"] if parameter.scale == "log" else 1.0) / (high - low)
        others = sorted(found["correlations"].items(), key=lambda item: -abs(item[1]))[:2]
        words = ", ".join(f"{value:+.2f} {name}" for name, value in others)
        rows.append([f"{parameter.name} (`{parameter.key}`)", f"{parameter.min:g} to {parameter.max:g}",
                     f"{parameter.start:g}", f"{found['value']:.3g}", f"{value_of(shipped, parameter.key):g}",
                     number(error, 1), words])  # fmt: skip
    head = ("parameter", "bounds", "start", "fit", "scenarios", "uncertainty over the range", "strongest correlations")
    return markdown(head, rows)


def fit_targets_table() -> str:
    """Return the figures of the five stacks with the values of the fit and of the scenarios, on finer elements."""
    chosen = {"scenarios": (), "fit": best()}
    met = {name: checks((*FINAL, *overrides)) for name, overrides in chosen.items()}
    rows = []
    for name, key, digits, check in QUANTITIES:
        for word, overrides in chosen.items():
            cells = [number(branch(n, (*FINAL, *overrides))[key], digits) for n in STACKS]
            rows.append([name, word, *cells, verdict(met[word].get(check))])
    held = tuple(f"{key}={value}" for key, value in flat(plan().fit.fixed).items())
    for word, overrides in chosen.items():
        chi = misfit({n: branch(n, (*held, *overrides)) for n in STACKS})
        count = f"{sum(met[word].values())} of {len(met[word])} met"
        rows.append([f"χ² of {len(plan().fit.data)} data, mesh of the fit", word, number(chi, 1),
                     *[""] * (len(STACKS) - 1), count])  # fmt: skip
    return markdown(("quantity", "set", *(f"N = {n}" for n in STACKS), "verdict"), rows)


def fit_directions_table(file: str = FILE) -> str:
    """Return all directions, the best known first, with their uncertainties over the distances of the bounds."""
    found = result(file)["directions"][::-1]
    rows = [[str(k), f"{one['sigma']:.2g}", composition(one["parts"])] for k, one in enumerate(found, start=1)]
    return markdown(("direction", "uncertainty over the range", "composition"), rows)


def law_data_table() -> str:
    """Return how the fit of the law ended, with every datum."""
    found = result(LAW)
    rows = [[str(row["data"]), str(row["quantity"]), f"{float(row['measured']):g} ± {float(row['sigma']):g}",
             f"{float(row['model']):.4g}", f"{float(row['residual']):+.1f}"]
            for row in text_rows(Path("out") / "kurter2010-law-fit" / "residuals.csv")]  # fmt: skip
    end = "converged" if found["converged"] else "**not converged**"
    last = f"χ² of {found['data']} data, {len(found['parameters'])} parameters", "", "", number(found["chi_squared"], 2)
    return markdown(("datum", "quantity", "wanted", "fit", "misfit (σ)"), [*rows, [*last, end]])


def composition(parts: Mapping[str, float]) -> str:
    """Return the larger parts of a direction in words, the largest first and positive."""
    names, values = list(parts), np.array(list(parts.values()))
    order = [int(k) for k in np.argsort(-np.abs(values))]
    values = values * np.sign(values[order[0]])
    return ", ".join(f"{values[k]:+.2f} {names[k]}" for k in order if abs(values[k]) >= 0.2)


def value_of(scenario: Scenario, key: str) -> float:
    """Return the value of a key in dots."""
    value: Any = scenario
    for part in key.split("."):
        if part.isdigit():
            value = value[int(part)]
        else:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
    return float(value)
