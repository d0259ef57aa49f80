"""The cases of a study as an instrument of finite resolution sees them: widths of the peak for several windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.compare import study_rows, varied_columns
from hotmesa.postprocess.observation import EXACT, Instrument, figures_for
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.tables import ResultError, Row
from hotmesa.scenarios.labels import label_of
from hotmesa.scenarios.writing import write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TABLE, PICTURE = "observed.csv", "observed.png"
BASELINES = {"beta": "β above zero (1)", "beta_above_Y_N": "β above $Y_N$ (1)"}
COLOURS = (style.BLUE, style.GREEN, style.YELLOW, style.ORANGE, style.PINK, style.SKY)
MARKERS = "osD^vP"
LEAST = 1e-3
"""Widths below are not drawn: no measurement shows them."""


@dataclass(frozen=True)
class Seen:
    """Widths in the cases of a study.

    Attributes:
        rows: case, what is varied, junctions, and the figures of merit; one row for each case and window.
        varied: columns that differ between the cases.
        title: of the study.
    """

    rows: tuple[Row, ...]
    varied: tuple[str, ...]
    title: str = ""

    def along(self) -> tuple[str, tuple[str, ...]]:
        """Return the column that becomes the abscissa, and those that tell the panels apart.

        The abscissa is the column that the number of junctions follows where one does, else the last one.
        """
        for name in self.varied:
            others = tuple(other for other in self.varied if other != name)
            groups: dict[tuple[object, ...], dict[object, object]] = {}
            for row in self.rows:
                groups.setdefault(tuple(row[o] for o in others), {})[row[name]] = row["junctions"]
            if all(len(set(found.values())) == len(found) > 1 for found in groups.values()):
                return "junctions", others
        return (self.varied[-1], self.varied[:-1]) if self.varied else ("case", ())


def observe_study(folder: Path, windows_mV_per_junction: Sequence[float], by: Instrument = EXACT) -> Seen:
    """Return what an instrument makes of all cases of a study that are computed.

    Args:
        folder: of the study.
        windows_mV_per_junction: windows of the difference.
        by: how the curves are measured.

    Raises:
        ResultError: no case is computed, a case cannot be read, or a window is larger than its curve.
    """
    rows, about = study_rows(folder)
    varied = tuple(varied_columns(rows, about))
    found: list[Row] = []
    for row in rows:
        if row.get("status") != "ok":
            continue
        run = load_run(folder / "cases" / row["case"])
        head: Row = {"case": row["case"], **{name: row[name] for name in varied}, "junctions": run.junctions}
        try:
            found += [{**head, **seen} for seen in figures_for(run, windows_mV_per_junction, by)]
        except ResultError as error:
            raise ResultError(f"case {row['case']}: {error}") from None
    if not found:
        raise ResultError(f"{folder}: no case is computed yet; `hotmesa study` computes them")
    return Seen(tuple(found), varied, str(about.get("title", "")))


def write_observed(seen: Seen, folder: Path, table: Path | None = None) -> tuple[Path, ...]:
    """Write observed.csv (or `table`) and observed.png of a study beside it; their paths.

    Raises:
        OSError: a file cannot be written.
    """
    file = write_table(table or folder / TABLE, seen.rows)
    picture = style.save_picture(lambda: plot_observed(seen), file.with_suffix(".png"))
    return (file, *((picture,) if picture is not None else ()))


@style.styled
def plot_observed(seen: Seen) -> Figure:
    """Return a figure of the width of the peak against what is varied: a line a window, a panel a case."""
    along, others = seen.along()
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in seen.rows:
        groups.setdefault(tuple(row[name] for name in others), []).append(row)
    figure = page.new_figure(1.2 + 3.4 * len(groups), 6.2)
    panels = figure.subplots(len(BASELINES), len(groups), sharex=True, sharey=True, squeeze=False)
    for column, (names, rows) in enumerate(groups.items()):
        for line, (key, label) in enumerate(BASELINES.items()):
            axes = panels[line][column]
            _draw_windows(axes, rows, along, key)
            if column == 0:
                axes.set_ylabel(label)
        panels[0][column].set_title(", ".join(map(str, names)))
        panels[-1][column].set_xlabel("number of junctions (1)" if along == "junctions" else label_of(along))
    panels[0][-1].legend(title="window (mV per junction)", fontsize="small", title_fontsize="small", frameon=False)
    page.heading(figure, seen.title)
    return figure


def _draw_windows(axes: Axes, rows: Sequence[Mapping[str, Any]], along: str, key: str) -> None:
    """Draw one line for each window."""
    windows = list(dict.fromkeys(row["window_mV_per_junction"] for row in rows))
    for k, window in enumerate(windows):
        here = [row for row in rows if row["window_mV_per_junction"] == window]
        widths = np.array([row[key] if row[key] != "" else np.nan for row in here], dtype=np.float64)
        x, words = _places([row[along] for row in here])
        look = {"color": COLOURS[k % len(COLOURS)], "marker": MARKERS[k % len(MARKERS)]}
        axes.semilogy(x, np.where(widths >= LEAST, widths, np.nan), markersize=5, label=f"{window:g}", **look)
        if words:
            axes.set_xticks(x, words)
    style.tidy(axes)


def _places(values: Sequence[Any]) -> tuple[Any, list[str]]:
    """Return values as numbers, or their order with the words for the ticks."""
    try:
        return np.array([float(value) for value in values]), []
    except ValueError:
        return np.arange(len(values), dtype=np.float64), [str(value) for value in values]
