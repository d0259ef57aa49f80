"""The electrode on the mesa as a resistive sheet: its potential, the currents through its contacts and its Joule heat.

With U the potential of the electrode over the base of the stack, σ its sheet conductance and J the current density of
the stack below it,

    -div(σ(T) grad U) = -J(U, T)

on the mesa, no current through its rim. The current enters through contacts, each an equipotential (a metal pad much
thicker than the film), and leaves through the base. V is the potential of the contact of the voltmeter; what is solved
for is U - V, which vanishes as σ grows, so that the limit of one common voltage loses no digits. J rises with U: the
solution is unique, and Newton's method finds it with symmetric matrices.

Linear elements, each with the mean conductance of its corners, among which its heat is shared out in equal parts:
current and Joule heat balance to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.heating import Junctions, JunctionState
from hotmesa.solver.device.mesa_nodes import MesaNodes
from hotmesa.solver.errors import RequestError, SolveError

Index = NDArray[np.int64]
MAX_STEPS = 60
CONVERGED = 1e-8
"""Last step of Newton's method in units of V: its error is about the square of that."""
NEAR = 1e-4
"""Steps below this part of V are taken whole: rounding would spoil the test whether they improve anything."""
SMALLEST_PART = 2.0**-20


class Conductance(Protocol):
    """A sheet conductance (1/Ω per square) against temperature."""

    def with_slope(self, temperature: Array) -> tuple[Array, Array]:
        """Return it and its slope (per K) at temperatures (K), same shape."""


@dataclass(frozen=True)
class Sheet:
    """One of the sheets in parallel.

    Attributes:
        layer: number of the mesa sublayer whose temperature it has, and which its Joule heat warms.
        conductance: of it.
    """

    layer: int
    conductance: Conductance


@dataclass(frozen=True)
class Links:
    """Conductances between two nodes: the sides of the elements of a sheet, or the joints of contacts.

    Attributes:
        ends: nodes of every link, shape (2, k).
        shape: conductance of a sheet of 1/Ω per square, or that of the joint (1/Ω); shape (k,).
        corners: nodes of the element of every link, shape (c, k).
        count: number of nodes.
    """

    ends: Index
    shape: Array
    corners: Index
    count: int

    @cached_property
    def difference(self) -> sp.csr_matrix:
        """Maps potentials of nodes to differences along the links, shape (k, nodes)."""
        k = np.arange(self.shape.size)
        signs = np.repeat([1.0, -1.0], k.size)
        return sp.csr_matrix((signs, (np.tile(k, 2), self.ends.ravel())), shape=(k.size, self.count))

    @cached_property
    def mean(self) -> sp.csr_matrix:
        """Maps values of nodes to means over the elements of the links, shape (k, nodes); its transpose shares out."""
        k, c = np.arange(self.shape.size), len(self.corners)
        weights = np.full(self.corners.size, 1.0 / c)
        return sp.csr_matrix((weights, (np.tile(k, c), self.corners.ravel())), shape=(k.size, self.count))


@dataclass(frozen=True)
class Terminals:
    """Contacts as nodes of the electrical network, and what they carry.

    Attributes:
        members: nodes of each contact, by name: of a contact with a resistance its own node, which links join.
        place: the unknown of every node; nodes that one piece of metal joins share one.
        meter: the unknown whose potential is V.
        shares: of the current that enters at every unknown; they add up to one.
    """

    members: Mapping[str, Index]
    place: Index
    meter: int
    shares: Array

    @cached_property
    def free(self) -> sp.csr_matrix:
        """Maps the unknowns besides that of the meter to nodes, shape (nodes, unknowns - 1)."""
        size, nodes = self.shares.size, np.arange(self.place.size)
        whole = sp.csc_matrix((np.ones(nodes.size), (nodes, self.place)), shape=(nodes.size, size))
        return whole[:, np.flatnonzero(np.arange(size) != self.meter)].tocsr()

    @cached_property
    def free_shares(self) -> Array:
        """Shares of the current at the unknowns besides that of the meter."""
        return np.delete(self.shares, self.meter)


