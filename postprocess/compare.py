"""Cases of a study, or runs, ranked by any number: ranking.csv, compare.png and lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.absent import FAILED, NEVER, NOT_ASKED, WORDS, lies_beyond
from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.tables import ResultError
from hotmesa.postprocess.values import Value, flat_summary, observe
from hotmesa.scenarios import toml
from hotmesa.scenarios.labels import label_of
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.tables import OWN_MB, read_fields, with_point
from hotmesa.scenarios.writing import json_text, write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


Row = Mapping[str, str]
FIXED = ("case", "status", "reason", "wall_s", "cpu_s")
TABLE, STUDY = "table.csv", "study.toml"


@dataclass(frozen=True)
class Order:
    """What is ranked and which end comes first; None and False: as the study says, else the largest."""

    by: str | None = None
    largest: bool = False
    smallest: bool = False
    target: float | None = None
    stable: bool = False


@dataclass(frozen=True)
class Ranking:
    """Ranked cases.

    Attributes:
        title: of the study, or "".
        by: the observable.
        rule: "largest", "smallest" or "nearest to 28.5" comes first.
        rows: all cases, best first, those without the number at the end.
        values: their numbers, shape (cases,); infinite where the number lies beyond the end of the run ("never"), NaN
            where there is none.
        words: "never", "unstable", "not asked", "failed" or "" for each of them, and why.
        varied: columns that differ between the cases and are no results, each with its values in their first order.
        folder: where the files are.
        files: them.
    """

    title: str
    by: str
    rule: str
    rows: tuple[Row, ...]
    values: Any
    words: tuple[tuple[str, str], ...]
    varied: Mapping[str, tuple[str, ...]]
    folder: Path
    files: tuple[Path, ...] = ()

    def text(self, top: int) -> str:
        """Return the best `top` cases as lines for a terminal (0: all)."""
        shown = len(self.rows) if top <= 0 else min(top, len(self.rows))
        width = max(len(row["case"]) for row in self.rows[:shown])
        lines = [f"{self.by}, {self.rule} first:"]
        for rank, (row, value, (word, why)) in enumerate(
            zip(self.rows[:shown], self.values[:shown], self.words[:shown], strict=True), start=1
        ):
            number = f"{value:12.6g}" if np.isfinite(value) else f"{word or '-':>12}"
            lines.append(f"{rank:4d}  {row['case']:<{width}}{number}{f'  {why}' if why else ''}")
        rest = len(self.rows) - shown
        return "\n".join([*lines, *([f"      and {rest} more in ranking.csv"] if rest else [])])

    def json(self) -> str:
        """Return all cases as JSON: rank, case, its number (null where there is none) and why."""
        cases = [
            {"rank": rank, "case": row["case"], "value": float(value), "word": word, "reason": why}
            for rank, (row, value, (word, why)) in enumerate(
                zip(self.rows, self.values, self.words, strict=True), start=1
            )
        ]
        files = [str(file) for file in self.files]
        return json_text({"by": self.by, "rule": self.rule, "cases": cases, "files": files})


def compare(results: Sequence[Path], order: Order, out: Path | None = None) -> Ranking:
    """Rank a study, or folders of runs, and write ranking.csv and compare.png.

    Raises:
        ResultError: nothing to read, an unknown observable, or no case that has it.
        OSError: the files cannot be written.
    """
    ranking = ranked(results, order, out)
    ranking.folder.mkdir(parents=True, exist_ok=True)
    files = (_write(ranking), save_picture(lambda: plot_comparison(ranking), ranking.folder / "compare.png"))
    return Ranking(**{**ranking.__dict__, "files": files})


def ranked(results: Sequence[Path], order: Order, out: Path | None = None) -> Ranking:
    """Return the ranking of a study, or of folders of runs; nothing is written.

    Raises:
        ResultError: nothing to read, an unknown observable, or no case that has it.
    """
    if len(results) == 1 and not (results[0] / "iv.csv").exists() and _table_in(results[0]) is not None:
        rows, about, folder = *study_rows(results[0]), results[0] if results[0].is_dir() else results[0].parent
        places = [folder / "cases" / row["case"] for row in rows]
    else:
        rows, about, folder, places = [_run_row(path) for path in results], {}, Path("out/compare"), list(results)
    by = order.by or about.get("rank_by")
    if not by:
        raise ResultError(f"--by is missing: name a number to rank by, for example {' or '.join(_numbers(rows)[:4])}")
    stable = order.stable or bool(about.get("rank_stable"))
    result = [_value(row, by, place, stable) for row, place in zip(rows, places, strict=True)]
    try:
        return _rank(rows, about, by, result, order, out or folder)
    except ResultError as error:
        raise ResultError(f"{', '.join(map(str, results))}: {error}") from None


def _table_in(path: Path) -> Path | None:
    table = path / TABLE if path.is_dir() else path
    return table if table.is_file() else None


def study_rows(path: Path) -> tuple[list[Row], Mapping[str, Any]]:
    """Return the rows of the table of a study, and its file (empty where that is missing).

    Raises:
        ResultError: there is no table, or it cannot be read.
    """
    table = _table_in(path)
    if table is None:
        raise ResultError(f"{path}: holds no {TABLE}; `hotmesa study` writes one")
    try:
        fields = read_fields(table, OWN_MB).dicts()
        file = table.parent / STUDY
        about = toml.read(file) if file.is_file() else {}
    except (OSError, ValueError) as error:
        raise ResultError(f"{table.parent}: cannot be read ({error})") from error
    rows: list[Row] = [{name: with_point(text) for name, text in row.items()} for row in fields]
    if not rows or "case" not in rows[0]:
        raise ResultError(f"{table}: holds no case")
    return rows, about


def _run_row(folder: Path) -> Row:
    """Return a run as a row: the numbers of its summary by their dotted names."""
    run = load_run(folder)
    summary = run.summary or results_of(run.kind.name).summarise(run)
    numbers = {name: "" if value is None else repr(value) for name, value in flat_summary(summary).items()}
    return {"case": folder.name, "status": str(run.provenance.get("status", ""))} | numbers


def _numbers(rows: Sequence[Row]) -> list[str]:
    """Return the columns that hold a number somewhere."""
    names = dict.fromkeys(name for row in rows for name in row if name not in ("case", "status", "reason"))
    return [name for name in names if any(np.isfinite(number_in(row, name)) for row in rows)]


def number_in(row: Row, name: str) -> float:
    """Return a field as a number, NaN if it is none."""
    try:
        return float(row.get(name) or "nan")
    except ValueError:
        return float("nan")


def _value(row: Row, by: str, folder: Path, stable: bool) -> Value:
    """Return the number of a case from its row of the table, or, where it is not there, from its folder."""
    text = row.get(by, "")
    if row.get("status") in ("failed", "stopped"):
        return Value(None, row.get("reason", ""), FAILED)
    if not stable and np.isfinite(number_in(row, by)):
        return Value(number_in(row, by))
    try:
        return observe(folder, [by], stable)[by]
    except (OSError, ValueError):
        if stable:
            return Value(None, "stability is read from the folder of the case, which is missing", NOT_ASKED)
        return Value(None, row.get("reason", ""), text if text in WORDS else "")


def _rank(
    rows: Sequence[Row], about: Mapping[str, Any], by: str, result: Sequence[Value], order: Order, folder: Path
) -> Ranking:
    known = dict.fromkeys(name for row in rows for name in row)
    words = [(value.word, value.reason) for value in result]
    if by not in known and not any(value.number is not None or value.word == NEVER for value in result):
        hint = did_you_mean(by, known) or f"; known are {', '.join(_numbers(rows))}"
        raise ResultError(f"unknown observable {by}{hint}")
    beyond = np.inf if lies_beyond(by) else np.nan
    values = np.array([(beyond if v.word == NEVER else np.nan) if v.number is None else v.number for v in result])
    if np.isnan(values).all():
        raise ResultError(f"no case has a number in {by}{_most(words)}")
    smallest = order.smallest or (not order.largest and about.get("best") == "smallest" and by == about.get("rank_by"))
    keys = np.abs(values - order.target) if order.target is not None else values if smallest else -values
    rule = f"nearest to {order.target:g}" if order.target is not None else "smallest" if smallest else "largest"
    # Behind the numbers, the infinite ones among them, come the words in their order, and then nothing at all.
    places = (*WORDS, "")
    behind = np.array([0 if not np.isnan(v) else 1 + places.index(w) for v, (w, _) in zip(values, words, strict=True)])
    best = np.lexsort((np.where(np.isnan(keys), 0.0, keys), behind))
    return Ranking(
        str(about.get("title", "")),
        by,
        rule,
        tuple(rows[k] for k in best),
        values[best],
        tuple(words[k] for k in best),
        varied_columns(rows, about),
        folder,
    )


def _most(words: Sequence[tuple[str, str]]) -> str:
    """Return the reasons why numbers are missing, each once, to end a message."""
    reasons = dict.fromkeys(why for _, why in words if why)
    return f": {'; '.join([*reasons][:3])}" if reasons else ""


def varied_columns(rows: Sequence[Row], about: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the columns of the axes: what the study varies, without keys that only follow a named axis."""
    columns = [name for name in rows[0] if name not in FIXED]
    result = []
    for axis in about.get("vary", ()):
        label, key = axis.get("label"), axis.get("key")
        result += [name for name in (label, key, "_".join(axis.get("keys", ()))) if name in columns][:1]
        if label not in columns and key not in columns:
            names = [name for name in axis.get("keys", ()) if name in columns]
            names += list(dict.fromkeys(k for case in axis.get("cases", {}).values() for k in case if k in columns))
            result += names
    levels = {name: tuple(dict.fromkeys(row.get(name, "") for row in rows)) for name in result}
    return {name: values for name, values in levels.items() if len(values) > 1}


