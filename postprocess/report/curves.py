"""The curves of a run as charts: I(V) of every kind of run, and what else its table shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from hotmesa.postprocess import stable, style
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.jumps import jumps, source_column
from hotmesa.postprocess.merit import curve_of, folds
from hotmesa.postprocess.report.chart import DASHES, SYMBOLS, axes, line, points
from hotmesa.postprocess.report.parts import Chart, Spec
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.runs.branch import LARGEST_CONDUCTANCE, between, uniform_label
from hotmesa.postprocess.runs.diagram import branches_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.scenarios.arrays import Array

V_OF_JUNCTION, V_OF_STACK = "voltage per junction V/n (mV)", "voltage V (mV)"
_DASHED = "dashed: unstable under voltage bias only; dotted: unstable under current bias."
CURRENT, TEMPERATURE, TIME = "current I (mA)", "junction temperature T (K)", "time t (µs)"
DRAWN = 1500
"""Points of a line at least, where it has more."""
STILL = 1e-6
"""Changes that are a smaller part of a value are none."""
_OVER_V = ("sweep", "family")
"""Kinds of run whose curves are drawn over the voltage of the stack."""
_LINES = (
    ("T_max_K", "hottest place", style.HOT_COLOUR, "solid"),
    ("T_mean_K", "mean", style.BRANCH_COLOUR, "dash"),
    ("T_min_K", "coldest place", style.GREEN, "dot"),
)


def along_of(run: Run) -> tuple[str, str]:
    """Return the columns that the first chart of a run shows against each other."""
    if "t_us" in run.rows:
        return "t_us", "T_max_K"
    return ("V_mV" if run.kind.name in _OVER_V else "V_per_junction_mV"), "I_mA"


def first_chart(run: Run) -> Chart:
    """Return the curve of a run: I(V), or the temperatures against time."""
    if along_of(run)[0] == "t_us":
        return Chart("curve", "Temperatures of the junctions against time.", *_temperatures(run, "t_us", TIME))
    drawn = {"sweep": _sweep, "family": _family, "diagram": _diagram}.get(run.kind.name, _branch)
    over = V_OF_STACK if along_of(run)[0] == "V_mV" else V_OF_JUNCTION
    words = f"Current against voltage. {_what_is_held(run)}".strip()
    traces = [*drawn(run), normal_state(run, over)]
    return Chart("curve", words, traces, axes(over, CURRENT, **(_ends(run) if drawn is _branch else {})))


def _ends(run: Run) -> dict[str, Spec]:
    """Return the axes that end with the device, however far the uniform model beside it goes."""
    columns = {"x_axis": "V_per_junction_mV", "y_axis": "I_mA"}
    return {axis: {"range": [0.0, 1.06 * float(np.nanmax(column(run.rows, name)))]} for axis, name in columns.items()}


def _what_is_held(run: Run) -> str:
    text = stable.sentence(run)
    if not text or text == stable.NOT_COMPUTED:
        return text.capitalize()
    return f"{text[:1].upper()}{text[1:]}. Solid: stable; {_DASHED}"


def _branch(run: Run) -> Iterator[Spec]:
    if run.uniform is not None and run.kind.spatial:
        V, I = (column(run.uniform, name) for name in ("V_per_junction_mV", "I_mA"))  # noqa: E741
        yield line(*thinned(V, I), uniform_label(run), style.UNIFORM_COLOUR, dash="longdash", width=1.5)
    yield from held(run, "this device" if run.kind.spatial else uniform_label(run), style.BRANCH_COLOUR)
    yield from _marks(run)


def held(run: Run, name: str, colour: str, symbol: str = "circle") -> Iterator[Spec]:
    """Yield a branch, dense between its points, with a kind of line for what each source holds, and its points."""
    rows, n = run.rows, run.junctions
    curve = curve_of(rows, run.normal_resistance_ohm)
    V, I = column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    for number, part in enumerate(style.segments(style.answers(rows))):
        x, y = V[part.first : part.last + 1] / n, I[part.first : part.last + 1]
        if curve is not None:
            x, y = thinned(*between(curve, n, part.first, part.last))
        look = {"dash": DASHES[part.answer], "showlegend": number == 0, "hoverinfo": "skip"}
        yield line(x, y, name, colour, legendgroup=name, **look)
    yield _points(rows, "V_per_junction_mV", f"points of {name}", colour, symbol=symbol)


def thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """Return so many points of a line that a chart can show, the last among them; both (points,)."""
    every = max(len(x) // DRAWN, 1)
    kept = np.unique(np.append(np.arange(0, len(x), every), len(x) - 1)) if len(x) else np.arange(0)
    return x[kept], y[kept]


def _points(rows: Table, x: str, name: str, colour: str, symbol: str = "circle") -> Spec:
    """Return the rows of a table as points that tell their numbers."""
    shown = "V %{x:.6g} mV, I %{y:.6g} mA<br>T_max %{customdata:.5g} K" + f"<extra>{name}</extra>"
    more = {"customdata": column(rows, "T_max_K").tolist(), "hovertemplate": shown, "showlegend": False}
    return points(column(rows, x), column(rows, "I_mA"), name, colour, size=5, symbol=symbol, **more)


def _marks(run: Run) -> Iterator[Spec]:
    """Yield folds, the onset of the hot spot and where all of the mesa is hot."""
    result = results_of(run.kind.name).summarise(run)
    turned = folds(run.rows)
    for kind, symbol in (("V", "triangle-up"), ("I", "triangle-right")):
        some = [fold for fold in turned if fold["kind"] == kind]
        if some:
            x, y = ([fold[name] for fold in some] for name in ("V_per_junction_mV", "I_mA"))
            yield points(x, y, f"fold in {kind}", "#000000", symbol=symbol, size=10)
    places = (("nucleation", "hot spot appears", style.HOT_COLOUR), ("full_normality", "all hot", style.NORMAL_COLOUR))
    for key, name, colour in places:
        if place := result.get(key):
            yield points([place["V_per_junction_mV"]], [place["I_mA"]], name, colour, size=11, hollow=True)


def normal_state(run: Run, over: str) -> Spec:
    """Return the line of the normal state, up to the end of the run."""
    n = 1 if over == V_OF_STACK else run.junctions
    ohm = run.normal_resistance_ohm / n
    end = min(float(np.nanmax(column(run.rows, "V_mV"))) / n, float(np.nanmax(column(run.rows, "I_mA"))) * ohm)
    return line([0.0, end], [0.0, end / ohm], "normal state", "#000000", dash="dot", width=1.2, hoverinfo="skip")


def _sweep(run: Run) -> Iterator[Spec]:
    """Yield the legs of a sweep: away from zero solid, towards it dashed, and the jumps between them."""
    steady = run.tables.get("iv.csv")
    if steady is not None:
        x, y = column(steady, "V_mV"), column(steady, "I_mA")
        yield line(x, y, "steady states from rest, stable or not", style.UNIFORM_COLOUR, width=1.2, hoverinfo="skip")
    V, I, legs = (column(run.rows, name) for name in ("V_mV", "I_mA", "leg"))  # noqa: E741
    source, found = column(run.rows, source_column(run.rows)), jumps(run.rows)
    breaks = np.array([jump.after for jump in found], dtype=np.int64)
    for leg in np.unique(legs):
        rows = np.flatnonzero(legs == leg)
        cuts = np.flatnonzero(np.isin(rows, breaks))
        up = bool(abs(source[rows[-1]]) >= abs(source[rows[0]]))
        colour, dash = (style.BRANCH_COLOUR, "solid") if up else (style.HOT_COLOUR, "dash")
        name = f"leg {leg:.0f}, the source goes {'up' if up else 'down'}"
        x, y = (np.insert(values[rows], cuts, np.nan) for values in (V, I))
        yield line(x, y, name, colour, dash=dash, mode="lines+markers", marker={"size": 4})
    for number, jump in enumerate(found):
        ends = [jump.before, jump.after]
        name = "continuous transition" if jump.continuous else "jump"
        look = {"dash": "dot", "width": 1.2, "showlegend": number == 0}
        yield line(V[ends], I[ends], name, "#000000", mode="lines+markers", marker={"size": 7, "symbol": "x"}, **look)


def _family(run: Run) -> Iterator[Spec]:
    """Yield a line for each number of junctions that carry voltage; light to dark."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    counts = np.unique(column(run.rows, "n"))
    colours = colormaps["viridis"](np.linspace(0.0, 0.88, len(counts)))
    for n, colour in zip(counts, colours, strict=True):
        here = column(run.rows, "n") == n
        x, y = (column(run.rows, name)[here] for name in ("V_mV", "I_mA"))
        yield line(x, y, f"n = {n:.0f}", to_hex(colour))
    changes = run.tables.get("changes.csv")
    if changes is not None:
        for kind, symbol in (("switch", "circle"), ("retrap", "triangle-down")):
            here = np.asarray(changes["kind"]) == kind
            if here.any():
                x, y = (column(changes, name)[here] for name in ("V_mV", "I_mA"))
                yield points(x, y, f"{kind} (outside the thermal model)", style.HOT_COLOUR, symbol=symbol, hollow=True)


