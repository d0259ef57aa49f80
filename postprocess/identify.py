"""Which readings would tell parameters apart: Fisher information of V at constant current, and the best design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.postprocess import page, style
from hotmesa.postprocess.sensitivity import BranchSensitivity
from hotmesa.postprocess.tables import ResultError, Row, column
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.labels import label_of_key
from hotmesa.scenarios.units import unit_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS, PANEL_IN = 3, 3.8
DASHES = ("-", (0, (6, 1.5)), (0, (3, 1.2, 1, 1.2)), (0, (1, 1.2)))
"""Of the settings: green and pink alone are told apart by no deuteranope."""
COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PINK, style.YELLOW, style.SKY)
STEEP = 1e-3
"""Where R_N I changes by less than this part of the way along the curve, V at constant current tells nothing finite."""
STEPS, ENOUGH = 100_000, 1e-4
LEAST = 1e-3
"""Shares below this one are left out of a design."""
FREE = 1e-6
"""Part of the most certain direction by which one must be seen to be fixed at all."""


@dataclass(frozen=True)
class Candidates:
    """Readings of V that could be taken, of m readings and p parameters.

    Attributes:
        setting: value of what is set from outside, shape (m,); NaN without.
        I_mA, V_mV: place, shape (m,).
        slopes: dV/d ln p at constant current (mV), shape (m, p).
        parameters: their keys.
    """

    setting: Array
    I_mA: Array
    V_mV: Array
    slopes: Array
    parameters: tuple[str, ...]


def candidates(branches: Mapping[float, BranchSensitivity], keys: Sequence[str], count: int) -> Candidates:
    """Return readings at `count` equal steps of the current on every branch where a source of current holds it.

    Only the part before the first fold in I counts: behind it a current belongs to several voltages.

    Raises:
        ResultError: a branch has fewer than two points there.
    """
    parts = []
    for setting, found in branches.items():
        I, V = column(found.table, "I_mA"), column(found.table, "V_mV")  # noqa: E741
        use = np.cumprod(found.y_s > STEEP).astype(bool)
        if use.sum() < 2:
            raise ResultError(f"{found.scenario.name}: no part of the branch that a source of current holds")
        at = I[use][-1] * np.arange(1, count + 1) / count
        columns = {item.key: k for k, item in enumerate(found.parameters)}
        across = np.array([found.parameters[columns[key]].value * found.across[:, columns[key]] for key in keys])
        rates = (across / found.y_s)[:, use]
        slopes = np.array([PchipInterpolator(I[use], rate)(at) for rate in rates]).T
        parts.append((np.full(count, setting), at, PchipInterpolator(I[use], V[use])(at), slopes))
    setting_of, I_mA, V_mV, by_p = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Candidates(setting_of, I_mA, V_mV, by_p, tuple(keys))


def information(slopes: Array, shares: Array, readings: float, sigma_mV: float) -> Array:
    """Return the Fisher information of readings that are shared out over places, shape (p, p)."""
    return np.asarray(readings / sigma_mV**2 * (slopes.T * shares) @ slopes)


def best_shares(slopes: Array) -> Array:
    """Return how readings are best shared out over places: the determinant of the information is the largest there is.

    Multiplicative steps w -> w d/p with d = g F^-1 g^T of every place let the determinant grow until d <= p
    everywhere, which is the mark of the best (Kiefer and Wolfowitz, Can. J. Math. 12, 363 (1960); Silvey, Titterington
    and Torsney, Commun. Stat. 7, 1379 (1978)).

    Args:
        slopes: of the readings, shape (m, p).

    Raises:
        ResultError: the readings leave a direction of the parameters free, however they are shared out.
    """
    m, p = slopes.shape
    scaled = slopes / np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
    lengths = np.linalg.svd(scaled, compute_uv=False)
    if m < p or lengths[-1] <= FREE * lengths[0]:
        raise ResultError(
            "these readings leave a combination of the parameters free; vary less, or add settings with --vary"
        )
    shares = np.full(m, 1.0 / m)
    for _ in range(STEPS):
        worth = np.einsum("mi,ij,mj->m", scaled, np.linalg.inv((scaled.T * shares) @ scaled), scaled)
        shares = shares * worth / p
        if worth.max() < p * (1.0 + ENOUGH):
            break
    shares[shares < LEAST] = 0.0
    return np.asarray(shares / shares.sum())


def precision(slopes: Array, shares: Array, readings: float, sigma_mV: float) -> tuple[Array, Array]:
    """Return the uncertainties of the ln p, and their correlations; infinite and NaN where a direction is left free."""
    F = information(slopes, shares, readings, sigma_mV)
    scale = np.sqrt(np.diag(F))
    if not np.all(scale > 0.0) or np.linalg.eigvalsh(F / np.outer(scale, scale))[0] < FREE**2:
        return np.full(len(F), np.inf), np.full(F.shape, np.nan)
    C = np.linalg.inv(F / np.outer(scale, scale)) / np.outer(scale, scale)
    sigma = np.sqrt(np.diag(C))
    return sigma, np.asarray(C / np.outer(sigma, sigma))


def design_rows(found: Candidates, shares: Array, name: str) -> list[Row]:
    """Return the readings as rows: setting, I, V, dV/d ln p, and the best share."""
    rows = []
    for k in range(len(found.I_mA)):
        row: Row = {name: float(found.setting[k])} if name else {}
        row |= {"I_mA": float(found.I_mA[k]), "V_mV": float(found.V_mV[k])}
        row |= {f"dV_mV_by_ln_{key}": float(found.slopes[k, j]) for j, key in enumerate(found.parameters)}
        rows.append({**row, "best_share": float(shares[k])})
    return rows


def summary_rows(found: Candidates, shares: Array, readings: int, sigma_mV: float, name: str) -> list[Row]:
    """Return what so many readings tell: equally spread over each setting alone, over all, and best shared out."""
    settings = np.unique(found.setting)
    every = np.full(len(found.setting), True)
    designs = {f"{name} = {value:g}": found.setting == value for value in settings} if name else {"whole branch": every}
    if len(settings) > 1:
        designs["all of them"] = every
    spread = {word: use / use.sum() for word, use in designs.items()} | {"best readings": shares}
    rows = []
    for word, own in spread.items():
        sigma, correlation = precision(found.slopes, own, readings, sigma_mV)
        row: Row = {"readings": word, "places": int(np.count_nonzero(own))}
        row |= {f"uncertainty_percent_{key}": float(100.0 * sigma[j]) for j, key in enumerate(found.parameters)}
        off = np.abs(correlation[np.triu_indices(len(sigma), 1)])
        rows.append({**row, "largest_correlation": float(off.max()) if off.size and np.isfinite(off).all() else ""})
    return rows


@style.styled
def plot_design(found: Candidates, shares: Array, name: str, title: str) -> Figure:
    """Return a figure: dV/d ln p over the current for every parameter and setting, and the best readings as circles."""
    p = len(found.parameters)
    across = min(p, ACROSS)
    if page.is_narrow(1.0 + PANEL_IN * across):
        across = 1
    figure = page.new_figure(1.0 + PANEL_IN * across, 0.8 + 3.2 * -(-p // across))
    panels = figure.subplots(-(-p // across), across, squeeze=False).ravel()
    for j, key in enumerate(found.parameters):
        axes = panels[j]
        for value, colour, dash in zip(np.unique(found.setting), cycle(COLOURS), cycle(DASHES), strict=False):
            use = found.setting == value if name else np.full(len(found.setting), True)
            x, y, share = found.I_mA[use], found.slopes[use, j], shares[use]
            axes.plot(x, y, color=colour, linestyle=dash, linewidth=1.4, label=f"{value:g}" if name else None)
            taken = share > 0.0
            axes.scatter(x[taken], y[taken], s=600 * share[taken], facecolors="none", edgecolors=colour, zorder=3)
        axes.set_title(label_of_key(key))
        axes.set_xlabel("current I (mA)")
        axes.set_ylabel("∂V/∂ ln p at constant I (mV)")
        style.tidy(axes)
    if name:
        panels[0].legend(
            title=f"{label_of_key(name)} ({unit_of(name)})" if unit_of(name) else label_of_key(name),
        )
    for axes in panels[p:]:
        axes.set_visible(False)
    page.heading(figure, title, "circles: where readings are best taken, their areas the shares")
    return figure
