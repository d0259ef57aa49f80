"""Compute every number of docs/kurter2010-parameters.md and write the tables between its markers.

    python docs/make_kurter_parameters.py [TABLE ...]

All tables take about five minutes on one processor; the finest meshes are half of it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.report import curve_figures, curve_of
from hotmesa.postprocess.summary import full_normality, nucleation
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.shapes import normal_resistance_ohm
from hotmesa.solver.laws import build_law
from hotmesa.solver.model import Model
from hotmesa.solver.trace import trace_branch
from hotmesa.solver.uniform import uniform_curve

PAGE = Path(__file__).with_name("kurter2010-parameters.md")
STACKS = (6, 12, 19, 24, 30)
POWER_MW = (1.0, 1.1)
BETA = 0.15
COARSE = ("mesh.refine=0.7", "branch.min_points=40")
"""For tables of many branches: V and P move by less than 0.5 % against the standard mesh."""

# Key, lower and upper end of what can be defended, short name. The scenario holds the reason of each range.
KNOBS: tuple[tuple[str, float, float, str], ...] = (
    ("law.gamma_c_meV", 5.0, 15.0, "Γ at 74 K (meV)"),
    ("law.gamma_exponent", 3.0, 6.0, "exponent of Γ(T)"),
    ("law.gap_ratio", 7.4, 8.4, "2Δ/k_B T_p"),
    ("contacts.0.contact_resistance_ohm", 0.05, 0.15, "contact (Ω)"),
    ("contacts.0.radius_um", 0.75, 3.0, "contact radius (µm)"),
    ("contacts.0.wire_K_per_mW", 1.0, 5.0, "wire (K/mW)"),
    ("materials.film.residual_resistivity_ohm_m", 0.7e-8, 4e-8, "film ρ0 (Ω m)"),
    ("materials.film.lorenz_factor", 1.0, 3.0, "film Lorenz factor"),
    ("materials.intercalated.divide_conductivity_by", 3.0, 30.0, "crystal: pristine over"),
    ("materials.intercalated.anisotropy", 3.0, 20.0, "crystal anisotropy"),
    ("layers.2.thickness_um", 10.0, 100.0, "crystal thickness (µm)"),
)
PLACES = (("centre", 0.0, 0.0), ("edge", -3.4, 0.0), ("corner", -3.4, -3.4))
MECHANISMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("as shipped", ()),
    ("film without any gradient (conducts 100 times better)", ("materials.film.lorenz_factor=100",)),
    (
        "no gradient, cooled less so that V_peak of N = 19 stays",
        (
            "materials.film.lorenz_factor=100",
            "contacts.0.contact_resistance_ohm=0.12",
            "materials.intercalated.divide_conductivity_by=7",
        ),
    ),
    (
        "no gradient, cooled less, scattering rate of the uniform model",
        (
            "materials.film.lorenz_factor=100",
            "contacts.0.contact_resistance_ohm=0.12",
            "materials.intercalated.divide_conductivity_by=7",
            "law.gamma_c_meV=10",
            "law.gamma_exponent=5",
        ),
    ),
    (
        "contact with a constant resistance",
        ("contacts.0.contact_resistance_ohm=none", "contacts.0.contact_K_per_mW=95"),
    ),
    (
        "crystal with constant conductivities (those of 50 K)",
        (
            "materials.intercalated.divide_conductivity_by=none",
            "materials.intercalated.anisotropy=none",
            "materials.intercalated.in_plane_W_per_mK=0.66",
            "materials.intercalated.out_of_plane_W_per_mK=0.11",
        ),
    ),
    ("scattering rate of the uniform model (10 meV, exponent 5)", ("law.gamma_c_meV=10", "law.gamma_exponent=5")),
    ("mean of three gaps 23, 25, 27 meV", ("law.set=none", "law.gaps_meV=[23.0, 25.0, 27.0]")),
)


@cache
def branch(junctions: int, overrides: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the figures of merit of one branch, with the smallest dV/dI over R_N as `slope`."""
    scenario = load_scenario(f"kurter2010-n{junctions:02d}", overrides)
    rows = [point.row for point in trace_branch(Model(scenario, build_mesh(scenario)))]
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    R_N = normal_resistance_ohm(scenario.mesa)
    curve = curve_of(table, R_N)
    hot = scenario.output.hot_temperature_K
    more = {"nucleation": nucleation(table, curve, hot), "normal": full_normality(table)}
    last = {"wire": table["Q_wire_mW"][-1] / table["P_mW"][-1]}
    return curve_figures(table, curve, junctions) | more | last | {"slope": float(np.min(table["dV_dI_ohm"])) / R_N}