def _diagram(run: Run) -> Iterator[Spec]:
    """Yield all branches of a diagram, and its bifurcations."""
    if "diagram.csv" not in run.tables:
        yield from _branch(run)
        return
    for branch in branches_of(run):
        symbol = SYMBOLS[branch.number % len(SYMBOLS)]
        yield from held(branch.run, f"{branch.number} {branch.kind}", branch.colour, symbol)
    table = run.tables.get("bifurcations.csv")
    if table is not None:
        x, y = (column(table, name) for name in ("V_per_junction_mV", "I_mA"))
        told = [str(change) for change in table["change"]]
        yield points(x, y, "bifurcation", "#000000", size=9, hollow=True, text=told)


def further_charts(run: Run) -> list[Chart]:
    """Return what else the table of a run shows: conductance, temperatures, and in time voltage and current."""
    rows, charts = run.rows, []
    conductance = _conductance(run) if "dV_dI_ohm" in rows and run.kind.name not in _OVER_V else None
    if conductance is not None:
        charts.append(conductance)
    if "t_us" in rows:
        for name, label in (("V_mV", V_OF_STACK), ("I_mA", CURRENT)):
            trace = line(column(rows, "t_us"), column(rows, name), label, style.BRANCH_COLOUR, showlegend=False)
            words = f"{label.partition(' (')[0].capitalize()} against time."
            charts.append(
                Chart(f"time-{name}", words, [trace], axes(TIME, label, y_axis=_around(column(rows, name))), 320)
            )
    elif run.kind.name != "family":
        traces, layout = _temperatures(run, "I_mA", CURRENT)
        charts.append(Chart("temperatures", "Temperatures of the junctions against current.", traces, layout))
    return charts


