"""The sections of docs/kurter2010.md: their targets, tables, pictures and the states that they show."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from validation.kurter2010 import (
    area,
    bands,
    contacts,
    frontier,
    ingredients,
    maps,
    pristine,
    resolution,
    spatial,
    spectra,
    spots,
    thz,
    uniform_heating,
    weighted,
)
from validation.kurter2010.page import Target, target_table
from validation.kurter2010.shown import refuse_untold, stability_rows
from validation.kurter2010.stability import SHOWN
from validation.kurter2010.stacks import bath_table

from hotmesa.postprocess.page import on_page
from hotmesa.postprocess.style import own_settings

SECTIONS: dict[str, tuple[str, Callable[[], list[Target]], dict[str, Callable[[], str]], Callable[[], list[str]]]] = {
    "spectra": ("Equilibrium spectra", spectra.targets, {"spectra-table": spectra.table}, spectra.draw),
    "uniform": (
        "Uniform heating", uniform_heating.targets, {"uniform-bath": uniform_heating.bath_table}, uniform_heating.draw
    ),
    "spatial": (
        "The measured stacks",
        spatial.targets,
        {"spatial-peak": spatial.peak_table, "spatial-bath": bath_table, "spatial-bands": bands.table},
        spatial.draw,
    ),
    "maps": (
        "What decides backbending",
        maps.targets,
        {"maps-cooling": maps.cooling_table, "maps-place": maps.place_table},
        maps.draw,
    ),
    "ingredients": (
        "What each ingredient buys",
        ingredients.targets,
        {"ingredients-table": ingredients.ingredient_table, "ingredients-allowed": ingredients.allowed_table},
        ingredients.draw,
    ),
    "resolution": (
        "A voltmeter of finite resolution",
        resolution.targets,
        {"resolution-table": resolution.table},
        resolution.draw,
    ),
    "weighted": (
        "Another set for the stacks",
        weighted.targets,
        {"weighted-moved": weighted.moved_table, "weighted-table": weighted.table,
         "weighted-frontier": frontier.table, "weighted-tradeoff": weighted.tradeoff_table},
        weighted.draw,
    ),
    "contacts": ("Contacts at random", contacts.targets, {"contacts-table": contacts.width_table}, contacts.draw),
    "spots": ("The hot spot", spots.targets, {"spots-table": spots.table}, spots.draw),
    "pristine": (
        "The pristine mesa",
        pristine.targets,
        {"pristine-table": pristine.table, "pristine-jumps": pristine.jump_table},
        pristine.draw,
    ),
    "area": ("Area of the mesa", area.targets, {"area-table": area.table}, area.draw),
    "thz": (
        "The large mesa",
        thz.targets,
        {"thz-table": thz.table, "thz-bath": thz.bath_table, "thz-jumps": thz.jump_table},
        thz.draw,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What one section gave.

    Attributes:
        met, not_met, remarks: number of targets.
        held: rows of the table of what its source holds.
        cpu_s: processor time, with all processes.
    """

    met: int
    not_met: int
    remarks: int
    held: list[list[str]]
    cpu_s: float


PAGE_MM = 178.0
"""Width of the pictures: two columns of a journal."""
GROUPS = (
    ("maps",), ("thz",), ("resolution", "weighted"), ("spatial",), ("pristine",), ("spots",), ("contacts",),
    ("ingredients",), ("area",), ("uniform", "spectra"),
)  # fmt: skip
"""Sections that one process computes in turn, as they share studies; those first that take longest."""


def compute_group(names: Sequence[str]) -> list[tuple[str, tuple[Found, dict[str, str]]]]:
    """Compute sections in turn; return them with their names."""
    return [(name, compute(name)) for name in names]


def compute(name: str) -> tuple[Found, dict[str, str]]:
    """Compute one section and draw its pictures; return what it gave, and its tables for the page by name.

    Raises:
        ValueError: it shows states that their source does not hold without telling so.
    """
    title, targets, tables, draw = SECTIONS[name]
    start = processor_s()
    found = targets()
    blocks = {f"{name}-targets": target_table(found)} | {block: table() for block, table in tables.items()}
    shown = SHOWN[name]()
    refuse_untold(name, shown)
    with on_page(PAGE_MM), own_settings():
        draw()
    verdicts = [target.met for target in found]
    met, missed, remarks = (verdicts.count(verdict) for verdict in (True, False, None))
    return Found(met, missed, remarks, stability_rows(title, shown), processor_s() - start), blocks


def processor_s() -> float:
    """Return the processor time of this process and its children that have ended."""
    return sum(os.times()[:4])
