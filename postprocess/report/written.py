"""Reports of folders that hold tables and pictures of their own: optimisations, uncertainties, sensitivities."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.postprocess.provenance import read_json
from hotmesa.postprocess.report.parts import Block, Cell, Page, Picture, Section, Table
from hotmesa.postprocess.report.run import leaves, provenance_table
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.tables import OWN_MB, TableError, read_fields

LONG = 60
"""A table with more rows is folded."""


@dataclass(frozen=True)
class Sort:
    """A sort of result.

    Attributes:
        noun: what it is.
        record: its JSON file.
        pictures: by file name, what they show.
        tables: by file name, what they hold; the first must be there.
    """

    noun: str
    record: str
    pictures: Mapping[str, str]
    tables: Mapping[str, str]


SORTS = (
    Sort(
        "an optimisation", "optimise.json",
        {"optimise.png": "The objective at every step of every search; of two objectives the Pareto front."},
        {"optimise.csv": "every place that a search looked at", "pareto.csv": "the Pareto front"},
    ),
    Sort(
        "an uncertainty", "provenance.json",
        {"uncertainty.png": "Bands of I(V) and of the numbers by what is assumed of the scenario."},
        {
            "uncertainty.csv": "numbers with their bands",
            "shares.csv": "which assumption makes which part of the variance",
            "bands.csv": "V at constant current with its bands",
        },
    ),
    Sort(
        "a sensitivity", "sensitivity.json",
        {"tornado.png": "By how many percent each number changes for each percent of a parameter."},
        {"sensitivity.csv": "derivatives of each number", "curves.csv": "derivatives of V at constant current"},
    ),
)  # fmt: skip


def sort_of(folder: Path) -> Sort | None:
    """Return the sort of result that a folder holds; None where it is none of these."""
    return next((sort for sort in SORTS if (folder / next(iter(sort.tables))).is_file()), None)


def page_of(folder: Path, sort: Sort) -> Page:
    """Return the report of a folder: its pictures, its tables and its record.

    Raises:
        ResultError: a file is damaged.
    """
    record = read_json(folder / sort.record)
    pictures: list[Block] = [
        Picture(_as_source(folder / name), words) for name, words in sort.pictures.items() if (folder / name).is_file()
    ]
    tables: list[Block] = [
        table_in(folder / name, words) for name, words in sort.tables.items() if (folder / name).is_file()
    ]
    sections = [
        Section("Pictures", "pictures", pictures),
        Section("Tables", "tables", tables),
        Section("Where it comes from", "provenance", list(_origin(folder, sort, record))),
    ]
    name = str(record.get("name") or folder.resolve().name)
    return Page(f"{name}: {sort.noun}", f"The folder of {sort.noun}.", [one for one in sections if one.blocks])


def _as_source(file: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"


def table_in(file: Path, words: str) -> Table:
    """Return a CSV file as a table.

    Raises:
        ResultError: it is damaged.
    """
    try:
        fields = read_fields(file, OWN_MB)
    except TableError as error:
        raise ResultError(str(error)) from None
    rows = [[_cell(text) for text in row] for _, row in fields.rows]
    return Table(list(fields.header), rows, f"{file.name}: {words}", folded=len(rows) > LONG)


def _cell(text: str) -> Cell:
    try:
        return float(text)
    except ValueError:
        return text


def _origin(folder: Path, sort: Sort, record: Mapping[str, Any]) -> Iterator[Block]:
    rows: list[list[Cell]] = [[path, value if value is None or isinstance(value, bool | int | float) else str(value)]
                              for path, value in leaves(record)]  # fmt: skip
    yield Table(["what", "value"], rows, f"As in {sort.record}", folded=len(rows) > LONG)
    if sort.record != "provenance.json" and (folder / "provenance.json").is_file():
        yield provenance_table(read_json(folder / "provenance.json"))
