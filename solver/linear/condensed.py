"""The crystal condensed onto the mesa footprint: exact where its conductivities share one shape f(T)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg as la
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import heats_mesa_alone
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.device.faces import Sink
from hotmesa.solver.device.layout import Layout
from hotmesa.solver.device.plan import PlanOperators
from hotmesa.solver.device.stack import Sublayer
from hotmesa.solver.errors import RequestError
from hotmesa.solver.linear.factors import Factors

MAX_DENSE_UNKNOWNS = 9000
CAUSE = (
    "conductances differ by more than numbers can tell apart; look for extreme values in the materials of the crystal, "
    "its layers, bath.bottom_W_per_m2K, bath.top_W_per_m2K and boundary_W_per_m2K"
)
"""A dense Jacobian of this size takes about 0.3 GB in single precision."""
FLOOR = 1e-12
"""What every entry of factors in single precision gets, in parts of the diagonal: less than their rounding.

Factors fall off as exp(-x/λ) along thin layers of the mesa. Without it they pass below 1e-38 within some 90 λ, where
processors calculate many times more slowly: 2 % of such entries made factors of a mesa of 300 µm take 8 times as long.
"""


def why_not_condensed(scenario: Scenario, layout: Layout, faces: Sequence[Sink] = ()) -> str | None:
    """Return why the crystal cannot be condensed, or None if it can."""
    crystal = layout.crystal_layers
    if layout.operators.comm.size > 1:
        return "more than one rank"
    if not crystal:
        return "no crystal layer"
    shape = crystal[0].material.out_of_plane
    for s in crystal:
        if s.material.in_plane.ratio_to(shape) is None or s.material.out_of_plane.ratio_to(shape) is None:
            return f"the conductivities of {s.name} do not share one temperature dependence"
        if s.layer in layout.operators.own_stiffness:
            return f"conduction along {s.name} depends on place or direction"
    if any(s.boundary_factor is not None for s in crystal[:-1]):
        return "boundary conductances that depend on the place"
    bath = scenario.bath
    if 0.0 < bath.below_W_per_m2K < np.inf and not shape.is_constant:
        return "a bottom conductance together with conductivities that depend on temperature"
    if any(s.boundary_curve is not None for s in crystal[:-1]):
        return "boundary conductances that depend on temperature"
    if any(np.isfinite(s.boundary) for s in crystal[:-1]) and not shape.is_constant:
        return "boundary conductances together with conductivities that depend on temperature"
    if bath.below_W_per_m2K == 0.0 and bath.rim == "insulated":
        return "the crystal has no path to the bath"
    for heater in scenario.heaters:
        if not heats_mesa_alone(scenario, heater):
            return f"the heater {heater.name} warms the crystal"
    for contact in scenario.contacts:
        if contact.on == "crystal":
            return f"the contact {contact.name} cools the crystal"
    for sink in faces:
        if sink.face != "top":
            return f"the heat sink {sink.name} cools the crystal"
    if layout.mesa_nodes.size * (len(layout.mesa_layers) + 1) > MAX_DENSE_UNKNOWNS:
        return "too many mesa nodes for dense matrices"
    return None


@dataclass(frozen=True)
class DepthModes:
    """Modes of the crystal through its depth; each is one small problem in the plane.

    With theta the potential of the common shape f, (K d_k a_k + M T_z) theta = heat. The generalised
    eigenvectors of (T_z, diag(a d)) decouple it into (K + mu M) theta_mode = heat_mode.

    Attributes:
        mu: eigenvalues (1/µm²), shape (S,).
        shapes: eigenvectors, column a mode, normalised with diag(a d), shape (S, S).
        bottom: conductance from the last sublayer to the bath in units of f (1/µm).
    """

    mu: Array
    shapes: Array
    bottom: float


@dataclass(frozen=True)
class DepthNetwork:
    """Conduction of a crystal whose conductivities share one shape f, by its potentials theta, sublayer by sublayer.

    It is along * stiffness in every sublayer and across * mass between them, the two matrices those of the plan.

    Attributes:
        along: conductivity along the layers over f, times thickness (µm), shape (S,).
        across: symmetric matrix of the conductances between the sublayers and to the bath below, in f (1/µm), (S, S).
        bottom: conductance to the bath below, in units of f (1/µm).
    """

    along: Array
    across: Array
    bottom: float


def depth_network(scenario: Scenario, crystal: tuple[Sublayer, ...]) -> DepthNetwork:
    """Return the network of a crystal whose conductivities share one shape."""
    shape = crystal[0].material.out_of_plane
    along = np.array([s.material.in_plane.ratio_to(shape) for s in crystal])
    across = np.array([s.material.out_of_plane.ratio_to(shape) for s in crystal])
    d = np.array([s.thickness for s in crystal])
    half = 0.5 * d / across
    # Boundary conductances are only allowed with a constant shape: its value turns them into units of f.
    gaps = np.array([float(shape.values[0]) / s.boundary for s in crystal[:-1]])
    g = 1.0 / (half[:-1] + half[1:] + gaps)
    bottom = 0.0
    if scenario.bath.below_W_per_m2K > 0.0:
        bottom = 1.0 / (half[-1] + float(shape.values[0]) / (scenario.bath.below_W_per_m2K * 1e-6))
    T_z = np.diag(np.append(g, bottom)) + np.diag(np.append(0.0, g)) - np.diag(g, 1) - np.diag(g, -1)
    return DepthNetwork(along * d, T_z, bottom)


def depth_modes(scenario: Scenario, crystal: tuple[Sublayer, ...]) -> DepthModes:
    """Return the depth modes of a crystal whose conductivities share one shape."""
    network = depth_network(scenario, crystal)
    mu, shapes = la.eigh(network.across, np.diag(network.along))
    return DepthModes(np.maximum(mu, 0.0), shapes, network.bottom)


class CondensedCrystal:
    """Response of the crystal to heat put into its top sublayer on the mesa footprint.

    Attributes:
        operator: dense map S from potentials theta (of f, zero at the bath) on the footprint to the heat (µW)
            the crystal takes at each node, shape (m, m).
        bottom_share: share of the heat put in at each node that leaves through the bottom, shape (m,).
    """

    def __init__(self, scenario: Scenario, layout: Layout) -> None:
        """Condense; costs one small factorisation and one dense inverse a depth mode.

        Raises:
            RequestError: conductances differ by more than numbers can tell apart.
        """
        operators = layout.operators
        self._modes = depth_modes(scenario, layout.crystal_layers)
        self._free = np.flatnonzero(~operators.on_rim) if scenario.bath.rim == "bath" else np.arange(operators.owned)
        self._mesa = np.searchsorted(self._free, layout.mesa_nodes)
        plane = [_PlaneProblem(operators, self._free, self._mesa, float(mu)) for mu in self._modes.mu]
        self._plane = plane
        top, last = self._modes.shapes[0], self._modes.shapes[-1]
        try:
            response = sum(t**2 * p.footprint_inverse() for t, p in zip(top, plane, strict=True))
            self.operator: Array = la.inv(response, check_finite=False)
        except (la.LinAlgError, RuntimeError) as error:  # the latter from SuperLU
            text = f"the heat that the crystal takes from the mesa cannot be computed ({error}): {CAUSE}"
            raise RequestError(text) from error
        mass = operators.mass[self._free]
        self.bottom_share: Array = self._modes.bottom * sum(
            t * b * p.solve(mass)[self._mesa] for t, b, p in zip(top, last, plane, strict=True)
        )
        self._owned = operators.owned

    def interior(self, heat: Array) -> Array:
        """Return theta of every crystal sublayer on the whole plan, shape (S, nodes), for the heat (µW) put in."""
        source = np.zeros(self._free.size)
        source[self._mesa] = heat
        top = self._modes.shapes[0]
        amplitudes = np.array([t * p.solve(source) for t, p in zip(top, self._plane, strict=True)])
        theta = np.zeros((len(top), self._owned))
        theta[:, self._free] = self._modes.shapes @ amplitudes
        return theta


class _PlaneProblem:
    """(K + mu M) theta = heat in the plane, for one depth mode."""

    def __init__(self, operators: PlanOperators, free: Any, mesa: Any, mu: float) -> None:
        matrix = operators.stiffness.tocsr()[free][:, free] + sp.diags(mu * operators.mass[free])
        self._matrix = matrix.tocsc()
        self._mesa = mesa
        self._lu: Any = None

    def solve(self, rhs: Array) -> Array:
        if self._lu is None:
            self._lu = spla.splu(self._matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        return np.asarray(self._lu.solve(rhs))

    def footprint_inverse(self) -> Array:
        """Return the block of the inverse on the mesa nodes: the outside is eliminated onto the ring it touches."""
        n = self._matrix.shape[0]
        outside = np.setdiff1d(np.arange(n), self._mesa, assume_unique=True)
        inner = self._matrix[self._mesa][:, self._mesa].toarray()
        if outside.size:
            link = self._matrix[outside][:, self._mesa].tocsc()
            ring = np.flatnonzero(np.diff(link.indptr))
            border = link[:, ring].toarray()
            lu = spla.splu(self._matrix[outside][:, outside].tocsc(), permc_spec="MMD_AT_PLUS_A")
            inner[np.ix_(ring, ring)] -= border.T @ lu.solve(border)
        factor, _ = la.lapack.dpotrf(inner, lower=True, overwrite_a=True)
        inverse, info = la.lapack.dpotri(factor, lower=True, overwrite_c=True)
        if info != 0:
            raise la.LinAlgError("no path to the bath")
        return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)


class CondensedConduction:
    """Conduction along the mesa sublayers (sparse) and through the condensed crystal (dense)."""

    patience = 8  # dense factors cost some hundred solutions

    def __init__(self, scenario: Scenario, layout: Layout) -> None:
        """Condense the crystal and keep the constant blocks."""
        crystal = CondensedCrystal(scenario, layout)
        self._layout, self._bath, self._cold_rim = layout, scenario.bath.temperature_K, scenario.bath.rim == "bath"
        self.crystal = crystal
        self.fixed = layout.rim_rows
        nodes = layout.mesa_nodes
        self._blocks = [
            (layout.rows(k), layout.stiffness(k)[nodes][:, nodes].tocsr() * s.thickness)
            for k, s in enumerate(layout.mesa_layers)
        ]
        self._crystal_rows = layout.rows(len(layout.mesa_layers))
        self.diagonal = np.concatenate([*(block.diagonal() for _, block in self._blocks), np.diag(crystal.operator)])

    def apply(self, phi: Array) -> Array:
        """Return the heat (µW) leaving each node for potentials phi (µW/µm), or columns of them."""
        heat = np.empty(phi.shape)
        for rows, block in self._blocks:
            heat[rows] = block @ phi[rows]
        heat[self._crystal_rows] = self.crystal.operator @ phi[self._crystal_rows]
        return heat

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by each potential of the sum of weights times heats: the map is symmetric."""
        return self.apply(weights)

    def temperatures(self, T: Array, conducted: Array) -> Array:
        """Return the temperatures (K) of all sublayers at the owned nodes, those of the crystal from its potentials."""
        fields = self._layout.on_plan(T)
        shape = self._layout.crystal_layers[0].material.out_of_plane
        theta = self.crystal.interior(conducted[self._crystal_rows])
        fields[len(self._layout.mesa_layers) :] = shape.inverse_integral(theta + shape.integral(self._bath))
        return fields

    def leaving(self, conducted: Array) -> dict[str, float]:
        """Return the heat (µW) through the bottom of the crystal and, where that is cold, its rim."""
        entering = conducted[self._crystal_rows]
        bottom = float(self.crystal.bottom_share @ entering)
        return {"bottom": bottom} | ({"rim": float(entering.sum()) - bottom} if self._cold_rim else {})

    def crystal_response(self, adjoint: Array) -> Array:
        """Return the adjoint field in the top sublayer of the crystal.

        Without heat of its own the eliminated crystal is symmetric: the adjoint continues like a potential.
        """
        heat = self.crystal.operator @ adjoint[self._crystal_rows]
        return np.asarray(self.crystal.interior(heat)[0])

    def separate(self) -> CondensedConduction:
        """Return itself: its factors are new ones every time."""
        return self

    def precondition(self, kappa: Array, local: sp.csr_matrix, near: bool = False) -> Factors:
        """Return dense factors of the Jacobian in single precision, which halves time and memory.

        They only precondition a Krylov solution whose residual is formed in double precision, so nothing is lost.
        """
        J = self._jacobian(kappa, local.toarray().astype(np.float32))
        J += np.float32(FLOOR) * np.abs(J.diagonal())[:, np.newaxis]
        return DenseFactors(J)

    def factorise(self, kappa: Array, local: sp.csr_matrix) -> Factors:
        """Return dense factors of the Jacobian."""
        return DenseFactors(self._jacobian(kappa, local.toarray()))

    def _jacobian(self, kappa: Array, J: Any) -> Any:
        """Return the node-local part with conduction added to it."""
        for rows, block in self._blocks:
            J[rows, rows] += (block @ sp.diags(kappa[rows])).toarray()
        rows = self._crystal_rows
        J[rows, rows] += self.crystal.operator * kappa[rows]
        return J


class DenseFactors:
    """LU factors of a dense Jacobian, in its precision."""

    def __init__(self, matrix: Any) -> None:
        """Factorise the matrix (overwritten)."""
        self._lu = la.lu_factor(matrix, overwrite_a=True, check_finite=False)

    def solve(self, rhs: Array, transposed: bool = False) -> Array:
        """Return the solution for one right-hand side, with the transpose if asked for."""
        b = rhs.astype(self._lu[0].dtype)
        return np.asarray(la.lu_solve(self._lu, b, trans=int(transposed), check_finite=False), dtype=float)
