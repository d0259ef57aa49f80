"""Names and units in the headers of tables: which column is meant, and what its unit is worth."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_EXPONENTS = {"k": 3, "": 0, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12}
UNITS = {prefix + base: (base, n) for base in ("V", "A", "K", "eV", "s", "m") for prefix, n in _EXPONENTS.items()}
"""Unit: what it measures, by the unit without prefix, and its power of ten."""
_WORDS = {"volt": "V", "amp": "A", "ampere": "A", "kelvin": "K", "sec": "s", "second": "s"}
_OTHER_NAMES = {
    ("v", "V"): ("u", "voltage"),
    ("i", "A"): ("current",),
    ("t", "K"): ("temperature", "temp"),
    ("t", "s"): ("time",),
    ("delta", "eV"): ("gap",),
    ("gamma", "eV"): ("scattering_rate",),
    ("source", "A"): ("i", "current"),
    ("source", "V"): ("v", "u", "voltage"),
    ("di_dv", ""): ("g", "conductance", "didv"),
}
_BRACKETS = re.compile(r"^(?P<name>.*?)[\s_]*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]$")
_GREEK = str.maketrans({"Δ": "delta", "δ": "delta", "Γ": "gamma", "γ": "gamma", "σ": "sigma"})


def unit_of(text: str) -> tuple[str, int] | None:
    """Return what a unit measures and its power of ten, None for what is no known unit; "mV" and "(mv)" are one."""
    text = text.strip().strip("[]() ")
    text = _WORDS.get(text.lower().removesuffix("s"), text)
    if text in UNITS or text[:1] in "MK":  # mega is not milli
        return UNITS.get(text)
    return next((result for unit, result in UNITS.items() if unit.lower() == text.lower()), None)


@dataclass(frozen=True)
class Requested:
    """A column that is asked for, by a name like "V_mV": lower-case name, what it measures ("" anything), its power."""

    label: str
    name: str
    base: str
    exponent: int

    @property
    def other_names(self) -> tuple[str, ...]:
        """Names that are understood where there is no column of the name itself."""
        return _OTHER_NAMES.get((self.name, self.base), ())

    def scaled(self, value: float, exponent: int) -> float:
        """Return a value in a unit of a power of ten in the unit that is asked for, correctly rounded."""
        power = exponent - self.exponent
        return value * 10.0**power if power >= 0 else value / 10.0**-power


@cache
def requested(label: str) -> Requested:
    """Return what "V_mV" asks for."""
    head, _, tail = label.rpartition("_")
    base, exponent = UNITS.get(tail, ("", 0)) if head else ("", 0)
    return Requested(label, plain(head if base else label), base, exponent)


def plain(name: str) -> str:
    """Return a name in lower case with underscores: "di_dv" of "dI/dV"."""
    return re.sub(r"[^0-9a-z]+", "_", name.translate(_GREEK).lower()).strip("_")


@cache
def heading(text: str) -> tuple[tuple[str, str | None], ...]:
    """Return how a field like V_mV, "V (mV)", "Current [µA]" or I/mA may be understood: names, each with its unit."""
    bracketed = _BRACKETS.match(text)
    if bracketed is not None:
        return ((plain(bracketed["name"]), bracketed["unit"]),)
    whole = (plain(text), None)
    head, tail = ([*re.split(r"[\s/_,]+(?=[^\s/_,]+$)", text), ""])[:2]
    return ((plain(head), tail), whole) if unit_of(tail) is not None else (whole,)


def matching(header: tuple[str, ...], request: Requested) -> list[tuple[int, str | None]]:
    """Return the columns that have the name that is asked for, else one of its other names, each with its unit.

    Columns with a unit of something else count only where there are no others: T_K is not the time t_us.
    """
    for names in ((request.name,), request.other_names):
        result = [
            (place, unit)
            for place, text in enumerate(header)
            for name, unit in heading(text)
            if name in names
        ]
        fitting = [(place, unit) for place, unit in result if unit is None or fits(unit, request)]
        if result:
            return fitting or result
    return []


def fits(unit: str, request: Requested) -> bool:
    """Return whether a column in this unit can be what is asked for."""
    known = unit_of(unit)
    return not request.base or (known is not None and known[0] == request.base)
