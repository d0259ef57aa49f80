"""The device a little to both sides of a parameter, on the same mesh, with the same unknowns, never solved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.faces import build_sinks, sinks_of
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.plan import PlanChanges, PlanOperators, moved
from hotmesa.solver.device.stack import build_stack
from hotmesa.solver.device.vertical import build_interfaces
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.laws import JunctionLaw
from hotmesa.solver.law.table import default_folder
from hotmesa.solver.law.variation import LawVariations, spelled_out
from hotmesa.solver.linear.condensed import DepthNetwork, depth_network
from hotmesa.solver.model import Model
from hotmesa.solver.sensitivity.geometry import Displacements

SAME = 1e-12
"""Relative difference of two networks that rounding makes."""


@dataclass(frozen=True)
class Beside:
    """Models at both ends of a parameter. Their conduction is that of the device: how it changes is told here.

    Attributes:
        parameter: what is varied.
        low, high: models there.
        apart: value at the high end minus that at the low one.
        thickness: derivative of the logarithm of the thickness of every unknown sublayer, shape (K,).
        plan: derivatives of the operators of the plan; None where no node moves.
        network: derivative of the network of a condensed crystal; None where it does not change.
    """

    parameter: Parameter
    low: Model
    high: Model
    apart: float
    thickness: Array
    plan: PlanOperators | None
    network: DepthNetwork | None

    @property
    def junctions(self) -> float:
        """Derivative of the number of junctions that carry voltage."""
        low, high = (float(end.junctions.counts.sum()) for end in (self.low, self.high))
        return (high - low) / self.apart

    @property
    def normal_resistance_ohm(self) -> float:
        """Derivative of the normal resistance R_N of the stack, with a contact in series."""
        return (resistance_ohm(self.high) - resistance_ohm(self.low)) / self.apart


def resistance_ohm(model: Model) -> float:
    """Return the normal resistance R_N of the stack, by the area of its mesh, with a contact in series."""
    stack = float(model.junctions.counts.sum()) * model.junctions.resistance / model.area
    return stack + model.scenario.law.series_ohm


class Neighbourhood:
    """Makes the models beside one.

    Attributes:
        model: the device.
        scenario: of it, with the gap as a number.
    """

    def __init__(self, model: Model) -> None:
        """Take the device."""
        self.model, self.scenario = model, spelled_out(model.scenario)
        brought = model.parts.brought.law
        self._laws = None if brought else LawVariations(self.scenario, model.junctions.law, default_folder())
        self._displacements = Displacements(self.scenario, model.operators)

    @cached_property
    def _changes(self) -> PlanChanges:
        return PlanChanges(self.scenario, self.model.tagged, self.model.operators)

    def of(self, parameter: Parameter) -> Beside:
        """Return the models at both ends of a parameter. Collective.

        Raises:
            RequestError: the mesh or the unknowns cannot follow it.
        """
        if parameter.path[-1] == "conductivity_ratio_xy":
            raise RequestError(f"{parameter.key}: has no exact derivative yet; take a difference of two runs")
        if self.model.stacks is not None:
            text = "has no exact derivative with several mesas ([[mesas]]); take a difference of two runs"
            raise RequestError(f"{parameter.key}: {text}")
        model, values = self.model, parameter.ends()
        plan = self._plan_change(parameter)
        law = model.junctions.law
        laws: tuple[JunctionLaw, JunctionLaw] = (law, law) if self._laws is None else self._laws.pair(parameter)
        ends = []
        for value, own in zip(values, laws, strict=True):
            here = model.operators if plan is None else moved(model.operators, plan, value - parameter.value)
            ends.append(self._end(parameter.varied(self.scenario, value), here, own))
        low, high = ends
        if len(low.wired) != len(high.wired):
            raise RequestError(f"{parameter.key}: is zero, which stands for no wire; give it a value to vary it")
        apart = values[1] - values[0]
        d = [np.array([s.thickness for s in end.layout.sublayers]) for end in (low, high, model)]
        network = self._network_change(low, high, apart)
        return Beside(parameter, low, high, apart, (d[1] - d[0]) / (apart * d[2]), plan, network)

    def _end(self, scenario: Scenario, operators: PlanOperators, law: JunctionLaw) -> Model:
        parts, model = self.model.parts, self.model
        layout = Layout(operators, build_stack(scenario, parts.brought.materials), parts.layout.condensed)
        faces = (*sinks_of(scenario), *parts.brought.sinks)
        own = replace(
            parts,
            operators=operators,
            layout=layout,
            interfaces=build_interfaces(layout),
            sinks=build_sinks(scenario, layout, faces, model.conduction.fixed),
        )
        return Model(scenario, model.tagged, law, extra_heat=model.extra_heat, parts=own)

    def _plan_change(self, parameter: Parameter) -> PlanOperators | None:
        if not parameter.moves_nodes:
            return None
        if self.scenario.geometry == "strip" and parameter.path == ("mesa", "depth_um"):
            return _in_proportion(self.model.operators, 1.0 / parameter.value)
        if self.model.operators.own_stiffness:
            names = ", ".join(self.model.operators.own_stiffness)
            raise RequestError(
                f"{parameter.key}: moves nodes, and conduction along {names} depends on place or direction; "
                "take a difference of two runs"
            )
        return self._changes.by(self._displacements.of(parameter))

    def _network_change(self, low: Model, high: Model, apart: float) -> DepthNetwork | None:
        if not self.model.layout.condensed:
            return None
        a, b = (depth_network(end.scenario, end.layout.crystal_layers) for end in (low, high))
        if np.allclose(a.along, b.along, SAME, 0.0) and np.allclose(a.across, b.across, SAME, 0.0):
            return None
        return DepthNetwork((b.along - a.along) / apart, (b.across - a.across) / apart, 0.0)


def _in_proportion(operators: PlanOperators, share: float) -> PlanOperators:
    """Return the change of operators that are all proportional to one number."""
    return replace(
        operators,
        stiffness=operators.stiffness * share,
        mesa_stiffness=operators.mesa_stiffness * share,
        own_stiffness={name: own * share for name, own in operators.own_stiffness.items()},
        mass=operators.mass * share,
        mesa_mass=operators.mesa_mass * share,
        patches={name: patch * share for name, patch in operators.patches.items()},
        xy=np.zeros(operators.xy.shape),
    )
