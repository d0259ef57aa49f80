"""The heat balance of a device, put together once more from what a run has saved: nodes, cells, temperatures, V.

By hand from docs/model.md, by numpy alone: linear elements with lumped masses in the plane, finite volumes through the
layers. Shared with the solver: the list of sublayers with their curves kappa(T), and the law of one junction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from hotmesa.postprocess.states import States
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import LORENZ_W_OHM_PER_K2, gold_wire
from hotmesa.scenarios.schema import ConstantContact, Contact, Scenario, WiedemannFranzContact
from hotmesa.solver.device.faces import HeatFlux, sinks_of
from hotmesa.solver.device.stack import Sublayer, build_stack
from hotmesa.solver.law.laws import JunctionLaw, build_law

EPS = float(np.finfo(float).eps)
GAUSS = np.polynomial.legendre.leggauss(12)
NO_CONTACT_K_PER_MW = 1e-4  # what stands for a contact without resistance


@dataclass(frozen=True)
class Imbalance:
    """What is wrong with one state.

    Attributes:
        heat: sum of the heat (µW) that is missing or too much, over all nodes of all sublayers and the wires.
        lost: heat (µW) that is made and does not leave through any sink.
        rounding: heat (µW) that one rounding error of every temperature makes up.
        power: Joule power V I (µW).
        current: I of the fields over that of the table, minus 1.
    """

    heat: float
    lost: float
    rounding: float
    power: float
    current: float


class Balance:
    """A device on the mesh of its states."""

    def __init__(self, scenario: Scenario, states: States) -> None:
        self.scenario, self.states = scenario, states
        self.stack, self.bath = build_stack(scenario), scenario.bath.temperature_K
        self.law, self.sinks = build_law(scenario), sinks_of(scenario)
        corners = states.cells.shape[1]
        measure, gradients = _triangles(states) if corners == 3 else _intervals(states, scenario)
        self._measure, self._gradients = measure, gradients
        everywhere = np.ones(len(states.cells), dtype=bool)
        self._mass = {False: self._masses(everywhere), True: self._masses(states.cell_in_mesa)}
        self._stiffness = {False: self._stiffnesses(everywhere), True: self._stiffnesses(states.cell_in_mesa)}

    def _masses(self, chosen: Array) -> Array:
        """Lumped area (µm²) of every node over the chosen cells."""
        cells, n = self.states.cells[chosen], len(self.states.node_xy)
        return np.bincount(cells.ravel(), self._measure[chosen].ravel(), minlength=n)

    def _stiffnesses(self, chosen: Array) -> sp.csr_matrix:
        """Matrix of the integrals of grad u grad v over the chosen cells."""
        cells, n = self.states.cells[chosen], len(self.states.node_xy)
        values = self._measure[chosen].sum(axis=1)[:, None, None] * self._gradients[chosen]
        k = cells.shape[1]
        rows, columns = np.repeat(cells, k, axis=1).ravel(), np.tile(cells, k).ravel()
        return sp.csr_matrix((values.ravel(), (rows, columns)), shape=(n, n))

    @cached_property
    def _rim(self) -> Array:
        """Whether a node lies on the rim of the plan: on an edge of one cell only."""
        cells, n = self.states.cells, len(self.states.node_xy)
        found = np.zeros(n, dtype=bool)
        if cells.shape[1] == 2:
            x = self.states.node_xy[:, 0]
            found[np.argmax(x)] = True
            found[np.argmin(x)] = self.states.geometry == "strip"
            return found
        edges = np.sort(np.vstack([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
        unique, counts = np.unique(edges, axis=0, return_counts=True)
        found[unique[counts == 1].ravel()] = True
        return found

    def of(self, k: int) -> Imbalance:
        """Return what is wrong with state k."""
        s = self.states
        T, V = s.T_K[k], float(s.V_mV[k])
        here = ~np.isnan(T)
        heat, self._rounding, self._left = np.zeros(T.shape), 0.0, 0.0
        for j, sublayer in enumerate(self.stack):
            heat[j, here[j]] += self._along(sublayer, T[j])[here[j]]
        for j, (above, below) in enumerate(zip(self.stack, self.stack[1:], strict=False)):
            q = self._across(above, below, T[j], T[j + 1], self._mass[above.on_mesa])
            heat[j, here[j]] += q[here[j]]
            heat[j + 1, here[j]] -= q[here[j]]
        self._surroundings(T, heat)
        wires = self._contacts(T, s.wire_T_K[k], heat)
        current = self._junctions(T, V, s.J_mA_per_um2[k], heat)
        if self.scenario.bath.rim == "bath":
            for j, sublayer in enumerate(self.stack):
                if not sublayer.on_mesa:
                    self._left -= float(heat[j, self._rim].sum())
                    heat[j, self._rim] = T[j, self._rim] - self.bath
        P = V * float(s.I_mA[k])
        total = float(np.abs(heat[here]).sum() + np.abs(wires).sum())
        off = current / float(s.I_mA[k]) - 1.0 if s.I_mA[k] else current
        return Imbalance(total, P - self._left, EPS * self._rounding, P, off)

    def _along(self, sublayer: Sublayer, T: Array) -> Array:
        """Heat (µW) that conduction along a sublayer takes from its nodes."""
        K = sublayer.thickness * self._stiffness[sublayer.on_mesa]
        T = np.where(np.isnan(T), self.bath, T)
        self._rounding += 2.0 * float(K.diagonal() @ (sublayer.material.in_plane(T) * T))
        return np.asarray(K @ potential(sublayer.material.in_plane, T, self.bath))

    def _across(self, above: Sublayer | None, below: Sublayer | None, T_u: Array, T_l: Array, mass: Array) -> Array:
        """Heat (µW) from one sublayer to the next, node by node."""
        h = above.boundary if above and below else self._h
        if above and below and above.material is below.material and np.isinf(h):
            curve = above.material.out_of_plane
            q = potential(curve, T_u, T_l) / (0.5 * (above.thickness + below.thickness))
            conductance = curve(np.fmax(T_u, T_l)) / (0.5 * (above.thickness + below.thickness))
        else:
            mean, drop, gap = 0.5 * (T_u + T_l), T_u - T_l, 1.0 / h
            halves = _half(above, mean) + _half(below, mean)
            share = halves / (halves + gap)
            conductance = 1.0 / (_half(above, T_u - 0.5 * share * drop) + gap + _half(below, T_l + 0.5 * share * drop))
            q = drop * conductance
        self._rounding += float(np.nansum(mass * conductance * (T_u + T_l)))
        return np.asarray(mass * q)

    def _surroundings(self, T: Array, heat: Array) -> None:
        """Heat to the bath below and above, and into the sinks on whole faces."""
        bath, last = self.scenario.bath, len(self.stack) - 1
        for j, h in ((last, bath.below_W_per_m2K * 1e-6), (0, bath.top_W_per_m2K * 1e-6)):
            sublayer, here = self.stack[j], ~np.isnan(T[j])
            mass = self._mass[sublayer.on_mesa][here]
            if h > 0.0 and np.isinf(h):
                g = 2.0 / sublayer.thickness
                q = g * mass * potential(sublayer.material.out_of_plane, T[j, here], self.bath)
                self._rounding += float(g * mass @ (sublayer.material.out_of_plane(T[j, here]) * T[j, here]))
            elif h > 0.0:
                self._h = h
                q = self._across(sublayer, None, T[j, here], np.full(mass.shape, self.bath), mass)
            else:
                continue
            heat[j, here] += q
            self._left += float(q.sum())
        held = self._rim if bath.rim == "bath" else np.zeros(T.shape[1], dtype=bool)
        for sink in self.sinks:
            top_of_crystal = sum(s.on_mesa for s in self.stack)
            j = {"top": 0, "crystal": top_of_crystal, "bottom": last}[sink.face]
            mass = self._mass[self.stack[j].on_mesa] - (self._mass[True] if sink.face == "crystal" else 0.0)
            here = ~np.isnan(T[j]) & ~(held & (not self.stack[j].on_mesa))
            q = mass[here] * surface_flux(sink.flux, T[j, here], self.stack[j], self.bath)
            heat[j, here] += q
            self._left += float(q.sum())
            conductance = 2.0 * self.stack[j].material.out_of_plane(T[j, here]) / self.stack[j].thickness
            self._rounding += float(mass[here] @ (conductance * T[j, here]))

    def _contacts(self, T: Array, T_wires: Array, heat: Array) -> Array:
        """Heat into the contacts; return what is wrong with the balance of each wire (µW)."""
        wrong = []
        for contact, T_wire in zip(self.scenario.contacts, T_wires, strict=True):
            share = self._masses(self._inside(contact))
            share = share / share.sum()
            here = share > 0.0
            linear, quadratic = 0.0, 0.0
            if isinstance(contact, WiedemannFranzContact):
                quadratic = 0.5e6 * LORENZ_W_OHM_PER_K2 / contact.contact_resistance_ohm
            elif isinstance(contact, ConstantContact):
                linear = 1e3 / max(contact.contact_K_per_mW, NO_CONTACT_K_PER_MW)
            T_top = T[0, here]
            q = share[here] * (linear * (T_top - T_wire) + quadratic * (T_top**2 - T_wire**2))
            heat[0, here] += q
            self._left += float(q.sum())
            self._rounding += float(share[here] @ (linear * T_top + 2.0 * quadratic * T_top**2))
            if contact.wire_length_mm is not None:
                section = 0.25 * np.pi * contact.wire_diameter_um**2
                through = potential(gold_wire().in_plane, np.array([T_wire]), self.bath)[0]
                wrong.append(section / (1e3 * contact.wire_length_mm) * float(through) - q.sum())
            elif contact.wire_K_per_mW:
                wrong.append(1e3 / contact.wire_K_per_mW * (T_wire - self.bath) - q.sum())
            else:
                wrong.append(T_wire - self.bath)
        return np.array(wrong)

    def _inside(self, contact: Contact) -> Array:
        """Whether a cell belongs to a contact: those nearest to its centre that make up its area, all of them."""
        s = self.states
        x, y = (s.node_xy[s.cells].mean(axis=1) - (contact.x_um, contact.y_um)).T
        order, areas = np.argsort(np.hypot(x, y)), self._measure.sum(axis=1)
        r, depth = contact.radius_um, self.scenario.mesa.extent_um[1]
        area = 2.0 * r * depth if s.geometry == "strip" else np.pi * r**2
        count = int(np.argmin(np.abs(np.cumsum(areas[order]) - area))) + 1
        chosen = np.zeros(len(s.cells), dtype=bool)
        chosen[order[:count]] = True
        if not np.isclose(areas[chosen].sum(), area, rtol=1e-6) or not s.cell_in_mesa[chosen].all():
            raise ValueError(f"the cells of {contact.name} cannot be told from others")
        return chosen

    def _junctions(self, T: Array, V: float, J: Array, heat: Array) -> float:
        """Take what the junctions make from the heat; return the current (mA)."""
        layers = [j for j, s in enumerate(self.stack) if s.junctions > 0.0]
        mass, r = self._mass[True], self.scenario.mesa.specific_resistance_ohm_um2
        here = mass > 0.0
        T_j, n = T[np.ix_(layers, np.flatnonzero(here))], np.array([self.stack[j].junctions for j in layers])[:, None]
        v = np.full(T_j.shape, V / n.sum())
        if len(layers) > 1 and V != 0.0:
            v = voltages(self.law, r * J[here], T_j, abs(V) / float(n.min()))
        made = n * v * self.law.at(v, T_j).i / r
        for j, Q in zip(layers, made, strict=True):
            heat[j, here] -= mass[here] * Q
        return float(mass[here] @ (made.sum(axis=0) / V)) if V else 0.0


def voltages(law: JunctionLaw, i: Array, T: Array, largest: float) -> Array:
    """Return the voltages (mV) at which junctions of temperatures T carry the current i (as i R, mV), by bisection."""
    low, high = np.zeros(T.shape), np.full(T.shape, largest)
    for _ in range(52):
        middle = 0.5 * (low + high)
        less = law.at(middle, T).i < np.abs(i)
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.asarray(np.sign(i) * 0.5 * (low + high))


def potential(curve: PowerCurve, T: Array, T_from: Array | float) -> Array:
    """Return the integral of a curve from one temperature to another."""
    if np.ptp(curve.values) == 0.0:
        return np.asarray(curve.values[0] * (T - T_from))
    high, low = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(T_from, dtype=float))
    between = pairwise((0.0, *curve.nodes, np.inf))
    return np.asarray(sum(_piece(curve, np.clip(low, a, b), np.clip(high, a, b)) for a, b in between))


def _piece(curve: PowerCurve, low: Array, high: Array) -> Array:
    """Integrate by Gauss' rule over ln T between two nodes; of near temperatures the difference keeps its digits."""
    if not np.any(low != high):
        return np.zeros(low.shape)
    length = np.log1p((high - low) / low)
    x = np.log(low)[..., None] + 0.5 * length[..., None] * (GAUSS[0] + 1.0)
    values = np.exp(np.interp(x, np.log(curve.nodes), np.log(curve.values)) + x)
    return np.asarray(0.5 * length * (values @ GAUSS[1]))


