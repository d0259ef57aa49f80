"""The layered heat balance of one device under a voltage: residual and linearisation, nothing reassembled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.materials import ThermalMaterial
from hotmesa.scenarios.rules.device import cooling_findings
from hotmesa.scenarios.schema import Heater, Scenario
from hotmesa.solver.brought import Brought
from hotmesa.solver.device.circuit import Circuit, Driven
from hotmesa.solver.device.electrode import ElectrodeState
from hotmesa.solver.device.elements import MesaElements
from hotmesa.solver.device.faces import Sink
from hotmesa.solver.device.heaters import heat_of_heaters
from hotmesa.solver.device.heating import JunctionState
from hotmesa.solver.device.layout import Potentials
from hotmesa.solver.device.plan import assemble_operators
from hotmesa.solver.device.sinks import ContactSink, Heat
from hotmesa.solver.device.stacks import StackState
from hotmesa.solver.device.vertical import Flux
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.linear.jacobian import Jacobian
from hotmesa.solver.parallel import global_sum, global_sums
from hotmesa.solver.parts import Parts, build_parts


@dataclass(frozen=True)
class State:
    """Everything the model knows at one state.

    Attributes:
        T: temperatures (K) of this rank in the order of the layout.
        wires: temperature of each wire node (K), the same on all ranks.
        V: voltage over the stack (mV), of a resistive electrode that at its voltmeter.
        heats: heat into each sink of the model.
        junctions: currents and heating at the mesa nodes.
        conducted: heat (µW) that conduction along the layers takes from each node.
        residual: heat (µW) that leaves each node minus what is made there, shape of T.
        wire_residual: heat (µW) that leaves each wire node minus what enters.
        I: total current (mA).
        heaters: power (µW) of the heaters that are on.
        linearise: makes the Jacobian of the state.
        electrode: potential and currents of a resistive electrode, None where one voltage drives every place.
        stacks: voltages and currents of several mesas, None where there is one.
        norm: sum of all imbalances over the Joule power, where a branch problem has evaluated the state.
    """

    T: Array
    wires: Array
    V: float
    potentials: Potentials
    fluxes: tuple[Flux, ...]
    heats: tuple[Heat, ...]
    junctions: JunctionState
    conducted: Array
    residual: Array
    wire_residual: Array
    I: float  # noqa: E741 - the symbol of the field
    heaters: float
    linearise: Callable[[State], Jacobian] = field(repr=False)
    norm: float = float("nan")
    electrode: ElectrodeState | None = None
    stacks: StackState | None = None

    @cached_property
    def jacobian(self) -> Jacobian:
        """The derivatives of the heat balance at the state, made when they are first asked for."""
        return self.linearise(self)

    @property
    def u(self) -> Array:
        """The flat state: T, wires and V in one array."""
        return np.concatenate([self.T, self.wires, [self.V]])

    @property
    def P(self) -> float:
        """Joule power (µW), that of a resistive electrode and of all mesas included."""
        driven = self.electrode or self.stacks
        return self.V * self.I if driven is None else driven.P


class Model:
    """A device made ready for solving: spaces, constant matrices, law. Built once, used for every state, never changed.

    Attributes:
        scenario: what was asked for.
        tagged: its mesh.
        parts: what its variants share.
        operators, layout, interfaces, pattern, conduction, sinks: of the parts.
        bath: temperature (K).
        junctions: the stack of junctions.
        circuit: what drives them.
        electrode, stacks: of it; the resistive electrode, several mesas; None where there are none.
        contacts: sinks that are contacts; `wired` are those sinks that end in a wire node.
        area: of the mesa (µm²), of several together.
        unknowns: number of unknown temperatures over all ranks.
        extra_heat: heat (µW) put into each unknown of this rank besides that of junctions and heaters.
        heater_heat, heaters_uW: heat (µW) of the heaters of the scenario in each unknown of this rank, and in all.
    """

    def __repr__(self) -> str:
        """Return device, size and path in one line."""
        return f"<Model {self.scenario.name}: {self.unknowns:,} unknowns, {self.parts.path} path>"

    def __init__(
        self,
        scenario: Scenario,
        tagged: TaggedMesh,
        law: JunctionLaw | None = None,
        *,
        materials: Mapping[str, ThermalMaterial] | None = None,
        sinks: Sequence[Sink] = (),
        extra_heat: Array | None = None,
        parts: Parts | None = None,
    ) -> None:
        """Set the device up. Collective.

        Args:
            scenario: the device.
            tagged: its mesh.
            law: of one junction, in place of that of the scenario.
            materials: by name, in place of those of the scenario.
            sinks: heat sinks besides those of the scenario.
            extra_heat: heat (µW) put into each unknown of this rank besides the Joule heat; none if not given.
            parts: those of another model of this device, which then hold materials and sinks; see `variant`.

        Raises:
            SolveError: numerics.path = "condensed" was asked for but does not apply.
            RequestError: what is brought along is none of its kind or does not fit the device, or nothing cools it.
        """
        if parts is None:
            uncooled = () if sinks else tuple(cooling_findings(scenario))
            if uncooled:
                raise RequestError(f"{uncooled[0].text}; give one in the scenario or as sinks = [...] of the model")
            brought = Brought(law, dict(materials or {}), tuple(sinks))
            brought.check(scenario)
            parts = build_parts(scenario, assemble_operators(scenario, tagged), brought)
        self.scenario: Final = scenario
        self.tagged: Final = tagged
        self.parts: Final = parts
        self.bath: Final = scenario.bath.temperature_K
        self.operators: Final = parts.operators
        self.comm: Final = parts.operators.comm
        self.layout: Final = parts.layout
        self.interfaces: Final = parts.interfaces
        self.pattern: Final = parts.pattern
        self.conduction: Final = parts.conduction
        self.sinks: Final = parts.sinks
        self.contacts: Final = tuple(sink for sink in parts.sinks if isinstance(sink, ContactSink))
        self.wired: Final = tuple(sink for sink in parts.sinks if sink.wire is not None)
        self.junctions: Final = parts.junctions(scenario, law)
        self.circuit: Final = Circuit.of(scenario, tagged, parts.layout, self.junctions)
        self.electrode: Final = self.circuit.electrode
        self.stacks: Final = self.circuit.stacks
        self.area: Final = global_sum(self.comm, self.operators.mesa_mass.sum())
        self.unknowns: Final = round(global_sum(self.comm, self.layout.size))
        self.extra_heat: Final = np.zeros(self.layout.size) if extra_heat is None else np.array(extra_heat)
        self.extra_heat.setflags(write=False)
        self.heater_heat: Final = heat_of_heaters(scenario, parts.layout)
        self.heaters_uW: Final = sum(heater.power_uW for heater in scenario.heaters)
        self._is_built: Final = True

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse changes once the model is built.

        Raises:
            AttributeError: always then.
        """
        if hasattr(self, "_is_built"):
            raise AttributeError(f"a model is never changed: {name} cannot be set; ask for another one by `variant`")
        object.__setattr__(self, name, value)

    def variant(
        self,
        *,
        path: Literal["condensed", "sparse"] | None = None,
        resistive_junctions: int | None = None,
        end_current_mA: float | None = None,
        extra_heat: Array | None = None,
        heaters: tuple[Heater, ...] | None = None,
        own_factors: bool = False,
    ) -> Model:
        """Return the same device with something else in it; all else is shared: mesh, matrices, condensed crystal, law.

        Solve with one of the models that share factors at a time.

        Args:
            path: of the linear algebra.
            resistive_junctions: number of junctions that carry voltage.
            end_current_mA: where its branch ends.
            extra_heat: heat (µW) put into each unknown besides that of junctions and heaters.
            heaters: those that are on, in place of those of the scenario.
            own_factors: leave the factors of this model alone.

        Raises:
            ValueError: there are fewer junctions in the stack.
            SolveError: the path does not apply.
        """
        scenario, parts, heat, law = self.scenario, self.parts, extra_heat, self.junctions.law
        if heat is None:
            heat = self.extra_heat
        if resistive_junctions is not None:
            if not 1 <= resistive_junctions <= scenario.mesa.junctions:
                raise ValueError(f"{resistive_junctions} of {scenario.mesa.junctions} junctions cannot carry voltage")
            mesa = scenario.mesa.model_copy(update={"resistive_junctions": resistive_junctions})
            scenario = scenario.model_copy(update={"mesa": mesa})
            # With a contact in series the law is one of V/n, so that it depends on n.
            if scenario.law.series_ohm > 0.0:
                law = parts.brought.law or build_law(scenario)
        if end_current_mA is not None:
            branch = scenario.branch.model_copy(update={"end_current_mA": end_current_mA})
            scenario = scenario.model_copy(update={"branch": branch})
        if heaters is not None:
            scenario = scenario.model_copy(update={"heaters": heaters})
        if path is not None and path != parts.path:
            numerics = scenario.numerics.model_copy(update={"path": path})
            scenario = scenario.model_copy(update={"numerics": numerics})
            parts = build_parts(scenario, parts.operators, parts.brought)
            if extra_heat is None:
                heat = parts.layout.from_plan(np.nan_to_num(self.layout.on_plan(heat)))
        elif own_factors:
            parts = replace(parts, conduction=parts.conduction.separate())
        return Model(scenario, self.tagged, law, extra_heat=heat, parts=parts)

    @cached_property
    def junction_mass(self) -> Array:
        """Lumped mesa area (µm²) of the owned mesa nodes."""
        return self.operators.mesa_mass[self.layout.mesa_nodes]

    @cached_property
    def mesa_elements(self) -> MesaElements:
        """The elements of the mesa. Collective where it is first asked for."""
        return MesaElements(self.scenario, self.tagged, self.operators)

    def cold(self) -> tuple[Array, Array]:
        """Return temperatures and wire temperatures of the device at rest: all at the bath."""
        return np.full(self.layout.size, self.bath), np.full(len(self.wired), self.bath)

    def evaluate(self, T: Array, wires: Array, V: float) -> State:
        """Return residual, currents and fluxes at temperatures T, wire temperatures and voltage V (mV)."""
        potentials = self.layout.potentials(T, self.bath)
        conducted = self.conduction.apply(potentials.phi)
        residual = conducted.copy()
        fluxes = tuple(face.flux(T, potentials) for face in self.interfaces)
        for face, flux in zip(self.interfaces, fluxes, strict=True):
            heat = face.mass * flux.q
            residual[face.upper] += heat
            residual[face.lower] -= heat
        outer = zip(self.sinks, self.outer_temperatures(wires), strict=True)
        heats = tuple(sink.heat(T, potentials, T_w) for sink, T_w in outer)
        self._drain(residual, heats)
        junctions, driven = self.driven(V, T)
        residual[: self._mesa_size] -= self.made(junctions, driven).ravel()
        residual[self.conduction.fixed] += T[self.conduction.fixed] - self.bath
        residual -= self.extra_heat + self.heater_heat
        return State(
            T=T,
            wires=wires,
            V=V,
            potentials=potentials,
            fluxes=fluxes,
            heats=heats,
            junctions=junctions,
            conducted=conducted,
            residual=residual,
            wire_residual=self._wire_residual(wires, heats),
            I=global_sum(self.comm, self.junction_mass @ junctions.J) if driven is None else driven.I,
            heaters=self.heaters_uW,
            linearise=self.linearise,
            electrode=driven if isinstance(driven, ElectrodeState) else None,
            stacks=driven if isinstance(driven, StackState) else None,
        )

    @property
    def _mesa_size(self) -> int:
        """Number of unknowns of this rank in the mesa, which are the first."""
        return int(self.layout.starts[len(self.layout.mesa_layers)])

    def driven(self, V: float, T: Array) -> tuple[JunctionState, Driven | None]:
        """Return the junctions of this rank at voltage V (mV), and the circuit they are in; see `Circuit.solve`."""
        return self.circuit.solve(V, T)

    def made(self, junctions: JunctionState, driven: Driven | None) -> Array:
        """Return the Joule heat (µW) in every mesa sublayer at the nodes of this rank, shape (L, m)."""
        return self.circuit.heat(self.junction_mass, junctions, driven)

    def rounding(self, e: State) -> float:
        """Return the heat (µW) that one rounding error of every temperature in every equation makes up. Collective.

        It is eps times the sum of abs(J_ij) T_j over the Jacobian J of the heat balance. Stiff parts (a thick film, a
        nearly perfect contact) turn the last digits of the temperatures into a heat imbalance that no Newton step
        removes.
        """
        # The rows of the conduction add up to zero: what stands beside the diagonal is as large as it.
        heat = 2.0 * float(self.conduction.diagonal * e.potentials.kappa @ e.T)
        for face, flux in zip(self.interfaces, e.fluxes, strict=True):
            ends = flux.by_upper * e.T[face.upper] - flux.by_lower * e.T[face.lower]
            heat += 2.0 * float(face.mass @ ends)
        for sink, into in zip(self.sinks, e.heats, strict=True):
            heat += float(into.by_T @ e.T[sink.rows])
        return float(np.finfo(float).eps) * global_sum(self.comm, heat)

    def wire_temperatures(self, wires: Array) -> list[float]:
        """Return the temperature behind each contact: of its wire node, or the bath."""
        outer = self.outer_temperatures(wires)
        return [T for sink, T in zip(self.sinks, outer, strict=True) if isinstance(sink, ContactSink)]

    def outer_temperatures(self, wires: Array) -> list[float]:
        """Return the temperature behind each sink: of its wire node, or the bath."""
        own = iter(wires)
        return [float(next(own)) if sink.wire is not None else self.bath for sink in self.sinks]

    def _drain(self, residual: Array, heats: tuple[Heat, ...]) -> None:
        """Add the heat into the sinks to the residual."""
        for sink, heat in zip(self.sinks, heats, strict=True):
            residual[sink.rows] += heat.q

    def _wire_residual(self, wires: Array, heats: tuple[Heat, ...]) -> Array:
        """Return the heat (µW) that leaves each wire node minus what enters. Collective where there are wires."""
        if not wires.size:
            return np.zeros(0)
        entering = [heat.q.sum() for sink, heat in zip(self.sinks, heats, strict=True) if sink.wire is not None]
        curves = [sink.wire for sink in self.wired if sink.wire is not None]
        leaving = [float(c.integral(T) - c.integral(self.bath)) for c, T in zip(curves, wires, strict=True)]
        return np.array(leaving) - global_sums(self.comm, np.array(entering))

    def linearise(self, e: State) -> Jacobian:
        """Return the Jacobian at an evaluated state."""
        n, g = self.layout.size, len(self.wired) + 1
        rows = self.layout.junction_rows
        columns = np.zeros((n, g))
        response = self.circuit.response(e.electrode or e.stacks)
        if response is None:
            columns[rows, -1] = -(self.junction_mass * e.junctions.Q_by_V).ravel()
        else:
            columns[: self._mesa_size, -1] = response.by_V.ravel()
        wire_rows, wire_diagonal = np.zeros((g - 1, n)), np.zeros(g - 1)
        k = 0
        for sink, heat in zip(self.sinks, e.heats, strict=True):
            if sink.wire is not None:
                columns[sink.rows, k] = heat.by_wire
                wire_rows[k, sink.rows] = -heat.by_T
                wire_diagonal[k] = float(sink.wire(e.wires[k])) - global_sum(self.comm, heat.by_wire.sum())
                k += 1
        I_by_T, I_by_V = np.zeros(n), 0.0
        if response is None:
            I_by_T[rows] = (self.junction_mass * e.junctions.J_by_T).ravel()
            I_by_V = global_sum(self.comm, self.junction_mass @ e.junctions.J_by_V)
        else:
            I_by_T[: self._mesa_size], I_by_V = response.I_by_T.ravel(), response.I_by_V
        return Jacobian(
            kappa=e.potentials.kappa,
            local=self.pattern.matrix(self._local_entries(e)),
            columns=columns,
            wire_rows=wire_rows,
            wire_diagonal=wire_diagonal,
            I_by_T=I_by_T,
            I_by_V=I_by_V,
            circuit=response if response is not None and response.couples else None,
        )

    def _local_entries(self, e: State) -> Array:
        """Return the node-local Jacobian entries in the order of the pattern."""
        diagonal = np.zeros(self.layout.size)
        pairs = []
        for face, flux in zip(self.interfaces, e.fluxes, strict=True):
            diagonal[face.upper] += face.mass * flux.by_upper
            diagonal[face.lower] -= face.mass * flux.by_lower
            pairs += [face.mass * flux.by_lower, -face.mass * flux.by_upper]
        for sink, heat in zip(self.sinks, e.heats, strict=True):
            diagonal[sink.rows] += heat.by_T
        Q_T, m = e.junctions.Q_by_T, self.junction_mass
        layers = range(len(self.layout.junction_layers))
        diagonal[self.layout.junction_rows] -= np.concatenate([m * Q_T[k, k] for k in layers])
        diagonal[self.conduction.fixed] += 1.0
        return np.concatenate([diagonal, *pairs, *(-m * Q_T[k, j] for k in layers for j in layers if k != j)])
