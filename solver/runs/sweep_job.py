"""A sweep of a scenario, state by state: what `hotmesa run` does with mode = "sweep"."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

from hotmesa.scenarios import Scenario
from hotmesa.scenarios.rules.bias import sweep_legs
from hotmesa.scenarios.writing import write_table
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import trace_branch
from hotmesa.solver.runs.kinds import Tools, Words
from hotmesa.solver.runs.record import Branch
from hotmesa.solver.runs.sweep import sweep
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.observables import Row

LOG = logging.getLogger(__name__)
WORDS = Words(
    "sweep",
    "states",
    "What often helps: a finer mesh (--set mesh.refine=2), more points (--set bias.points_per_leg=100), "
    "or an end before the difficult place.",
)
MARGIN = 1.02
"""The curve behind a sweep goes a little further than the sweep."""


class SweepRecord(Branch):
    """Rows and fields of a sweep; behind a complete one, the curve of all steady states connected to rest."""

    def __init__(self, scenario: Scenario, model: Model) -> None:
        """Start an empty record. Collective."""
        super().__init__(scenario, model, "sweep.csv")
        self._model = model

    def save(self, folder: str | Path) -> None:
        """Write sweep.csv and states.npz, and after a complete sweep iv.csv. Collective.

        Raises:
            OSError: the folder cannot be written to.
        """
        super().save(folder)
        if not self._complete():
            return
        curve = whole_curve(self._model, MARGIN * max(abs(float(row["I_mA"])) for row in self.rows))
        if self._mesh is not None and curve:
            write_table(Path(folder) / "iv.csv", curve)

    def _complete(self) -> bool:
        legs = sweep_legs(self.scenario.bias)
        last = self.rows[-1]
        source = last[f"source_{Bias.of(self.scenario.bias).unit}"]
        return int(last["leg"]) == len(legs) - 1 and source == legs[-1]


def sweep_tools(scenario: Scenario) -> Tools:
    """Return what computes a sweep."""
    from hotmesa.meshes import build_mesh

    bias = Bias.of(scenario.bias)
    legs = sweep_legs(scenario.bias)
    way = sum(abs(b - a) for a, b in pairwise((0.0, *legs)))
    return Tools(build_mesh, Model, sweep, SweepRecord, WORDS, uniform=False, along=f"travel_{bias.unit}", end=way)


def whole_curve(model: Model, end_current_mA: float) -> list[Row]:
    """Return the rows of the branch from rest to a current; what was reached, if it cannot be followed so far."""
    rows: list[Row] = []
    try:
        for point in trace_branch(model.variant(end_current_mA=end_current_mA)):
            rows.append(point.row)
    except SolveError as error:
        LOG.warning("the curve behind the sweep ends early: %s", error)
    return rows
