"""How the heat balance at a state changes with a parameter, weighed with adjoint fields: only what changes is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.layout import Potentials
from hotmesa.solver.device.sinks import Rows
from hotmesa.solver.linear.condensed import CondensedConduction, DepthNetwork, depth_network
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max
from hotmesa.solver.sensitivity.beside import Beside
from hotmesa.solver.states.observables import temperatures

PROBED_K = 150.0
"""Up to here go the temperatures at which is asked what a parameter changes at all."""


@dataclass(frozen=True)
class Change:
    """Derivatives by one parameter at a state that is held.

    Attributes:
        weighed: of the heat balance, weighed with every adjoint field, the share of this rank, shape (a,).
        I_mA: of the current, the share of this rank.
        T_mean_K: of the mean temperature over the junctions, the share of this rank.
    """

    weighed: Array
    I_mA: float
    T_mean_K: float


class WeighedState:
    """A state with adjoint fields, and all that serves every parameter."""

    def __init__(self, model: Model, state: State, T: Array, wires: Array) -> None:
        """Take a state and fields of shape (a, unknowns) and (a, wires)."""
        self.model, self.state, self.T, self.wires = model, state, T, wires

    @cached_property
    def through_faces(self) -> list[Array]:
        """What leaves the upper node of every face and enters the lower, weighed."""
        return [self.T[:, face.upper] - self.T[:, face.lower] for face in self.model.interfaces]

    @cached_property
    def by_potential(self) -> Array:
        """Derivative of the weighed conduction by every potential, shape (a, unknowns)."""
        return np.array([self.model.conduction.apply_transposed(row) for row in self.T])

    @cached_property
    def by_sublayer(self) -> Array:
        """Weighed conduction along every unknown sublayer, shape (a, K), without that in a condensed crystal."""
        layout = self.model.layout
        heat = self.T * self.state.conducted
        sums = [heat[:, layout.rows(k)].sum(axis=1) for k in range(len(layout.sublayers))]
        if layout.condensed:
            sums[-1] = np.zeros(len(self.T))
        return np.column_stack(sums)

    @cached_property
    def potentials_on_plan(self) -> Array:
        """In-plane potentials of the unknown sublayers at the nodes of all ranks, zero outside, shape (K, nodes)."""
        mine = self._on_plan(self.state.potentials.phi)
        return np.concatenate(self.model.comm.allgather(mine), axis=1)

    @cached_property
    def free_fields(self) -> Array:
        """Adjoint fields on the plan where conduction has an equation, times thickness, shape (a, K, owned)."""
        layout = self.model.layout
        d = np.array([s.thickness for s in layout.sublayers])[:, None]
        free = self.T.copy()
        free[:, self.model.conduction.fixed] = 0.0
        return np.array([self._on_plan(row) * d for row in free])

    def _on_plan(self, values: Array) -> Array:
        layout = self.model.layout
        return np.asarray(np.nan_to_num(layout.on_plan(values)[: len(layout.sublayers)]))

    @cached_property
    def T_mean_K(self) -> float:
        """Mean temperature of the junctions."""
        return float(temperatures(self.model, self.state)["T_mean_K"])

    @cached_property
    def crystal(self) -> Extended:
        """State and adjoint fields continued into a condensed crystal."""
        return Extended.of(self)


@dataclass(frozen=True)
class Extended:
    """Potentials of a condensed crystal and adjoint fields in it: what was eliminated, back again.

    The crystal is linear and symmetric in its potentials, so that both continue alike, and a change of its network
    changes the weighed heat balance by the bilinear form of that change.

    Attributes:
        network: of the crystal.
        theta: potentials, shape (S, owned).
        fields: adjoint fields, shape (a, S, owned).
        along: weighed stiffness of every sublayer, shape (a, S).
        across: weighed mass between every two sublayers, shape (a, S, S).
    """

    network: DepthNetwork
    theta: Array
    fields: Array
    along: Array
    across: Array

    @staticmethod
    def of(weighed: WeighedState) -> Extended:
        """Continue state and fields."""
        model, conduction = weighed.model, weighed.model.conduction
        if not isinstance(conduction, CondensedConduction):
            raise TypeError("the crystal is not condensed")
        rows, crystal = model.layout.rows(len(model.layout.mesa_layers)), conduction.crystal
        theta = crystal.interior(weighed.state.conducted[rows])
        fields = np.array([crystal.interior(crystal.operator @ row[rows]) for row in weighed.T])
        operators = model.operators
        flowing = (operators.stiffness @ theta.T).T
        return Extended(
            network=depth_network(model.scenario, model.layout.crystal_layers),
            theta=theta,
            fields=fields,
            along=np.einsum("akn,kn->ak", fields, flowing),
            across=fields @ (operators.mass * theta).T,
        )

    def change(self, beside: Beside) -> Array:
        """Return the change of the weighed heat balance by that of network and plan, shape (a,)."""
        found = np.zeros(len(self.fields))
        if beside.network is not None:
            found += self.along @ beside.network.along
            found += np.einsum("akl,kl->a", self.across, beside.network.across)
        if beside.plan is not None:
            flowing = (beside.plan.stiffness @ self.theta.T).T * self.network.along[:, None]
            leaving = self.network.across @ (beside.plan.mass * self.theta)
            found += np.einsum("akn,kn->a", self.fields, flowing + leaving)
        return found


class BalanceChange:
    """The derivative of the heat balance by one parameter.

    Attributes:
        beside: the models at both ends of the parameter.
    """

    def __init__(self, model: Model, beside: Beside) -> None:
        """Find out what the parameter changes, by a state with all temperatures in it. Collective."""
        self._model, self.beside = model, beside
        self._conducts = bool(beside.thickness.any()) or beside.plan is not None or beside.network is not None
        self._probe()

    def _probe(self) -> None:
        model, low, high = self._model, self.beside.low, self.beside.high
        random = np.random.default_rng(0)
        T = random.uniform(model.bath, max(PROBED_K, 1.5 * model.bath), model.layout.size)
        wires = random.uniform(model.bath, max(PROBED_K, 1.5 * model.bath), len(model.wired))
        ends = [_Terms(end, T, wires, 10.0 * float(model.junctions.counts.sum())) for end in (low, high)]
        a, b = ends
        self._potentials = any(
            not np.array_equal(getattr(a.potentials, name), getattr(b.potentials, name))
            for name in ("phi", "psi", "kappa_across")
        )
        self._faces = [k for k in range(len(model.interfaces)) if not np.array_equal(a.face(k), b.face(k))]
        names = dict.fromkeys(sink.name for end in (low, high) for sink in end.sinks)
        self._sinks = [name for name in names if not np.array_equal(a.sink(name)[1], b.sink(name)[1])]
        self._wires = bool((a.leaving() != b.leaving()).any())
        self._heaters = not np.array_equal(low.heater_heat, high.heater_heat)
        changed = not all(np.array_equal(x, y) for x, y in zip(a.made(), b.made(), strict=True))
        self._junctions = global_max(model.comm, changed) > 0.0  # with an electrode the currents are collective

    def at(self, weighed: WeighedState) -> Change:
        """Return the derivatives at a state."""
        model, state, beside = self._model, weighed.state, self.beside
        known = None if self._potentials else state.potentials
        low, high = (_Terms(end, state.T, state.wires, state.V, known) for end in (beside.low, beside.high))
        total: Array = np.zeros(len(weighed.T))
        I_mA = 0.0
        for k in self._faces:
            total += weighed.through_faces[k] @ (high.face(k) - low.face(k))
        for name in self._sinks:
            total += _sink_change(weighed, name, low, high)
        if self._wires and model.comm.rank == 0:
            total += weighed.wires @ (high.leaving() - low.leaving())
        if self._junctions:
            (Q, J), (Q_low, J_low) = high.made(), low.made()
            total -= weighed.T[:, : Q.size] @ (Q - Q_low)
            I_mA = float((J - J_low).sum())
        if self._potentials:
            total += weighed.by_potential @ (high.potentials.phi - low.potentials.phi)
        if self._heaters:
            total -= weighed.T @ (beside.high.heater_heat - beside.low.heater_heat)
        fixed = model.conduction.fixed
        total -= weighed.T[:, fixed].sum(axis=1) * (beside.high.bath - beside.low.bath)
        total, I_mA = total / beside.apart, I_mA / beside.apart
        if self._conducts:
            total += self._conduction(weighed)
        return Change(total, I_mA, self._mean(weighed))

    def _conduction(self, weighed: WeighedState) -> Array:
        """Return the change by the matrix of the conduction, whose potentials are held."""
        layout, beside = self._model.layout, self.beside
        total = weighed.by_sublayer @ beside.thickness
        if beside.plan is not None:
            own = len(layout.mesa_layers) if layout.condensed else len(layout.sublayers)
            for k in range(own):
                sublayer = layout.sublayers[k]
                plan = beside.plan.stiffness_of(sublayer.layer, sublayer.on_mesa)
                total += weighed.free_fields[:, k] @ (plan @ weighed.potentials_on_plan[k])
        return total + (weighed.crystal.change(beside) if layout.condensed else 0.0)

    def _mean(self, weighed: WeighedState) -> float:
        """Return the change of the mean temperature of the junctions by that of the areas."""
        plan = self.beside.plan
        if plan is None:
            return 0.0
        layout, layers = self._model.layout, len(self._model.layout.junction_layers)
        T = weighed.state.T[layout.junction_rows].reshape(layers, -1).mean(axis=0)
        return float(plan.mesa_mass[layout.mesa_nodes] @ (T - weighed.T_mean_K)) / self._model.area


def _sink_change(weighed: WeighedState, name: str, low: _Terms, high: _Terms) -> Array:
    (rows, q, wire), (rows_low, q_low, _) = high.sink(name), low.sink(name)
    total: Array = weighed.T[:, rows] @ q - weighed.T[:, rows_low] @ q_low
    return total if wire is None else total - weighed.wires[:, wire] * (q.sum() - q_low.sum())


class _Terms:
    """The terms of the heat balance of a model at a state."""

    def __init__(self, model: Model, T: Array, wires: Array, V: float, known: Potentials | None = None) -> None:
        self._model, self._T, self._wires, self._V = model, T, wires, V
        self._known = known

    @cached_property
    def potentials(self) -> Potentials:
        """Potentials of all temperatures."""
        return self._known or self._model.layout.potentials(self._T, self._model.bath)

    def face(self, k: int) -> Array:
        """Heat (µW) through every pair of nodes of an interface."""
        face = self._model.interfaces[k]
        return np.asarray(face.mass * face.flux(self._T, self.potentials).q)

    def sink(self, name: str) -> tuple[Rows, Array, int | None]:
        """Unknowns of a sink, the heat (µW) into it, and which wire that heats; of one that is not there nothing."""
        for sink, T_wire in zip(self._model.sinks, self._model.outer_temperatures(self._wires), strict=True):
            if sink.name == name:
                wired = [other.name for other in self._model.wired]
                wire = wired.index(name) if name in wired else None
                return sink.rows, sink.heat(self._T, self.potentials, T_wire).q, wire
        return slice(0, 0), np.zeros(0), None

    def leaving(self) -> Array:
        """Heat (µW) that leaves every wire."""
        bath = self._model.bath
        curves = [sink.wire for sink in self._model.wired if sink.wire is not None]
        return np.array([float(c.integral(T) - c.integral(bath)) for c, T in zip(curves, self._wires, strict=True)])

    def made(self) -> tuple[Array, Array]:
        """Heat (µW) that is made at every node of the mesa sublayers, and current (mA) through every node of a mesa."""
        junctions, electrode = self._model.driven(self._V, self._T)
        return self._model.made(junctions, electrode).ravel(), self._model.junction_mass * junctions.J
