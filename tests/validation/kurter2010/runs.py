"""One branch of a scenario with its table, its figures of merit and, where wanted, its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa import Model, Run, Scenario, build_mesh
from hotmesa import trace as trace_branch
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import curve_figures, curve_of, full_normality, nucleation
from hotmesa.postprocess.results import States
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm


@dataclass(frozen=True)
class Trace:
    """A branch from rest with its figures of merit.

    Attributes:
        run: its table and fields.
        figures: figures of merit, as in summary.json.
        curve: I(V) between the points.
    """

    run: Run
    figures: dict[str, Any]
    curve: IVCurve

    @property
    def scenario(self) -> Scenario:
        """The device."""
        return self.run.scenario

    @property
    def states(self) -> States:
        """Fields where they were kept."""
        if self.run.states is None:
            raise ValueError(f"{self.scenario.name}: no fields were kept")
        return self.run.states

    @property
    def junction_T_K(self) -> Array:
        """Temperature (K) of the junction layer (mean over its sublayers) at the nodes, shape (states, nodes)."""
        return np.asarray(self.run.junction_T_K)

    def column(self, name: str) -> Array:
        """Return a column of the table."""
        return self.run.column(name)

    def at_states(self, name: str) -> Array:
        """Return a column of the table where fields were kept."""
        return np.asarray(self.column(name)[self.states.row])

    def at_current(self, name: str, I_mA: float) -> float:
        """Return a column at a current of a branch whose current rises all the way."""
        return float(np.interp(I_mA, self.column("I_mA"), self.column(name)))


def trace(scenario: Scenario) -> Trace:
    """Follow the branch of a scenario.

    Raises:
        ValueError: the branch has fewer than four points.
    """
    run = Run(scenario)
    for point in trace_branch(Model(scenario, build_mesh(scenario))):
        run.append(point)
    curve = curve_of(run.rows, normal_resistance_ohm(scenario.mesa))
    if curve is None:
        raise ValueError(f"{scenario.name}: the branch has fewer than four points")
    figures = curve_figures(run.rows, curve, scenario.mesa.junctions) | {
        "nucleation": nucleation(run.rows, curve, run.hot_temperature_K),
        "normal": full_normality(run.rows),
    }
    if "Q_wire_mW" in run.rows:
        figures["wire"] = run.column("Q_wire_mW")[-1] / run.column("P_mW")[-1]
    return Trace(run, figures, curve)