def _write(ranking: Ranking) -> Path:
    names = dict.fromkeys(name for row in ranking.rows for name in row)
    first = [name for name in names if name in ("case", "status") or name in ranking.varied]
    columns = ["rank", *first, ranking.by, *(name for name in names if name not in (*first, ranking.by))]
    rows = [
        {"rank": rank} | dict(row) | {ranking.by: value if np.isfinite(value) else word}
        for rank, (row, value, (word, _)) in enumerate(
            zip(ranking.rows, ranking.values, ranking.words, strict=True), start=1
        )
    ]
    return write_table(ranking.folder / "ranking.csv", rows, columns)


SHOWN = 30
PER_ROW = 3
FEW = 6
MOST_AXES, LONGEST = 6, 40
"""Axes, and letters of their values, that the name of a case may have."""
BEST, REST = style.HOT_COLOUR, style.BRANCH_COLOUR


@style.styled
def plot_comparison(ranking: Ranking) -> Figure:
    """Return a figure of the ranking (the best 30 cases) and a panel for each axis: cases as dots, means as a line."""
    count = int((~np.isnan(ranking.values)).sum())  # "never" is infinite
    shown = min(count, SHOWN)
    panels = tuple(ranking.varied)
    lines = -(-len(panels) // PER_ROW)
    figure = page.new_figure(9.6, 1.6 + 0.19 * shown + 2.5 * lines)
    heights = [1.0 + 0.19 * shown, *([2.5] * lines)]
    parts: Any = figure.subfigures(1 + (lines > 0), 1, height_ratios=[heights[0], sum(heights[1:])] if lines else None)
    upper = parts[0] if lines else parts
    _draw_ranking(upper.subplots(), ranking, shown)
    if lines:
        columns = min(len(panels), PER_ROW)
        grid = np.atleast_1d(parts[1].subplots(lines, columns, sharey=True, squeeze=False)).ravel()
        for axes, name in zip(grid, panels, strict=False):
            _draw_effect(axes, ranking, name)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_ylabel(label_of(ranking.by))
    page.heading(figure, ranking.title, f"{label_of(ranking.by)}, {ranking.rule} first")
    return figure


def _draw_ranking(axes: Axes, ranking: Ranking, shown: int) -> None:
    values, places = ranking.values[:shown], np.arange(shown)
    finite, beyond = np.isfinite(values), np.isinf(values)
    least, most = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 1.0)
    drawn = np.where(beyond, most + 0.06 * (max(most - least, 0.1 * abs(most)) or 1.0), values)
    axes.hlines(places, least, drawn, color="#d0d7e6", linewidth=1.2)
    colours = [BEST, *[REST] * (shown - 1)]
    for place in places[finite | beyond]:
        look = {"marker": ">" if beyond[place] else "o", "color": colours[place], "markersize": 7 if place == 0 else 5}
        axes.plot(drawn[place : place + 1], [place], linestyle="none", **look)
        if beyond[place]:
            axes.annotate(" never", (drawn[place], place), fontsize="x-small", va="center", xytext=(4, 0),
                          textcoords="offset points")  # fmt: skip
    head, labels = case_labels(ranking)
    axes.set_yticks(places, labels[:shown])
    axes.annotate(head, (0.0, 1.0), (-5, 1), xycoords="axes fraction", textcoords="offset points", ha="right",
                  va="bottom", fontsize="x-small", fontstyle="italic")  # fmt: skip
    axes.set_ylim(shown - 0.4, -0.6)
    style.tidy(axes)
    axes.tick_params(axis="y", labelsize="x-small")
    axes.set_xlabel(label_of(ranking.by))
    notes = [f"the best {shown} of {len(ranking.rows)} cases"] if shown < len(ranking.rows) else []
    words = [word for word, _ in ranking.words]
    missing = int(np.isnan(ranking.values).sum())
    counts = {word: words.count(word) for word in WORDS if word in words and (word != NEVER or not beyond.any())}
    notes += [f"{missing} without this number"] if missing else []
    notes += [f"({', '.join(f'{count} {word}' for word, count in counts.items())})"] if missing and counts else []
    if notes:
        axes.set_title(", ".join(notes), fontsize="small", loc="right")


