"""fit.png: what was measured, what the best values give, and the residuals; drawn from residuals.csv and fit.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import style
from hotmesa.postprocess.errors import ResultError
from hotmesa.postprocess.tables import Table, column, read_table
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE_DPI = 115
LABELS = {
    "V-at-I": ("current I (mA)", "voltage V (mV)"),
    "nearest": ("current I (mA)", "voltage V (mV)"),
    "I-at-V": ("voltage V (mV)", "current I (mA)"),
    "dI/dV": ("voltage V (mV)", "conductance dI/dV (normalised)"),
}


@style.styled
def plot_fit(folder: Path) -> Figure:
    """Return a figure of the fit in a folder: measured points and model, and their differences below.

    Raises:
        ResultError: a file is missing or damaged.
    """
    table = read_table(folder / "residuals.csv", ("at", "measured", "sigma", "model", "residual"), ("data", "quantity"))
    try:
        about = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{folder / 'fit.json'}: cannot be read ({error})") from error
    names = list(dict.fromkeys(str(name) for name in table["data"]))
    curves = [name for name in names if np.isfinite(column(_part(table, [name]), "at")).any()]
    numbers = [name for name in names if name not in curves]
    count = len(curves) + (1 if numbers else 0)
    figure = style.new_figure(1.0 + 4.6 * count, 5.6, dpi=PICTURE_DPI)
    grid = figure.subplots(2, count, squeeze=False, height_ratios=[3, 1])
    for index, name in enumerate(curves):
        _draw_curve(grid[0, index], grid[1, index], _part(table, [name]), name)
    if numbers:
        _draw_numbers(grid[0, -1], grid[1, -1], _part(table, numbers))
    figure.suptitle(_title(about), fontsize=10)
    return figure


def _part(table: Table, names: list[str]) -> dict[str, Any]:
    here = np.isin(np.asarray(table["data"]), names)
    return {name: values[here] for name, values in table.items()}


def _title(about: dict[str, Any]) -> str:
    lines = []
    for name, found in about["parameters"].items():
        spread = f" ± {found['uncertainty']:.2g}" if found["uncertainty"] is not None else ""
        lines.append(f"{name} = {found['value']:.5g}{spread}")
    reduced = about["chi_squared_reduced"]
    ending = f"χ² per degree of freedom {reduced:.3g}" if reduced is not None else f"χ² {about['chi_squared']:.3g}"
    rows = ["   ".join(lines[k : k + 2]) for k in range(0, len(lines), 2)]
    return "\n".join([str(about["name"]), *rows, ending])


def _draw_curve(upper: Axes, lower: Axes, part: Table, name: str) -> None:
    x, y, model = (column(part, key) for key in ("at", "measured", "model"))
    order = np.argsort(x, kind="stable")
    upper.errorbar(
        x, y, column(part, "sigma"), fmt=".", color=style.UNIFORM_COLOUR, markersize=4, elinewidth=0.7, label="measured"
    )
    upper.plot(x[order], model[order], "-", color=style.BRANCH_COLOUR, linewidth=1.8, label="model", zorder=3)
    upper.legend(frameon=False, fontsize=9)
    upper.set_title(name, fontsize=10)
    labels = LABELS.get(str(np.asarray(part["quantity"])[0]), ("", ""))
    lower.axhline(0.0, color=style.UNIFORM_COLOUR, linewidth=0.8)
    lower.plot(x, column(part, "residual"), ".", color=style.BRANCH_COLOUR, markersize=4)
    lower.set_xlabel(labels[0], fontsize=10)
    upper.set_ylabel(labels[1], fontsize=10)
    lower.set_ylabel("residual / σ", fontsize=10)
    for axes in (upper, lower):
        style.tidy(axes)


def over_measured(part: Table) -> tuple[Array, NDArray[np.bool_]]:
    """Return model over measured for each number, and where a limit is kept; there it is the limit itself.

    A limit may be kept by any factor, which would press everything else in the picture into a line.
    """
    measured, model = column(part, "measured"), column(part, "model")
    kept = (column(part, "residual") == 0.0) & (model != measured)
    return np.where(kept, measured, model) / np.where(measured == 0.0, 1.0, measured), kept


def _draw_numbers(upper: Axes, lower: Axes, part: Table) -> None:
    """Show model over measured for each number, and the residuals."""
    places = np.arange(len(column(part, "measured")))
    measured = column(part, "measured")
    scale = np.where(measured == 0.0, 1.0, measured)
    upper.errorbar(
        places, measured / scale, column(part, "sigma") / np.abs(scale), fmt="o", color=style.UNIFORM_COLOUR,
        capsize=3, label="measured",
    )  # fmt: skip
    model, kept = over_measured(part)
    upper.plot(places[~kept], model[~kept], "D", color=style.BRANCH_COLOUR, label="model")
    if kept.any():
        upper.plot(places[kept], model[kept], "D", color=style.BRANCH_COLOUR, fillstyle="none", label="limit kept")
    upper.legend(frameon=False, fontsize=9)
    upper.set_xticks([])
    upper.set_ylabel("over the measured value", fontsize=10)
    lower.axhline(0.0, color=style.UNIFORM_COLOUR, linewidth=0.8)
    lower.bar(places, column(part, "residual"), color=style.BRANCH_COLOUR, width=0.5)
    lower.set_xticks(places, [str(name) for name in part["data"]], rotation=30, ha="right")
    lower.set_ylabel("residual / σ", fontsize=10)
    for axes in (upper, lower):
        axes.set_xlim(-0.6, len(places) - 0.4)
        style.tidy(axes)
        axes.tick_params(labelsize=9)
