"""One branch of a scenario with its table, its figures of merit and, where wanted, its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import full_normality, nucleation
from hotmesa.postprocess.report import curve_figures, curve_of
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import trace_branch
from hotmesa.solver.states.fields import FieldState, MeshArrays, gather_mesh


@dataclass(frozen=True)
class Trace:
    """A branch from rest.

    Attributes:
        scenario: the device.
        table: columns of iv.csv.
        figures: figures of merit, as in summary.json.
        curve: I(V) between the points.
        mesh: nodes and triangles.
        states: (row of the table, fields) where fields were kept.
    """

    scenario: Scenario
    table: dict[str, Any]
    figures: dict[str, Any]
    curve: IVCurve
    mesh: MeshArrays
    states: tuple[tuple[int, FieldState], ...]

    def column(self, name: str) -> Array:
        """Return a column of the table."""
        return np.asarray(self.table[name], dtype=np.float64)

    def at_current(self, name: str, I_mA: float) -> float:
        """Return a column at a current of a branch whose current rises all the way."""
        return float(np.interp(I_mA, self.column("I_mA"), self.column(name)))

    def junction_K(self, state: FieldState) -> Array:
        """Return the temperature (K) of the junction layer (mean over its sublayers) at the nodes of the mesh."""
        layers: list[bool] = []
        for layer in self.scenario.layers:
            layers += [layer.junctions] * layer.sublayers
        return np.asarray(state.T_K[np.flatnonzero(layers)].mean(axis=0))


def trace(scenario: Scenario) -> Trace:
    """Follow the branch of a scenario.

    Raises:
        ValueError: the branch has fewer than four points.
    """
    tagged = build_mesh(scenario)
    model = Model(scenario, tagged)
    points = list(trace_branch(model))
    rows = [point.row for point in points]
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    R_N = normal_resistance_ohm(scenario.mesa)
    curve, mesh = curve_of(table, R_N), gather_mesh(model.operators, tagged)
    if curve is None or mesh is None:
        raise ValueError(f"{scenario.name}: the branch has fewer than four points")
    hot = scenario.output.hot_temperature_K
    figures = curve_figures(table, curve, scenario.mesa.junctions) | {
        "nucleation": nucleation(table, curve, hot),
        "normal": full_normality(table),
    }
    if "Q_wire_mW" in table:
        figures["wire"] = table["Q_wire_mW"][-1] / table["P_mW"][-1]
    kept = tuple((row, point.state) for row, point in enumerate(points) if point.state is not None)
    return Trace(scenario, table, figures, curve, mesh, kept)
