"""Compute every number and picture of docs/kurter2010.md: `make paper`.

    python -m validation.kurter2010 [SECTION ...]

All sections take some minutes on one processor. A page with a section left out keeps its numbers of the last time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from validation.kurter2010 import (
    area,
    contacts,
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
from validation.kurter2010.page import DOCS, Target, markdown, target_table, write_block
from validation.kurter2010.stacks import bath_table

PAGE = DOCS / "kurter2010.md"
VERDICTS = Path("out/paper/verdicts.json")
SECTIONS: dict[str, tuple[str, Callable[[], list[Target]], dict[str, Callable[[], str]], Callable[[], list[str]]]] = {
    "spectra": ("Equilibrium spectra", spectra.targets, {"spectra-table": spectra.table}, spectra.draw),
    "uniform": (
        "Uniform heating", uniform_heating.targets, {"uniform-bath": uniform_heating.bath_table}, uniform_heating.draw
    ),
    "spatial": (
        "The measured stacks",
        spatial.targets,
        {"spatial-peak": spatial.peak_table, "spatial-bath": bath_table},
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
        {"ingredients-table": ingredients.ingredient_table},
        ingredients.draw,
    ),
    "resolution": (
        "A voltmeter of finite resolution",
        resolution.targets,
        {"resolution-table": resolution.table},
        resolution.draw,
    ),
    "weighted": ("Another set for the stacks", weighted.targets, {"weighted-table": weighted.table}, weighted.draw),
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


def compute(name: str, page: Path) -> list[Target]:
    """Compute one section, draw its pictures, and write its tables into the page."""
    _, targets, tables, draw = SECTIONS[name]
    found = targets()
    write_block(page, f"{name}-targets", target_table(found))
    for block, table in tables.items():
        write_block(page, block, table())
    draw()
    return found


def summary(counts: dict[str, dict[str, int]]) -> str:
    """Return the table of verdicts by section."""
    words = ("met", "not met", "remarks")
    rows = [[SECTIONS[name][0], *(str(counts[name].get(word, 0)) for word in words)] for name in SECTIONS
            if name in counts]  # fmt: skip
    total = [sum(int(row[k]) for row in rows) for k in (1, 2, 3)]
    return markdown(("section", *words), [*rows, ["all", *(str(value) for value in total)]])


def count(targets: Sequence[Target]) -> dict[str, int]:
    """Return how many targets are met, not met, and without a verdict."""
    verdicts = [target.met for target in targets]
    return {"met": verdicts.count(True), "not met": verdicts.count(False), "remarks": verdicts.count(None)}


def main(arguments: Sequence[str]) -> None:
    """Compute the sections one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default all: {', '.join(SECTIONS)}")
    chosen = parser.parse_args(arguments).sections
    unknown = sorted(set(chosen) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    counts = json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {}
    for name in chosen or SECTIONS:
        start = time.monotonic()
        counts[name] = count(compute(name, PAGE))
        sys.stdout.write(f"{name}: {counts[name]['met']} met, {counts[name]['not met']} not met "
                         f"({time.monotonic() - start:.0f} s)\n")  # fmt: skip
        sys.stdout.flush()
        VERDICTS.parent.mkdir(parents=True, exist_ok=True)
        draft = VERDICTS.with_suffix(".part")
        draft.write_text(json.dumps(counts, indent=2))
        os.replace(draft, VERDICTS)
    write_block(PAGE, "summary", summary(counts))


if __name__ == "__main__":
    main(sys.argv[1:])
