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
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.electrode_tangent import Tangent, TangentPattern
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
        factor: on the conductance at every node of the mesa, shape (m,), where it depends on the place.
    """

    layer: int
    conductance: Conductance
    factor: Array | None = None

    def at(self, T: Array) -> tuple[Array, Array]:
        """Return the conductance (1/Ω) at the nodes and its slope (per K) at their temperatures (K), shape (m,)."""
        value, slope = self.conductance.with_slope(T)
        return (value, slope) if self.factor is None else (self.factor * value, self.factor * slope)


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
    def leaving(self) -> sp.csr_matrix:
        """Maps currents along the links to what leaves every node, shape (nodes, k)."""
        return self.difference.T.tocsr()

    @cached_property
    def mean(self) -> sp.csr_matrix:
        """Maps values of nodes to means over the elements of the links, shape (k, nodes)."""
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
    def gather(self) -> sp.csr_matrix:
        """Adds up values of nodes at the unknowns besides that of the meter, shape (unknowns - 1, nodes)."""
        return self.free.T.tocsr()

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
            value, slope = sheet.at(T[sheet.layer])
            values.append((self.links.mean @ self.on_network(value)) * self.links.shape)
            slopes.append(self.on_network(slope))
        return values, slopes

    def on_network(self, values: Array) -> Array:
        """Return values at the nodes of the mesa as values of all nodes of the network, zero at those of contacts."""
        return np.concatenate([values, np.zeros(self.links.count - values.size)])

    def of_links(self, conductances: Sequence[Array]) -> Array:
        """Return the conductance (1/Ω) of all links, of the sheets together, then of the joints."""
        return np.concatenate([np.sum(conductances, axis=0), self.joints.shape])

    @cached_property
    def link_mean(self) -> sp.csr_matrix:
        """Maps values at the nodes of the mesa to means over the elements of the links, shape (links, m)."""
        return self.links.mean[:, : self.nodes.count].tocsr()

    @cached_property
    def link_share(self) -> sp.csr_matrix:
        """Shares out what the links make among the nodes of their elements, shape (m, links)."""
        return self.link_mean.T.tocsr()

    @cached_property
    def _every(self) -> Links:
        """Links and joints together."""
        ends = np.concatenate([self.links.ends, self.joints.ends], axis=1)
        return Links(ends, np.concatenate([self.links.shape, self.joints.shape]), ends, self.links.count)

    @cached_property
    def _pattern(self) -> TangentPattern:
        return TangentPattern.of(self._every.difference @ self.terminals.free, self.terminals.free)

    def solve(self, V: float, T: Array) -> ElectrodeState:
        """Return the state at the voltage of the meter (mV) and the temperatures of the mesa sublayers (K), (L, m).

        Raises:
            SolveError: Newton's method did not converge.
        """
        G, free = self.of_links(self.conductances(T)[0]), self.terminals.free
        unknown, small = np.zeros(free.shape[1]), False
        current = self._currents(G, V, T, unknown)
        if V == 0.0 or not unknown.size:
            return self._state(V, T, free @ unknown, *current)
        for _ in range(MAX_STEPS):
            junctions, leaving = current
            step = self.tangent(G, junctions).solve(-self._gap(leaving))
            largest = float(np.abs(step).max())
            part, gap = 1.0, np.abs(self._gap(leaving)).sum()
            while True:
                current = self._currents(G, V, T, unknown + part * step)
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

    def _currents(self, G: Array, V: float, T: Array, unknown: Array) -> tuple[JunctionState, Array]:
        """Return the junctions and the current (mA) that leaves every node, into the stack and along the electrode."""
        excess = self.terminals.free @ unknown
        junctions = self._junctions.evaluate(V + excess[: self.nodes.count], T[self.junction_layers])
        along = self._every.leaving @ (G * (self._every.difference @ excess))
        return junctions, along + self.on_network(self.mass * junctions.J)

    def _gap(self, leaving: Array) -> Array:
        """Return what leaves every unknown besides its share of the total current, which is the sum of all."""
        return np.asarray(self.terminals.gather @ leaving - self.terminals.free_shares * leaving.sum())

    def tangent(self, conductance: Array, junctions: JunctionState) -> Tangent:
        """Return the derivative of these currents by the unknowns, factorised; of the conductances of all links."""
        slopes = self.on_network(self.mass * junctions.J_by_V)
        matrix = self._pattern.matrix(conductance, slopes)
        return Tangent(matrix, self.terminals.gather @ slopes, self.terminals.free_shares)

    def _state(
        self, V: float, T: Array, excess: Array, junctions: JunctionState, leaving: Array
    ) -> ElectrodeState:
        total, terminals = float(self.mass @ junctions.J), self.terminals
        entered = np.zeros(terminals.shares.size)
        entered[terminals.place] = excess
        heat, along = np.zeros(T.shape), (self.links.difference @ excess) ** 2
        for sheet, G in zip(self.sheets, self.conductances(T)[0], strict=True):
            heat[sheet.layer] += self.link_share @ (G * along)
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
