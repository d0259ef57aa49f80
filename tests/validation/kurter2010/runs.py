"""One branch of a scenario with its table, its figures of merit and, where wanted, its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from hotmesa import Model, Run, Scenario, build_mesh
from hotmesa import trace as trace_branch
from hotmesa.postprocess import style
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import curve_figures, curve_of, full_normality, nucleation
from hotmesa.postprocess.results import States
from hotmesa.postprocess.stable import Flags, source_of, stable_rows
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

    @property
    def held(self) -> Flags:
        """Which points the source of the scenario holds (an ideal current source unless it says another)."""
        found = stable_rows(self.run.rows, source_of(self.scenario))
        if found is None:
            raise ValueError(f"{self.scenario.name}: stability was not computed")
        return found

    def held_at(self, I_mA: float) -> bool:
        """Return whether the source holds the points on both sides of a current of a branch that rises all the way."""
        above = int(np.searchsorted(self.column("I_mA"), I_mA))
        return bool(np.all(self.held[max(above - 1, 0) : above + 1]))

    def lost(self, digits: int = 2) -> str:
        """Return the currents (mA) between which the source does not hold the branch, in words: "0.73 to 0.81"."""
        ends = np.flatnonzero(np.diff(np.concatenate([[False], ~self.held, [False]]).astype(int))).reshape(-1, 2)
        I = self.column("I_mA")  # noqa: E741
        return ", ".join(f"{I[first]:.{digits}f} to {I[end - 1]:.{digits}f}" for first, end in ends) or "none"

    def draw(self, axes: Axes, volts_over: float = 1.0, **look: Any) -> None:
        """Draw I(V) (V over a number of junctions), dotted where the source does not hold the branch."""
        s, held = self.curve.dense(), self.held[self.curve.index]
        parts = (len(s) - 1) // (len(held) - 1)
        both = np.append(np.repeat(held[1:] & held[:-1], parts), held[-1])
        draw_held(axes, self.curve.V_mV(s) / volts_over, self.curve.I_mA(s), both, **look)


def draw_held(axes: Axes, x: Array, y: Array, held: Flags, **look: Any) -> None:
    """Draw a line through points, dotted next to those that a source does not hold."""
    lost = ~held
    beside = lost | np.append(lost[1:], False) | np.append(False, lost[:-1])
    axes.plot(np.where(held, x, np.nan), y, **look)
    if lost.any():
        dotted = style.LOOKS[style.UNSTABLE_UNDER_CURRENT]["linestyle"]
        axes.plot(np.where(beside, x, np.nan), y, **(look | {"linestyle": dotted, "label": None}))


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
