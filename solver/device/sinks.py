"""Where heat leaves the device: bath below, bath above, and contacts with their wires; laws q(T) are in faces.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import LORENZ_W_OHM_PER_K2, gold_wire
from hotmesa.scenarios.schema import ConstantContact, Contact, Scenario, WiedemannFranzContact
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.device.vertical import series_flux
from hotmesa.solver.parallel import global_sum

Rows = slice | NDArray[np.int64]
Face = Literal["top", "crystal", "bottom"]
PERFECT_CONTACT_K_PER_UW = 1e-7
"""Stands for a contact resistance of zero: 1e-4 K/mW.

Heat that enters through the edge of the patch sees about 0.02 K/mW, a hundredth of a real contact. A smaller value
would turn the last digit of the temperatures into more heat than the tolerance of the heat balance.
"""


@dataclass(frozen=True)
class Heat:
    """Heat (µW) that leaves through each node of a sink, with derivatives (µW/K) by T and by the wire temperature."""

    q: Array
    by_T: Array
    by_wire: Array


class Outlet(Protocol):
    """A sink in its place, in the form that the heat balance asks.

    Attributes:
        name: of the sink.
        rows: unknowns that it cools.
        wire: conductivity curve of its wire (µW/K), None where none is in between.
    """

    @property
    def name(self) -> str:
        """Name of the sink."""

    @property
    def rows(self) -> Rows:
        """Unknowns that it cools."""

    @property
    def wire(self) -> PowerCurve | None:
        """Conductivity curve of its wire (µW/K)."""

    def heat(self, T: Array, potentials: Potentials, T_wire: float) -> Heat:
        """Return the heat through every node at temperatures T of all unknowns."""


@dataclass(frozen=True)
class Surface:
    """A face of the device: its unknowns, their lumped areas (µm²) and the sublayer below it."""

    rows: Rows
    mass: Array
    sublayer: Sublayer


@dataclass(frozen=True)
class BathSink:
    """Heat from one sublayer to the bath: q = (psi(T) - psi(T_B)) / (d/2), or through a conductance in series.

    Attributes:
        name: "bottom" or "top".
        surface: where it touches the device.
        conductance: µW/(µm² K); inf for half a sublayer alone.
        bath: temperature (K).
    """

    name: str
    surface: Surface
    conductance: float
    bath: float
    wire: None = None

    @property
    def rows(self) -> Rows:
        """Unknowns that it cools."""
        return self.surface.rows

    def heat(self, T: Array, potentials: Potentials, T_wire: float) -> Heat:
        """Return the heat through every node."""
        here, mass, sublayer = T[self.rows], self.surface.mass, self.surface.sublayer
        none = np.zeros(here.shape)
        if np.isinf(self.conductance):
            g = mass * 2.0 / sublayer.thickness
            return Heat(g * potentials.psi[self.rows], g * potentials.kappa_across[self.rows], none)
        flux = series_flux(here, np.full(here.shape, self.bath), sublayer, None, self.conductance)
        return Heat(mass * flux.q, mass * flux.by_upper, none)


@dataclass(frozen=True)
class ContactSink:
    """A contact patch on the top sublayer and its lumped wire.

    Contact: Q = (T - T_w)/R, or Q = L0 (T^2 - T_w^2) / (2 R_el) (Wiedemann-Franz), spread over the patch.
    Wire: Q = (T_w - T_B)/R_w, or (A_w/l_w) int_{T_B}^{T_w} kappa_Au dT; without a wire T_w = T_B.

    Attributes:
        name: of the contact.
        rows: unknowns of the patch.
        share: their shares of the patch area (sum over all ranks 1).
        linear: contact conductance (µW/K), zero for a Wiedemann-Franz contact.
        quadratic: L0 / 2 R_el (µW/K^2), zero for a constant contact.
        wire: conductivity curve times A_w/l_w (µW/K), None for an ideal wire.
        bath: temperature (K).
    """

    name: str
    rows: Rows
    share: Array
    linear: float
    quadratic: float
    wire: PowerCurve | None
    bath: float

    def heat(self, T: Array, potentials: Potentials, T_wire: float) -> Heat:
        """Return the heat through each node of the patch."""
        here = T[self.rows]
        heat = self.linear * (here - T_wire) + self.quadratic * (here**2 - T_wire**2)
        by_T = self.linear + 2.0 * self.quadratic * here
        by_wire = np.full(here.shape, -self.linear - 2.0 * self.quadratic * T_wire)
        return Heat(self.share * heat, self.share * by_T, self.share * by_wire)


def build_contact(contact: Contact, bath: float, rows: NDArray[np.int64], share: Array) -> ContactSink:
    """Return the sink of one contact of the scenario."""
    linear, quadratic = 0.0, 0.0
    if isinstance(contact, ConstantContact):
        linear = 1.0 / max(contact.contact_K_per_mW * 1e-3, PERFECT_CONTACT_K_PER_UW)
    if isinstance(contact, WiedemannFranzContact):
        quadratic = 1e6 * LORENZ_W_OHM_PER_K2 / (2.0 * contact.contact_resistance_ohm)
    wire = None
    if contact.wire_length_mm is not None:
        section = np.pi * (0.5 * contact.wire_diameter_um) ** 2
        wire = gold_wire().in_plane.scaled(section / (contact.wire_length_mm * 1e3))
    elif contact.wire_K_per_mW:
        wire = PowerCurve.constant(1e3 / contact.wire_K_per_mW)
    return ContactSink(contact.name, rows, share, linear, quadratic, wire, bath)


def surface_of(layout: Layout, face: Face) -> Surface:
    """Return a face of the device. What a condensed crystal gives off below or beside the mesa has no unknowns."""
    k = {"top": 0, "crystal": len(layout.mesa_layers), "bottom": len(layout.sublayers) - 1}[face]
    mass = layout.mass(k)
    if face == "crystal":
        mass = mass - layout.operators.mesa_mass[layout.nodes_of(k)]
    return Surface(layout.rows(k), mass, layout.sublayers[k])


def _bottom(scenario: Scenario, layout: Layout) -> Iterator[Outlet]:
    """Yield the bath below the stack (a condensed crystal holds that itself)."""
    bath = scenario.bath
    if bath.below_W_per_m2K > 0.0 and not layout.condensed:
        yield BathSink("bottom", surface_of(layout, "bottom"), bath.below_W_per_m2K * 1e-6, bath.temperature_K)


def _top(scenario: Scenario, layout: Layout) -> Iterator[Outlet]:
    """Yield the bath above the stack."""
    bath = scenario.bath
    if bath.top_W_per_m2K > 0.0:
        yield BathSink("top", surface_of(layout, "top"), bath.top_W_per_m2K * 1e-6, bath.temperature_K)


def _contacts(scenario: Scenario, layout: Layout) -> Iterator[Outlet]:
    """Yield the contacts; they touch the top sublayer, that of the mesa or that of the crystal."""
    for contact in scenario.contacts:
        patch = layout.operators.patches[contact.name]
        k = len(layout.mesa_layers) if contact.on == "crystal" else 0
        weight = patch[layout.nodes_of(k)]
        inside = np.flatnonzero(weight > 0.0)
        share = weight[inside] / global_sum(layout.operators.comm, patch.sum())
        yield build_contact(contact, scenario.bath.temperature_K, layout.starts[k] + inside, share)


OF_SCENARIO = (_bottom, _top, _contacts)
"""What makes the sinks of bath and contacts, in the order of their columns."""


def sinks_of_device(scenario: Scenario, layout: Layout) -> tuple[Outlet, ...]:
    """Return the sinks that bath and contacts are. Collective."""
    return tuple(sink for build in OF_SCENARIO for sink in build(scenario, layout))
