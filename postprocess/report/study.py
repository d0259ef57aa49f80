"""The report of a study: its ranking, what each axis does, two numbers against each other, all of them in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.absent import WORDS
from hotmesa.postprocess.compare import FIXED, Order, Ranking, number_in, ranked, study_rows
from hotmesa.postprocess.provenance import read_json
from hotmesa.postprocess.report.chart import axes, line, points
from hotmesa.postprocess.report.parallel import parallel
from hotmesa.postprocess.report.parts import (
    Block,
    Cell,
    Chart,
    Front,
    Page,
    Section,
    Spec,
    Table,
    Words,
    as_text,
    html_label,
)
from hotmesa.postprocess.report.run import provenance_table
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.labels import label_of

Rows = Sequence[Mapping[str, str]]
RANKED = 40
"""Cases that the chart of the ranking shows."""
_EXACT = ("mesh_error", "layer_error", "wall_elements", "folds_not_resolved", "warning")


def page_of(folder: Path, by: str | None = None) -> Page:
    """Return the report of the study in a folder.

    Raises:
        ResultError: there is no table, it cannot be read, or it holds no case.
    """
    rows, about = study_rows(folder)
    names = numbers_of(rows, about)
    try:
        ranking: Ranking | str = ranked([folder], Order(by))
    except ResultError as error:
        ranking = str(error)
    sections = [
        Section("The study", "study", list(_overview(rows, about, names))),
        Section("Ranking", "ranking", list(_ranking(ranking))),
        Section("What each axis does", "effects", list(_effects(ranking))),
        Section("Two numbers against each other", "front", list(_front(rows, names, ranking))),
        Section("All numbers in parallel", "parallel", list(parallel(rows, about, names, ranking))),
        Section("All cases", "cases", [_cases(rows)]),
        Section("Where it comes from", "provenance", [provenance_table(read_json(folder / "provenance.json"))]),
    ]
    title = str(about.get("title") or about.get("name") or folder.name)
    lead = f"A study of {about.get('scenario', 'a scenario')}: {len(rows)} cases."
    return Page(f"{about.get('name', folder.name)}: {title}", lead, [one for one in sections if one.blocks])


def numbers_of(rows: Rows, about: Mapping[str, Any]) -> list[str]:
    """Return the columns of results: those that were asked for, else all that are not what the study varies."""
    asked = [name for name in about.get("observables") or () if name in rows[0]]
    if asked:
        return asked
    keys = {
        key for axis in about.get("vary", ()) for key in (axis.get("key"), axis.get("label"), *axis.get("keys", ()))
    }
    free = [name for name in rows[0] if name not in FIXED and name not in keys and not name.startswith(_EXACT)]
    return [name for name in free if "." not in name and any(np.isfinite(number_in(row, name)) for row in rows)]


def _overview(rows: Rows, about: Mapping[str, Any], names: Sequence[str]) -> Iterator[Block]:
    states = [row.get("status", "") for row in rows]
    unfinished = [state for state in states if state in ("not computed", "interrupted")]
    if unfinished:
        words = f"This study is not complete: {len(unfinished)} of {len(rows)} cases are not computed."
        yield Words([words, "hotmesa study … goes on with them; then make the report again."], warns=True)
    counts: list[list[Cell]] = [[state or "-", states.count(state)] for state in dict.fromkeys(states)]
    yield Table(["status", "cases"], counts, "How the cases ended")
    table: list[list[Cell]] = []
    for name in names:
        texts = [row.get(name, "") for row in rows]
        values = np.array([number_in(row, name) for row in rows])
        found = values[np.isfinite(values)]
        ends: list[Cell] = [float(found.min()), float(found.max())] if len(found) else [None, None]
        table.append([name, len(found), *ends, *(texts.count(word) for word in WORDS), texts.count("")])
    head = ["number", "cases with it", "smallest", "largest", *WORDS, "nothing"]
    words = "What was found: never (not within the run), unstable, not asked, failed, nothing (it makes no sense there)"
    yield Table(head, table, words)
    failed: list[list[Cell]] = [
        [row["case"], row.get("status", ""), row.get("reason", "")] for row in rows if row.get("status") != "ok"
    ]
    if failed:
        yield Table(["case", "status", "why"], failed, "Cases without results")


def _ranking(ranking: Ranking | str) -> Iterator[Block]:
    if isinstance(ranking, str):
        yield Words([f"No ranking: {ranking}"])
        return
    finite = np.isfinite(ranking.values)
    count = min(int(finite.sum()), RANKED)
    best = np.flatnonzero(finite)[:count]
    names = [ranking.rows[k]["case"] for k in best]
    label = html_label(ranking.by)
    if count:
        look = {"symbol": "circle", "size": 8, "showlegend": False, "hovertemplate": "%{y}<br>%{x}<extra></extra>"}
        layout = axes(label, "", x_axis={"side": "top"}, margin={"l": 20, "r": 20, "t": 60, "b": 20})
        places = [*range(1, count + 1)]
        layout["yaxis"] |= {"autorange": "reversed", "tickvals": places, "ticktext": [f"{k}" for k in places]}
        layout["yaxis"]["title"] = {"text": "place"}
        trace = points(ranking.values[best], places, "cases", style.BRANCH_COLOUR, **look) | {"text": names}
        trace["hovertemplate"] = "%{text}<br>%{x}<extra></extra>"
        words = f"{as_text(label_of(ranking.by))}, {ranking.rule} first: the best {count} of {len(ranking.rows)} cases."
        yield Chart("ranking-chart", words, [trace], layout, 90 + 14 * max(count, 8))
    rows: list[list[Cell]] = []
    for place, (row, value, (word, why)) in enumerate(
        zip(ranking.rows, ranking.values, ranking.words, strict=True), start=1
    ):
        varied = [row.get(name, "") for name in ranking.varied]
        rows.append([place, row["case"], float(value) if np.isfinite(value) else word or "-", *varied, why])
    head = ["place", "case", label_of(ranking.by), *map(label_of, ranking.varied), "why"]
    yield Table(head, rows, f"All cases by {as_text(label_of(ranking.by))}, {ranking.rule} first")


def _effects(ranking: Ranking | str) -> Iterator[Block]:
    """Yield a chart for each axis: all cases as points, and the mean of each value as a line."""
    if isinstance(ranking, str):
        return
    for number, name in enumerate(ranking.varied):
        levels = ranking.varied[name]
        use = [k for k, row in enumerate(ranking.rows) if np.isfinite(ranking.values[k]) and row.get(name, "")]
        if not use:
            continue
        words = [ranking.rows[k][name] for k in use]
        numeric = all(is_number(level) for level in levels if level)
        x: list[Any] = [float(word) for word in words] if numeric else words
        y = ranking.values[use]
        places = sorted({*x}) if numeric else [level for level in levels if level in words]
        means = [float(np.mean([v for p, v in zip(x, y, strict=True) if p == place])) for place in places]
        traces = [
            points(x, y, "cases", style.SKY, text=[ranking.rows[k]["case"] for k in use]),
            line(places, means, "mean", style.BRANCH_COLOUR, mode="lines+markers", marker={"size": 9}),
        ]
        layout = axes(html_label(name), html_label(ranking.by))
        if not numeric:
            layout["xaxis"] |= {"type": "category", "categoryorder": "array", "categoryarray": places}
        told = ", ".join(f"{place}: {mean:.5g}" for place, mean in zip(places, means, strict=True))
        text = f"{as_text(label_of(ranking.by))} by {as_text(label_of(name))}; means {told}."
        yield Chart(f"effect-{number}", text, traces, layout, 340)


def is_number(text: str) -> bool:
    """Return whether a field is a number."""
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _front(rows: Rows, names: Sequence[str], ranking: Ranking | str) -> Iterator[Block]:
    numbers = {name: [number_in(row, name) for row in rows] for name in names}
    numbers = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    if len(numbers) < 2:
        return
    known = [*numbers]
    first = known.index(ranking.by) if isinstance(ranking, Ranking) and ranking.by in known else 0
    second = next(k for k in range(len(known)) if k != first)
    larger = isinstance(ranking, Ranking) and ranking.rule == "largest"
    data: dict[str, Any] = {
        "chart": "front-chart", "names": known, "texts": [as_text(label_of(name)) for name in known],
        "labels": [html_label(name) for name in known], "cases": [row["case"] for row in rows],
        "numbers": [[value if np.isfinite(value) else None for value in values] for values in numbers.values()],
        "x": first, "y": second, "x_best": 1 if larger else -1, "y_best": -1,
    }  # fmt: skip
    shown = "%{text}<br>%{x}, %{y}<extra></extra>"
    traces: list[Spec] = [
        points([], [], "cases", style.SKY, size=7, hovertemplate=shown),
        line([], [], "no other case is better in both", style.HOT_COLOUR, mode="lines+markers", hovertemplate=shown)
        | {"marker": {"size": 10, "symbol": "diamond"}},
    ]
    layout = axes("", "")
    words = "Cases by two numbers, and the Pareto front: those that no other case beats in both."
    yield Front(Chart("front-chart", words, traces, layout), data)


def _cases(rows: Rows) -> Table:
    names = [*rows[0]]
    cells: list[list[Cell]] = [
        [float(row.get(name) or "nan") if is_number(row.get(name) or "") else row.get(name, "") for name in names]
        for row in rows
    ]
    return Table(names, cells, f"table.csv: {len(rows)} cases, {len(names)} columns", folded=True)
