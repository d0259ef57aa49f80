"""A layered crystal by the modes of its depth, each a small problem in the plane, and the few terms its top feels.

In the potentials of its in-plane conductivity a layered crystal is nearly a constant tensor product, K x D + M x T,
of the plane (stiffness K, lumped areas M) and the depth (thicknesses D, couplings T); it is one exactly where all its
conductivities share one dependence on temperature. The eigenvectors of (T, D) decouple it into one small problem
(K + mu M) a = f in the plane for each mode (Lynch, Rice and Thomas, Numer. Math. 6, 185 (1964)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg as la
from scipy.optimize import least_squares

from hotmesa.scenarios.arrays import Array

SMALLEST = 1e-8
"""Of the largest eigenvalue of the depth: what the smallest is taken to be where the crystal has no way to the bath."""

FIT = 1e-6
"""Relative change at which the fit of a few layers ends: rounding, as by the number of processes, moves it by less."""
FARTHEST = 100.0
"""Largest logarithm of a pole or weight."""


@dataclass(frozen=True)
class Depth:
    """A layered crystal through its depth, in units of the in-plane potential.

    Attributes:
        couplings: T, what flows per area out of each sublayer by the potentials of all, tridiagonal, shape (S, S).
        thicknesses: D (µm), shape (S,).
    """

    couplings: Array
    thicknesses: Array

    def modes(self) -> Modes:
        """Return the eigenvectors of (T, D)."""
        up, down = np.diag(self.couplings, 1), np.diag(self.couplings, -1)
        # Between unlike materials T is not symmetric; rows scaled by `balance` are.
        balance = np.concatenate([[1.0], np.cumprod(up / down)])
        T = balance[:, None] * self.couplings
        mu, shapes = la.eigh(0.5 * (T + T.T), np.diag(balance * self.thicknesses))
        return Modes(np.maximum(mu, SMALLEST * mu[-1]), shapes, balance)


@dataclass(frozen=True)
class Modes:
    """Depth modes: (K + mu_j M) a_j = sum_k shapes_kj balance_k heat_k, potentials = sum_j shapes_j a_j.

    Attributes:
        mu: eigenvalues (1/µm²), shape (S,).
        shapes: eigenvectors, columns, shape (S, S).
        balance: scales of the rows that make T symmetric, shape (S,).
    """

    mu: Array
    shapes: Array
    balance: Array

    def response(self, squares: Array) -> Array:
        """Return the potential of the top for heat into each sublayer at squared wave numbers, shape (k, S)."""
        return np.asarray((self.shapes[0] / (squares[:, None] + self.mu)) @ (self.shapes * self.balance[:, None]).T)


@dataclass(frozen=True)
class FewLayers:
    """The response of the top by few terms: heat h in sublayer l moves it by sum_i roots_i shares_il h / (k^2 + nu_i).

    Attributes:
        nu: poles (1/µm²), shape (p,).
        roots: square roots of the weights w, shape (p,).
        shares: shape (p, S); those of the top sublayer are the roots.
        error: largest relative error of the response.
    """

    nu: Array
    roots: Array
    shares: Array
    error: float


def few_layers(modes: Modes, count: int, largest: float) -> FewLayers:
    """Return `count` terms that come nearest to the response up to a squared wave number (relative, least squares)."""
    count = min(count, modes.mu.size)
    low = max(float(modes.mu[0]), 1e-9 * largest)
    squares = np.append(0.0, np.geomspace(0.1 * low, largest, 60))
    wanted = modes.response(squares)
    top = wanted[:, 0]

    def terms(x: Array) -> Array:
        # A short time step leaves nothing to fit: poles and weights that are free may go anywhere.
        size = np.exp(np.clip(x, -FARTHEST, FARTHEST))
        return np.asarray(size[count:] / (squares[:, None] + size[:count]))

    nu = np.geomspace(low, max(largest, 2.0 * low), count)
    start = np.concatenate([np.log(nu), np.log(np.sqrt(nu) * top[0] * np.sqrt(low) / count)])
    fit = least_squares(lambda x: np.log(terms(x).sum(axis=1) / top), start, method="lm", xtol=FIT, ftol=FIT)
    nu, w = np.split(np.exp(np.clip(fit.x, -FARTHEST, FARTHEST)), 2)
    parts = np.sqrt(w) / (squares[:, None] + nu)
    # Deep heat reaches the top smoothed: an absolute error in units of the response at rest.
    scale = 1.0 / top[:, None]
    shares = la.lstsq(parts * scale, wanted * scale)[0]
    shares[:, 0] = np.sqrt(w)
    return FewLayers(nu, np.sqrt(w), shares, float(np.abs(fit.fun).max()))
