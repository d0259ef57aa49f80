"""phases.png: where the hot spot is, over current and a key or over two keys, with what its source cannot hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hotmesa.postprocess import page, style
from hotmesa.postprocess.phases import is_resolved
from hotmesa.postprocess.place import ALL, CORNER, EDGE, END, MIDDLE, NONE, OFF, PLACES
from hotmesa.scenarios.labels import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = {NONE: "·", MIDDLE: "M", OFF: "O", EDGE: "E", CORNER: "C", END: "N", ALL: "A"}
FILLS = {
    NONE: "#ffffff", MIDDLE: "#f6dfa4", OFF: "#a9cfe8", END: "#e6975a", EDGE: "#5fa58a", CORNER: "#8a68a8",
    ALL: "#9b4a4a",
}  # fmt: skip
"""Fills from light to dark: told apart in grey too, beside their letters."""
UNSTABLE, UNRESOLVED = "////", "..."
CELL_IN = (0.62, 0.52)
MARGIN_IN = (2.0, 2.3)
Rows = Sequence[Mapping[str, Any]]


@style.styled
def plot_phases(rows: Rows, along: str, upwards: str, title: str = "") -> Figure:
    """Return the picture of a phase diagram.

    Each cell has the fill and the letter of the place that the device shows; where a current source does not hold the
    state on the branch from rest, it is hatched and that place stands small below; dotted where the spot has moved by
    less than an element, which the mesh does not resolve. A bar is a jump, with ΔV and the
    time in which the device settles behind it.

    Args:
        rows: those of phases.csv, with values or texts of the two columns.
        along: column of the horizontal axis.
        upwards: column of the vertical axis.
        title: above it.
    """
    columns = [[*dict.fromkeys(str(row[name]) for row in rows)] for name in (along, upwards)]
    wide, high = (len(values) for values in columns)
    figure = page.new_figure(MARGIN_IN[0] + CELL_IN[0] * max(wide, 9), MARGIN_IN[1] + CELL_IN[1] * max(high, 3))
    axes = figure.subplots()
    places = [{value: k for k, value in enumerate(values)} for values in columns]
    for row in rows:
        _draw_cell(axes, row, places[0][str(row[along])], places[1][str(row[upwards])])
    if along == "I_mA":
        _draw_jumps(axes, rows, columns[0], places[1], upwards)
    axes.set(xlim=(-0.5, wide - 0.5), ylim=(-0.5, high - 0.5))
    for axis, values, name in ((axes.xaxis, columns[0], along), (axes.yaxis, columns[1], upwards)):
        axis.set_ticks(range(len(values)), [_short(value) for value in values])
        axis.set_label_text(label_of(name))
    axes.tick_params(length=0)
    _draw_legend(figure, rows)
    page.heading(figure, title, "current raised from zero")
    return figure


def _short(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return value


def _draw_cell(axes: Axes, row: Mapping[str, Any], x: int, y: int) -> None:
    from matplotlib.patches import Rectangle

    place, other = row.get("place") or "", row.get("branch_place") or ""
    lost = _lost(row)
    hatch = (UNSTABLE if is_resolved(row) else UNRESOLVED) if lost else None
    look: dict[str, Any] = {"facecolor": FILLS.get(place, "#f4f4f4"), "edgecolor": "#8c8c8c", "linewidth": 0.6}
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, hatch=hatch, **look))
    known = bool(place)
    text = LETTERS[place] if known else "?" if row["status"] == "ok" else "×" if row["status"] == "failed" else ""
    box: dict[str, Any] = {"boxstyle": "round,pad=0.12", "facecolor": look["facecolor"], "edgecolor": "none"}
    look = {"ha": "center", "va": "center", "zorder": 6}
    axes.text(x, y + 0.1, text, fontsize="large", fontweight="bold", bbox=box if lost else None, **look)
    if lost and other and other != place:
        axes.text(x, y - 0.3, f"not {LETTERS[other]}", fontsize="x-small", bbox=box, **look)


def _lost(row: Mapping[str, Any]) -> bool:
    return str(row.get("branch_stable")) in ("0", "0.0")


def _draw_jumps(axes: Axes, rows: Rows, currents: list[str], places: Mapping[str, int], upwards: str) -> None:
    values = [float(value) for value in currents]
    for row in rows:
        if not row.get("jump_I_mA"):
            continue
        at, y, k = float(row["jump_I_mA"]), places[str(row[upwards])], values.index(float(row["I_mA"]))
        before = values[k - 1] if k else 0.0
        x = k - 1 + (at - before) / (values[k] - before)
        axes.plot([x, x], [y - 0.5, y + 0.5], color="black", linewidth=2.6, solid_capstyle="butt", zorder=4)
        words = f"{float(row['jump_dV_mV']):+.3g} mV\n{seconds(float(row['settling_us']))}".replace("-", "−", 1)
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "black", "linewidth": 0.5}
        axes.annotate(words, (x, y + 0.5), ha="center", va="center", fontsize="x-small", bbox=box, zorder=5)


def seconds(time_us: float) -> str:
    """Return a time as a person says it: "12 µs", "3.4 ms", "1.8 s"."""
    rounded = float(f"{time_us:.2g}")
    size, unit = next(((size, unit) for size, unit in ((1e6, "s"), (1e3, "ms")) if rounded >= size), (1.0, "µs"))
    return f"{rounded / size:g} {unit}"


def _draw_legend(figure: Figure, rows: Rows) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = {row.get("place") for row in rows} | {row.get("branch_place") for row in rows}
    edge: dict[str, Any] = {"edgecolor": "#8c8c8c", "linewidth": 0.6}
    words = {NONE: "no hot spot", END: "at an end", EDGE: "at an edge", CORNER: "in a corner", MIDDLE: "in the middle"}
    items: list[Any] = [
        Patch(facecolor=FILLS[place], label=f"{LETTERS[place]}  {words.get(place, place)}", **edge)
        for place in PLACES
        if place in shown
    ]
    if any(_lost(row) and is_resolved(row) for row in rows):
        items.append(Patch(facecolor="white", hatch=UNSTABLE, label="not held on the branch from rest", **edge))
    if any(_lost(row) and not is_resolved(row) for row in rows):
        items.append(Patch(facecolor="white", hatch=UNRESOLVED, label="moved by less than an element", **edge))
    if any(row.get("jump_I_mA") for row in rows):
        items.append(Line2D([], [], color="black", linewidth=2.6, label="jump: ΔV, settling time"))
    if any(not row.get("place") and row["status"] == "ok" for row in rows):
        items.append(Patch(facecolor="#f4f4f4", label="?  not known", **edge))
    if any(row["status"] == "failed" for row in rows):
        items.append(Patch(facecolor="#f4f4f4", label="×  failed", **edge))
    figure.legend(handles=items, loc="outside lower center", ncols=min(len(items), 4), fontsize="small", frameon=False)
