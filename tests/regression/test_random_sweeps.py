"""Random sweeps land: every state that is shown as held is stable, as a search from nothing finds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from helpers.random_devices import random_sweep
from regression.test_stability_random import LARGEST, dense_count

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.scenarios import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.sweep import TOO_MANY, sweep
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.problem import MOLTEN
from hotmesa.solver.states.steep import FALLS

SEEDS = (0, 2, 5, 8, 15, 21, 25)
NIGHTLY = range(200)
VERIFIED = 5
"""States of a sweep that are looked at besides those where it lands."""


@dataclass
class Swept:
    """The rows of a sweep with their states, and what ended it early."""

    scenario: Scenario
    model: Model
    rows: list[Row] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    reason: str = ""


def swept(scenario: Scenario) -> Swept:
    """Return a sweep, to its end or to the reason why it could not go on."""
    found = Swept(scenario, Model(scenario, build_mesh(scenario)))

    def keep(_: Model, e: State) -> dict[str, float]:
        found.states.append(e)
        return {}

    try:
        found.rows.extend(point.row for point in sweep(found.model, (keep,)))
    except SolveError as error:
        found.reason = str(error)
    return found


def pinned(row: Row) -> bool:
    """Return whether only the mesh loses a state."""
    return str(row["jump_cause"]).startswith(PINNED)


def held(found: Swept) -> list[int]:
    """Return the rows to be looked at: where it lands, where legs end, and some between."""
    rows = found.rows
    last = [k for k in range(len(rows)) if k + 1 == len(rows) or rows[k + 1]["leg"] != rows[k]["leg"]]
    landed = [k for k, row in enumerate(rows) if row["jump"] == "to"]
    some = np.linspace(0, len(rows) - 1, VERIFIED).astype(int)
    # What the device holds and the mesh does not has the word for it.
    return sorted(k for k in {*landed, *last, *some} if rows[k]["jump"] != "from" and not pinned(rows[k]))


def growing(found: Swept, k: int) -> int:
    """Return how many modes of a state grow, by a search that knows nothing of its neighbours; by all eigenvalues."""
    stability, bias = Stability(found.model, 1e-6), Bias.of(found.scenario.bias)
    counted = stability.modes(found.states[k], bias, 2).unstable
    if stability.model.unknowns <= LARGEST:
        assert counted == dense_count(stability.model, stability.to_full(found.states[k]), bias, at_fold=False)
    return counted


def check(found: Swept) -> None:
    """Every state held is stable, the sweep ends where it is told, and what settles takes a finite time."""
    # Whatever has a rate is a solution.
    assert all(e.norm <= found.scenario.numerics.tolerance for e in found.states)
    assert [growing(found, k) for k in held(found)] == [0] * len(held(found))
    landed = [row for row in found.rows if row["jump"] == "to"]
    assert all(0.0 < float(row["settling_us"]) < np.inf and row["settling_by"] for row in landed)
    if not found.reason:
        unit = Bias.of(found.scenario.bias).unit
        assert found.rows[-1][f"source_{unit}"] == found.scenario.bias.legs[-1]


def test_random_sweeps_land_on_stable_states(nightly: bool, subtests: pytest.Subtests) -> None:
    for seed in NIGHTLY if nightly else SEEDS:
        with subtests.test(seed=seed):
            found = swept(random_sweep(seed))
            check(found)
            assert not found.reason or any(words in found.reason for words in (FALLS, MOLTEN, TOO_MANY))
