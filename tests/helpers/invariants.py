"""What must be true of every run of every device, asked of runs in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np

from helpers.balance import Balance
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.states import States
from hotmesa.postprocess.walls import PINNED
from hotmesa.runner import compute
from hotmesa.scenarios import Scenario
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.solver.runs import branch, diagram, family, sweep, transient
from hotmesa.solver.states.continuation import CurvePoint, follow
from hotmesa.solver.states.problem import MOLTEN, ThermalBranch
from hotmesa.solver.states.steep import FALLS
from hotmesa.solver.time.integrator import Tolerances

HEAT = 1e-8
"""Largest imbalance as part of the Joule heat."""
FLOOR_UW = 1e-12
"""Heat that is none: the solver takes 1e-10 of a power of 0.01 µW."""
ROUNDINGS = 4.0
"""Rounding errors of all temperatures that are no imbalance."""
MOST_STEPS = 500
"""Steps in time of a run between two corners of its source: some devices oscillate as long as they are looked at."""
HONEST = ("raise branch.max_points", "came back to V = 0", f"more than {MOST_STEPS} steps", FALLS, MOLTEN)
"""Reasons for which a run of a valid device may end early: it was asked to, nothing lies ahead on this mesh, or its
sublayers are too thick for the conductivity, or it would melt."""
LOOKED_AT = 6
"""States of a run whose balance is put together once more."""
JUMP_K = 5.0
"""Largest change of a temperature between neighbours that their tangents do not foretell."""


@dataclass
class Tried:
    """A run and how it went.

    Attributes:
        scenario: of the run.
        status: exit status; -1 for a fault of the program.
        problem: why it ended early.
        run: its tables and states, if any.
        pieces: the points of every curve that was followed, with their problem.
    """

    scenario: Scenario
    status: int = -1
    problem: str = ""
    run: Run | None = None
    pieces: list[tuple[ThermalBranch, list[CurvePoint]]] = field(default_factory=list)


def tried(scenario: Scenario) -> Tried:
    """Compute a scenario in memory and watch the curves that it follows."""
    found = Tried(scenario)
    with _watched(found):
        try:
            ending = compute(scenario, None, figures=False, alone=True)
        except HotmesaError as error:
            found.status, found.problem = error.status, str(error)
        except Exception as error:
            found.problem = f"{type(error).__name__}: {error}"
        else:
            found.status, found.problem, found.run = ending.status, ending.problem, ending.run
    return found


@contextmanager
def _watched(found: Tried) -> Iterator[None]:
    def watching(problem: ThermalBranch, *arguments: Any) -> Iterator[CurvePoint]:
        points: list[CurvePoint] = []
        found.pieces.append((problem, points))
        for point in follow(problem, *arguments):
            points.append(point)
            yield point

    with mock.patch.multiple(branch, follow=watching), mock.patch.multiple(sweep, follow=watching):
        with mock.patch.multiple(family, follow=watching), mock.patch.multiple(diagram, follow=watching):
            with mock.patch.multiple(transient, Tolerances=partial(Tolerances, max_steps=MOST_STEPS)):
                yield


def violations(case: Tried) -> list[tuple[str, str]]:
    """Return the invariants that a run violates, each with what was seen."""
    wrong = [*_outcome(case)]
    wrong += [("continuity", text) for problem, points in case.pieces for text in jumps(problem, points)]
    if case.run is not None and len(case.run):
        wrong += _rows(case)
        if case.run.states is not None and case.scenario.mode not in ("uniform", "transient", "family"):
            wrong += imbalances(case.scenario, case.run.states)
    return wrong


def _outcome(case: Tried) -> Iterator[tuple[str, str]]:
    if case.status not in (0, 2, 3):
        yield "status", case.problem
    elif case.status == 2:
        yield "status", f"a valid device is refused: {case.problem}"
    elif case.status == 3 and not any(reason in case.problem for reason in HONEST):
        yield "status", f"ended early: {case.problem.splitlines()[0]}"


def jumps(problem: ThermalBranch, points: list[CurvePoint]) -> Iterator[str]:
    """Yield where neighbours on a curve are further apart than their tangents tell, in any part of the device."""
    n = problem.model.layout.size
    for k, (a, b) in enumerate(pairwise(points)):
        step, change = b.s - a.s, b.u - a.u
        expected = 0.5 * step * (a.tangent + b.tangent)
        miss = np.abs(change - expected)[:n].max()
        if miss > JUMP_K + 0.3 * np.abs(change[:n]).max():
            yield f"{miss:.3g} K from what is foretold behind point {k}, of {np.abs(change[:n]).max():.3g} K"


def _rows(case: Tried) -> Iterator[tuple[str, str]]:
    """What the rows of a run tell by themselves."""
    assert case.run is not None
    run, mode = case.run, case.scenario.mode
    V, I = run.column("V_mV"), run.column("I_mA")  # noqa: E741 - the symbol of the field
    if not (np.isfinite(V).all() and np.isfinite(I).all()):
        yield "numbers", "V or I is no number"
    if (V * I < 0.0).any():
        yield "sign", f"V and I have different signs in row {int(np.argmax(V * I < 0.0))}"
    if mode in ("branch", "diagram") and (V[1:] <= 0.0).any() and "came back" not in case.problem:
        rest = run.column("arclength") == 0.0
        if (V[~rest] <= 0.0).any():
            yield "sign", "the branch comes back to V = 0"
    if mode == "branch" and case.status == 0:
        end = case.scenario.branch.end_current_mA
        if abs(I[-1] - end) > 1e-9 * end:
            yield "end", f"the branch ends at {I[-1]:.8g} mA, not at {end:.8g} mA"
    if mode == "sweep":
        yield from _sweep(case)


def _sweep(case: Tried) -> Iterator[tuple[str, str]]:
    """A sweep follows its source to the last leg, and never rests at a state that grows."""
    assert case.run is not None
    bias, run = case.scenario.bias, case.run
    source, growth, jump = run.column(f"source_{bias.unit}"), run.column("growth_per_us"), run.rows["jump"]
    V, I = run.column("V_mV"), run.column("I_mA")  # noqa: E741 - the symbol of the field
    held = {"current": I, "voltage": V}.get(bias.word, V + bias.series_ohm * I)
    scale = max(map(abs, bias.legs))
    if case.status == 0 and source[-1] != bias.legs[-1]:
        yield "end", f"the sweep ends at {source[-1]:.8g}, not at {bias.legs[-1]:.8g} {bias.unit}"
    off = np.abs(held - source).max()
    if off > 1e-6 * scale:
        yield "source", f"the source is off by {off:.3g} of {scale:.4g} {bias.unit}"
    # What the device holds and the mesh does not has the word for it.
    pinned = [str(cause).startswith(PINNED) for cause in run.rows["jump_cause"]]
    resting = np.array([word != "from" for word in jump]) & ~np.array(pinned)
    if (growth[resting] > 0.0).any():
        yield "stability", f"a sweep rests where a mode grows, row {int(np.argmax(resting & (growth > 0.0)))}"


def imbalances(scenario: Scenario, states: States) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the heat balance of steady states, put together once more from their fields."""
    balance = Balance(scenario, states)
    worst: dict[str, tuple[float, str]] = {}
    for k in sorted({*np.linspace(0, len(states) - 1, LOOKED_AT).astype(int)}):
        found = balance.of(k)
        floor = FLOOR_UW + ROUNDINGS * found.rounding
        for name, heat in (("residual", found.heat), ("heat balance", abs(found.lost))):
            excess = heat / (HEAT * abs(found.power) + floor)
            text = f"{heat:.3g} µW of {found.power:.3g} µW (floor {floor:.1g}) at state {k}"
            worst[name] = max(worst.get(name, (0.0, "")), (excess, text))
        if abs(found.power) > 0.0:
            worst["current"] = max(worst.get("current", (0.0, "")), (abs(found.current) / 1e-9, f"{found.current:.2g}"))
    yield from ((name, text) for name, (excess, text) in worst.items() if excess > 1.0)
