"""How an electrode answers to temperatures and voltage: its potential eliminated from the derivatives of a state.

With G(U, T, V) = 0 the currents of the electrode and R the heat it makes, dU = -G_U^-1 (G_T dT + G_V dV), so that

    dR = (R_T - R_U G_U^-1 G_T) dT + (R_V - R_U G_U^-1 G_V) dV.

What the local law gives at a potential that is held stands in the local part of the Jacobian; the rest is here, as
products: none of these matrices is put together.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.electrode import Electrode, ElectrodeState


class ElectrodeResponse:
    """Derivatives of heat balance and current of one state beyond those of the local law at a potential held.

    Temperatures of this rank come in the order of the layout, which begins with the mesa sublayers. Inside, values at
    the mesa sublayers have the shape (L, m, k), those at nodes of the network and unknowns (nodes, k), (unknowns, k).

    Attributes:
        by_V: derivative of the heat balance by V, shape (L, m) of this rank.
        I_by_T: derivatives of the total current by the temperatures of the mesa sublayers, shape (L, m) of this rank.
        I_by_V: that by V.
        couples: true; see `coupling.Response`.
    """

    couples = True

    def __init__(self, electrode: Electrode, state: ElectrodeState) -> None:
        """Factorise at a state; nothing is communicated."""
        self._electrode, self._state = electrode, state
        self._conductances, self._slopes = electrode.conductances(state.T)
        self._tangent = electrode.tangent(electrode.of_links(self._conductances), state.junctions)
        mass, junctions, mine = electrode.mass, state.junctions, electrode.nodes.mine
        self._current_by_T = self._in_junctions(mass * junctions.J_by_T)
        self._heat_by_V = self._in_junctions(mass * junctions.Q_by_V)
        slope, shares = float(mass @ junctions.J_by_V), electrode.terminals.free_shares
        rise = -self._tangent.solve(self._tangent.slopes - shares * slope)
        self.by_V: Array = mine(self._heat_by_potential(rise[:, None])[..., 0] - self._heat_by_V)
        weights = self._tangent.solve(self._tangent.slopes, transposed=True)
        self.I_by_T: Array = mine(self._current_by_T - self._weighted_currents(weights[:, None])[..., 0])
        self.I_by_V: float = slope + float(self._tangent.slopes @ rise)

    def _in_junctions(self, values: Array) -> Array:
        """Return values of the junction sublayers as those of all mesa sublayers, shape (L, m)."""
        every = np.zeros(self._state.T.shape)
        every[self._electrode.junction_layers] = values
        return every

    @cached_property
    def _drops(self) -> Array:
        """Potential differences along the links (mV), shape (links, 1)."""
        return np.asarray(self._electrode.links.difference @ self._state.excess)[:, None]

    @cached_property
    def _joint_heat(self) -> Array:
        """Derivative of the heat of the joints by the difference over them, shape (joints, 1)."""
        joints = self._electrode.joints
        return np.asarray(2.0 * joints.shape * (joints.difference @ self._state.excess))[:, None]

    def _conducting(self, layer: int, slope: Array, T: Array) -> Array:
        """Return how the conductance of the links of a sheet changes with temperatures (L, m, k), shape (links, k)."""
        links = self._electrode.links
        return np.asarray(links.shape[:, None] * (self._electrode.link_mean @ (slope[: T.shape[1], None] * T[layer])))

    def _currents_by_T(self, T: Array) -> Array:
        """Return G_T T: the change of what leaves every unknown."""
        electrode = self._electrode
        below = np.einsum("lm,lmk->mk", self._current_by_T, T)
        leaving = np.zeros((electrode.links.count, T.shape[2]))
        leaving[: len(below)] = below
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            along = self._drops * self._conducting(sheet.layer, slope, T)
            leaving += electrode.links.leaving @ along
        shared = np.multiply.outer(electrode.terminals.free_shares, below.sum(axis=0))
        return np.asarray(electrode.terminals.gather @ leaving - shared)

    def _weighted_currents(self, weights: Array) -> Array:
        """Return G_T^T w for weights of the unknowns, shape (L, m, k)."""
        electrode, count = self._electrode, self._state.T.shape[1]
        at_nodes = np.asarray(electrode.terminals.free @ weights)
        total = electrode.terminals.free_shares @ weights
        result = self._current_by_T[..., None] * (at_nodes[:count] - total)
        along = electrode.links.shape[:, None] * self._drops * (electrode.links.difference @ at_nodes)
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            result[sheet.layer] += slope[:count, None] * (electrode.link_share @ along)
        return np.asarray(result)

    def _heat_by_potential(self, unknown: Array) -> Array:
        """Return R_U u: the change of the heat balance with the unknown potentials, shape (L, m, k)."""
        electrode, count = self._electrode, self._state.T.shape[1]
        U = np.asarray(electrode.terminals.free @ unknown)
        result = -self._heat_by_V[..., None] * U[:count]
        along = 2.0 * self._drops * (electrode.links.difference @ U)
        for sheet, G in zip(electrode.sheets, self._conductances, strict=True):
            result[sheet.layer] -= electrode.link_share @ (G[:, None] * along)
        result[electrode.top] -= electrode.joint_ends @ (self._joint_heat * (electrode.joints.difference @ U))
        return np.asarray(result)

    def _weighted_heat(self, weights: Array) -> Array:
        """Return R_U^T w for weights (L, m, k), shape (unknowns, k)."""
        electrode, count = self._electrode, self._state.T.shape[1]
        at_nodes = np.zeros((electrode.links.count, weights.shape[2]))
        at_nodes[:count] = -np.einsum("lm,lmk->mk", self._heat_by_V, weights)
        for sheet, G in zip(electrode.sheets, self._conductances, strict=True):
            over = 2.0 * G[:, None] * self._drops * (electrode.link_mean @ weights[sheet.layer])
            at_nodes -= electrode.links.leaving @ over
        over = self._joint_heat * (electrode.joint_ends.T @ weights[electrode.top])
        at_nodes -= electrode.joints.leaving @ over
        return np.asarray(electrode.terminals.gather @ at_nodes)

    def _heat_by_T(self, T: Array) -> Array:
        """Return the change of the heat balance by the Joule heat of the electrode at a potential held, (L, m, k)."""
        electrode, result = self._electrode, np.zeros(T.shape)
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            made = self._drops**2 * self._conducting(sheet.layer, slope, T)
            result[sheet.layer] -= electrode.link_share @ made
        return result

    def _weighted_heat_by_T(self, weights: Array) -> Array:
        """Return the transpose of that, of weights (L, m, k)."""
        electrode, result = self._electrode, np.zeros(weights.shape)
        scale = electrode.links.shape[:, None] * self._drops**2
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            shared = electrode.link_share @ (scale * (electrode.link_mean @ weights[sheet.layer]))
            result[sheet.layer] -= slope[: weights.shape[1], None] * shared
        return result

    def apply(self, x: Array) -> Array:
        """Return what the electrode adds to the heat balance (µW) for changes x of temperatures, (n,) or (n, k)."""
        T = self._whole(x)
        answer = self._heat_by_T(T) - self._heat_by_potential(self._tangent.solve(self._currents_by_T(T)))
        return self._spread(answer, x)

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by every temperature of the sum of weights times that."""
        w = self._whole(weights)
        potentials = self._tangent.solve(self._weighted_heat(w), transposed=True)
        return self._spread(self._weighted_heat_by_T(w) - self._weighted_currents(potentials), weights)

    def _whole(self, x: Array) -> Array:
        """Return values at the mesa sublayers of all ranks, shape (L, m, k). Collective."""
        nodes, layers = self._electrode.nodes, len(self._state.T)
        mine = x[: layers * nodes.own.size].reshape(layers, nodes.own.size, -1)
        return np.moveaxis(nodes.everywhere(np.moveaxis(mine, 2, 0)), 0, 2)

    def _spread(self, whole: Array, like: Array) -> Array:
        """Return the part of this rank of values at the mesa sublayers, zero below them."""
        nodes = self._electrode.nodes
        result = np.zeros(like.shape)
        size = len(whole) * nodes.own.size
        result[:size] = whole[:, nodes.own].reshape((size, *like.shape[1:]))
        return result
