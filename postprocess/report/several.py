"""The report of several runs: their curves in one chart, and their numbers side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hotmesa.postprocess import style
from hotmesa.postprocess.report.curves import together
from hotmesa.postprocess.report.parts import Block, Cell, Page, Section, Table
from hotmesa.postprocess.report.run import error_of, incomplete, leaves, meaning, number, summary_of
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.stable import sentence
from hotmesa.postprocess.values import flat_summary
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import split_unit

_OWN = ("name", "title", "source")
"""Keys that say nothing of the device."""


def page_of(runs: Mapping[str, Run]) -> Page:
    """Return the report of several runs.

    Args:
        runs: by the names that tell them apart.

    Raises:
        ResultError: there are more than colours that everybody tells apart.
    """
    sections = [
        Section("Current and voltage", "curve", [*_warnings(runs), together(runs)]),
        Section("The runs", "runs", [_overview(runs)]),
        Section("Numbers", "numbers", [_numbers(runs)]),
        Section("What differs in the scenarios", "scenario", [_differences(runs)]),
        Section("Where they come from", "provenance", [_records(runs)]),
    ]
    return Page(f"{len(runs)} runs", ", ".join(runs), sections)


def _warnings(runs: Mapping[str, Run]) -> Iterator[Block]:
    for name, run in runs.items():
        words = incomplete(run)
        if words is not None:
            yield type(words)([f"{name}: {words.lines[0]}", *words.lines[1:]], warns=True)


def _overview(runs: Mapping[str, Run]) -> Table:
    rows: list[list[Cell]] = [
        [name, run.kind.name, style.title_of(run.scenario), len(run), sentence(run) or "-"]
        for name, run in runs.items()
    ]
    return Table(["run", "mode", "device", "points", "stability"], rows, "What was computed")


def _numbers(runs: Mapping[str, Run]) -> Table:
    """Return the numbers of all runs, a column each, with what mesh and sublayers may leave of them."""
    summaries = {name: summary_of(run) for name, run in runs.items()}
    flat = {name: flat_summary(summary) for name, summary in summaries.items()}
    rows: list[list[Cell]] = []
    for key in dict.fromkeys(key for numbers in flat.values() for key in numbers):
        if key.startswith("uniform.") or all(numbers.get(key) is None for numbers in flat.values()):
            continue
        cells: list[Cell] = []
        for name, numbers in flat.items():
            value = numbers.get(key)
            cells += [None, ""] if value is None else [number(value), error_of(key, value, summaries[name])]
        told = (meaning(key, results_of(run.kind.name).numbers) for run in runs.values())
        rows.append([key, split_unit(key)[1], *cells, next(filter(None, told), "")])
    head = ["number", "unit", *(text for name in runs for text in (name, "error")), "meaning"]
    return Table(head, rows, "Figures of merit as in summary.json, with estimated errors of mesh and sublayers")


def _differences(runs: Mapping[str, Run]) -> Table:
    keys = [dict(leaves(run.scenario.model_dump(exclude_none=True))) for run in runs.values()]
    rows: list[list[Cell]] = []
    for path in dict.fromkeys(path for one in keys for path in one):
        texts = [inline(one[path]) if path in one else "" for one in keys]
        if len(set(texts)) > 1 and path not in _OWN:
            rows.append([path, split_unit(path)[1], *texts])
    return Table(["key", "unit", *runs], rows, f"{len(rows)} keys have other values; all others are the same")


def _records(runs: Mapping[str, Run]) -> Table:
    names = ("status", "command", "started", "git_revision", "git_dirty", "platform", "scenario_sha256")
    rows: list[list[Cell]] = []
    for name in names:
        rows.append([name.replace("_", " "), *(str(run.provenance.get(name, "")) for run in runs.values())])
    versions = [run.provenance.get("versions") or {} for run in runs.values()]
    for package in dict.fromkeys(package for one in versions for package in one):
        rows.append([f"version of {package}", *(str(one.get(package, "")) for one in versions)])
    return Table(["what", *runs], rows, "As in provenance.json")