def uniform_range(scenario: Scenario) -> tuple[float, float]:
    """Return V per junction (mV) at the minimum and maximum of backbending; twice that of the peak without it."""
    curve = uniform_curve(build_law(scenario), scenario)
    if curve.v_extrema_mV is not None:
        return min(curve.v_extrema_mV), max(curve.v_extrema_mV)
    peak = float("nan") if curve.peak is None else curve.peak.v_mV
    return peak, peak


def paper_range(junctions: int) -> tuple[float, float]:
    """Return lowest and highest voltage of the uniform model at 110 K/mW over the three sets of the paper."""
    names = [(f"mesa.junctions={junctions}", f"law.set={number}") for number in (1, 2, 3)]
    ends = [uniform_range(load_scenario("kurter2010-uniform", overrides)) for overrides in names]
    return min(low for low, _ in ends), max(high for _, high in ends)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number as text, a dash where there is none."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def verdict(met: bool) -> str:
    """Return the word for a target."""
    return "met" if met else "**not met**"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def targets() -> str:
    """Return the table of targets 4 to 7 for the five stacks."""
    head = ("quantity", "target", *(f"N = {n}" for n in STACKS), "verdict")
    runs = {n: branch(n) for n in STACKS}
    tall = STACKS[1:]
    beta = {n: runs[n]["beta"] for n in STACKS}
    mean = float(np.mean([beta[n] for n in tall]))
    ranges = {n: paper_range(n) for n in STACKS}
    own = {n: uniform_range(load_scenario(f"kurter2010-n{n:02d}")) for n in STACKS}

    def line(name: str, target: str, key: str, digits: int, met: str) -> list[str]:
        return [name, target, *(number(runs[n][key], digits) for n in STACKS), met]

    def powers(key: str) -> str:
        return verdict(all(POWER_MW[0] <= (runs[n][key] or 0) <= POWER_MW[1] for n in tall))

    peaks = {n: runs[n]["V_peak_mV_per_junction"] or np.nan for n in STACKS}
    inside = [ranges[n][0] <= peaks[n] <= ranges[n][1] for n in STACKS]
    band = "1.0 to 1.1, N ≥ 12"
    rows = [
        line("backbending (mV per junction)", "0", "backbending_mV_per_junction", 3,
             verdict(all(runs[n]["backbending_mV_per_junction"] == 0 for n in STACKS))),
        line("smallest dV/dI over R_N", "> 0", "slope", 3, verdict(all(runs[n]["slope"] > 0 for n in STACKS))),
        line("normal from, differential (mW)", band, "P_normal_mW", 3, powers("P_normal_mW")),
        line("normal from, static (mW)", band, "P_normal_static_mW", 3, powers("P_normal_static_mW")),
        ["whole mesa above 74 K from (mW)", "reached",
         *(number((runs[n]["normal"] or {}).get("P_mW"), 2) for n in STACKS),
         verdict(all(runs[n]["normal"] for n in STACKS))],
        line("β, baseline zero", f"< {BETA}, N ≥ 12", "beta", 3, verdict(all((beta[n] or 1) < BETA for n in tall))),
        line("β, baseline Y_N", "", "beta_above_Y_N", 3, ""),
        ["β(N = 6)/β(N)", "nearly 6", "", *(number(beta[6] / beta[n], 1) for n in tall),
         f"{verdict(5 <= beta[6] / mean <= 7)} (over the mean: {beta[6] / mean:.1f})"],
        line("V_peak (mV per junction)", "in the range below", "V_peak_mV_per_junction", 2, verdict(all(inside))),
        ["uniform model, sets 1 to 3", "", *(f"{a:.2f} to {b:.2f}" for a, b in ranges.values()), ""],
        ["uniform model, law of these scenarios", "", *(f"{a:.2f} to {b:.2f}" for a, b in own.values()), ""],
        ["hot spot appears at (µm)", "far from the contact",
         *(f"({run['nucleation']['x_um']:.1f}, {run['nucleation']['y_um']:.1f})" for run in runs.values()),
         verdict(all(run["nucleation"]["contact_distance_um"] > 5 for run in runs.values()))],
        ["hot spot appears at (mW)", "", *(number(run["nucleation"]["P_mW"]) for run in runs.values()), ""],
        ["heat through the wire at the end", "", *(f"{run['wire']:.0%}" for run in runs.values()), ""],
    ]  # fmt: skip
    return markdown(head, rows)


