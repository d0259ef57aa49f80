"""The report of a run: device, I(V) with a map that moves along it, numbers, heat, errors, scenario, provenance."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import style
from hotmesa.postprocess.accuracy import TABLE as ACCURACY
from hotmesa.postprocess.accuracy import accuracy_words
from hotmesa.postprocess.drawing import plot_device
from hotmesa.postprocess.report.curves import along_of, first_chart, further_charts, heat_chart, sinks_of
from hotmesa.postprocess.report.moving import moving_of
from hotmesa.postprocess.report.parts import Block, Cell, Page, Picture, Section, Table, Words
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.stable import sentence
from hotmesa.postprocess.tables import Column, column
from hotmesa.postprocess.values import flat_summary
from hotmesa.scenarios.describe import summary as describe
from hotmesa.scenarios.keys import groups
from hotmesa.scenarios.labels import label_of
from hotmesa.scenarios.origins import origins
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import split_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPLETE = ("complete", "saved")
"""What provenance.json says of a run that has all its points."""


def page_of(run: Run) -> Page:
    """Return the report of a run of any kind."""
    scenario = run.scenario
    title = f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name
    summary = summary_of(run)
    sections = [
        Section("Device", "device", list(_device(run))),
        Section("Current, voltage and temperature", "curve", list(_curves(run))),
        Section("Numbers", "numbers", list(numbers_blocks(run, summary))),
        Section("Where the heat goes", "heat", list(_heat(run))),
        Section("How exact it is", "convergence", list(_convergence(run))),
        Section("Scenario", "scenario", list(_scenario(run))),
        Section("Where it comes from", "provenance", [provenance_table(run.provenance)]),
    ]
    lead = f"{style.title_of(scenario)}. {run.kind.text[:1].upper()}{run.kind.text[1:]}."
    return Page(title, lead, [one for one in sections if one.blocks])


def summary_of(run: Run) -> dict[str, Any]:
    """Return summary.json of a run; where it is missing its numbers are made anew."""
    return run.summary or results_of(run.kind.name).summarise(run)


def incomplete(run: Run) -> Words | None:
    """Return the warning that a run is not complete, None where it is."""
    status = str(run.provenance.get("status", "not recorded"))
    if status in COMPLETE:
        return None
    what = f'This run is not complete (status "{status}"): the report shows the {len(run)} points that are there.'
    return Words([what, "hotmesa run … --resume goes on with it; then make the report again."], warns=True)


def _device(run: Run) -> Iterator[Block]:
    warning = incomplete(run)
    if warning is not None:
        yield warning
    if run.kind.spatial:
        words = f"The device to scale. {' '.join(describe(run.scenario).splitlines()[1].split()[1:])}."
        yield drawn(plot_device(run.scenario), words)


def drawn(figure: Figure, words: str) -> Picture:
    """Return a figure as a picture whose lines and texts stay sharp."""
    stream = io.BytesIO()
    with style.own_settings():
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return Picture(f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue()).decode()}", words)


def _curves(run: Run) -> Iterator[Block]:
    curve = first_chart(run)
    yield moving_of(run, curve, along_of(run)) or curve
    yield from further_charts(run)


def numbers_blocks(run: Run, summary: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the figures of merit with unit, error and meaning, and why others do not exist."""
    meanings, reasons = results_of(run.kind.name).numbers, summary.get("reasons") or {}
    numbers = flat_summary(summary, tables=True)
    rows: list[list[Cell]] = []
    for name, value in numbers.items():
        if value is not None:
            rows.append(
                [name, number(value), split_unit(name)[1], error_of(name, value, summary), meaning(name, meanings)]
            )
    head = ["number", "value", "unit", "estimated error", "meaning"]
    caption = "Figures of merit as in summary.json. Errors: mesh and sublayers together, of voltages at given current"
    yield Table(head, rows, f"{caption} and of the largest temperature.")
    missing = [[name, str(reason)] for name, reason in reasons.items()]
    if missing:
        yield Table(["number", "why it does not exist"], missing, "Numbers that this run does not have", folded=True)
    told = results_of(run.kind.name).sentences(run) + ([f"{sentence(run)}."] if sentence(run) else [])
    if told:
        yield Words(
            [f"{text[:1].upper()}{text[1:]}" for text in told], any(text.startswith("warning") for text in told)
        )


def number(value: float) -> float | int:
    """Return a whole number as such."""
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else float(value)


def meaning(name: str, meanings: Mapping[str, str]) -> str:
    """Return the meaning of a number; "<n>" in the name of a meaning stands for any element of a list."""
    if name in meanings:
        return meanings[name]
    parts = name.split(".")
    for known, text in meanings.items():
        pattern = known.split(".")
        if len(pattern) == len(parts) and all(p == q or p.startswith("<") for p, q in zip(pattern, parts, strict=True)):
            return text
    return ""


def error_of(name: str, value: float, summary: Mapping[str, Any]) -> str:
    """Return what mesh and sublayers may leave of a voltage or of T_max; "" where nothing is estimated."""
    last = name.rpartition(".")[2]
    if name.startswith(("uniform.", "mesh_", "layer_")):
        return ""
    if (last.startswith("V_") and "_mV" in last) or (last in ("0", "1") and name.startswith("V_extrema")):
        errors = [summary.get(f"{what}_error_V_percent") for what in ("mesh", "layer")]
        found = [abs(error) for error in errors if error is not None]
        return f"± {0.01 * sum(found) * abs(value):.2g}" if found else ""
    if last == "T_max_K":
        errors = [summary.get(f"{what}_error_T_K") for what in ("mesh", "layer")]
        found = [abs(error) for error in errors if error is not None]
        return f"± {sum(found):.2g}" if found else ""
    return ""