def _around(values: Array) -> Spec:
    """Return an axis that does not enlarge the rounding errors of what stays the same."""
    largest = float(np.nanmax(np.abs(values)))
    if np.nanmax(values) - np.nanmin(values) > STILL * largest:
        return {}
    middle = float(np.nanmean(values))
    return {"range": [middle - 0.1 * max(largest, STILL), middle + 0.1 * max(largest, STILL)]}


def _temperatures(run: Run, along: str, label: str) -> tuple[list[Spec], Spec]:
    x, level = column(run.rows, along), run.hot_temperature_K
    lines = [
        line(x, column(run.rows, name), text, colour, dash=dash)
        for name, text, colour, dash in _LINES
        if name in run.rows
    ]
    if run.kind.spatial:
        mark = {"dash": "longdash", "width": 1, "hoverinfo": "skip"}
        ends = [float(np.nanmin(x)), float(np.nanmax(x))]
        lines.append(line(ends, [level, level], f"hot: {level:g} K", "#000000", **mark))
    return lines, axes(label, TEMPERATURE)


def _conductance(run: Run) -> Chart | None:
    curve = curve_of(run.rows, run.normal_resistance_ohm)
    if curve is None:
        return None
    x, y = thinned(*conductance_of(curve, run.junctions))
    traces = [line(x, y, "this device" if run.kind.spatial else "uniform heating", style.BRANCH_COLOUR)]
    beside = curve_of(run.uniform, run.normal_resistance_ohm) if run.uniform is not None and run.kind.spatial else None
    if beside is not None:
        x, y = thinned(*conductance_of(beside, run.junctions))
        traces.insert(0, line(x, y, uniform_label(run), style.UNIFORM_COLOUR, dash="longdash", width=1.5))
    layout = axes(V_OF_JUNCTION, "R<sub>N</sub> dI/dV (normal state = 1)", x_axis=_ends(run)["x_axis"],
                  y_axis={"rangemode": "tozero"})  # fmt: skip
    return Chart("conductance", "Differential conductance; gaps where the voltage falls.", traces, layout)


