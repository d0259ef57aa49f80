"""Measured curves from files; units stand in the header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.tables import TableError, read_numbers


@dataclass(frozen=True)
class Measured:
    """A curve: V in mV, I in mA, and their uncertainties where the file has them; shape (points,).

    Attributes:
        lines: lines of the points in the file, where they come from one.

    Points of negative current are kept with both signs changed, since V(-I) = -V(I).
    """

    V_mV: Array
    I_mA: Array
    sigma_V_mV: Array | None = None
    sigma_I_mA: Array | None = None
    lines: tuple[int, ...] = ()

    def describe(self) -> str:
        """Number of points and their ranges in words."""
        V, current = np.abs(self.V_mV), np.abs(self.I_mA)
        return f"{V.size} points, {V.min():.4g} to {V.max():.4g} mV, {current.min():.4g} to {current.max():.4g} mA"


def read_measured(file: Path, junctions: int = 1) -> Measured:
    """Return a measured I(V).

    Args:
        file: table with V_mV (or V_per_junction_mV) and I_mA, in any units that its header names; sigma_V_mV and
            sigma_I_mA may be there.
        junctions: number by which V_per_junction_mV is multiplied.

    Raises:
        TableError: it cannot be used.
    """
    table = read_numbers(file, ("I_mA",), ("V_mV", "V_per_junction_mV", "sigma_V_mV", "sigma_I_mA"))
    columns = table.columns
    if "V_mV" not in columns and "V_per_junction_mV" in columns:
        columns["V_mV"] = columns["V_per_junction_mV"] * junctions
    if "V_mV" not in columns:
        header = ", ".join(table.header)
        raise TableError([f"{file}: has no column V_mV, nor V_per_junction_mV; the header is: {header}"])
    negative = columns["I_mA"] < 0
    for name in ("V_mV", "I_mA"):
        columns[name] = np.where(negative, -columns[name], columns[name])
    wrong = columns["V_mV"] < 0
    if 2 * wrong.sum() > wrong.size:
        line = table.lines[int(np.argmax(wrong))]
        text = f"V and I have opposite signs in {wrong.sum()} of {wrong.size} points, first in line {line}"
        raise TableError([f"{file}: {text}: change the sign of one column"])
    for name in ("sigma_V_mV", "sigma_I_mA"):
        if name in columns:
            table.require(columns[name] > 0, f"{name} must be positive everywhere")
    sigmas = columns.get("sigma_V_mV"), columns.get("sigma_I_mA")
    return Measured(columns["V_mV"], columns["I_mA"], *sigmas, table.lines)
