"""What a model is made of, whatever its law and its bias: matrices, layers, conduction and heat sinks of one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hotmesa.meshes.libraries import PETSc
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.schema.maps import LAW, RESISTANCE
from hotmesa.solver.brought import Brought
from hotmesa.solver.device.faces import build_sinks, sinks_of
from hotmesa.solver.device.heating import Junctions
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.local import factor_at
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.device.sinks import Outlet
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.device.vertical import Interface, build_interfaces
from hotmesa.solver.errors import SolveError
from hotmesa.solver.law.laws import JunctionLaw, build_law
from hotmesa.solver.linear.condensed import CondensedConduction, why_not_condensed
from hotmesa.solver.linear.conduction import Conduction, SparseConduction
from hotmesa.solver.linear.jacobian import LocalPattern, build_pattern


@dataclass(frozen=True)
class Parts:
    """Parts that models of one device share.

    Attributes:
        brought: what a user brought along.
        operators: finite elements of the plan.
        layout: order of the unknowns.
        why_sparse: reason for the sparse path, None on the condensed one.
        interfaces: between the sublayers.
        pattern: of the node-local couplings.
        conduction: along the layers.
        sinks: where heat leaves.
    """

    brought: Brought
    operators: PlanOperators
    layout: Layout
    why_sparse: str | None
    interfaces: tuple[Interface, ...]
    pattern: LocalPattern
    conduction: Conduction
    sinks: tuple[Outlet, ...]

    @property
    def junction_shares(self) -> Array:
        """Which part of the junctions each junction sublayer holds."""
        counts = np.array([self.layout.sublayers[k].junctions for k in self.layout.junction_layers])
        return np.asarray(counts / counts.sum())

    @property
    def junction_areas(self) -> Array | None:
        """Area of each junction sublayer over that of the outline of the mesa; None with upright walls."""
        areas = np.array([self.layout.sublayers[k].area for k in self.layout.junction_layers])
        return None if np.all(areas == 1.0) else areas

    def junctions(self, scenario: Scenario, law: JunctionLaw | None) -> Junctions:
        """Return the stack of junctions of a scenario; a law goes before one that was brought along and its own."""
        nodes = self.operators.xy[self.layout.mesa_nodes]
        return Junctions(
            law or self.brought.law or build_law(scenario),
            scenario.mesa.specific_resistance_ohm_um2,
            self.junction_shares * resistive_junctions(scenario),
            factor_at(scenario, RESISTANCE, nodes),
            factor_at(scenario, LAW, nodes),
            self.junction_areas,
        )

    @property
    def path(self) -> Literal["condensed", "sparse"]:
        """The path of the linear algebra."""
        return "condensed" if self.why_sparse is None else "sparse"


def build_parts(scenario: Scenario, operators: PlanOperators, brought: Brought) -> Parts:
    """Return the parts of a device; here alone the path of the linear algebra is chosen.

    Raises:
        SolveError: numerics.path = "condensed" was asked for but does not apply.
        RequestError: a sink that was brought along does not fit the device.
    """
    # What models that are gone leave behind on several ranks is freed here, where all of them meet.
    PETSc.garbage_cleanup(operators.comm)
    stack = build_stack(scenario, brought.materials)
    layout, option, faces = Layout(operators, stack), scenario.numerics.path, (*sinks_of(scenario), *brought.sinks)
    reason = "asked for" if option == "sparse" else why_not_condensed(scenario, layout, faces)
    if reason is not None and option == "condensed":
        raise SolveError(f"numerics.path = 'condensed' does not apply: {reason}; use 'auto' or 'sparse'")
    if reason is None:
        layout = Layout(operators, stack, condensed=True)
    interfaces = build_interfaces(layout)
    pattern = build_pattern(layout, interfaces)
    conduction: Conduction = (
        CondensedConduction(scenario, layout)
        if reason is None
        else SparseConduction(layout, pattern, cold_rim=scenario.bath.rim == "bath")
    )
    sinks = build_sinks(scenario, layout, faces, conduction.fixed)
    return Parts(brought, operators, layout, reason, interfaces, pattern, conduction, sinks)
