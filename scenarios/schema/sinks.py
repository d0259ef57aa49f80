"""Heat sinks that give off heat by a law of the surface temperature, one class a kind."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from hotmesa.scenarios.schema.section import Curve, File, Name, Positive
from hotmesa.scenarios.schema.union import Kinds
from hotmesa.scenarios.tables import TableError, read_numbers


class Sink(Kinds):
    """A heat sink on a whole face: q of its surface temperature, which is zero at the bath temperature.

    A kind `NewSink` becomes a law q(T) of the solver by `build` in solver/device/cooling/newsink.py.
    """

    usual: ClassVar[str] = "conductance"

    name: Name = Field(description="unique name; its heat is the column Q_<name>_mW")
    face: Literal["top", "crystal", "bottom"] = Field(
        "top", description="top of the stack, surface of the crystal beside the mesa, or bottom of the stack"
    )

    def slope_W_per_m2K(self, T_K: float) -> float | None:
        """dq/dT at a surface temperature, for the element sizes; None where the kind does not tell it."""
        return None

    def describe(self) -> str:
        """Name, law and face in a few words."""
        on = {"top": "the top", "crystal": "the crystal beside the mesa", "bottom": "the bottom"}[self.face]
        return f"{self.name}: {super().describe()} on {on}"


class Conductance(Sink):
    """Heat flux h (T - T_B), or the integral of h(T) from T_B to T."""

    words: ClassVar[str] = "conductance {h_W_per_m2K:g} W/(m² K)"
    kind: Literal["conductance"] = "conductance"
    h_W_per_m2K: Positive | Curve = Field(description="conductance h, or a curve h(T)")

    def slope_W_per_m2K(self, T_K: float) -> float:
        """Return h."""
        h = self.h_W_per_m2K
        return float(h.interpolated(T_K)) if isinstance(h, Curve) else h


class Helium(Sink):
    """Heat flux a (T^4 - T_B^4), as through the Kapitza resistance to liquid helium."""

    words: ClassVar[str] = "helium, {a_W_per_m2K4:g} W/(m² K⁴) × (T⁴ − T_B⁴)"
    kind: Literal["helium"] = "helium"
    a_W_per_m2K4: Positive = Field(description="coefficient a")

    def slope_W_per_m2K(self, T_K: float) -> float:
        """Return 4 a T^3."""
        return 4.0 * self.a_W_per_m2K4 * T_K**3


class Measured(Sink):
    """Heat flux q(T) - q(T_B) of a table, monotone between its points and straight beyond them."""

    words: ClassVar[str] = "table {table}"
    kind: Literal["table"] = "table"
    table: File = Field(description="CSV file T_K,q_W_per_m2, both increasing")

    def slope_W_per_m2K(self, T_K: float) -> float | None:
        """Return the slope of the table between its points; None where it cannot be read (the solver says why)."""
        try:
            table = read_numbers(Path(self.table), ("T_K", "q_W_per_m2"))
        except TableError:
            return None
        T, q = table["T_K"], table["q_W_per_m2"]
        if T.size < 2 or not np.all(np.diff(T) > 0):
            return None
        k = int(np.clip(np.searchsorted(T, T_K), 1, T.size - 1))
        return float((q[k] - q[k - 1]) / (T[k] - T[k - 1]))
