"""The stacks as a voltmeter of finite resolution sees them: width of the peak against N for several windows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from validation.kurter2010.page import IMAGES, Target, markdown, number
from validation.kurter2010.stacks import BETA, STACKS

from hotmesa import study
from hotmesa.postprocess import style
from hotmesa.postprocess.resolution import Seen, observe_study, plot_observed
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.study import load_study

NAME = "kurter2010-resolution"
NARROW = "narrow"
"""The set whose N = 30 folds back by less than a wide window shows."""
WIDEST = 2.0
ALIKE = 0.1
"""Widths count as constant within this part of their mean."""


@cache
def seen(results: Path = Path("out") / NAME) -> Seen:
    """Return the widths in all cases of the study, computing what is missing."""
    study(f"study-{NAME}", out=results, command=f"hotmesa study study-{NAME}")
    asked = load_study(f"study-{NAME}").study.observed
    assert asked is not None
    return observe_study(results, asked.windows_mV_per_junction)


def column(set_: str, window: float, name: str) -> Array:
    """Return a figure of merit of the stacks of a set, NaN where there is none."""
    rows = [row for row in seen().rows if row["set"] == set_ and row["window_mV_per_junction"] == window]
    ordered = sorted(rows, key=lambda row: int(str(row["junctions"])))
    return np.array([row[name] if row[name] != "" else np.nan for row in ordered], dtype=np.float64)


def ratio(set_: str, window: float, name: str = "beta") -> float:
    """Return the width of N = 6 over the mean of the others."""
    widths = column(set_, window, name)
    return float(widths[0] / np.mean(widths[1:]))


def spread(set_: str, window: float, name: str = "beta") -> float:
    """Return the largest distance of N = 19, 24 and 30 from their mean, over it."""
    tall = column(set_, window, name)[2:]
    return float(np.max(np.abs(tall / np.mean(tall) - 1.0)))


def sets() -> tuple[str, ...]:
    """Return the sets of the study."""
    return tuple(dict.fromkeys(str(row["set"]) for row in seen().rows))


def windows() -> tuple[float, ...]:
    """Return the windows, mV per junction."""
    return tuple(dict.fromkeys(float(str(row["window_mV_per_junction"])) for row in seen().rows))


def targets() -> list[Target]:
    """Return whether a set shows the pattern of the paper exactly, and through the widest window."""
    found = []
    for word, window in (("as it is", 0.0), (f"through {WIDEST:g} mV per junction", WIDEST)):
        wide, flat, tall = ratio(NARROW, window), spread(NARROW, window), column(NARROW, window, "beta")[1:]
        found += [
            Target(f"set {NARROW} {word}: β(6) over the mean of the others", "nearly 6", number(wide, 1), "5 to 7",
                   bool(5 <= wide <= 7)),
            Target(f"set {NARROW} {word}: largest distance of β of N = 19, 24, 30 from their mean", "nearly constant",
                   f"{flat:.0%}", f"{ALIKE:.0%}", flat < ALIKE),
            Target(f"set {NARROW} {word}: β of N = 12 to 30", f"below {BETA}",
                   ", ".join(number(value, 3) for value in tall), f"{BETA}", bool(np.all(tall < BETA))),
        ]  # fmt: skip
    return found


def table() -> str:
    """Return the widths by set and window."""
    rows = []
    for set_ in sets():
        for window in windows():
            widths = [number(value, 3) for value in column(set_, window, "beta")]
            above = [number(value, 3) for value in column(set_, window, "beta_above_Y_N")]
            rows.append([set_, f"{window:g}", *widths, number(ratio(set_, window), 1), f"{spread(set_, window):.0%}",
                         ", ".join(above[1:])])  # fmt: skip
    head = ("set", "w (mV per junction)", *(f"β, N = {n}" for n in STACKS), "β(6) over the mean of the others",
            "N = 19 to 30 apart by", "β above Y_N, N = 12 to 30")  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw the widths; return the name of the picture."""
    style.save_figure(plot_observed(seen()), IMAGES / "paper-resolution.png")
    return ["paper-resolution.png"]
