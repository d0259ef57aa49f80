"""Where heat leaves the device: bath below, bath above, and contacts with their wires."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import LORENZ_W_OHM_PER_K2, gold_wire
from hotmesa.scenarios.schema import Contact, Scenario
from hotmesa.solver.device.layout import Layout, Potentials
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.device.vertical import series_flux

PERFECT_CONTACT_K_PER_UW = 1e-7
"""Stands for a contact resistance of zero: 1e-4 K/mW.

Heat that enters through the edge of the patch sees about 0.02 K/mW, a hundredth of a real contact. A smaller value
would turn the last digit of the temperatures into more heat than the tolerance of the heat balance.
"""


@dataclass(frozen=True)
class BathSink:
    """Heat from one sublayer to the bath: q = (psi(T) - psi(T_B)) / (d/2), or through a conductance in series.

    Attributes:
        name: "bottom" or "top".
        rows: unknowns of the sublayer.
        mass: their lumped areas (um^2).
        sublayer: the sublayer that touches the bath.
        conductance: uW/(um^2 K); inf for half a sublayer alone.
        bath: temperature (K).
    """

    name: str
    rows: slice
    mass: Array
    sublayer: Sublayer
    conductance: float
    bath: float

    def heat(self, T: Array, potentials: Potentials) -> tuple[Array, Array]:
        """Return the heat (uW) leaving through each node and its derivative (uW/K)."""
        if np.isinf(self.conductance):
            g = self.mass * 2.0 / self.sublayer.thickness
            return g * potentials.psi[self.rows], g * potentials.kappa_across[self.rows]
        here = T[self.rows]
        flux = series_flux(here, np.full(here.shape, self.bath), self.sublayer, None, self.conductance)
        return self.mass * flux.q, self.mass * flux.by_upper


@dataclass(frozen=True)
class ContactSink:
    """A contact patch on the top sublayer and its lumped wire.

    Contact: Q = (T - T_w)/R, or Q = L0 (T^2 - T_w^2) / (2 R_el) (Wiedemann-Franz), spread over the patch.
    Wire: Q = (T_w - T_B)/R_w, or (A_w/l_w) int_{T_B}^{T_w} kappa_Au dT; without a wire T_w = T_B.

    Attributes:
        name: of the contact.
        rows: unknowns of the patch.
        share: their shares of the patch area (sum over all ranks 1).
        linear: contact conductance (uW/K), zero for a Wiedemann-Franz contact.
        quadratic: L0 / 2 R_el (uW/K^2), zero for a constant contact.
        wire: conductivity curve times A_w/l_w (uW/K), None for an ideal wire.
        bath: temperature (K).
    """

    name: str
    rows: NDArray[np.int64]
    share: Array
    linear: float
    quadratic: float
    wire: PowerCurve | None
    bath: float

    def heat(self, T: Array, T_wire: float) -> tuple[Array, Array, Array]:
        """Return the heat (uW) through each node of the patch and its derivatives by T and T_wire (uW/K)."""
        here = T[self.rows]
        heat = self.linear * (here - T_wire) + self.quadratic * (here**2 - T_wire**2)
        by_T = self.linear + 2.0 * self.quadratic * here
        by_wire = np.full(here.shape, -self.linear - 2.0 * self.quadratic * T_wire)
        return self.share * heat, self.share * by_T, self.share * by_wire

    def wire_heat(self, T_wire: float) -> tuple[float, float]:
        """Return the heat (uW) through the wire and its derivative (uW/K)."""
        if self.wire is None:
            raise ValueError(f"contact {self.name} has no wire")
        return float(self.wire.integral(T_wire) - self.wire.integral(self.bath)), float(self.wire(T_wire))


def build_contact(contact: Contact, bath: float, rows: NDArray[np.int64], share: Array) -> ContactSink:
    """Return the sink of one contact of the scenario."""
    if contact.contact_resistance_ohm is not None:
        linear, quadratic = 0.0, 1e6 * LORENZ_W_OHM_PER_K2 / (2.0 * contact.contact_resistance_ohm)
    else:
        resistance = (contact.contact_K_per_mW or 0.0) * 1e-3
        linear, quadratic = 1.0 / max(resistance, PERFECT_CONTACT_K_PER_UW), 0.0
    wire = None
    if contact.wire_length_mm is not None:
        section = np.pi * (0.5 * contact.wire_diameter_um) ** 2
        wire = gold_wire().in_plane.scaled(section / (contact.wire_length_mm * 1e3))
    elif contact.wire_K_per_mW:
        wire = PowerCurve.constant(1e3 / contact.wire_K_per_mW)
    return ContactSink(contact.name, rows, share, linear, quadratic, wire, bath)


def build_contacts(scenario: Scenario, layout: Layout, patch_areas: dict[str, float]) -> tuple[ContactSink, ...]:
    """Return the contacts of a device; they touch the top sublayer."""
    sinks = []
    for contact in scenario.contacts:
        weight = layout.operators.patches[contact.name][layout.nodes_of(0)]
        inside = np.flatnonzero(weight > 0.0)
        share = weight[inside] / patch_areas[contact.name]
        sinks.append(build_contact(contact, scenario.bath.temperature_K, inside, share))
    return tuple(sinks)


def build_baths(scenario: Scenario, layout: Layout) -> tuple[BathSink, ...]:
    """Return the baths below and above the stack (a condensed crystal holds its bottom bath itself)."""
    bath, last = scenario.bath, len(layout.sublayers) - 1
    baths = []
    if bath.bottom != "insulated" and not layout.condensed:
        h = np.inf if bath.bottom_W_per_m2K is None else bath.bottom_W_per_m2K * 1e-6
        sublayer = layout.sublayers[last]
        baths.append(BathSink("bottom", layout.rows(last), layout.mass(last), sublayer, h, bath.temperature_K))
    if bath.top_W_per_m2K > 0.0:
        h = bath.top_W_per_m2K * 1e-6
        baths.append(BathSink("top", layout.rows(0), layout.mass(0), layout.sublayers[0], h, bath.temperature_K))
    return tuple(baths)
