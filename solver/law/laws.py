"""The current-voltage law i(v, T) of one junction, made from a scenario.

Every law has the same interface (`JunctionLaw`): currents as i = I R_j in mV with R_j the normal resistance of one
junction, so that a normal junction has i = v, and derivatives that belong to the same interpolant as the current.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Scenario, findings_in
from hotmesa.solver.law.files import LawError
from hotmesa.solver.law.table import LawTable, LawValues, default_folder

__all__ = ["JunctionLaw", "LawError", "LawTable", "LawValues", "build_law"]


class JunctionLaw(Protocol):
    """Current of one junction as a function of its voltage and temperature.

    Attributes:
        T_range: lowest temperature (K; an error below) and the one above which the law no longer changes.
        v_max: voltage (mV) above which the junction is ohmic with the conductance at that voltage.
    """

    T_range: tuple[float, float]
    v_max: float

    def at_voltage(self, v_mV: float, T_K: Array) -> LawValues:
        """Current and derivatives at one junction voltage for all temperatures."""
        ...

    def at(self, v_mV: Array, T_K: Array) -> LawValues:
        """Current and derivatives element by element."""
        ...


def build_law(scenario: Scenario, cache: Path | str | None = "default") -> JunctionLaw:
    """Junction law of a scenario; a d-wave table is taken from the cache or built and stored there.

    A section [law] of the class `NewLaw` is made into a law by `build` in the module of that name in small letters,
    newlaw.py beside this one. With an SIN contact in series the law is that of V/n: the voltage of stack and contact
    per resistive junction.

    Args:
        scenario: the device.
        cache: folder of cached tables, "default" for `table.default_folder()`, None for no cache.

    Raises:
        LawError: for tables that cannot be used, and for keys that contradict each other.
    """
    result = [f"{'.'.join(map(str, finding.where))}: {finding.text}" for finding in findings_in(scenario.law, ("law",))]
    if result:
        raise LawError("\n".join(result))
    module = import_module(f"hotmesa.solver.law.{type(scenario.law).__name__.lower()}")
    law: JunctionLaw = module.build(scenario.law, scenario, default_folder() if cache == "default" else cache)
    return law
