"""Several mesas and what drives each: their voltages from the one that the run follows, and from the temperatures.

V and I are those of the circuit that the run follows: one mesa alone, several parallel (one voltage, I is the sum), or
several in series (one current, V is the sum). A mesa with a source of its own has its voltage or its current given, and
one that is idle has neither. At given V and temperatures every voltage U_k is unique, for the current of a mesa rises
with its voltage: the U_k are eliminated, and all that knows V, I and temperatures stays as it is with one mesa.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.mesas import OneMesa, are_in_series, mesas_of
from hotmesa.scenarios.schema import CurrentMesa, IdleMesa, LeadingMesa, Scenario, VoltageMesa
from hotmesa.solver.device.heating import Junctions, JunctionState
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.errors import SolveError
from hotmesa.solver.parallel import Comm, global_sums

MAX_STEPS = 200
CONVERGED = 1e-9
"""Last relative change of a voltage by Newton's method: its error is about the square of that."""
ALONG = 2.0
"""Factor by which a voltage changes at most in one step of Newton's method."""


@dataclass(frozen=True)
class Role:
    """What drives one mesa.

    Attributes:
        name: of the mesa.
        kind: "circuit" (part of what the run follows), "current" or "voltage".
        value: current (mA) or voltage (mV) of a source of its own.
    """

    name: str
    kind: str = "circuit"
    value: float = 0.0


@dataclass(frozen=True)
class StackState:
    """Voltages and currents of all mesas at one state.

    Attributes:
        junctions: at the mesa nodes of this rank.
        U: voltage of each mesa (mV).
        currents: through each mesa (mA).
        slopes: derivative of each current by its voltage (mA/mV).
        I: current of the circuit that the run follows (mA).
        P: power (µW) of all of them.
    """

    junctions: JunctionState
    U: Array
    currents: Array
    slopes: Array
    I: float  # noqa: E741 - the symbol of the field
    P: float


