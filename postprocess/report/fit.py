"""The report of a fit: data and model, residuals, parameters with their uncertainties, and how they hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.fit import LABELS, over_measured
from hotmesa.postprocess.provenance import read_json
from hotmesa.postprocess.report.chart import axes, line, points, values
from hotmesa.postprocess.report.parts import Block, Cell, Chart, Page, Section, Spec, Table, Words
from hotmesa.postprocess.report.run import leaves, provenance_table
from hotmesa.postprocess.tables import ResultError, column, read_table
from hotmesa.postprocess.tables import Table as Columns
from hotmesa.scenarios import toml

FIT, RESIDUALS, HISTORY = "fit.json", "residuals.csv", "history.csv"
_PLAIN = ("name", "parameters", "directions", "differences", "problems", "warnings")


def page_of(folder: Path) -> Page:
    """Return the report of the fit in a folder.

    Raises:
        ResultError: a file is missing or damaged.
    """
    about = read_json(folder / FIT)
    if "parameters" not in about:
        raise ResultError(f"{folder / FIT}: is missing or holds no result; `hotmesa fit` writes it at its end")
    numbers = ("at", "measured", "sigma", "model", "residual")
    table = read_table(folder / RESIDUALS, numbers, ("data", "quantity"))
    plan = toml.read(folder / "fit.toml") if (folder / "fit.toml").is_file() else {}
    sections = [
        Section("Parameters", "parameters", list(_parameters(about))),
        Section("Data and model", "data", list(_data(table))),
        Section("How the parameters hang together", "correlations", list(_together(about))),
        Section("On the way", "history", list(_history(folder, about))),
        Section("Where it comes from", "provenance", list(_origin(folder, about))),
    ]
    title = str(plan.get("title") or about.get("name") or folder.name)
    return Page(f"{about.get('name', folder.name)}: {title}", _lead(about), [one for one in sections if one.blocks])


def _lead(about: Mapping[str, Any]) -> str:
    reduced = about.get("chi_squared_reduced")
    of_free = f", {reduced:.4g} per degree of freedom" if reduced is not None else ""
    count, chi_squared = len(about["parameters"]), about["chi_squared"]
    return f"A fit of {count} parameters to {about['data']} data: χ² = {chi_squared:.6g}{of_free}."


def _parameters(about: Mapping[str, Any]) -> Iterator[Block]:
    if not about.get("converged"):
        yield Words([f"Not converged: {about.get('message', '')}"], warns=True)
    rows: list[list[Cell]] = []
    for name, one in about["parameters"].items():
        bound = f"at its bound ({one['at_bound']})" if one.get("at_bound") else ""
        rows.append([name, one["value"], one["uncertainty"], one["start"], one["min"], one["max"], bound, one["key"]])
    head = ["parameter", "value", "uncertainty", "start", "min", "max", "remark", "key"]
    yield Table(head, rows, f"Best values; standard uncertainties from {about.get('uncertainties_from', 'the data')}")
    told = [f"{name}: {text}" for part in ("problems", "warnings") for name, text in about.get(part, {}).items()]
    if told:
        yield Words(told, warns=True)


def _data(table: Columns) -> Iterator[Block]:
    names = list(dict.fromkeys(str(name) for name in table["data"]))
    parts = {name: {key: v[np.asarray(table["data"]) == name] for key, v in table.items()} for name in names}
    curves = [name for name in names if np.isfinite(column(parts[name], "at")).any()]
    for number, name in enumerate(curves):
        yield from _curve(number, name, parts[name])
    alone = np.isin(np.asarray(table["data"]), [name for name in names if name not in curves])
    if alone.any():
        yield from _numbers({key: v[alone] for key, v in table.items()})
    cells: list[list[Cell]] = [
        [str(table["data"][k]), str(table["quantity"][k]), *(float(column(table, key)[k]) for key in
         ("at", "measured", "sigma", "model", "residual"))]
        for k in range(len(table["data"]))
    ]  # fmt: skip
    head = ["data", "quantity", "at", "measured", "σ", "model", "(model − measured)/σ"]
    yield Table(head, cells, f"residuals.csv: {len(cells)} data", folded=len(cells) > 12)


def _curve(number: int, name: str, part: Columns) -> Iterator[Chart]:
    x, measured, sigma, model, residual = (
        column(part, key) for key in ("at", "measured", "sigma", "model", "residual")
    )
    over, upwards = LABELS.get(str(part["quantity"][0]), ("at", "value"))
    order = np.argsort(x, kind="stable")
    bars = {"error_y": {"type": "data", "array": values(sigma), "thickness": 1, "width": 2, "color": "#555555"}}
    traces = [
        points(x, measured, "measured", "#555555", size=5, **bars),
        line(x[order], model[order], "model", style.BRANCH_COLOUR, width=2.5),
    ]
    yield Chart(f"data-{number}", f"{name}: measured points with their σ, and the model.", traces, axes(over, upwards))
    yield _residuals(f"residual-{number}", f"{name}: differences in units of σ.", x, residual, over)


def _residuals(name: str, words: str, x: Any, residual: Any, over: str) -> Chart:
    return Chart(name, words, [points(x, residual, "residual", style.BRANCH_COLOUR, showlegend=False)],
                 axes(over, "(model − measured)/σ", y_axis={"zeroline": True, "zerolinecolor": "#444"}))  # fmt: skip


def _numbers(part: Columns) -> Iterator[Chart]:
    names = [str(name) for name in part["data"]]
    measured, sigma = column(part, "measured"), column(part, "sigma")
    scale = np.where(measured == 0.0, 1.0, measured)
    model, met = over_measured(part)
    bars = {"error_y": {"type": "data", "array": values(sigma / np.abs(scale)), "thickness": 1.5, "width": 5}}
    traces: list[Spec] = [points(names, measured / scale, "measured", "#555555", size=8, **bars)]
    for use, text, hollow in ((~met, "model", False), (met, "limit kept", True)):
        if use.any():
            chosen = [name for name, here in zip(names, use, strict=True) if here]
            traces.append(
                points(chosen, model[use], text, style.BRANCH_COLOUR, symbol="diamond", size=10, hollow=hollow)
            )
    category: Spec = {"type": "category", "categoryorder": "array", "categoryarray": names, "title": {"text": ""}}
    layout = axes("", "over the measured value", x_axis=category)
    yield Chart("numbers-chart", "Numbers of the model over the measured ones, with their σ.", traces, layout)
    bar: Spec = {
        "type": "bar", "x": names, "y": values(column(part, "residual")), "marker": {"color": style.BRANCH_COLOUR},
        "name": "residual", "showlegend": False,
    }  # fmt: skip
    layout = axes("", "(model − measured)/σ", x_axis=category, y_axis={"zeroline": True, "zerolinecolor": "#444"})
    yield Chart("numbers-residuals", "Differences of the numbers in units of σ.", [bar], layout)


def _together(about: Mapping[str, Any]) -> Iterator[Block]:
    names = [*about["parameters"]]
    found = {name: one.get("correlations") or {} for name, one in about["parameters"].items()}
    if len(names) > 1 and all(found.values()):
        matrix = [[1.0 if a == b else float(found[a][b]) for b in names] for a in names]
        heat: Spec = {
            "type": "heatmap", "x": names, "y": names, "z": matrix, "zmin": -1, "zmax": 1, "colorscale": _DIVERGING,
            "text": [[f"{value:+.2f}" for value in row] for row in matrix], "texttemplate": "%{text}",
            "hovertemplate": "%{y}, %{x}: %{z:.3f}<extra></extra>", "colorbar": {"title": {"text": "correlation"}},
        }  # fmt: skip
        flipped: Spec = {"autorange": "reversed", "type": "category"}
        layout = axes("", "", x_axis={"type": "category"}, y_axis=flipped)
        a, b = max(((a, b) for a in names for b in names if a < b), key=lambda pair: abs(found[pair[0]][pair[1]]))
        words = f"Correlations of the parameters; the largest is {found[a][b]:+.3f}, of {a} and {b}."
        yield Chart("correlation-chart", words, [heat], layout, 180 + 44 * len(names))
    elif len(names) > 1:
        yield Words(["The data do not fix the parameters: there are no correlations, see the directions below."])
    rows: list[list[Cell]] = []
    for number, axis in enumerate(about.get("directions") or (), start=1):
        parts = ", ".join(f"{name} {part:+.2f}" for name, part in axis["parts"].items())
        rows.append([number, axis["sigma"] if axis["sigma"] is not None else "not seen by any datum", parts])
    if rows:
        yield Table(
            ["direction", "σ", "parts"],
            rows,
            "Directions, least certain first, in units of the distances of the bounds",
        )


_DIVERGING = [[0.0, "#0072B2"], [0.5, "#ffffff"], [1.0, "#D55E00"]]


def _history(folder: Path, about: Mapping[str, Any]) -> Iterator[Block]:
    if (folder / HISTORY).is_file():
        table = read_table(folder / HISTORY, ("point", "chi_squared"), ("problems",), strict=False)
        look = {"mode": "lines+markers", "showlegend": False}
        trace = line(column(table, "point"), column(table, "chi_squared"), "χ²", style.BRANCH_COLOUR, **look)
        layout = axes("set of values", "χ²", y_axis={"type": "log"})
        yield Chart("history-chart", "χ² of every set of values that was computed, in order.", [trace], layout, 320)
    told: list[list[Cell]] = [[d["data"], d["parameter"], d["reason"]] for d in about.get("differences") or ()]
    if told:
        yield Table(
            ["data", "parameter", "why"], told, "Derivatives that were taken by differences of runs", folded=True
        )


def _origin(folder: Path, about: Mapping[str, Any]) -> Iterator[Block]:
    facts = {name: value for name, value in about.items() if name not in _PLAIN}
    rows: list[list[Cell]] = [
        [path.replace("_", " "), value if isinstance(value, bool | int | float) else str(value)]
        for path, value in leaves(facts)
    ]
    yield Table(["what", "value"], rows, "As in fit.json")
    record = next((read_json(file) for file in sorted(folder.glob("evaluations/**/provenance.json"))), {})
    if record:
        yield provenance_table({name: record[name] for name in record if name not in ("scenario_sha256", "inputs")})