def _heat(run: Run) -> Iterator[Block]:
    sinks = sinks_of(run.rows)
    if not sinks:
        return
    rows = _places(run)
    power = column(run.rows, "P_mW")
    heat = {name: column(run.rows, f"Q_{name}_mW") for name in sinks}
    table: list[list[Cell]] = []
    for what, row in rows.items():
        shares = [float(100.0 * heat[name][row] / power[row]) if power[row] else None for name in sinks]
        left = float(power[row] - sum(values[row] for values in heat.values()))
        table.append([what, float(column(run.rows, "I_mA")[row]), float(power[row]), *shares, left])
    head = ["state", "I (mA)", "Joule power (mW)", *(f"{name} (%)" for name in sinks), "not in a sink (mW)"]
    stored = " In a transient the rest is stored." if "t_us" in run.rows else ""
    yield Table(head, table, f"Heat into each sink as part of the Joule power.{stored}")
    chart = heat_chart(run)
    if chart is not None:
        yield chart


def _places(run: Run) -> dict[str, int]:
    """Return the rows of a run that its heat is told at."""
    summary = summary_of(run)
    places = {"hot spot appears": summary.get("nucleation"), "all of the mesa hot": summary.get("full_normality")}
    rows = {what: int(place["row"]) for what, place in places.items() if place and place.get("row") is not None}
    hottest = int(np.nanargmax(column(run.rows, "T_max_K")))
    return rows | ({} if hottest == len(run) - 1 else {"hottest": hottest}) | {"last point": len(run) - 1}


def _convergence(run: Run) -> Iterator[Block]:
    if not run.kind.spatial:
        return
    told = accuracy_words(run)
    if told:
        yield Words([f"{text[:1].upper()}{text[1:]}." for text in told], any(t.startswith("warning") for t in told))
    table = run.tables.get(ACCURACY)
    if table:
        head = [label_of(name) for name in table]
        yield Table(head, [*map(list, zip(*(_cells(values) for values in table.values()), strict=True))],
                    "Errors estimated against finer meshes and more sublayers (computed minus true)")  # fmt: skip
    facts: list[list[Cell]] = []
    if run.states is not None:
        finite = int(np.isfinite(run.states.T_K[0]).sum())
        facts += [["temperatures in a state (unknowns)", finite], ["nodes of the plan", len(run.states.node_xy)]]
        facts += [["triangles or intervals", len(run.states.cells)], ["sublayers", len(run.states.layer_names)]]
        facts += [["stored states", len(run.states)]]
    balance = column(run.rows, "heat_balance_error")
    if np.isfinite(balance).any():
        facts.append(["largest (P − heat into all sinks)/P", float(np.nanmax(np.abs(balance)))])
    if "newton_steps" in run.rows:
        facts.append(["Newton steps", int(np.nansum(column(run.rows, "newton_steps")))])
    yield Table(["size", "value"], [*facts, ["points", len(run)]], "Mesh and balance")


def _cells(values: Column) -> list[Cell]:
    if values.dtype.kind == "f":
        return [None if np.isnan(value) else float(value) for value in values]
    return [str(value) for value in values]


def _scenario(run: Run) -> Iterator[Block]:
    lines = [" ".join(text.split()) for text in describe(run.scenario).splitlines()[1:]]
    yield Words([f"Source: {run.scenario.source}", *lines] if run.scenario.source else lines)
    found = origins(run.scenario)
    known = {key.path: key.description for group in groups() for key in group.keys}
    rows: list[list[Cell]] = []
    for path, value in leaves(run.scenario.model_dump(exclude_none=True)):
        rows.append(
            [path, inline(value), split_unit(path)[1], found.get(path, ""), known.get(_starred(path, known), "")]
        )
    caption = "Every key with its value. Sources: comments of the bundled file, where it has this value"
    yield Table(["key", "value", "unit", "source", "meaning"], rows, caption, folded=True)


def leaves(data: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys of a scenario with dots and their values."""
    items = data.items() if isinstance(data, Mapping) else enumerate(data)
    for name, value in items:
        path = f"{before}{name}"
        if isinstance(value, Mapping) or (isinstance(value, list | tuple) and value and isinstance(value[0], Mapping)):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def _starred(path: str, known: Mapping[str, str]) -> str:
    """Return the path of a key as its reference writes it, with * for numbers and names."""
    if path in known:
        return path
    parts = path.split(".")
    parts[1:2] = ["*"] if len(parts) > 2 else parts[1:2]
    return ".".join(parts)


def provenance_table(record: Mapping[str, Any]) -> Table:
    """Return versions, revision, date and command of a result."""
    rows: list[list[Cell]] = []
    for name, value in record.items():
        if isinstance(value, Mapping):
            rows += [[f"{name}: {inner}", str(text)] for inner, text in value.items()]
        elif value is not None and not isinstance(value, list):
            rows.append([name.replace("_", " "), value if isinstance(value, bool | int | float) else str(value)])
    return Table(["what", "value"], rows, "As in provenance.json")
