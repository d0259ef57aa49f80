"""Whether the source holds what the page shows: every state of a section, and how those that it loses are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from validation.kurter2010.loads import Jump
from validation.kurter2010.page import markdown
from validation.kurter2010.runs import Trace

from hotmesa.postprocess.stable import Flags, source_of, stable_rows
from hotmesa.postprocess.tables import Table, column, read_table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.study import load_study
from hotmesa.solver.runs.uniform import UniformCurve

SOURCES = {"current_bias": "current", "voltage_bias": "voltage", "load_line": "current behind a resistor"}
CURVE = "dotted"
"""How curves show what is lost."""


@dataclass(frozen=True)
class Shown:
    """States that the page shows under one source.

    Attributes:
        what: where, in words.
        source: "current", "voltage", or "current behind a resistor".
        held: which of them the source holds.
        told: how the page tells those that it does not; "" if it does not tell them.
    """

    what: str
    source: str
    held: Flags
    told: str = ""

    @property
    def lost(self) -> int:
        """Number of states that the source does not hold."""
        return int(np.sum(~self.held))


def of_branches(what: str, runs: Iterable[Trace], told: str = CURVE) -> Shown:
    """Return all states of branches of one source."""
    found = list(runs)
    return Shown(what, SOURCES[source_of(found[0].scenario)], np.concatenate([run.held for run in found]), told)


def of_currents(what: str, run: Trace, I_mA: Sequence[float], told: str = "") -> Shown:
    """Return the states of a branch at currents."""
    held = np.array([run.held_at(current) for current in I_mA], dtype=bool)
    return Shown(what, SOURCES[source_of(run.scenario)], held, told)


def of_jumps(what: str, run: Trace, jumps: Iterable[Jump | None], told: str = "") -> Shown:
    """Return the states from which a branch jumps behind resistors, and those in which it lands."""
    found = [one for one in jumps if one is not None]
    held = [flag for one in found for flag in (one.held_before, one.held_after)]
    return Shown(what, "current behind a resistor", np.array(held, dtype=bool), told)


def of_uniform(what: str, curves: Iterable[UniformCurve]) -> Shown:
    """Return all states of uniform heating: with a current given, one is held where I rises with T along the curve."""
    return Shown(what, "current", np.concatenate([_rising(curve.I_mA) for curve in curves]))


def of_study(what: str, name: str, told: str = "", results: Path = Path("out")) -> Shown:
    """Return the states of all cases of study-NAME, computed in a folder of that name.

    Raises:
        ValueError: the stability of a case was not computed.
    """
    flags, source = [], "current_bias"
    for case in load_study(f"study-{name}").cases:
        folder = results / name / "cases" / case.name
        if case.scenario is None or not (folder / "summary.json").exists():
            continue
        source = source_of(case.scenario)
        if case.scenario.mode == "uniform":
            flags.append(_rising(column(read_table(folder / "uniform.csv"), "I_mA")))
        else:
            flags.append(_held(case.name, read_table(folder / "iv.csv"), source))
    return Shown(what, SOURCES[source], np.concatenate(flags), told)


def _rising(I_mA: Array) -> Flags:
    """Return where a uniform curve in order of temperature rises with current: there a current source holds it."""
    return np.append(np.diff(I_mA) > 0.0, True)


def _held(name: str, table: Table, source: str) -> Flags:
    found = stable_rows(table, source)
    if found is None:
        raise ValueError(f"{name}: stability was not computed")
    return found


def refuse_untold(section: str, shown: Iterable[Shown]) -> None:
    """Refuse a section that shows states which their source does not hold without a word.

    Raises:
        ValueError: with a line for each.
    """
    wrong = [f"{section}: {one.what}: {one.lost} of {one.held.size} states are not held by a {one.source} source, "
             "and nothing tells so" for one in shown if one.lost and not one.told]  # fmt: skip
    if wrong:
        raise ValueError("\n".join(wrong))


def stability_rows(title: str, shown: Sequence[Shown]) -> list[list[str]]:
    """Return the rows of the table of what is held."""
    return [[title, one.what, one.source, str(one.held.size), str(one.lost), one.told if one.lost else ""]
            for one in shown]  # fmt: skip


def stability_table(rows: Sequence[Sequence[str]]) -> str:
    """Return the table of what is held, of all sections."""
    head = ("section", "what is shown", "source", "states", "not held by it", "shown as")
    return markdown(head, rows)
