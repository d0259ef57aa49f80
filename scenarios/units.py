"""Units by the endings of names: of the keys of a scenario, the columns of a table, the numbers of a summary."""

from __future__ import annotations

import re

_OVER = "meV|mV|mA|mW|uW|um2|um|nm|nF|nJ|mm|us|ohm_um2|ohm_cm|ohm_m|ohm|THz|kHz|deg|K|s|J|W"
_PART = "(?:mW|mA|um|us|m|K|W)[2-4]?"
_ENDING = re.compile(
    rf"(?:^|_)(?:(?P<over>{_OVER})_per_(?P<under>(?:{_PART})+)|per_(?P<inverse>{_PART})"
    rf"|(?P<each>mV)_per_junction|per_junction_(?P<of_each>mV)|(?P<plain>{_OVER.removesuffix('|J|W')}))$"
)
_SIGNS = str.maketrans({"u": "µ", "2": "²", "3": "³", "4": "⁴", "_": " "})


def split_unit(name: str) -> tuple[str, str]:
    """Return what a name calls, and its unit: ("T_max", "K"); the unit is "" for a pure number or text."""
    head, _, number = name.rpartition(".")
    if number.isdigit():  # an element of a list
        stem, unit = split_unit(head)
        return f"{stem}.{number}", unit
    ending = _ENDING.search(name)
    return (name, "") if ending is None else (name[: ending.start()], _written(ending))


def _written(ending: re.Match[str]) -> str:
    """The unit as one writes it: "W/(m² K)" of W_per_m2K."""
    each = ending["each"] or ending["of_each"]
    if each is not None:
        return f"{each} per junction"
    over = (ending["plain"] or ending["over"] or "1").replace("ohm", "Ω").replace("deg", "°")
    parts = re.findall(_PART, ending["under"] or ending["inverse"] or "")
    under = f"({' '.join(parts)})" if len(parts) > 1 else "".join(parts)
    return (f"{over}/{under}" if under else over).translate(_SIGNS)


def unit_of(name: str) -> str:
    """Return the unit that the ending of a name tells, or "" for a pure number or text."""
    return split_unit(name)[1]
