"""The layered heat balance of one device under a common voltage: residual and linearisation, nothing reassembled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.heating import Junctions, JunctionState
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.plan import PlanOperators, assemble_operators
from hotmesa.solver.device.sinks import BathSink, ContactSink, build_baths, build_contacts
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.device.vertical import Flux, Interface, build_interfaces
from hotmesa.solver.errors import SolveError
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.linear.condensed import CondensedConduction, CondensedCrystal, why_not_condensed
from hotmesa.solver.linear.conduction import Conduction, SparseConduction
from hotmesa.solver.linear.couplings import LocalPattern, build_pattern
from hotmesa.solver.linear.jacobian import Linearisation
from hotmesa.solver.parallel import global_sum, global_sums


@dataclass(frozen=True)
class Evaluation:
    """Everything the model knows at one state.

    Attributes:
        T: temperatures (K) of this rank in the order of the layout.
        wires: temperature of each wire node (K), the same on all ranks.
        V: voltage over the stack (mV).
        residual: heat (uW) that leaves each node minus what is made there, shape of T.
        wire_residual: heat (uW) that leaves each wire node minus what enters.
        junctions: currents and heating at the mesa nodes.
        I: total current (mA).
    """

    T: Array
    wires: Array
    V: float
    potentials: Potentials
    fluxes: tuple[Flux, ...]
    bath_heat: tuple[tuple[Array, Array], ...]
    contact_heat: tuple[tuple[Array, Array, Array], ...]
    junctions: JunctionState
    conducted: Array
    residual: Array
    wire_residual: Array
    I: float  # noqa: E741 - the symbol of the field

    @property
    def P(self) -> float:
        """Joule power (uW)."""
        return self.V * self.I


class Model:
    """A device made ready for solving: spaces, constant matrices, laws. Built once, used for every state.

    Attributes:
        scenario: what was asked for.
        tagged: its mesh.
        operators: finite elements of the plan.
        layout: order of the unknowns.
        condensed: the condensed crystal, None on the sparse path.
        why_sparse: reason for the sparse path, None on the condensed one.
        area: of the mesa (um^2).
        unknowns: number of unknown temperatures over all ranks.
        extra_heat: heat (uW) put into each unknown of this rank besides the Joule heat, zero unless set.
    """

    def __init__(self, scenario: Scenario, tagged: TaggedMesh, law: JunctionLaw | None = None) -> None:
        """Set the device up.

        Raises:
            SolveError: numerics.path = "condensed" was asked for but does not apply.
        """
        self.scenario = scenario
        self.tagged = tagged
        self.bath = scenario.bath.temperature_K
        self.operators = assemble_operators(scenario, tagged)
        self.comm = self.operators.comm
        self.layout, self.why_sparse = _choose_layout(scenario, self.operators)
        self.junctions = Junctions(
            law or build_law(scenario),
            scenario.mesa.specific_resistance_ohm_um2,
            np.array([self.layout.sublayers[k].junctions for k in self.layout.junction_layers]),
        )
        self.interfaces: tuple[Interface, ...] = build_interfaces(self.layout)
        self.pattern: LocalPattern = build_pattern(self.layout, self.interfaces)
        self.condensed = CondensedCrystal(scenario, self.layout) if self.layout.condensed else None
        self.conduction: Conduction = self._conduction()
        self.baths: tuple[BathSink, ...] = build_baths(scenario, self.layout)
        areas = {name: global_sum(self.comm, m.sum()) for name, m in self.operators.patches.items()}
        self.contacts: tuple[ContactSink, ...] = build_contacts(scenario, self.layout, areas)
        self.wired = tuple(c for c in self.contacts if c.wire is not None)
        self.area = global_sum(self.comm, self.operators.mesa_mass.sum())
        self.extra_heat = np.zeros(self.layout.size)
        self.unknowns = round(global_sum(self.comm, self.layout.size))

    def _conduction(self) -> Conduction:
        if self.condensed is not None:
            return CondensedConduction(self.layout, self.condensed)
        rim = self.layout.rim_rows if self.scenario.bath.rim == "bath" else np.zeros(0, dtype=np.int64)
        self._fixed = rim
        return SparseConduction(self.layout, self.pattern, rim)

    @cached_property
    def junction_mass(self) -> Array:
        """Lumped mesa area (um^2) of the owned mesa nodes."""
        return self.operators.mesa_mass[self.layout.mesa_nodes]

    def cold(self) -> tuple[Array, Array]:
        """Return temperatures and wire temperatures of the device at rest: all at the bath."""
        return np.full(self.layout.size, self.bath), np.full(len(self.wired), self.bath)

    def evaluate(self, T: Array, wires: Array, V: float) -> Evaluation:
        """Return residual, currents and fluxes at temperatures T, wire temperatures and voltage V (mV)."""
        potentials = self.layout.potentials(T, self.bath)
        conducted = self.conduction.apply(potentials.phi)
        residual = conducted.copy()
        fluxes = tuple(face.flux(T, potentials) for face in self.interfaces)
        for face, flux in zip(self.interfaces, fluxes, strict=True):
            heat = face.mass * flux.q
            residual[face.upper] += heat
            residual[face.lower] -= heat
        bath_heat = tuple(sink.heat(T, potentials) for sink in self.baths)
        for sink, (heat, _) in zip(self.baths, bath_heat, strict=True):
            residual[sink.rows] += heat
        contact_heat, wire_residual = self._contact_heat(T, wires, residual)
        rows = self.layout.junction_rows
        junctions = self.junctions.evaluate(V, T[rows].reshape(len(self.layout.junction_layers), -1))
        residual[rows] -= (self.junction_mass * junctions.Q).ravel()
        if self.condensed is None and self._fixed.size:
            residual[self._fixed] += T[self._fixed] - self.bath
        residual -= self.extra_heat
        return Evaluation(
            T=T,
            wires=wires,
            V=V,
            potentials=potentials,
            fluxes=fluxes,
            bath_heat=bath_heat,
            contact_heat=contact_heat,
            junctions=junctions,
            conducted=conducted,
            residual=residual,
            wire_residual=wire_residual,
            I=global_sum(self.comm, self.junction_mass @ junctions.J),
        )

    def rounding(self, e: Evaluation) -> float:
        """Return the heat (uW) that one rounding error of every temperature makes up. Collective.

        Stiff parts (a thick film, a nearly perfect contact) turn the last digits of the temperatures into a heat
        imbalance that no Newton step removes.
        """
        heat = float(self.conduction.diagonal * e.potentials.kappa @ e.T)
        for face, flux in zip(self.interfaces, e.fluxes, strict=True):
            heat += float(face.mass * flux.by_upper @ e.T[face.upper])
        for sink, (_, by_T, _) in zip(self.contacts, e.contact_heat, strict=True):
            heat += float(by_T @ e.T[sink.rows])
        return float(np.finfo(float).eps) * global_sum(self.comm, heat)

    def wire_temperatures(self, wires: Array) -> list[float]:
        """Return the temperature behind each contact: of its wire node, or the bath."""
        own = iter(wires)
        return [float(next(own)) if c.wire is not None else self.bath for c in self.contacts]

    def _contact_heat(
        self, T: Array, wires: Array, residual: Array
    ) -> tuple[tuple[tuple[Array, Array, Array], ...], Array]:
        """Add the heat into the contacts to the residual; return it with the residual of the wire nodes."""
        heats = []
        for sink, T_wire in zip(self.contacts, self.wire_temperatures(wires), strict=True):
            heats.append(sink.heat(T, T_wire))
            residual[sink.rows] += heats[-1][0]
        entering = np.array([h[0].sum() for c, h in zip(self.contacts, heats, strict=True) if c.wire is not None])
        leaving = np.array([c.wire_heat(float(T_w))[0] for c, T_w in zip(self.wired, wires, strict=True)])
        return tuple(heats), leaving - global_sums(self.comm, entering) if wires.size else np.zeros(0)

    def linearise(self, e: Evaluation) -> Linearisation:
        """Return the Jacobian at an evaluated state."""
        n, g = self.layout.size, len(self.wired) + 1
        rows = self.layout.junction_rows
        columns = np.zeros((n, g))
        columns[rows, -1] = -(self.junction_mass * e.junctions.Q_by_V).ravel()
        wire_rows, wire_diagonal = np.zeros((g - 1, n)), np.zeros(g - 1)
        k = 0
        for sink, (_, by_T, by_wire) in zip(self.contacts, e.contact_heat, strict=True):
            if sink.wire is not None:
                columns[sink.rows, k] = by_wire
                wire_rows[k, sink.rows] = -by_T
                wire_diagonal[k] = sink.wire_heat(float(e.wires[k]))[1] - global_sum(self.comm, by_wire.sum())
                k += 1
        I_by_T = np.zeros(n)
        I_by_T[rows] = (self.junction_mass * e.junctions.J_by_T).ravel()
        return Linearisation(
            kappa=e.potentials.kappa,
            local=self.pattern.matrix(self._local_entries(e)),
            columns=columns,
            wire_rows=wire_rows,
            wire_diagonal=wire_diagonal,
            I_by_T=I_by_T,
            I_by_V=global_sum(self.comm, self.junction_mass @ e.junctions.J_by_V),
        )

    def _local_entries(self, e: Evaluation) -> Array:
        """Return the node-local Jacobian entries in the order of the pattern."""
        diagonal = np.zeros(self.layout.size)
        pairs = []
        for face, flux in zip(self.interfaces, e.fluxes, strict=True):
            diagonal[face.upper] += face.mass * flux.by_upper
            diagonal[face.lower] -= face.mass * flux.by_lower
            pairs += [face.mass * flux.by_lower, -face.mass * flux.by_upper]
        for sink, (_, by_T) in zip(self.baths, e.bath_heat, strict=True):
            diagonal[sink.rows] += by_T
        for contact, (_, by_T, _) in zip(self.contacts, e.contact_heat, strict=True):
            diagonal[contact.rows] += by_T
        Q_T, m = e.junctions.Q_by_T, self.junction_mass
        layers = range(len(self.layout.junction_layers))
        diagonal[self.layout.junction_rows] -= np.concatenate([m * Q_T[k, k] for k in layers])
        if self.condensed is None:
            diagonal[self._fixed] += 1.0
        return np.concatenate([diagonal, *pairs, *(-m * Q_T[k, j] for k in layers for j in layers if k != j)])


def _choose_layout(scenario: Scenario, operators: PlanOperators) -> tuple[Layout, str | None]:
    """Return the layout and, for the sparse one, why the crystal is not condensed."""
    sparse = Layout(operators, build_stack(scenario))
    wish = scenario.numerics.path
    reason = "asked for" if wish == "sparse" else why_not_condensed(scenario, sparse)
    if reason is None:
        return Layout(operators, sparse.stack, condensed=True), None
    if wish == "condensed":
        raise SolveError(f"numerics.path = 'condensed' does not apply: {reason}; use 'auto' or 'sparse'")
    return sparse, reason