@dataclass(frozen=True)
class Stacks:
    """The mesas of a device.

    Attributes:
        comm: communicator.
        roles: of every mesa.
        in_series: whether the circuit that the run follows is one of mesas in series.
        nodes: places of each mesa among the mesa nodes of this rank.
        parts: its junctions.
        mass: lumped areas (µm²) of the mesa nodes of this rank.
        junction_layers: numbers of the mesa sublayers that hold junctions.
        layers: number of mesa sublayers.
    """

    comm: Comm
    roles: Sequence[Role]
    in_series: bool
    nodes: Sequence[NDArray[np.int64]]
    parts: Sequence[Junctions]
    mass: Array
    junction_layers: Sequence[int]
    layers: int

    def places(self, kind: str) -> list[int]:
        """Return the numbers of the mesas with a role."""
        return [k for k, role in enumerate(self.roles) if role.kind == kind]

    @property
    def columns(self) -> Mapping[str, int]:
        """Number of every mesa by its name."""
        return {role.name: k for k, role in enumerate(self.roles)}

    @property
    def has_sources(self) -> bool:
        """Whether a mesa has a source of its own, which heats it where V is zero."""
        return any(role.value != 0.0 for role in self.roles)

    @property
    def circuit(self) -> list[int]:
        """Numbers of the mesas in the circuit that the run follows."""
        return self.places("circuit")

    def mean(self, values: Array) -> Array:
        """Return the means over the area of each mesa of values at the mesa nodes, shape (..., m). Collective."""
        sums = [(values[..., nodes] * self.mass[nodes]).sum(axis=-1) for nodes in self.nodes]
        areas = [np.full(np.shape(sums[0]), self.mass[nodes].sum()) for nodes in self.nodes]
        total = global_sums(self.comm, np.array([sums, areas]))
        return np.asarray(total[0] / total[1])

    def even(self, power_uW: float) -> list[Array]:
        """Return for each mesa a power (µW) spread evenly over it, at the mesa nodes of this rank. Collective."""
        areas = global_sums(self.comm, np.array([self.mass[nodes].sum() for nodes in self.nodes]))
        result: list[Array] = [np.zeros(self.mass.size) for _ in self.nodes]
        for values, nodes, area in zip(result, self.nodes, areas, strict=True):
            values[nodes] = power_uW * self.mass[nodes] / area
        return result

    def solve(self, V: float, T: Array) -> StackState:
        """Return the state at the voltage of the circuit (mV) and temperatures of the junctions (K), shape (S, m).

        Raises:
            SolveError: a current of a mesa of its own was not found.
        """
        U: Array = np.zeros(len(self.roles))
        for k in self.circuit:
            U[k] = V
        for k in self.places("voltage"):
            U[k] = self.roles[k].value
        if self.in_series:
            U = self._share_out(V, U, T)
        driven = [k for k in self.places("current") if self.roles[k].value != 0.0]
        if driven:
            U = self._find(U, driven, T)
        return self._state(U, T)

    def _evaluate(self, U: Array, T: Array, which: Sequence[int]) -> tuple[list[JunctionState], Array, Array]:
        """Return the junctions of some mesas, their currents (mA) and the slopes of these (mA/mV). Collective."""
        states = [self.parts[k].evaluate(float(U[k]), T[:, self.nodes[k]]) for k in which]
        areas = [self.mass[self.nodes[k]] for k in which]
        here = [[m @ s.J, m @ s.J_by_V] for s, m in zip(states, areas, strict=True)]
        currents, slopes = global_sums(self.comm, np.array(here)).T
        return states, currents, slopes

    def _share_out(self, V: float, U: Array, T: Array) -> Array:
        """Return voltages with a common current of the mesas in series, sum V: Newton's method, as for sublayers."""
        circuit, U = self.circuit, U.copy()
        counts = np.array([self.parts[k].counts.sum() for k in circuit])
        U[circuit] = V * counts / counts.sum()
        if V == 0.0:
            return U
        for _ in range(MAX_STEPS):
            _, currents, slopes = self._evaluate(U, T, circuit)
            common = np.sum(currents / slopes) / np.sum(1.0 / slopes)
            old = U[circuit]
            new = old * np.clip(1.0 + (common - currents) / slopes / old, 1.0 / ALONG, ALONG)
            U[circuit] = new * (V / new.sum())
            if np.abs(U[circuit] - old).max() <= CONVERGED * abs(V):
                return U
        raise SolveError(f"mesas in series: no common current was found at V = {V:g} mV")

    def _find(self, U: Array, driven: Sequence[int], T: Array) -> Array:
        """Return voltages at which some mesas carry their currents: Newton's method between bounds that close in."""
        U = U.copy()
        wanted: Array = np.array([abs(self.roles[k].value) for k in driven])
        sign = np.sign([self.roles[k].value for k in driven])
        areas = global_sums(self.comm, np.array([self.mass[self.nodes[k]].sum() for k in driven]))
        normal = np.array([self.parts[k].counts.sum() * self.parts[k].resistance for k in driven]) / areas
        found: Array = wanted * normal
        low: Array = np.zeros(wanted.size)
        high: Array = np.full(wanted.size, np.inf)
        for _ in range(MAX_STEPS):
            U[driven] = found
            _, currents, slopes = self._evaluate(U, T, driven)
            low, high = np.where(currents < wanted, found, low), np.where(currents < wanted, high, found)
            step = found + (wanted - currents) / slopes
            middle = np.where(np.isfinite(high), 0.5 * (low + high), ALONG * found)
            new = np.where((step > low) & (step < np.minimum(high, ALONG * found)), step, middle)
            done = bool(np.all(np.abs(step - found) <= CONVERGED * found))
            found = step if done else new
            if done:
                U[driven] = sign * found
                return U
        names = ", ".join(f'"{self.roles[k].name}"' for k in driven)
        raise SolveError(f"the voltages at which {names} carry their currents were not found; take other currents")

    def _state(self, U: Array, T: Array) -> StackState:
        every = range(len(self.roles))
        states, currents, slopes = self._evaluate(U, T, every)
        circuit = self.circuit
        current = float(np.mean(currents[circuit]) if self.in_series else np.sum(currents[circuit]))
        return StackState(self._merged(states, T), U, currents, slopes, current, float(U @ currents))

    def _merged(self, states: Sequence[JunctionState], T: Array) -> JunctionState:
        """Return the states of the mesas as one of all nodes of this rank."""
        merged = {}
        for part in fields(JunctionState):
            values = [np.asarray(getattr(state, part.name)) for state in states]
            whole = np.zeros((*values[0].shape[:-1], T.shape[1]))
            for nodes, value in zip(self.nodes, values, strict=True):
                whole[..., nodes] = value
            merged[part.name] = whole
        return JunctionState(**merged)


