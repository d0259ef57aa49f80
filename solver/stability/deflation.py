"""Deflated Newton iteration: further states at one bias value, away from those that are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import State
from hotmesa.solver.parallel import global_min
from hotmesa.solver.states.problem import ThermalBranch

MAX_STEPS = 60
SAME_STATE = 1e-3
"""States nearer than this (in arclength) are one."""
LARGEST_FACTOR = 5.0


def factor(problem: ThermalBranch, u: Array, step: Array, known: Sequence[Array]) -> float:
    """Return by what to multiply a Newton step so that it becomes one of the deflated residual.

    The residual is multiplied by eta(u) = prod_i (1 + 1/|u - u_i|^2), which is large near the known states u_i. By
    the Sherman-Morrison formula the Newton step d of the plain residual only changes its length,
    d_deflated = d / (1 - grad(eta) d / eta): one inner product for each known state, no other linear system
    (Farrell, Birkisson, Funke, SIAM J. Sci. Comput. 37, A2026 (2015), doi:10.1137/140984798).
    """
    slope = 0.0
    for other in known:
        away = u - other
        r2 = max(problem.inner(away, away), 1e-12)
        slope -= 2.0 * problem.inner(away, step) / (r2 * (r2 + 1.0))
    # A plain step that would lead to a known state is turned round, as it should; only its length is limited.
    denominator = 1.0 - slope
    return float(np.clip(1.0 / denominator if denominator != 0.0 else LARGEST_FACTOR, -LARGEST_FACTOR, LARGEST_FACTOR))


def deflated(
    problem: ThermalBranch, value: float, guess: Array, known: Sequence[Array], tolerance: float
) -> State | None:
    """Return a state at a value of the bias that is none of those known, or None if this guess leads to none.

    Args:
        problem: the device under its bias.
        value: of the bias (mA or mV).
        guess: where Newton's method starts.
        known: states that are deflated.
        tolerance: size of the residual that counts as solved.
    """
    u = guess
    try:
        for _ in range(MAX_STEPS):
            if not _within_law(problem, u):
                return None
            state = problem.evaluate(u)
            reached, row = problem.control(state)
            gap = reached - value
            if state.norm <= tolerance and abs(gap) <= 1e-9 * abs(value):
                new = all(np.sqrt(problem.inner(u - k, u - k)) > SAME_STATE for k in known)
                return state if new else None
            if not np.isfinite(state.norm):
                return None
            step = problem.step(state, row, gap, 1e-7)
            step = factor(problem, u, step, known) * step
            u = u + problem.damping(u, step) * step
    except SolveError:
        return None
    return None


def _within_law(problem: ThermalBranch, u: Array) -> bool:
    """Return whether all temperatures lie in the range of the law; all ranks agree, so that none waits for another."""
    T, _, _ = problem.split(u)
    low, high = problem.model.junctions.law.T_range
    comm = problem.model.comm
    finite = global_min(comm, float(np.isfinite(T).all()))
    return bool(finite and global_min(comm, T.min(initial=high)) >= low)


def search(
    problem: ThermalBranch, value: float, known: Sequence[Array], guesses: Sequence[Array], tolerance: float
) -> list[Array]:
    """Return new states at a value of the bias; each is deflated as soon as it is found, mirror images included."""
    states, new = list(known), []
    for guess in guesses:
        while True:
            state = deflated(problem, value, guess, states, tolerance)
            if state is None:
                break
            u = state.u
            states.append(u)
            new.append(u)
    return new


def random_guesses(problem: ThermalBranch, base: Sequence[Array], count: int, seed: int) -> list[Array]:
    """Return states changed by random smooth patterns: products of the lowest cosines over the mesa.

    The same on any number of ranks, since the patterns are functions of the place.
    """
    model, rng = problem.model, np.random.default_rng(seed)
    layout = model.layout
    guesses = []
    for k in range(count):
        u = base[k % len(base)].copy()
        T, _, _ = problem.split(u)
        swing = rng.uniform(0.3, 1.5) * max(float(np.sqrt(problem.inner(u, u))) * 20.0 - model.bath, 1.0)
        weights = rng.normal(size=(3, 3))
        weights[0, 0] = 0.0
        size = np.array(model.scenario.mesa.extent_um)
        for j in range(len(layout.sublayers)):
            xy = model.operators.xy[layout.nodes_of(j)]
            T[layout.rows(j)] += swing * _pattern(xy / size, weights)
        u[: T.size] = np.maximum(T, model.bath)
        guesses.append(u)
    return guesses


def _pattern(places: Array, weights: Array) -> Array:
    """Return products of cosines at places given in units of the mesa."""
    inside = np.clip(places + 0.5, 0.0, 1.0)
    cosines = [np.cos(np.pi * np.arange(3)[:, None] * inside[:, axis]) for axis in (0, 1)]
    return np.asarray(np.einsum("ij,in,jn->n", weights, *cosines) / np.abs(weights).sum())
