"""Heat by a table of a user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Measured
from hotmesa.scenarios.tables import Numbers, read_numbers

if TYPE_CHECKING:  # it needs DOLFINx
    from hotmesa.solver.device.faces import HeatFlux


def build(sink: Measured, bath: float) -> HeatFlux:
    """Return q(T) - q(T_B) in µW/µm² with its derivative, T_B the temperature of the bath (K).

    Monotone between the points (PCHIP), straight with the last slope beyond them.

    Raises:
        TableError: the file cannot be read, or its values do not increase.
    """
    table = read_numbers(Path(sink.table), ("T_K", "q_W_per_m2"))
    return rising_above(table, "q_W_per_m2", bath, 1e-6)


def rising_above(table: Numbers, name: str, bath: float, unit: float = 1.0) -> HeatFlux:
    """Return what a column gains over the temperature of the bath (K), in multiples of `unit`, with its derivative.

    Monotone between the points (PCHIP), straight with the last slope beyond them.

    Raises:
        TableError: its values do not increase.
    """
    T_K, values = table["T_K"], table[name] * unit
    rising = np.append(True, (np.diff(T_K) > 0) & (np.diff(values) > 0))
    table.require(rising, f"T_K and {name} must increase from row to row")
    table.require(np.full(T_K.shape, T_K.size > 1), "at least two rows are needed")
    curve = PchipInterpolator(T_K, values)

    def total(T: Array) -> tuple[Array, Array]:
        inside = np.clip(T, T_K[0], T_K[-1])
        slope = curve(inside, 1)
        return curve(inside) + slope * (T - inside), slope

    at_bath = total(np.array([bath]))[0]
    return lambda T: (total(T)[0] - at_bath, total(T)[1])
