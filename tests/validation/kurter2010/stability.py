"""Which states each section of the page shows: asked by the command that writes the page."""

from __future__ import annotations

from collections.abc import Callable

from validation.kurter2010 import (
    area,
    contacts,
    frontier,
    ingredients,
    maps,
    pristine,
    resolution,
    spots,
    thz,
    tradeoff,
    uniform_heating,
    weighted,
)
from validation.kurter2010.shown import Shown, of_branches, of_currents, of_jumps, of_study, of_uniform
from validation.kurter2010.stacks import BATHS_K, COARSE, STACKS, stack

NUMBERS = "numbers of whole curves"


def _uniform() -> list[Shown]:
    curves = [uniform_heating.curve(n, k) for n in uniform_heating.STACKS for k in uniform_heating.SETS]
    baths = [uniform_heating.curve(19, 3, f"bath.temperature_K={T:g}") for T in uniform_heating.BATHS_K]
    return [of_uniform("curves of all stacks and sets", curves), of_uniform("N = 19 by bath", baths)]


def _spatial() -> list[Shown]:
    baths = [stack(19, (*COARSE, f"bath.temperature_K={T:g}")) for T in BATHS_K]
    return [of_branches("curves of all stacks", [stack(n) for n in STACKS]), of_branches("N = 19 by bath", baths)]


def _maps() -> list[Shown]:
    words = {maps.COOLING: "map of film and contact", maps.PLACE: "map of stack and place", maps.FILM: "map of films"}
    return [of_study(text, name, NUMBERS, maps.RESULTS) for name, text in words.items()]


def _spots() -> list[Shown]:
    return [of_branches("curves and maps by place of the wire", map(spots.spot, spots.PLACES))]


def _pristine() -> list[Shown]:
    found = [
        of_branches("curves with both films", [pristine.run(), pristine.run(pristine.CLEAN_FILM)]),
        of_currents("rows of the table", pristine.run(), pristine.ROWS_MA),
    ]
    laws = [pristine.light(*overrides) for _, overrides in pristine.LAWS]
    return found + [of_jumps(f"jumps, {words}", run, pristine.jumps(run), "not held")
                    for (words, _), run in zip(pristine.LAWS, laws, strict=True)]  # fmt: skip


def _thz() -> list[Shown]:
    variants = [thz.run(electrode="thick"), thz.run(lead=True)]
    found = [
        of_branches("curves by bath, electrode and lead", [*map(thz.run, thz.BATHS_K), *variants]),
        of_currents("rows of the table", thz.run(), thz.ROWS_MA, "column"),
        of_currents("the same with lead", thz.run(lead=True), thz.ROWS_MA, "column"),
    ]
    return found + [of_jumps(f"jumps, {electrode} electrode, current enters {lead}", thz.light(electrode, lead),
                             thz.jumps(electrode, lead), "not held")
                    for electrode, lead in thz.VARIANTS]  # fmt: skip


SHOWN: dict[str, Callable[[], list[Shown]]] = {
    "spectra": lambda: [],
    "uniform": _uniform,
    "spatial": _spatial,
    "maps": _maps,
    "ingredients": lambda: [of_study("all laws", ingredients.NAME)],
    "resolution": lambda: [of_study("both sets", resolution.NAME)],
    "weighted": lambda: [
        of_study("all stacks", weighted.NAME), of_study("trade-off", tradeoff.NAME),
        of_study("frontier", frontier.NAME),
        of_branches("N = 19 at 80 K", [weighted.warm(80.0)]),
    ],
    "contacts": lambda: [of_study("all contacts", contacts.NAME)],
    "spots": _spots,
    "pristine": _pristine,
    "area": lambda: [of_branches("curves of all areas", area.mesas())],
    "thz": _thz,
}
"""By section; spectra are those of equilibrium, without a bias current that heats."""
