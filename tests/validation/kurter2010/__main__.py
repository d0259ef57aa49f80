"""Compute every number and picture of docs/kurter2010.md: `make paper`.

    python -m validation.kurter2010 [SECTION ...]

A section that shows states which the source named does not hold, and does not tell so, is refused. A page with a
section left out keeps its numbers of the last time; the processor time of each stands in its summary.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from validation.kurter2010.page import DOCS, blocks_of, markdown, write_block
from validation.kurter2010.sections import GROUPS, SECTIONS, Found, compute_group
from validation.kurter2010.shown import stability_table

from hotmesa.scenarios.writing import write_json

PAGE = DOCS / "kurter2010.md"
FOUND = Path("out/paper/sections.json")


def compute_all(names: Sequence[str]) -> Iterator[tuple[str, tuple[Found, dict[str, str]]]]:
    """Yield sections as they are computed in two processes, those first that take longest."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        groups = [group for every in GROUPS if (group := [name for name in every if name in names])]
        for future in as_completed([pool.submit(compute_group, group) for group in groups]):
            yield from future.result()


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
    """Compute the sections and write their tables into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default all: {', '.join(SECTIONS)}")
    chosen = parser.parse_args(arguments).sections
    unknown = sorted(set(chosen) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    known = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    found = {name: Found(**one) for name, one in known.items() if name in SECTIONS}
    for name, (one, blocks) in compute_all(chosen or list(SECTIONS)):
        found[name] = one
        for block, text in blocks.items():
            write_block(PAGE, block, text)
        sys.stdout.write(f"{name}: {one.met} met, {one.not_met} not met ({one.cpu_s:.0f} s of processor time)\n")
        sys.stdout.flush()
        FOUND.parent.mkdir(parents=True, exist_ok=True)
        write_json(FOUND, {name: asdict(one) for name, one in found.items()})
    write_block(PAGE, "summary", summary(found, PAGE))
    write_block(PAGE, "held", held(found, PAGE))


if __name__ == "__main__":
    main(sys.argv[1:])