@dataclass(frozen=True)
class ElectrodeState:
    """Potential and currents at one state; all arrays hold the nodes of all ranks.

    Attributes:
        V: potential of the contact of the voltmeter (mV).
        T: temperatures of the mesa sublayers (K), shape (L, m).
        excess: potential of every node of the network over V (mV), shape (nodes,).
        junctions: currents and heating below it.
        heat: Joule heat (µW) of the electrode in each mesa sublayer at each node, shape (L, m).
        I: total current (mA).
        P: power (µW) that enters through the contacts.
        currents: through each contact (mA), by name.
    """

    V: float
    T: Array
    excess: Array
    junctions: JunctionState
    heat: Array
    I: float  # noqa: E741 - the symbol of the field
    P: float
    currents: Mapping[str, float]

    @property
    def potential(self) -> Array:
        """Potential of the electrode over the base at the nodes of the mesa (mV), shape (m,)."""
        return self.V + self.excess[: self.T.shape[1]]


class Electrode:
    """The electrical network of an electrode, whole on every rank.

    Attributes:
        nodes: those of the mesa.
        mass: their lumped areas (µm²).
        sheets: in parallel.
        links: along the sheets.
        joints: between contacts that have a resistance and the nodes below them.
        terminals: contacts.
        top: number of the sublayer that the heat of the joints warms.
        junction_layers: numbers of the sublayers that hold junctions.
    """

    def __init__(
        self,
        nodes: MesaNodes,
        mass: Array,
        sheets: Sequence[Sheet],
        links: Links,
        joints: Links,
        terminals: Terminals,
        junctions: Junctions,
        junction_layers: Sequence[int],
    ) -> None:
        """Take the parts."""
        self.nodes, self.mass, self.sheets, self.links, self.joints = nodes, mass, tuple(sheets), links, joints
        self.terminals, self._junctions, self.junction_layers = terminals, junctions, list(junction_layers)
        self.top = self.sheets[0].layer

    def conductances(self, T: Array) -> tuple[list[Array], list[Array]]:
        """Return for every sheet the conductance of its links (1/Ω), and their slopes by the nodes, (nodes,)."""
        values, slopes = [], []
        for sheet in self.sheets:
            value, slope = sheet.conductance.with_slope(T[sheet.layer])
            values.append((self.links.mean @ self.on_network(value)) * self.links.shape)
            slopes.append(self.on_network(slope))
        return values, slopes

    def on_network(self, values: Array) -> Array:
        """Return values at the nodes of the mesa as values of all nodes of the network, zero at those of contacts."""
        return np.concatenate([values, np.zeros(self.links.count - values.size)])

    def stiffness(self, T: Array) -> sp.csr_matrix:
        """Return the matrix from potentials (mV) to the current (mA) that leaves each node along the electrode."""
        along, joints = self.links.difference, self.joints.difference
        total = np.sum(self.conductances(T)[0], axis=0)
        return along.T @ sp.diags(total) @ along + joints.T @ sp.diags(self.joints.shape) @ joints

    def solve(self, V: float, T: Array) -> ElectrodeState:
        """Return the state at the voltage of the meter (mV) and the temperatures of the mesa sublayers (K), (L, m).

        Raises:
            SolveError: Newton's method did not converge.
        """
        K, free = self.stiffness(T), self.terminals.free
        unknown, small = np.zeros(free.shape[1]), False
        current = self._currents(K, V, T, unknown)
        if V == 0.0 or not unknown.size:
            return self._state(V, T, free @ unknown, *current)
        for _ in range(MAX_STEPS):
            junctions, leaving = current
            step = self.tangent(K, junctions).solve(-self._gap(leaving))
            largest = float(np.abs(step).max())
            part, gap = 1.0, np.abs(self._gap(leaving)).sum()
            while True:
                current = self._currents(K, V, T, unknown + part * step)
                small = largest <= NEAR * abs(V)
                if small or np.abs(self._gap(current[1])).sum() < gap or part < SMALLEST_PART:
                    break
                part *= 0.5
            unknown = unknown + part * step
            if largest <= CONVERGED * abs(V):
                return self._state(V, T, free @ unknown, *current)
        raise SolveError(
            f"the potential of the electrode was not found at V = {V:g} mV; raise its conductance or move its contacts"
        )

    def _currents(self, K: sp.csr_matrix, V: float, T: Array, unknown: Array) -> tuple[JunctionState, Array]:
        """Return the junctions and the current (mA) that leaves every node, into the stack and along the electrode."""
        excess = self.terminals.free @ unknown
        junctions = self._junctions.evaluate(V + excess[: self.nodes.count], T[self.junction_layers])
        return junctions, K @ excess + self.on_network(self.mass * junctions.J)

    def _gap(self, leaving: Array) -> Array:
        """Return what leaves every unknown besides its share of the total current, which is the sum of all."""
        return np.asarray(self.terminals.free.T @ leaving - self.terminals.free_shares * leaving.sum())

    def tangent(self, K: sp.csr_matrix, junctions: JunctionState) -> Tangent:
        """Return the derivative of these currents by the unknowns, factorised."""
        return Tangent(self.terminals, K, self.on_network(self.mass * junctions.J_by_V))

    def _state(
        self, V: float, T: Array, excess: Array, junctions: JunctionState, leaving: Array
    ) -> ElectrodeState:
        total, terminals = float(self.mass @ junctions.J), self.terminals
        entered = np.zeros(terminals.shares.size)
        entered[terminals.place] = excess
        heat, along = np.zeros(T.shape), (self.links.difference @ excess) ** 2
        for sheet, G in zip(self.sheets, self.conductances(T)[0], strict=True):
            heat[sheet.layer] += (self.links.mean.T @ (G * along))[: T.shape[1]]
        heat[self.top] += self.joint_ends @ (self.joints.shape * (self.joints.difference @ excess) ** 2)
        return ElectrodeState(
            V=V,
            T=T,
            excess=excess,
            junctions=junctions,
            heat=heat,
            I=total,
            P=total * float(V + terminals.shares @ entered),
            currents={name: float(leaving[nodes].sum()) for name, nodes in terminals.members.items()},
        )

    @cached_property
    def joint_ends(self) -> sp.csr_matrix:
        """Maps the heat of joints to the nodes of the mesa at their ends, shape (m, joints)."""
        k = np.arange(self.joints.shape.size)
        return sp.csr_matrix((np.ones(k.size), (self.joints.ends[1], k)), shape=(self.nodes.count, k.size))


