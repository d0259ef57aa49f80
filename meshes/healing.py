"""Thermal healing lengths from the device itself: how far a disturbance of the temperature reaches along the mesa.

A modulation of wave number k of the mesa temperature costs the heat A(k) = K k^2 + H(k) per area and kelvin. K is the
sheet conductance of the layers of the mesa, H the admittance of what lies below the junctions down to the bath. Each
layer there is a transmission line of admittance sqrt(kappa_along kappa_across) k, exact where the conductivities are
constant, so that cooling through the layers and spreading in the crystal follow from one recursion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from hotmesa.meshes.outlines import hydraulic_width, outline
from hotmesa.scenarios.layers import layer_thickness
from hotmesa.scenarios.materials import LORENZ_W_OHM_PER_K2, ThermalMaterial, build_material, gold_wire
from hotmesa.scenarios.mesas import mesa_area_um2, mesas_of
from hotmesa.scenarios.schema import (
    ConstantContact,
    Contact,
    Curve,
    Layer,
    Ohmic,
    Outline,
    Polygon,
    Scenario,
    WiedemannFranzContact,
)

PER_HEALING_LENGTH = 8.0  # elements
PER_WALL = 5.0  # elements: 18 or more on all of it, and rows hold 1e-6 (rows_add in postprocess/walls.py)
COLD_SHARE = 0.2  # of the way from the bath to T_c: where the cold side of a wall lies
SHARPEST = 4.0  # largest (T - T_B) d ln J/dT at the voltage of a wall: 2.9 to 4.5 for the d-wave laws of the library
SPREADING = 2.11  # mean resistance 0.473/(kappa s) of a square of side s on a half-space, as the wave number 2.11/s
WAVE_NUMBERS = (1e-9, 1e9)  # 1/µm
SHALLOW = 1e-6  # a layer this thin against the wave has no profile
TINY = 1e-300
DIGITS = 4  # of an element size: rounding in how a curve is written must not give another mesh


@dataclass(frozen=True)
class HealingLengths:
    """Healing lengths along the mesa in µm.

    Attributes:
        cold: where the junctions are superconducting.
        normal: at T_c.
        wall: half-width of the wall of a hot spot, where the heating grows most with temperature.
    """

    cold: float
    normal: float
    wall: float

    @property
    def shortest(self) -> float:
        """The shortest of them."""
        return min(self.cold, self.normal, self.wall)

    @property
    def element(self) -> float:
        """Size of the elements that resolve them."""
        size = min(self.cold / PER_HEALING_LENGTH, self.normal / PER_HEALING_LENGTH, self.wall / PER_WALL)
        return float(f"{size:.{DIGITS}g}")


def healing_lengths(scenario: Scenario) -> HealingLengths | None:
    """Return the healing lengths of a device, or None without junction layer, cooling, or all materials.

    A length is 1/k with A(k) = s h, where h is the mean cooling conductance of the mesa, contacts included. s = 2 is
    sqrt(K/h) for a sheet of conductance K on a constant h. At the wall s is the heating that a temperature rise adds
    over what it loses, (T - T_B) d ln J/dT: shorter modulations are damped, longer ones grow.
    """
    if not any(layer.junctions for layer in scenario.layers):
        return None
    if any(layer.material not in scenario.materials for layer in scenario.layers):  # brought along from Python
        return None
    bath = scenario.bath.temperature_K
    critical = max(scenario.output.hot_temperature_K, bath)
    cold, normal = _Stack(scenario, bath + COLD_SHARE * (critical - bath)), _Stack(scenario, critical)
    if not cold.cooling > 0.0:
        return None
    wall = max(sharpness(scenario), 2.0)
    return HealingLengths(cold.length(2.0), normal.length(2.0), normal.length(wall))


def sharpness(scenario: Scenario) -> float:
    """Return the largest (T - T_B) d ln J/dT at constant voltage: how much faster heating grows than cooling."""
    law, bath = scenario.law, scenario.bath.temperature_K
    if not isinstance(law, Ohmic):
        return SHARPEST
    if not isinstance(law.resistivity_ohm_cm, Curve):
        return 0.0
    T, rho = np.array(law.resistivity_ohm_cm.T_K), np.array(law.resistivity_ohm_cm.values)
    # rho is a power of T between the points of the curve, so that the largest value is at one of their upper ends.
    growth = -np.diff(np.log(rho)) / np.diff(np.log(T)) * (1.0 - bath / T[1:])
    return float(growth.max(initial=0.0))


def mesa_width(scenario: Scenario) -> float:
    """Return the smallest extent of the mesa in µm, or of the narrowest one of several."""
    if scenario.geometry == "strip":
        return scenario.mesa.extent_um[0]
    return min(_width(mesa.patch.shape) for mesa in mesas_of(scenario))


def _width(shape: Outline) -> float:
    """Return the smallest extent of a shape in µm."""
    least = min(shape.extent_um)
    return min(least, hydraulic_width(outline(shape, 1.0))) if isinstance(shape, Polygon) else least


def mesa_length(scenario: Scenario) -> float:
    """Return the longest way in µm that a wall can go along the mesa: the radius of a disc on a line."""
    mesa = scenario.mesa
    if scenario.geometry == "plan":
        return max(max(one.patch.shape.extent_um) for one in mesas_of(scenario))
    return mesa.extent_um[0] / (2.0 if scenario.geometry == "disc" else 1.0)


def crystal_width(scenario: Scenario) -> float:
    """Return the smallest extent of the crystal in µm; that of the mesa where there is no crystal."""
    crystal = scenario.crystal
    if crystal is None:
        return mesa_width(scenario)
    return crystal.extent_um[0] if scenario.geometry == "strip" else min(crystal.extent_um)


class _Stack:
    """The layers at one temperature: the sheet that the mesa is, and what cools it.

    Attributes:
        cooling: mean cooling conductance of the mesa, contacts included, µW/(µm² K).
    """

    def __init__(self, scenario: Scenario, T: float) -> None:
        materials = {name: build_material(spec) for name, spec in scenario.materials.items()}
        lines = [_line(scenario, layer, materials[layer.material], T) for layer in scenario.layers]
        self._sheet = sum(line.along * line.thickness for line in lines if line.on_mesa)
        self._top = (scenario.bath.top_W_per_m2K + _sinks(scenario, "top", T)) * 1e-6
        self._bottom = (scenario.bath.below_W_per_m2K + _sinks(scenario, "bottom", T)) * 1e-6
        junctions = next(k for k, layer in enumerate(scenario.layers) if layer.junctions)
        self._below = lines[junctions:]
        # Heat spreads from the mesa into the crystal as far as that is wider.
        self._spread = SPREADING * (1.0 / mesa_width(scenario) - 1.0 / crystal_width(scenario))
        contacts = sum(_contact(contact, T, self._sheet) for contact in scenario.contacts)
        self.cooling = self.admittance(0.0) + contacts / mesa_area_um2(scenario)

    def admittance(self, k: float) -> float:
        """Return A(k) in µW/(µm² K)."""
        below = self._bottom
        for line in reversed(self._below):
            below = line.loaded(_series(below, line.border), 0.0 if line.on_mesa else max(k, self._spread))
        return self._sheet * k**2 + self._top + below

    def length(self, times: float) -> float:
        """Return 1/k with A(k) = `times` the mean cooling, in µm."""

        def excess(log_k: float) -> float:
            return math.log(self.admittance(math.exp(log_k)) / (times * self.cooling))

        return math.exp(-brentq(excess, *np.log(WAVE_NUMBERS), xtol=1e-9))


@dataclass(frozen=True)
class _Line:
    """One layer at one temperature: conductivities in µW/(µm K), thickness in µm, the border below in µW/(µm² K)."""

    along: float
    across: float
    thickness: float
    border: float
    on_mesa: bool

    def loaded(self, load: float, k: float) -> float:
        """Return the admittance of the layer in front of a load, both in µW/(µm² K)."""
        depth = k * self.thickness * math.sqrt(self.along / self.across)
        if depth < SHALLOW:  # a resistance in series, and what little is conducted along the layer
            return _series(load, self.across / self.thickness) + self.along * self.thickness * k**2
        own, part = math.sqrt(self.along * self.across) * k, math.tanh(depth)
        return own / part if math.isinf(load) else own * (load + own * part) / (own + load * part)


def _line(scenario: Scenario, layer: Layer, material: ThermalMaterial, T: float) -> _Line:
    along, across = float(material.in_plane(T)), float(material.out_of_plane(T))
    along *= min(1.0, 1.0 / scenario.materials[layer.material].conductivity_ratio_xy)
    h = layer.boundary_W_per_m2K
    border = math.inf if h is None else (float(h.interpolated(T)) if isinstance(h, Curve) else h) * 1e-6
    return _Line(along, across, layer_thickness(scenario, layer), border, layer.region == "mesa")


def _sinks(scenario: Scenario, face: str, T: float) -> float:
    """Return dq/dT (W/(m² K)) of the sinks on a face; one on the crystal beside the mesa is not felt by a wall."""
    return sum(sink.slope_W_per_m2K(T) or 0.0 for sink in scenario.sinks if sink.face == face)


def _series(a: float, b: float) -> float:
    """Return the conductance of two conductances in series, 0 and infinity among them."""
    return 0.0 if 0.0 in (a, b) else 1.0 / max(1.0 / a + 1.0 / b, TINY)


def _contact(contact: Contact, T: float, sheet_uW_per_K: float) -> float:
    """Return the conductance (µW/K) of a contact with its wire, and of the sheet around it that leads there."""
    touch = contact.contact_K_per_mW if isinstance(contact, ConstantContact) else 0.0
    if isinstance(contact, WiedemannFranzContact):
        touch = contact.contact_resistance_ohm / (LORENZ_W_OHM_PER_K2 * T) * 1e-3
    wire = contact.wire_K_per_mW or 0.0
    if contact.wire_length_mm is not None:
        section_um2 = math.pi / 4 * contact.wire_diameter_um**2
        wire = 1e6 * contact.wire_length_mm / (section_um2 * float(gold_wire().in_plane(T)))
    around = 1e3 / (2 * math.pi * sheet_uW_per_K)
    return 1e3 / (touch + wire + around)