def conductance_of(curve: IVCurve, junctions: int) -> tuple[Array, Array]:
    """Return V/n in mV and R_N dI/dV; NaN where V falls, and beyond what a figure shows."""
    s = curve.dense()
    y = curve.conductance(s)
    y[(np.cos(curve.angle(s)) <= 0) | (y > LARGEST_CONDUCTANCE)] = np.nan
    return curve.V_mV(s) / junctions, y


def heat_chart(run: Run) -> Chart | None:
    """Return the heat into each sink against current; None for a run without sinks."""
    sinks = sinks_of(run.rows)
    if not sinks or "t_us" in run.rows:
        return None
    I = column(run.rows, "I_mA")  # noqa: E741
    dashes = ("solid", "dash", "dot", "dashdot")
    lines = [
        line(I, column(run.rows, f"Q_{name}_mW"), name, colour, dash=dashes[number % len(dashes)])
        for number, (name, colour) in enumerate(zip(sinks, style.TOGETHER * len(sinks), strict=False))
    ]
    power = line(I, column(run.rows, "P_mW"), "Joule power V I", "#000000", dash="longdash", width=1.2)
    words = "Where the heat goes: power into each sink against current."
    return Chart("heat", words, [*lines, power], axes(CURRENT, "power (mW)"))


def sinks_of(rows: Table) -> list[str]:
    """Return the names of the sinks that a table has columns of."""
    return [name[2:-3] for name in rows if name.startswith("Q_") and name.endswith("_mW")]


def together(runs: Mapping[str, Run]) -> Chart:
    """Return the I(V) of several runs in one chart, each with a colour and a symbol.

    Raises:
        ResultError: there are more than everybody tells apart.
    """
    looks = style.told_apart(runs)
    traces: list[Spec] = []
    for (name, run), symbol in zip(runs.items(), SYMBOLS, strict=False):
        look = looks[name][0], symbol
        if along_of(run) == ("V_per_junction_mV", "I_mA") and run.kind.name != "diagram":
            traces += held(run, name, *look)
        else:
            V, I = column(run.rows, "V_mV") / run.junctions, column(run.rows, "I_mA")  # noqa: E741
            marker = {"size": 4, "symbol": look[1]}
            traces.append(line(V, I, name, look[0], mode="lines+markers", marker=marker))
    words = "Current against voltage per junction of all runs. Solid: stable; dashed and dotted: unstable."
    return Chart("curve", words, traces, axes(V_OF_JUNCTION, CURRENT), 520)
