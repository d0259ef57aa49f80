"""The heat balance of a device in the form that continuation follows: unknowns T, wire temperatures and V."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.linear.bordered import BorderedSolver, Constraint, Update
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_sum
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.steep import too_thick

POWER_FLOOR_UW = 1e-2
"""Below this Joule power the heat imbalance is given relative to it, so that rounding does not count as a residual."""
ROUNDINGS = 2.0
"""Rounding errors of all temperatures that are no imbalance."""
TEMPERATURE_SCALE_K = 20.0
VOLTAGE_SCALE_MV = 10.0
TANGENT_RTOL = 1e-8
"""Of the residual in µW for a tangent of about 20 K: an error of about 1e-10 in dV/dI, which places the next point."""
NEAR_FOLD_RTOL = 1e-6
"""Accuracy of a tangent where rounding prevents the finer one, as it can at a fold."""
MAX_CHANGE_K = 40.0
WARMING_STEPS, WARMING_RTOL = 60, 1e-6
"""Newton steps to the state that heaters alone make, and the accuracy of each."""
KEPT_SHARE = 0.7
"""Of the bath temperature that a Newton step leaves at least."""
ABOVE_ZERO_K = 1e-3
"""Lowest temperature of a device whose law has no table."""
HOTTEST_K = 1337.0
"""Gold melts, and Bi2212 has before: no state of a device lies above."""
MOLTEN = f"hotter than {HOTTEST_K:g} K, where gold melts and Bi2212 has before: end the run earlier, or cool the device"


@dataclass(frozen=True)
class Functional:
    """A linear functional on steps (dT, dT_wires, dV): a row of the bordered system."""

    constraint: Constraint
    problem: ThermalBranch

    def __call__(self, du: Array) -> float:
        """Return its value for a step."""
        T, wires, V = self.problem.split(du)
        here = global_sum(self.problem.model.comm, self.constraint.by_T @ T)
        return here + float(self.constraint.by_wires @ wires) + self.constraint.by_V * V


class ThermalBranch:
    """Steady states of a model, parametrised by nothing: V is one of the unknowns (the last).

    Attributes:
        model: the device.
        bias: whose value is the control parameter.
        coldest: temperature (K) below which the law knows no state.
        symmetries: projections of flat steps on those that keep a symmetry; none by default.
        linear: solver of the bordered linear systems.
    """

    def __init__(self, model: Model, bias: Bias | None = None) -> None:
        """Prepare metric and linear solver; the control parameter is the value of the bias (default: the current)."""
        self.model = model
        self.bias = bias or Bias.current()
        self.coldest = max(model.junctions.law.T_range[0], ABOVE_ZERO_K)
        self._n = model.layout.size
        self._rows = model.layout.junction_rows
        layers = len(model.layout.junction_layers)
        # Mean square over the junctions, so that the arclength does not depend on mesh or stack.
        self._weight = np.tile(model.junction_mass, layers) / (model.area * layers * TEMPERATURE_SCALE_K**2)
        self._V_scale = VOLTAGE_SCALE_MV * model.circuit.junctions_in_series
        self.linear = BorderedSolver(model.comm, model.conduction, self._n, len(model.wired))
        self.symmetries: list[Callable[[Array], Array]] = []

    def cold_start(self) -> tuple[Array, Array]:
        """Return the state at rest, u = (T, wires, V = 0), and the direction of rising voltage.

        Without heaters and mesas with sources of their own all is at the bath; with them the steady state they make.

        Raises:
            SolveError: that was not found.
        """
        T, wires = self.model.cold()
        direction = np.zeros(T.size + wires.size + 1)
        direction[-1] = 1.0
        u = np.concatenate([T, wires, [0.0]])
        stacks = self.model.stacks
        warm = self.model.heaters_uW > 0.0 or (stacks is not None and stacks.has_sources)
        return (self._warmed(u) if warm else u), direction

    def _warmed(self, u: Array) -> Array:
        """Return the steady state under heaters and other mesas alone, by Newton's method from a flat state."""
        for _ in range(WARMING_STEPS):
            state = self.evaluate(u)
            if state.norm <= self.model.scenario.numerics.tolerance:
                return u
            du = self.step(state, Functional(Constraint(*self._voltage_alone(state)), self), 0.0, WARMING_RTOL)
            u = u + self.damping(u, du) * du
        heaters = f"heaters of {self.model.heaters_uW:g} µW" if self.model.heaters_uW else "the sources of other mesas"
        raise SolveError(f"no state was found under {heaters} alone; lower their power")

    def _voltage_alone(self, state: State) -> tuple[Array, Array, float]:
        return np.zeros(self._n), np.zeros(state.wires.size), 1.0

    def split(self, u: Array) -> tuple[Array, Array, float]:
        """Return temperatures, wire temperatures and voltage of a flat state."""
        return u[: self._n], u[self._n : -1], float(u[-1])

    def evaluate(self, u: Array) -> State:
        """Return the heat balance at u; its norm is the sum of all imbalances over the Joule power.

        Raises:
            SolveError: a temperature is below `coldest` or above `HOTTEST_K`.
        """
        lowest = -global_max(self.model.comm, -float(u[: self._n].min(initial=np.inf)))
        if not lowest >= self.coldest:
            raise SolveError(f"a prediction went down to {lowest:.4g} K, below any state of the device")
        if self.is_molten(u):
            raise SolveError(MOLTEN)
        e = self.model.evaluate(*self.split(u))
        imbalance = global_sum(self.model.comm, np.abs(e.residual).sum()) + np.abs(e.wire_residual).sum()
        floor = ROUNDINGS * self.model.rounding(e) / self.model.scenario.numerics.tolerance
        return replace(e, norm=float(imbalance / max(e.P + e.heaters, POWER_FLOOR_UW, floor)))

    def is_molten(self, u: Array) -> bool:
        """Return whether any temperature is above `HOTTEST_K`. Collective."""
        return global_max(self.model.comm, float(u[: self._n].max(initial=0.0))) > HOTTEST_K

    def plane(self, normal: Array) -> Functional:
        """Return the functional du -> inner(normal, du)."""
        T, wires, V = self.split(normal)
        by_T = np.zeros(self._n)
        by_T[self._rows] = self._weight * T[self._rows]
        return Functional(Constraint(by_T, np.zeros(wires.size), V / self._V_scale**2), self)

    def control(self, state: State) -> tuple[float, Functional]:
        """Return the value of the bias and its derivative, a functional on steps."""
        constraint = self.bias_constraint(state.jacobian, self.bias)
        return self.bias.value(state.V, state.I), Functional(constraint, self)

    def bias_constraint(self, lin: Jacobian, bias: Bias) -> Constraint:
        """Return the derivatives of the value of a bias."""
        return Constraint(bias.by_I * lin.I_by_T, np.zeros(lin.wire_diagonal.size), bias.by_V + bias.by_I * lin.I_by_V)

    def step(self, state: State, functional: Functional, gap: float, rtol: float) -> Array:
        """Return the Newton step with functional(du) = -gap."""
        rhs = Update(-state.residual, -state.wire_residual, -gap)
        return self._solve(state, functional, rhs, rtol)

    def null_vector(self, state: State, functional: Functional, guess: Array | None = None) -> Array:
        """Return the tangent with functional(t) = 1, looked for near the guess."""
        rhs = Update(np.zeros(self._n), np.zeros(state.wires.size), 1.0)
        near = None if guess is None else Update(*self.split(guess))
        try:
            return self._solve(state, functional, rhs, TANGENT_RTOL, near)
        except SolveError:
            return self._solve(state, functional, rhs, NEAR_FOLD_RTOL, near)

    def _solve(
        self, state: State, functional: Functional, rhs: Update, rtol: float, guess: Update | None = None
    ) -> Array:
        d = self.linear.solve(state.jacobian, functional.constraint, rhs, rtol, guess=guess)
        step = np.concatenate([d.T, d.wires, [d.V]])
        for project in self.symmetries:
            step = project(step)
        return step

    def inner(self, a: Array, b: Array) -> float:
        """Return mean over the junctions of dT dT' / (20 K)^2 plus dv dv' / (10 mV)^2 (v per junction)."""
        here = float(np.sum(self._weight * a[: self._n][self._rows] * b[: self._n][self._rows]))
        return global_sum(self.model.comm, here) + float(a[-1] * b[-1]) / self._V_scale**2

    def largest(self, du: Array) -> float:
        """Return the largest change of any temperature over 20 K or of the voltage per junction over 10 mV."""
        hottest = global_max(self.model.comm, np.abs(du[: self._n]).max(initial=0.0))
        wires = np.abs(du[self._n : -1]).max(initial=0.0)
        return float(max(hottest / TEMPERATURE_SCALE_K, wires / TEMPERATURE_SCALE_K, abs(du[-1]) / self._V_scale))

    def damping(self, u: Array, du: Array) -> float:
        """Return the factor that keeps every change below 40 K and every temperature above 0.7 T_B."""
        T, dT = u[: self._n], du[: self._n]
        largest = global_max(self.model.comm, np.abs(dT).max(initial=0.0))
        room = np.where(dT < 0.0, (T - KEPT_SHARE * self.model.bath) / np.maximum(-dT, 1e-300), np.inf)
        nearest = -global_max(self.model.comm, -float(room.min(initial=np.inf)))
        return float(min(1.0, MAX_CHANGE_K / max(largest, 1e-300), max(0.9 * nearest, 1e-3)))

    def rates(self, state: State, tangent: Array) -> dict[str, float]:
        """Return dV/ds (mV) and dI/ds (mA)."""
        functional = Functional(self.bias_constraint(state.jacobian, Bias.current()), self)
        return {"V": float(tangent[-1]), "I": functional(tangent)}

    def trouble(self, state: State) -> str:
        """Return in words what about the device makes steps fail at a state; "" if nothing is known. Collective."""
        return too_thick(self.model, state.T)