def case_labels(ranking: Ranking) -> tuple[str, list[str]]:
    """Return how the cases are called in a picture, and what stands above their names.

    Their values on the axes, in the order of the panels, where these are few and tell the cases apart ("centre, 1.5,
    0.06, 5, cooled" below "place, radius (µm), …"), else the names of their folders, without signs for blanks.
    """
    names = tuple(ranking.varied)
    values = [[row.get(name, "") for name in names] for row in ranking.rows]
    labels = [", ".join(map(_short, own)) for own in values]
    told = names and len(names) <= MOST_AXES and all(map(all, values)) and len(set(labels)) == len(labels)
    if not told or max(map(len, labels)) > LONGEST:
        return "", [row["case"].replace("_", " ") for row in ranking.rows]
    return ", ".join(label_of(name).rpartition(": ")[2] for name in names), labels


def _short(word: str) -> str:
    number = number_in({"": word}, "")
    return f"{number:g}" if np.isfinite(number) else word.replace("_", " ")


def _draw_effect(axes: Axes, ranking: Ranking, name: str) -> None:
    words = [row.get(name, "") for row in ranking.rows]
    numbers = _as_numbers(words)
    ticks: list[str] | None = None
    if numbers is None:
        ticks = list(ranking.varied[name])
        numbers = np.array([ticks.index(word) for word in words], dtype=float)
    use = np.isfinite(ranking.values) & np.isfinite(numbers)
    x, y = numbers[use], ranking.values[use]
    axes.plot(x, y, "o", color=REST, markersize=3.5, alpha=0.5, markeredgewidth=0)
    levels = np.unique(x)
    axes.plot(levels, [y[x == level].mean() for level in levels], "-", color=style.NORMAL_COLOUR, linewidth=1.8)
    if not np.isnan(numbers[0]) and np.isfinite(ranking.values[0]):
        axes.plot(numbers[:1], ranking.values[:1], "o", color=BEST, markersize=6)
    if ticks is not None:
        axes.set_xticks(range(len(ticks)), ticks)
        axes.margins(x=0.15)
    else:
        if _is_logarithmic(levels):
            axes.set_xscale("log")
            axes.minorticks_off()
        if len(levels) <= FEW:
            axes.set_xticks(levels, [f"{level:g}" for level in levels])
    axes.set_xlabel(label_of(name), fontsize="small")
    style.tidy(axes)
    axes.tick_params(labelsize="small")


def _as_numbers(words: list[str]) -> Any:
    try:
        return np.array([float(word) if word else np.nan for word in words])
    except ValueError:
        return None


def _is_logarithmic(levels: Any) -> bool:
    """Return whether values look like powers: three or more, positive, over more than a factor of 8."""
    return len(levels) > 2 and levels[0] > 0 and levels[-1] / levels[0] > 8