def meshes() -> str:
    """Return the figures of N = 19 and 30 on other meshes and with a resolved stack."""
    cases = [("mesh.refine=0.7",), (), ("mesh.refine=1.5",), ("mesh.refine=2",), ("layers.1.sublayers=4",)]
    head = ("N", "changed", "backbending (mV)", "dV/dI over R_N ≥", "V_peak (mV)", "β", "normal from (mW)")
    rows = []
    for n in (19, 30):
        for case in cases:
            rows.append([str(n), case[0] if case else "–", *_figures(branch(n, case))])
    return markdown(head, rows)


def _figures(run: Mapping[str, Any]) -> list[str]:
    keys = (("backbending_mV_per_junction", 3), ("slope", 3), ("V_peak_mV_per_junction", 2), ("beta", 3))
    return [number(run[key], digits) for key, digits in keys] + [number(run["P_normal_mW"], 3)]


def bath() -> str:
    """Return the peak of N = 19 against the bath temperature."""
    head = ("T_B (K)", "V_peak (mV per junction)", "height over Y_N", "backbending (mV)")
    rows = []
    for T in (4.2, 20, 40, 60, 80):
        run = branch(19, (*COARSE, f"bath.temperature_K={T}"))
        height = run["peak_height_over_Y_N"]
        # A millionth of the normal conductance is no feature that a measurement could show.
        seen = height is not None and height > 1.01
        values = (number(run["V_peak_mV_per_junction"]), number(height)) if seen else ("no peak", "–")
        rows.append([f"{T:g}", *values, number(run["backbending_mV_per_junction"], 3)])
    return markdown(head, rows)


BRIEF = (6, 12, 19, 30)
BRIEF_HEAD = (
    "V_peak N = 6, 12, 19 (mV)", "β N = 12, 19", "normal from N = 12, 30 (mW)",
    "N = 30: backbending (mV)", "N = 30: least dV/dI over R_N",
)  # fmt: skip


def brief(overrides: tuple[str, ...]) -> list[str]:
    """Return the cells of BRIEF_HEAD for a changed set."""
    runs = {n: branch(n, (*COARSE, *overrides)) for n in BRIEF}
    tall = runs[30]
    return [
        ", ".join(number(runs[n]["V_peak_mV_per_junction"], 1) for n in (6, 12, 19)),
        ", ".join(number(runs[n]["beta"]) for n in (12, 19)),
        ", ".join(number(runs[n]["P_normal_mW"]) for n in (12, 30)),
        number(tall["backbending_mV_per_junction"]),
        number(tall["slope"], 3),
    ]


def one_at_a_time() -> str:
    """Return how far the figures move when one parameter goes to either end of its range."""
    rows = [["as shipped", "", *brief(())]]
    for key, low, high, name in KNOBS:
        rows += [[name, f"{value:g}", *brief((f"{key}={value:g}",))] for value in (low, high)]
    for name, x, y in PLACES:
        rows.append(["place of the contact", name, *brief((f"contacts.0.x_um={x}", f"contacts.0.y_um={y}"))])
    return markdown(("parameter", "value", *BRIEF_HEAD), rows)