class Tangent:
    """A = K + dI/dU at the unknowns besides the meter, less the shares of the total current, of rank one; factorised.

    Attributes:
        slopes: change of the total current by every unknown (1/Ω).
    """

    def __init__(self, terminals: Terminals, K: sp.csr_matrix, slopes: Array) -> None:
        """Factorise."""
        free, self._shares = terminals.free, terminals.free_shares
        self.slopes: Array = free.T @ slopes
        matrix = free.T @ (K + sp.diags(slopes)) @ free
        self._lu: Any = spla.splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        self._by_shares: Array | None = None
        if self._shares.any():
            self._by_shares, self._by_slopes = self._lu.solve(self._shares), self._lu.solve(self.slopes)
            self._left = 1.0 - float(self.slopes @ self._by_shares)

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for right-hand sides, shape (unknowns,) or (unknowns, k)."""
        z = self._lu.solve(rhs)
        if self._by_shares is None:
            return np.asarray(z)
        column, row = (self._by_slopes, self._shares) if transposed else (self._by_shares, self.slopes)
        return np.asarray(z + np.multiply.outer(column, row @ z / self._left))


def terminals_of(
    patches: Mapping[str, Array], inject: Sequence[str], shares: Sequence[float], voltmeter: str, count: int, own: bool
) -> Terminals:
    """Return the contacts as nodes.

    Args:
        patches: lumped area (µm²) of each contact at the nodes of the mesa, shape (count,) each.
        inject: names of the contacts that bring the current.
        shares: of each of them; none where they have one common lead.
        voltmeter: name of the contact that is read.
        count: nodes of the mesa.
        own: whether each contact has a node of its own beside those of the mesa.

    Raises:
        RequestError: a contact has no node, or two with potentials of their own touch.
    """
    names = list(dict.fromkeys((*inject, voltmeter)))
    members: dict[str, Index] = {}
    for k, name in enumerate(names):
        below = np.flatnonzero(patches[name] > 0.0)
        if not below.size:
            raise RequestError(f'the contact "{name}" of the electrode touches no part of the mesa')
        members[name] = np.array([count + k]) if own else below
    nodes = count + len(names) * own
    group = {name: 0 if name in inject and not shares else k + 1 for k, name in enumerate(names)}
    place = np.arange(nodes) + len(names) + 1
    for name in names:
        if any(place[members[name]] <= len(names)) and {*place[members[name]]} - {group[name]} & {*group.values()}:
            raise RequestError(f'the contact "{name}" touches another one, with which it shares its potential')
        place[members[name]] = group[name]
    kept, place = np.unique(place, return_inverse=True)
    entering = np.zeros(kept.size)
    for name, share in zip(inject, shares or [1.0 / len(inject)] * len(inject), strict=True):
        entering[place[members[name][0]]] += share
    return Terminals(members, place, int(place[members[voltmeter][0]]), entering)
