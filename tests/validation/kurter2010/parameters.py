"""Compute every number of docs/kurter2010-parameters.md and write the tables between its markers.

    python -m validation.kurter2010.parameters [TABLE ...]

All tables take about five minutes on one processor; the finest meshes are half of it. The search and the fit take ten
more where their results are not in out/kurter2010-search and out/kurter2010-fit, in the folder of the call.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from validation.kurter2010.fitted import (
    LAW,
    fit_directions_table,
    fit_table,
    fit_targets_table,
    law_data_table,
    value_of,
)
from validation.kurter2010.page import DOCS, markdown, number, write_block
from validation.kurter2010.searched import best_table, costs_table, effects_table, search_table
from validation.kurter2010.stacks import COARSE, THICK, bath_table, branch, stack_table

from hotmesa import load_scenario

PAGE = DOCS / "kurter2010-parameters.md"

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


def meshes() -> str:
    """Return the figures of N = 19 and 30 on other meshes and with a resolved stack."""
    thick = {f"mesh.refine={refine}": (*THICK, f"mesh.refine={refine}") for refine in ("0.7", "1.4", "1.5", "2")}
    cases: dict[str, tuple[str, ...]] = {"–": ()}
    cases |= {f"thick sublayers, {words}": changes for words, changes in thick.items()}
    cases["the same with 4 in the mesa"] = (*THICK, "mesh.refine=1.4", "layers.1.sublayers=4")
    head = ("N", "changed", "backbending (mV)", "dV/dI over R_N ≥", "V_peak (mV)", "β", "normal from (mW)")
    rows = []
    for n in (19, 30):
        rows += [[str(n), words, *_figures(branch(n, changes))] for words, changes in cases.items()]
    return markdown(head, rows)


def _figures(run: Mapping[str, Any]) -> list[str]:
    keys = (("backbending_mV_per_junction", 3), ("least_slope_over_R_N", 3), ("V_peak_mV_per_junction", 2), ("beta", 3))
    return [number(run[key], digits) for key, digits in keys] + [number(run["P_normal_mW"], 3)]


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
        number(tall["least_slope_over_R_N"], 3),
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
        value = value_of(load_scenario("kurter2010-n19"), key)
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


def main(arguments: Sequence[str]) -> None:
    """Compute the tables one after the other and write each into the page."""
    tables: dict[str, Callable[[], str]] = {}
    tables |= {"targets": stack_table, "bath": bath_table, "mechanisms": mechanisms, "trade-off": trade_off}
    tables |= {
        "search": search_table,
        "search-best": best_table,
        "search-effects": effects_table,
        "search-costs": costs_table,
    }
    tables |= {"fit": fit_table, "fit-targets": fit_targets_table, "fit-directions": fit_directions_table}
    tables |= {
        "law-fit": partial(fit_table, LAW),
        "law-fit-data": law_data_table,
        "law-fit-directions": partial(fit_directions_table, LAW),
    }
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
        write_block(PAGE, name, made)


if __name__ == "__main__":
    main(sys.argv[1:])