def surface_flux(flux: HeatFlux, T: Array, sublayer: Sublayer, bath: float) -> Array:
    """Return q (µW/µm²) of a sink behind half a sublayer, by bisection for the temperature of the surface."""
    low, high = np.minimum(T, bath), np.maximum(T, bath)
    g = 2.0 / sublayer.thickness
    for _ in range(70):
        middle = 0.5 * (low + high)
        warmer = g * potential(sublayer.material.out_of_plane, T, middle) > flux(middle)[0]
        low, high = np.where(warmer, middle, low), np.where(warmer, high, middle)
    q, slope = flux(0.5 * (low + high))
    through = g * potential(sublayer.material.out_of_plane, T, 0.5 * (low + high))
    # Of the two the one that the last digit of the surface temperature changes less.
    return np.asarray(np.where(slope > g * sublayer.material.out_of_plane(T), through, q))


def _half(sublayer: Sublayer | None, T: Array) -> Array:
    """Resistance (µm² K/µW) of half a sublayer."""
    return np.zeros(T.shape) if sublayer is None else 0.5 * sublayer.thickness / sublayer.material.out_of_plane(T)


def _triangles(states: States) -> tuple[Array, Array]:
    """Thirds of the areas of the triangles (m, 3), and the products of the gradients of their corners (m, 3, 3)."""
    p = states.node_xy[states.cells]
    e = np.stack([p[:, 2] - p[:, 1], p[:, 0] - p[:, 2], p[:, 1] - p[:, 0]], axis=1)
    area = 0.5 * np.abs(e[:, 0, 0] * e[:, 1, 1] - e[:, 0, 1] * e[:, 1, 0])
    return np.repeat(area[:, None] / 3.0, 3, axis=1), e @ e.transpose(0, 2, 1) / (4.0 * area**2)[:, None, None]


def _intervals(states: States, scenario: Scenario) -> tuple[Array, Array]:
    """The same for the intervals of a strip, or the rings of a disc."""
    x = states.node_xy[states.cells][:, :, 0]
    h = np.abs(x[:, 1] - x[:, 0])
    if states.geometry == "disc":
        other = x[:, ::-1]
        measure = 2.0 * np.pi * h[:, None] * (2.0 * x + other) / 6.0
    else:
        measure = np.repeat(0.5 * scenario.mesa.extent_um[1] * h[:, None], 2, axis=1)
    pattern = np.array([[1.0, -1.0], [-1.0, 1.0]])
    return measure, pattern / h[:, None, None] ** 2
