"""Time integration of the layered heat balance with its bias circuit, by PETSc's adaptive integrators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.capacity import heat_capacity, require_heat_capacities
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import BorderedOperator
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_sum
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.time.integrator import Equations, History, Stepper, Tolerances
from hotmesa.solver.time.source import Circuit

__all__ = ["Circuit", "TimePoint", "Tolerances", "Transient"]

BALANCE_STEPS = 60
CIRCUIT_RTOL = 1e-6
"""How well the source is held at the moments that are handed out."""


@dataclass(frozen=True)
class TimePoint:
    """The device at one time.

    Attributes:
        t: time (µs).
        e: its state.
        source: value of the source (mA or mV).
        requested: whether this is one of the times asked for (the moments between them are those of the integrator).
        newton_steps: spent since the moment before.
        history: what is needed to go on behind it; None where that is not possible.
    """

    t: float
    e: State
    source: float
    requested: bool = False
    newton_steps: int = 0
    history: History | None = None


class Transient:
    """C(T) dT/dt + F(T, V) = 0 with wires in balance at every moment and V set by the circuit.

    The integrator is PETSc's BDF of second order with adaptive steps (stiff and differential-algebraic). The Jacobian
    is the bordered one of the steady problem with the heat capacities on its diagonal; its factors are kept.
    """

    def __init__(self, model: Model, circuit: Circuit, tolerances: Tolerances | None = None) -> None:
        """Prepare the integrator.

        Raises:
            SolveError: the model has a condensed crystal, whose heat capacity is lost.
            RequestError: a layer has no heat capacity.
        """
        require_heat_capacities(model.layout)
        heat_capacity(model.layout, model.cold()[0])
        self.model, self.circuit, self.tolerances = model, circuit, tolerances or Tolerances()
        self._problem = ThermalBranch(model, circuit.bias)
        self._linear = BorderedOperator(model.comm, model.conduction, model.layout.size, len(model.wired))

    @property
    def factorisations(self) -> int:
        """Number of factorisations so far."""
        return self._linear.factorisations

    def run(
        self, start: Array, t0: float, t1: float, save_at: Sequence[float] = (), history: History | None = None
    ) -> Iterator[TimePoint]:
        """Yield the accepted moments from t0 to t1 from a flat state u = (T, wires, V) at t0. Collective.

        The first moment is the start itself, with wires and V brought into balance with its temperatures; at a corner
        of the source there are two, right before it and right after it.

        Args:
            start: flat state at t0.
            t0: first time (µs).
            t1: last time (µs).
            save_at: more times to yield, taken from the interpolant of the integrator.
            history: of a moment of this run; the moments behind it are yielded, and the start is not looked at.

        Raises:
            SolveError: the step became too small; what was yielded stays valid.
        """
        u = start
        corners = {*self.circuit.corners, *(t for heater in self.model.scenario.heaters for t in heater.times_us)}
        stops = [t for t in sorted(corners) if t0 < t < t1] + [t1]
        times = sorted(t for t in set(save_at) if t0 <= t <= t1)
        for begin, end in zip([t0, *stops[:-1]], stops, strict=True):
            heated = heated_at(self.model, begin)
            equations = Equations(heated, self._problem, self._linear, self.circuit, begin, end)
            goes_on = history if history is not None and history.begin == begin else None
            if history is not None and begin < history.begin:
                continue
            if goes_on is None:
                u = self._balanced(u, equations, begin)
                yield self._moment(equations, begin, equations.evaluation(u), begin in times)
            after = begin if goes_on is None else goes_on.times[-1]
            for moment in self._piece(equations, u, [t for t in times if after < t <= end], goes_on):
                yield moment
                u = moment.e.u

    def _piece(
        self, equations: Equations, start: Array, times: list[float], history: History | None
    ) -> Iterator[TimePoint]:
        """Yield the moments after the start of one smooth piece of the source."""
        stepper = Stepper(equations, self.tolerances, start, history)
        try:
            while not stepper.finished:
                e = self._closed(stepper.step(), equations, stepper.time)
                while times and times[0] < stepper.time:
                    t = times.pop(0)
                    # The interpolant has the order of the method; V and wires are put in balance with it exactly.
                    u = self._balanced(stepper.at(t), equations, t)
                    yield self._moment(equations, t, equations.evaluation(u), True)
                requested = bool(times) and times[0] == stepper.time
                here = self._moment(equations, stepper.time, e, requested, stepper.newton_steps)
                yield replace(here, history=stepper.history)
        finally:
            stepper.close()

    def _closed(self, e: State, equations: Equations, t: float) -> State:
        """Return the state of a step with its circuit closed; the integrator leaves a part of the local error open."""
        value = equations.source(t)
        loose = abs(self.circuit.bias.value(e.V, e.I) - value) > CIRCUIT_RTOL * abs(value)
        if self._keeps_charge or not loose:
            return e
        return equations.evaluation(self._balanced(e.u, equations, t))

    @property
    def _keeps_charge(self) -> bool:
        return self.circuit.bias.by_I * self.circuit.capacitance > 0.0

    def _moment(self, equations: Equations, t: float, e: State, requested: bool, newton_steps: int = 0) -> TimePoint:
        return TimePoint(t, e, equations.source(t), requested, newton_steps)

    def _balanced(self, u: Array, equations: Equations, t: float) -> Array:
        """Return the state with V (and wires) obeying their equations at the temperatures given.

        With a parallel capacitance V is a state of its own and stays.
        """
        T, wires, V = self._problem.split(u)
        bias = self.circuit.bias
        value = equations.source(t)
        for _ in range(BALANCE_STEPS):
            e = self.model.evaluate(T, wires, V)
            lin = self.model.linearise(e)
            gap = 0.0 if self._keeps_charge else bias.value(e.V, e.I) - value
            step_V = -gap / (bias.by_V + bias.by_I * lin.I_by_V)
            step_w = -e.wire_residual / lin.wire_diagonal if wires.size else wires
            V, wires = V + step_V, wires + step_w
            if abs(step_V) <= 1e-12 * max(abs(V), 1e-9) and np.abs(step_w).max(initial=0.0) <= 1e-11 * self.model.bath:
                return np.concatenate([T, wires, [V]])
        raise SolveError(f"no voltage balances the circuit at t = {t:.6g} µs")


def heated_at(model: Model, t_us: float) -> Model:
    """Return a model with those of its heaters that are on at a time and until the next one switches."""
    heaters = model.scenario.heaters
    on = tuple(heater for heater in heaters if heater.is_on(t_us))
    return model if on == heaters else model.variant(heaters=on)


PJ_TO_NJ = 1e-3


def enthalpy(model: Model, e: State) -> float:
    """Return the heat stored in all layers, sum of d A int_{T_B}^{T} c dT (pJ = µW µs); exact for the curves of c."""
    total = 0.0
    for k, sublayer in enumerate(model.layout.sublayers):
        T = e.T[model.layout.rows(k)]
        c = sublayer.material.heat_capacity
        total += sublayer.thickness * float(model.layout.mass(k) @ (c.integral(T) - c.integral(model.bath)))
    return global_sum(model.comm, total)


class StoredHeat:
    """Adds up energies along a transient; power between moments by the trapezoidal rule."""

    def __init__(self, model: Model) -> None:
        """Start the sums."""
        self._model = model
        self._last: tuple[float, float, float, float] | None = None
        self._joule = self._sinks = self._heaters = self._first = 0.0

    @property
    def sums(self) -> Array:
        """Where the sums stand: what a new one needs to go on."""
        last = self._last or (0.0, 0.0, 0.0, 0.0)
        return np.array([*last, self._joule, self._sinks, self._heaters, self._first])

    @sums.setter
    def sums(self, values: Array) -> None:
        t, P, sinks, heaters, self._joule, self._sinks, self._heaters, self._first = map(float, values)
        self._last = t, P, sinks, heaters

    def row(self, t: float, e: State, sinks_mW: float) -> Row:
        """Return the energies (nJ) since the start at the next moment.

        Args:
            t: time (µs).
            e: state.
            sinks_mW: heat into all sinks.
        """
        P, heaters, stored = e.P * PJ_TO_NJ, e.heaters * PJ_TO_NJ, enthalpy(self._model, e) * PJ_TO_NJ
        if self._last is None:
            self._first = stored
        else:
            t_last, P_last, sinks_last, heaters_last = self._last
            self._joule += 0.5 * (t - t_last) * (P + P_last)
            self._sinks += 0.5 * (t - t_last) * (sinks_mW + sinks_last)
            self._heaters += 0.5 * (t - t_last) * (heaters + heaters_last)
        self._last = t, P, sinks_mW, heaters
        row: Row = {"E_joule_nJ": self._joule, "E_sinks_nJ": self._sinks, "E_stored_nJ": stored - self._first}
        return row | ({"E_heaters_nJ": self._heaters} if self._model.scenario.heaters else {})
