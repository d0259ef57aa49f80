"""Compute every number and picture of docs/kurter2010.md: `make paper`.

    python -m validation.kurter2010 [SECTION ...]

A section that shows states which the source named does not hold, and does not tell so, is refused. A page with a
section left out keeps its numbers of the last time; the processor time of each stands in its summary.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from validation.kurter2010 import (
    area,
    bands,
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
from validation.kurter2010.page import DOCS, Target, blocks_of, markdown, target_table, write_block
from validation.kurter2010.shown import refuse_untold, stability_rows, stability_table
from validation.kurter2010.stability import SHOWN
from validation.kurter2010.stacks import bath_table

from hotmesa.scenarios.writing import write_json

PAGE = DOCS / "kurter2010.md"
FOUND = Path("out/paper/sections.json")
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
         "weighted-tradeoff": weighted.tradeoff_table},
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


def compute(name: str, page: Path) -> Found:
    """Compute one section, draw its pictures, and write its tables into the page.

    Raises:
        ValueError: it shows states that their source does not hold without telling so.
    """
    title, targets, tables, draw = SECTIONS[name]
    start = processor_s()
    found = targets()
    blocks = {f"{name}-targets": target_table(found)} | {block: table() for block, table in tables.items()}
    shown = SHOWN[name]()
    refuse_untold(name, shown)
    for block, text in blocks.items():
        write_block(page, block, text)
    draw()
    verdicts = [target.met for target in found]
    met, missed, remarks = (verdicts.count(verdict) for verdict in (True, False, None))
    return Found(met, missed, remarks, stability_rows(title, shown), processor_s() - start)


def processor_s() -> float:
    """Return the processor time of this process and its children that have ended."""
    return sum(os.times()[:4])


def rows_on(page: Path, block: str) -> dict[str, list[list[str]]]:
    """Return the rows of a table of the page by their first column, the section."""
    found: dict[str, list[list[str]]] = {}
    for line in blocks_of(page.read_text(encoding="utf-8"))[block].splitlines()[3:]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            found.setdefault(cells[0], []).append(cells)
    return found


def summary(found: Mapping[str, Found], page: Path) -> str:
    """Return the table of verdicts and processor time by section, of those not computed as on the page."""
    rows = rows_on(page, "summary")
    for name, one in found.items():
        title = SECTIONS[name][0]
        rows[title] = [[title, *map(str, (one.met, one.not_met, one.remarks)), f"{one.cpu_s:.0f}"]]
    lines = [row for title, *_ in SECTIONS.values() for row in rows.get(title, [])]
    sums = [sum(float(row[k]) for row in lines if row[k].isdigit()) for k in (1, 2, 3, 4)]
    return markdown(("section", "met", "not met", "remarks", "processor time (s)"),
                    [*lines, ["all", *(f"{value:.0f}" for value in sums)]])  # fmt: skip


def held(found: Mapping[str, Found], page: Path) -> str:
    """Return the table of what sources hold, of sections not computed as on the page."""
    rows = rows_on(page, "held") | {SECTIONS[name][0]: one.held for name, one in found.items()}
    return stability_table([row for title, *_ in SECTIONS.values() for row in rows.get(title, [])])


def main(arguments: Sequence[str]) -> None:
    """Compute the sections one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default all: {', '.join(SECTIONS)}")
    chosen = parser.parse_args(arguments).sections
    unknown = sorted(set(chosen) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    known = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    found = {name: Found(**one) for name, one in known.items() if name in SECTIONS}
    for name in chosen or SECTIONS:
        one = found[name] = compute(name, PAGE)
        sys.stdout.write(f"{name}: {one.met} met, {one.not_met} not met ({one.cpu_s:.0f} s of processor time)\n")
        sys.stdout.flush()
        FOUND.parent.mkdir(parents=True, exist_ok=True)
        write_json(FOUND, {name: asdict(one) for name, one in found.items()})
    write_block(PAGE, "summary", summary(found, PAGE))
    write_block(PAGE, "held", held(found, PAGE))


if __name__ == "__main__":
    main(sys.argv[1:])
