"""Bias circuits: the one number that a source holds, a combination of voltage and current."""

from __future__ import annotations

from dataclasses import dataclass

from hotmesa.scenarios.schema import Bias as BiasSection


@dataclass(frozen=True)
class Bias:
    """What the source controls: by_V * V + by_I * I.

    Voltage bias holds V (mV), current bias I (mA), a load line V + R_L I = V_s (mV; R_L in Ω = mV/mA).

    Attributes:
        name: "voltage", "current" or "load line".
        by_V: weight of the voltage.
        by_I: weight of the current.
    """

    name: str
    by_V: float
    by_I: float

    @staticmethod
    def voltage() -> Bias:
        """Return bias by an ideal voltage source; its value is V (mV)."""
        return Bias("voltage", 1.0, 0.0)

    @staticmethod
    def current() -> Bias:
        """Return bias by an ideal current source; its value is I (mA)."""
        return Bias("current", 0.0, 1.0)

    @staticmethod
    def load_line(resistance_ohm: float) -> Bias:
        """Return bias by a source behind a resistor; its value is V + R_L I (mV)."""
        return Bias("load line", 1.0, resistance_ohm)

    @staticmethod
    def of(section: BiasSection) -> Bias:
        """Return the bias of a scenario."""
        if section.unit == "mA":
            return Bias.current()
        return Bias.load_line(section.series_ohm) if section.series_ohm else Bias.voltage()

    @property
    def unit(self) -> str:
        """Unit of its value: "mA" or "mV"."""
        return "mV" if self.by_V else "mA"

    def value(self, V: float, I: float) -> float:  # noqa: E741 - the symbol of the field
        """Return the value of the source at voltage V (mV) and current I (mA)."""
        return self.by_V * V + self.by_I * I
