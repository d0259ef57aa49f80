"""optimise.png: how the searches of an optimisation went, and the Pareto front of two objectives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.tables import ResultError, Table, column, read_table
from hotmesa.scenarios.labels import label_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.YELLOW, style.SKY)
SEARCHES_SHOWN = len(COLOURS)
"""Searches whose names are told; more have the same grey line."""


@style.styled
def plot_optimisation(folder: Path) -> Figure | None:
    """Return a figure of optimise.csv: the objective at every step of every search, and the front if there is one.

    Raises:
        ResultError: a file is missing or damaged.
    """
    try:
        facts = json.loads((folder / "optimise.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{folder / 'optimise.json'}: {error}") from error
    names = [str(goal["name"]) for goal in facts["objectives"]]
    table = read_table(folder / "optimise.csv", ("number", "feasible"), ("search", "role", "status"), strict=False)
    missing = [name for name in names if name not in table]
    if missing:
        raise ResultError(f"{folder / 'optimise.csv'}: has no column {', '.join(missing)}")
    count = 2 if len(names) == 2 else 1
    figure = page.new_figure(5.6 * count, 4.2)
    panels = figure.subplots(1, count, squeeze=False).ravel()
    _draw_steps(panels[0], table, names[0], facts)
    if count == 2:
        _draw_front(panels[1], table, names, facts)
    for axes in panels:
        style.tidy(axes)
    page.heading(figure, str(facts["name"]))
    return figure


def _draw_steps(axes: Any, table: Table, name: str, facts: dict[str, Any]) -> None:
    """Draw the objective over the steps, places beyond a limit hollow."""
    searches, roles = (np.asarray(table[word], dtype=np.str_) for word in ("search", "role"))
    value, feasible = column(table, name), column(table, "feasible") == 1.0
    every = list(dict.fromkeys(searches.tolist()))
    for number, search in enumerate(every):
        use = (searches == search) & (roles == "step")
        steps = np.arange(1, use.sum() + 1)
        own, good = value[use], feasible[use]
        colour = COLOURS[number % len(COLOURS)] if len(every) <= SEARCHES_SHOWN else "0.55"
        label = search if 1 < len(every) <= SEARCHES_SHOWN else None
        axes.plot(steps, own, "-", color=colour, linewidth=1.2, label=label)
        axes.plot(steps[good], own[good], "o", color=colour, markersize=4)
        axes.plot(steps[~good], own[~good], "o", color=colour, markersize=4, markerfacecolor="white")
    best = facts["best"].get("numbers", {}).get(name)
    if best is not None:
        axes.axhline(best, color="black", linewidth=0.9, linestyle=":", label=f"best within the limits: {best:.4g}")
    axes.plot([], [], "o", color="0.4", markersize=4, markerfacecolor="white", label="beyond a limit")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("run of a search")
    axes.set_ylabel(label_of(name))
    axes.legend(fontsize="small")


def _draw_front(axes: Any, table: Table, names: list[str], facts: dict[str, Any]) -> None:
    """Draw all places in the plane of both objectives, and the front."""
    x, y = column(table, names[0]), column(table, names[1])
    good = column(table, "feasible") == 1.0
    axes.plot(x[good], y[good], "o", color="0.7", markersize=4, label="within the limits")
    axes.plot(x[~good], y[~good], "o", color="0.7", markersize=4, markerfacecolor="white", label="beyond a limit")
    front = [[one["numbers"][name] for name in names] for one in facts["front"]]
    if front:
        axes.plot(*np.array(front).T, "o-", color=style.ORANGE, markersize=6, linewidth=1.4, label="Pareto front")
    axes.set_xlabel(label_of(names[0]))
    axes.set_ylabel(label_of(names[1]))
    axes.legend(fontsize="small")
