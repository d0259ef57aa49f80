"""Heat sinks by laws q(T) on the faces of a device, of the scenario and brought along; and all sinks together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Protocol

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.sinks import Face, Heat, Outlet, Rows, Surface, sinks_of_device, surface_of
from hotmesa.solver.errors import RequestError, SolveError

HeatFlux = Callable[[Array], tuple[Array, Array]]
"""q (µW/µm²) of surface temperatures (K) and dq/dT."""
NOWHERE: Rows = slice(0, 0)
MAX_STEPS = 60
LAST_CHANGE = 1e-9
"""Relative change of a surface temperature that ends Newton's method: its square is below rounding."""


class Sink(Protocol):
    """A surface that gives off heat by a law of its temperature: any object with these three can be brought along.

    Attributes:
        name: of the sink; its column is Q_<name>_mW.
        face: "top" (of the stack, on the mesa), "crystal" (its surface beside the mesa) or "bottom" (of the stack).
    """

    @property
    def name(self) -> str:
        """Name of the sink."""

    @property
    def face(self) -> Face:
        """Face of the device that it cools."""

    def flux(self, T: Array) -> tuple[Array, Array]:
        """Return q (µW/µm²), smooth and rising with the surface temperature T (K), and dq/dT; both shape of T."""


@dataclass(frozen=True)
class ScenarioSink:
    """A sink of `[[sinks]]`."""

    name: str
    face: Face
    flux: HeatFlux


def sinks_of(scenario: Scenario) -> tuple[Sink, ...]:
    """Return the sinks of `[[sinks]]`: that of the class `NewSink` is made by `build` in cooling/newsink.py.

    Raises:
        TableError: the table of one cannot be used.
    """
    result = []
    for sink in scenario.sinks:
        module = import_module(f"hotmesa.solver.device.cooling.{type(sink).__name__.lower()}")
        result.append(ScenarioSink(sink.name, sink.face, module.build(sink, scenario.bath.temperature_K)))
    return tuple(result)


@dataclass(frozen=True)
class SurfaceSink:
    """A sink behind half a sublayer: (psi(T) - psi(T_s)) / (d/2) = q(T_s) gives the surface temperature T_s."""

    sink: Sink
    surface: Surface
    wire: None = None

    @property
    def name(self) -> str:
        """Name of the sink."""
        return self.sink.name

    @property
    def rows(self) -> Rows:
        """Unknowns that it cools."""
        return self.surface.rows

    def heat(self, T: Array, potentials: Potentials, T_wire: float) -> Heat:
        """Return the heat through every node."""
        here, mass = T[self.rows], self.surface.mass
        curve, g = self.surface.sublayer.material.out_of_plane, 2.0 / self.surface.sublayer.thickness
        T_s = self._surface_temperature(here, curve, g)
        q, slope = self.sink.flux(T_s)
        kappa, psi = curve.with_integral(T_s)
        # Both sides give the flux. What an error of T_s does to one cancels what it does to the other in this mean, or
        # a nearly perfect sink would make heat of the last digit of T_s.
        through = g * (curve.integral(here) - psi)
        q = (slope * through + g * kappa * q) / (slope + g * kappa)
        by_T = slope * g * curve(here) / (slope + g * kappa)
        return Heat(mass * q, mass * by_T, np.zeros(here.shape))

    def _surface_temperature(self, T: Array, curve: PowerCurve, g: float) -> Array:
        psi, T_s = curve.integral(T), T.copy()
        for _ in range(MAX_STEPS):
            q, slope = self.sink.flux(T_s)
            kappa, psi_s = curve.with_integral(T_s)
            stiffness = slope + g * kappa
            if not (stiffness > 0.0).all():
                break
            change = (g * (psi - psi_s) - q) / stiffness
            T_new = np.clip(T_s + change, 0.5 * T_s, 2.0 * T_s)
            done = np.abs(T_new - T_s) <= LAST_CHANGE * T
            T_s = T_new
            if done.all():
                return T_s
        raise SolveError(f"the sink {self.name} has no surface temperature: its heat flux must rise with temperature")


def build_sinks(
    scenario: Scenario, layout: Layout, faces: Sequence[Sink] = (), fixed: Rows = NOWHERE
) -> tuple[Outlet, ...]:
    """Return all sinks of a device: bath, contacts, then those on its faces. Collective.

    Args:
        scenario: the device.
        layout: order of its unknowns.
        faces: sinks by laws q(T), of the scenario and brought along; each rank gives the same.
        fixed: unknowns at the temperature of the bath, to which nothing is added.

    Raises:
        RequestError: two sinks have one name, or one stands on a crystal that there is none of.
    """
    sinks = [*sinks_of_device(scenario, layout)]
    free = np.ones(layout.size)
    free[fixed] = 0.0
    for sink in faces:
        if sink.name in {"bottom", "rim", "top", *(s.name for s in sinks)}:
            raise RequestError(f'there is another heat sink with the name "{sink.name}"; take another name')
        if sink.face == "crystal" and not layout.crystal_layers:
            raise RequestError(f'the heat sink "{sink.name}" cools the crystal, but there is none; try "bottom"')
        surface = surface_of(layout, sink.face)
        sinks.append(SurfaceSink(sink, replace(surface, mass=surface.mass * free[surface.rows])))
    return tuple(sinks)
