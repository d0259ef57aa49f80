"""What lies between the source and the junctions: nothing but one voltage, a resistive electrode, or several mesas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hotmesa.meshes import TaggedMesh
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import circuit_junctions
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.coupling import Response
from hotmesa.solver.device.electrode import Electrode, ElectrodeState
from hotmesa.solver.device.electrode_response import ElectrodeResponse
from hotmesa.solver.device.electrodes import build_electrode
from hotmesa.solver.device.heating import Junctions, JunctionState
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.stacks import StackResponse, Stacks, StackState, build_stacks

Driven = ElectrodeState | StackState
"""States of circuits."""


@dataclass(frozen=True)
class Circuit:
    """The junctions and what drives them.

    Attributes:
        layout: order of the unknowns.
        junctions: those of the first mesa.
        electrode: the resistive electrode; None where one voltage drives every place of a mesa.
        stacks: several mesas with what drives each; None where there is one.
        junctions_in_series: number of junctions over which V falls; of parallel mesas that of one.
    """

    layout: Layout
    junctions: Junctions
    electrode: Electrode | None
    stacks: Stacks | None
    junctions_in_series: float

    @staticmethod
    def of(scenario: Scenario, tagged: TaggedMesh, layout: Layout, junctions: Junctions) -> Circuit:
        """Return that of a device. Collective with an electrode.

        Raises:
            RequestError: a contact of the electrode touches no part of the mesa, or two that differ touch each other.
        """
        stacks = build_stacks(scenario, layout, junctions)
        count = float(junctions.counts.sum()) if stacks is None else float(circuit_junctions(scenario))
        return Circuit(layout, junctions, build_electrode(scenario, tagged, layout, junctions), stacks, count)

    def solve(self, V: float, T: Array) -> tuple[JunctionState, Driven | None]:
        """Return the junctions of this rank at voltage V (mV) and temperatures T (K), and the circuit if there is one.

        Collective with an electrode or several mesas.
        """
        layout = self.layout
        if self.electrode is not None:
            nodes, size = self.electrode.nodes, int(layout.starts[len(layout.mesa_layers)])
            state = self.electrode.solve(V, nodes.everywhere(T[:size].reshape(len(layout.mesa_layers), -1)))
            return state.junctions.only(nodes.own), state
        T_junctions = T[layout.junction_rows].reshape(len(layout.junction_layers), -1)
        if self.stacks is not None:
            several = self.stacks.solve(V, T_junctions)
            return several.junctions, several
        return self.junctions.evaluate(V, T_junctions), None

    def heat(self, mass: Array, junctions: JunctionState, driven: Driven | None) -> Array:
        """Return the Joule heat (µW) in every mesa sublayer at the nodes of this rank (areas `mass`), (L, m)."""
        heat = np.zeros((len(self.layout.mesa_layers), mass.size))
        heat[list(self.layout.junction_layers)] = mass * junctions.Q
        if isinstance(driven, ElectrodeState) and self.electrode is not None:
            heat += self.electrode.nodes.mine(driven.heat)
        return heat

    def response(self, driven: Driven | None) -> Response | None:
        """Return how the circuit answers to temperatures and voltage; None where there is none."""
        if isinstance(driven, StackState) and self.stacks is not None:
            return StackResponse(self.stacks, driven)
        if isinstance(driven, ElectrodeState) and self.electrode is not None:
            return ElectrodeResponse(self.electrode, driven)
        return None
