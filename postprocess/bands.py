"""Bands of a curve that the uncertainty of parameters leaves, and bands.png, which shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.sensitivity import BranchSensitivity
from hotmesa.postprocess.tables import Row, column, read_table
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("I_mA", "V_mV", "sigma_V_mV", "I_low_mA", "V_low_mV", "I_high_mA", "V_high_mV")
STEEP = 1e-3
"""Where R_N I changes by less than this part of the way along the curve, V at constant current has no width."""
PER_ROW = 3


def band(found: BranchSensitivity, changes: Array, covariance: Array) -> list[Row]:
    """Return the points of a branch with one standard deviation of what parameters leave.

    A parameter displaces the curve across itself by a for each of its units (see `BranchSensitivity`); the variance of
    that displacement is a C a^T. It exists at folds too, where V at constant current has no width.

    Args:
        found: the branch.
        changes: displacements a (mV) by the parameters, shape (points, parameters).
        covariance: C of the parameters.

    Returns:
        Rows of `COLUMNS`: the point, the standard deviation of V at constant current (NaN at folds in I), and the ends
        of the band across the curve.
    """
    across = np.sqrt(np.maximum(np.einsum("qi,ij,qj->q", changes, covariance, changes), 0.0))
    V, I = column(found.table, "V_mV"), column(found.table, "I_mA")  # noqa: E741
    dV, dI = across * found.y_s, -across * found.x_s / found.scale_ohm
    regular = np.abs(found.y_s) > STEEP
    width = np.full(across.shape, np.nan)
    width[regular] = across[regular] / np.abs(found.y_s[regular])
    values = (I, V, width, I - dI, V - dV, I + dI, V + dV)
    return [dict(zip(COLUMNS, map(float, row), strict=True)) for row in zip(*values, strict=True)]


@style.styled
def plot_bands(folder: Path) -> Figure:
    """Return a figure of the bands in bands.csv of a fit, a panel for each branch.

    Raises:
        ResultError: the file is missing or damaged.
    """
    table = read_table(folder / "bands.csv", COLUMNS, ("data",))
    names = list(dict.fromkeys(map(str, table["data"])))
    wide = min(PER_ROW, len(names))
    high = -(-len(names) // wide)
    figure = page.new_figure(1.0 + 3.6 * wide, 0.6 + 3.3 * high)
    panels = figure.subplots(high, wide, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _draw(axes, {key: np.asarray(values)[np.asarray(table["data"]) == name] for key, values in table.items()})
        axes.set_title(name)
        style.tidy(axes)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes in panels[: len(names)][::wide]:
        axes.set_ylabel("current I (mA)")
    panels[0].legend()
    return figure


def _draw(axes: Any, part: dict[str, Any]) -> None:
    low, high = ((column(part, f"V_{end}_mV"), column(part, f"I_{end}_mA")) for end in ("low", "high"))
    V, I = (np.append(a, b[::-1]) for a, b in zip(low, high, strict=True))  # noqa: E741
    label = "one standard deviation across"
    axes.fill(V, I, color=style.BRANCH_COLOUR, alpha=0.3, linewidth=0.0, label=label)
    axes.plot(column(part, "V_mV"), column(part, "I_mA"), color=style.BRANCH_COLOUR, linewidth=1.2, label="best values")
    axes.set_xlabel("voltage V (mV)")


def displacements(found: BranchSensitivity, columns: Sequence[Sequence[int]], scales: Sequence[float]) -> Array:
    """Return the displacements by parameters that stand for several numbers each, times a scale.

    Args:
        found: the branch.
        columns: places of the numbers of every parameter among those of the branch.
        scales: of the parameters.

    Returns:
        Shape (points, parameters).
    """
    parts = [scale * found.across[:, list(own)].sum(axis=1) for own, scale in zip(columns, scales, strict=True)]
    return np.array(parts).T