class StackResponse:
    """How voltages and currents of the mesas follow temperatures and V; see `coupling.Response`.

    With s_k = sum of dI_k/dT dT at a voltage held, dU = C s + d dV and dI = w s + I_by_V dV.
    """

    def __init__(self, stacks: Stacks, state: StackState) -> None:
        """Take a state; nothing is communicated."""
        self._stacks = stacks
        self._current_by_T = self._in_junctions(stacks.mass * state.junctions.J_by_T)
        self._heat_by_U = self._in_junctions(stacks.mass * state.junctions.Q_by_V)
        n, circuit = len(stacks.roles), stacks.circuit
        self._C: Array = np.zeros((n, n))
        d: Array = np.zeros(n)
        w: Array = np.zeros(n)
        for k in stacks.places("current"):
            if stacks.roles[k].value != 0.0:
                self._C[k, k] = -1.0 / state.slopes[k]
        if stacks.in_series:
            resistances = 1.0 / state.slopes[circuit]
            total = resistances.sum()
            self._C[np.ix_(circuit, circuit)] = np.outer(resistances, resistances) / total - np.diag(resistances)
            d[circuit] = w[circuit] = resistances / total
            self.I_by_V = float(1.0 / total)
        else:
            d[circuit] = w[circuit] = 1.0
            self.I_by_V = float(state.slopes[circuit].sum())
        self.couples = bool(self._C.any())
        self.by_V: Array = -self._heat_by_U * self._at_nodes(d)
        self.I_by_T: Array = self._current_by_T * self._at_nodes(w)

    def _in_junctions(self, values: Array) -> Array:
        """Return values of the junction sublayers as those of all mesa sublayers, shape (L, m)."""
        every = np.zeros((self._stacks.layers, self._stacks.mass.size))
        every[list(self._stacks.junction_layers)] = values
        return every

    def _at_nodes(self, of_mesas: Array) -> Array:
        """Return values of the mesas at their nodes, shape (m, ...)."""
        result = np.zeros((self._stacks.mass.size, *of_mesas.shape[1:]))
        for nodes, value in zip(self._stacks.nodes, of_mesas, strict=True):
            result[nodes] = value
        return result

    def _sums(self, at_nodes: Array) -> Array:
        """Return the sums over each mesa of values at nodes, shape (m, k). Collective."""
        here = np.array([at_nodes[nodes].sum(axis=0) for nodes in self._stacks.nodes])
        return global_sums(self._stacks.comm, here)

    def apply(self, x: Array) -> Array:
        """Return what the circuit adds to the heat balance (µW) for changes x of temperatures, (n,) or (n, k)."""
        T = self._mesa_part(x)
        dU = self._C @ self._sums(np.einsum("lm,lmk->mk", self._current_by_T, T))
        return self._spread(-self._heat_by_U[..., None] * self._at_nodes(dU), x)

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by every temperature of the sum of weights times that."""
        w = self._mesa_part(weights)
        sums = self._C.T @ self._sums(-np.einsum("lm,lmk->mk", self._heat_by_U, w))
        return self._spread(self._current_by_T[..., None] * self._at_nodes(sums), weights)

    def _mesa_part(self, x: Array) -> Array:
        """Return values at the mesa sublayers, shape (L, m, k)."""
        shape = self._current_by_T.shape
        return np.asarray(x[: shape[0] * shape[1]].reshape(*shape, -1))

    def _spread(self, of_mesa: Array, like: Array) -> Array:
        """Return values at the mesa sublayers among those of all unknowns, zero below them."""
        result = np.zeros(like.shape)
        size = of_mesa.shape[0] * of_mesa.shape[1]
        result[:size] = of_mesa.reshape((size, *like.shape[1:]))
        return result


def build_stacks(scenario: Scenario, layout: Layout, junctions: Junctions) -> Stacks | None:
    """Return the mesas of a device with several; None with one.

    Args:
        scenario: the device.
        layout: of its unknowns.
        junctions: of the first mesa.
    """
    if not scenario.mesas:
        return None
    mesas, xy = mesas_of(scenario), layout.operators.xy[layout.mesa_nodes]
    rooms = [[mesa.patch.room_um(float(x), float(y)) for x, y in xy] for mesa in mesas]
    owner = np.argmax(rooms, axis=0) if len(xy) else np.zeros(0, dtype=np.int64)
    return Stacks(
        comm=layout.operators.comm,
        roles=[_role(scenario, mesa) for mesa in mesas],
        in_series=are_in_series(scenario),
        nodes=[np.flatnonzero(owner == k) for k in range(len(mesas))],
        parts=[junctions] * len(mesas),
        mass=layout.operators.mesa_mass[layout.mesa_nodes],
        junction_layers=layout.junction_layers,
        layers=len(layout.mesa_layers),
    )


def _role(scenario: Scenario, mesa: OneMesa) -> Role:
    """Return what drives a mesa."""
    leading = next((section for section in scenario.mesas if isinstance(section, LeadingMesa)), None)
    if mesa.section is None and leading is not None:
        return Role(mesa.name, "current", leading.mesa_current_mA)
    if isinstance(mesa.section, CurrentMesa):
        return Role(mesa.name, "current", mesa.section.current_mA)
    if isinstance(mesa.section, VoltageMesa):
        return Role(mesa.name, "voltage", mesa.section.voltage_mV)
    return Role(mesa.name, "current", 0.0) if isinstance(mesa.section, IdleMesa) else Role(mesa.name)