def trade_off() -> str:
    """Return β of N = 12 against the backbending of N = 30 along the sharpness of the law."""
    rows = []
    for rate, exponent in ((5, 6), (8, 5), (10, 4), (8, 3), (10, 3), (13, 3), (15, 3)):
        rows.append([f"{rate:g}, {exponent:g}", *brief((f"law.gamma_c_meV={rate}", f"law.gamma_exponent={exponent}"))])
    return markdown(("Γ at 74 K (meV), exponent", *BRIEF_HEAD), rows)


def mechanisms() -> str:
    """Return what becomes of the set without one of its ingredients."""
    return markdown(("", *BRIEF_HEAD), [[name, *brief(overrides)] for name, overrides in MECHANISMS])


def _measures(overrides: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """Return what the paper reports, each over the precision with which it does."""
    runs = {n: branch(n, (*COARSE, *overrides)) for n in (6, 12, 19)}
    peaks = [runs[n]["V_peak_mV_per_junction"] / 0.5 for n in runs]  # symbols of Fig. 6: 0.5 mV
    powers = [runs[n]["P_normal_mW"] / 0.05 for n in (12, 19)]  # "1.0 to 1.1 mW"
    widths = [np.log(runs[n]["beta"]) / 0.2 for n in runs]  # inset of Fig. 2: 20 %
    return np.array([*peaks, *powers, *widths])


def degenerate() -> str:
    """Return the directions in the logarithms of the thermal parameters that move the figures most and least."""
    step = 0.05
    knobs = [(key, name) for key, _, _, name in KNOBS if not key.startswith("law.") and "wire" not in key]
    reference = _measures(())
    columns = []
    for key, _ in knobs:
        value = _value(load_scenario("kurter2010-n19"), key)
        columns.append((_measures((f"{key}={value * (1 + step)!r}",)) - reference) / np.log1p(step))
    _, singular, directions = np.linalg.svd(np.array(columns).T, full_matrices=False)
    names = [name for _, name in knobs]
    order = (0, 1, -2, -1)
    words = ("stiffest", "second", "weakest but one", "weakest")
    rows = [[word, *_direction(singular[k], directions[k], names)] for word, k in zip(words, order, strict=True)]
    return markdown(("direction", "change for 10 %, in precisions", "composition (logarithms)"), rows)


def _direction(singular: float, vector: np.ndarray[Any, Any], names: Sequence[str]) -> list[str]:
    order = np.argsort(-np.abs(vector))
    parts = [f"{vector[k]:+.2f} {names[k]}" for k in order if abs(vector[k]) >= 0.2]
    return [f"{0.1 * singular:.1g}", ", ".join(parts)]


def _value(scenario: Scenario, key: str) -> float:
    """Return the value of a key in dots."""
    value: Any = scenario
    for part in key.split("."):
        if part.isdigit():
            value = value[int(part)]
        else:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
    return float(value)


def write(name: str, table: str) -> None:
    """Replace what stands between the markers of a table in the page.

    Raises:
        ValueError: the page has no such markers.
    """
    text = PAGE.read_text(encoding="utf-8")
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    text, found = re.subn(pattern, lambda match: f"{match[1]}\n{table}\n\n{match[2]}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{PAGE.name} has {found} places for the table {name!r}")
    PAGE.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Compute the tables one after the other and write each into the page."""
    tables = {"targets": targets, "bath": bath, "mechanisms": mechanisms, "trade-off": trade_off}
    tables |= {"one-at-a-time": one_at_a_time, "degenerate": degenerate, "meshes": meshes}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"default all: {', '.join(tables)}")
    chosen = parser.parse_args(arguments).tables
    unknown = sorted(set(chosen) - set(tables))
    if unknown:
        parser.error(f"no table {', '.join(unknown)}; there are {', '.join(tables)}")
    for name in chosen or tables:
        made = tables[name]()
        sys.stdout.write(f"{name}\n{made}\n\n")
        sys.stdout.flush()
        write(name, made)


if __name__ == "__main__":
    main(sys.argv[1:])
