"""How an electrode answers to temperatures and voltage: its potential eliminated from the derivatives of a state.

With G(U, T, V) = 0 the currents of the electrode and R the heat it makes, dU = -G_U^-1 (G_T dT + G_V dV), so that

    dR = (R_T - R_U G_U^-1 G_T) dT + (R_V - R_U G_U^-1 G_V) dV.

What the local law gives at a potential that is held stands in the local part of the Jacobian; the rest is here.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.electrode import Electrode, ElectrodeState


class ElectrodeResponse:
    """Derivatives of heat balance and current of one state beyond those of the local law at a potential held.

    Temperatures of this rank come in the order of the layout, which begins with the mesa sublayers.

    Attributes:
        by_V: derivative of the heat balance by V, shape (L, m) of this rank.
        I_by_T: derivatives of the total current by the temperatures of the mesa sublayers, shape (L, m) of this rank.
        I_by_V: that by V.
    """

    def __init__(self, electrode: Electrode, state: ElectrodeState) -> None:
        """Factorise at a state; nothing is communicated."""
        self._electrode, self._state = electrode, state
        self._layers, self._count = state.T.shape
        self._K = electrode.stiffness(state.T)
        self._tangent = electrode.tangent(self._K, state.junctions)
        mine, whole = electrode.nodes.mine, state.T.shape
        slope, shares = float(electrode.mass @ state.junctions.J_by_V), electrode.terminals.free_shares
        rise = -self._tangent.solve(self._tangent.slopes - shares * slope)
        heat = np.zeros(whole)
        heat[electrode.junction_layers] = electrode.mass * state.junctions.Q_by_V
        self.by_V: Array = mine((self._balance_by_potential @ rise).reshape(whole) - heat)
        weights = self._tangent.solve(self._tangent.slopes, transposed=True)
        self.I_by_T: Array = mine((self._direct_current - self._currents_by_T.T @ weights).reshape(whole))
        self.I_by_V: float = slope + float(self._tangent.slopes @ rise)

    @cached_property
    def _direct_current(self) -> Array:
        """Derivatives of the current by the temperatures at a potential that is held, flat (L m,)."""
        electrode = self._electrode
        direct = np.zeros(self._state.T.shape)
        direct[electrode.junction_layers] = electrode.mass * self._state.junctions.J_by_T
        return direct.ravel()

    @cached_property
    def _drops(self) -> Array:
        """Potential differences along the links (mV)."""
        return np.asarray(self._electrode.links.difference @ self._state.excess)

    @cached_property
    def _slopes(self) -> list[sp.csr_matrix]:
        """Derivative of the conductance of the links (1/(Ω K)) by the temperature of every sheet, (links, m)."""
        electrode = self._electrode
        slopes = electrode.conductances(self._state.T)[1]
        shape, mean = sp.diags(electrode.links.shape), electrode.links.mean
        return [(shape @ mean @ sp.diags(slope)).tocsr()[:, : self._count] for slope in slopes]

    @cached_property
    def _currents_by_T(self) -> sp.csr_matrix:
        """G_T, derivative of what leaves every unknown by the temperatures, shape (unknowns, L m)."""
        electrode, terminals = self._electrode, self._electrode.terminals
        below = self._direct_current.reshape(self._layers, -1)
        on_mesa = terminals.free[: self._count].T
        along = terminals.free.T @ electrode.links.difference.T @ sp.diags(self._drops)
        blocks = [on_mesa @ sp.diags(row) for row in below]
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            blocks[sheet.layer] = blocks[sheet.layer] + along @ slope
        total = sp.csr_matrix(terminals.free_shares[:, None]) @ sp.csr_matrix(self._direct_current[None])
        return (sp.hstack(blocks) - total).tocsr()

    @cached_property
    def _balance_by_potential(self) -> sp.csr_matrix:
        """R_U, derivative of the heat balance by the unknown potentials, shape (L m, unknowns)."""
        electrode, state, m = self._electrode, self._state, self._count
        blocks = [sp.csr_matrix((m, electrode.links.count)) for _ in range(self._layers)]
        onto = sp.eye(m, electrode.links.count)
        for layer, Q_by_V in zip(electrode.junction_layers, state.junctions.Q_by_V, strict=True):
            blocks[layer] = blocks[layer] - sp.diags(electrode.mass * Q_by_V) @ onto
        shared = electrode.links.mean.T[:m]
        for sheet, G in zip(electrode.sheets, electrode.conductances(state.T)[0], strict=True):
            made = shared @ sp.diags(2.0 * G * self._drops) @ electrode.links.difference
            blocks[sheet.layer] = blocks[sheet.layer] - made
        joints = electrode.joints.difference
        over = 2.0 * electrode.joints.shape * (joints @ state.excess)
        blocks[electrode.top] = blocks[electrode.top] - electrode.joint_ends @ sp.diags(over) @ joints
        return (sp.vstack(blocks) @ electrode.terminals.free).tocsr()

    @cached_property
    def _direct(self) -> sp.csr_matrix:
        """Derivative of the Joule heat of the electrode by the temperatures at a potential held, (L m, L m)."""
        electrode, m = self._electrode, self._count
        blocks: list[list[sp.csr_matrix]] = [
            [sp.csr_matrix((m, m)) for _ in range(self._layers)] for _ in range(self._layers)
        ]
        for sheet, slope in zip(electrode.sheets, self._slopes, strict=True):
            made = electrode.links.mean.T[:m] @ sp.diags(self._drops**2) @ slope
            blocks[sheet.layer][sheet.layer] = blocks[sheet.layer][sheet.layer] - made
        return sp.block_array(blocks, format="csr")

    def apply(self, x: Array) -> Array:
        """Return what the electrode adds to the heat balance (µW) for changes x of temperatures, (n,) or (n, k)."""
        whole = self._whole(x)
        answer = self._direct @ whole
        answer -= self._balance_by_potential @ self._tangent.solve(self._currents_by_T @ whole)
        return self._spread(answer, x)

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by every temperature of the sum of weights times that."""
        whole = self._whole(weights)
        potentials = self._tangent.solve(self._balance_by_potential.T @ whole, transposed=True)
        return self._spread(self._direct.T @ whole - self._currents_by_T.T @ potentials, weights)

    def _whole(self, x: Array) -> Array:
        """Return values at the mesa sublayers of all ranks, flat (L m,) or (L m, k). Collective."""
        nodes = self._electrode.nodes
        mine = x[: self._layers * nodes.own.size].reshape(self._layers, nodes.own.size, -1)
        whole = nodes.everywhere(np.moveaxis(mine, 2, 0))
        flat = np.moveaxis(whole, 0, 2).reshape(self._layers * self._count, -1)
        return np.asarray(flat[:, 0] if x.ndim == 1 else flat)

    def _spread(self, whole: Array, like: Array) -> Array:
        """Return the part of this rank of values at the mesa sublayers, zero below them."""
        nodes = self._electrode.nodes
        values = whole.reshape(self._layers, self._count, -1)[:, nodes.own]
        result = np.zeros(like.shape)
        size = self._layers * nodes.own.size
        result[:size] = values.reshape((size, *like.shape[1:]))
        return result
