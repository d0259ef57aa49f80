"""Units by the endings of names: of the keys of a scenario, the columns of a table, the numbers of a summary."""

from __future__ import annotations

# Longest first: "_K_per_mW" must not be read as "_mW".
_UNITS = (
    ("_J_per_m3K", "J/(m³ K)"),
    ("_W_per_m2K", "W/(m² K)"),
    ("_W_per_mK", "W/(m K)"),
    ("_K_per_mW", "K/mW"),
    ("_mV_per_mW", "mV/mW"),
    ("_mA_per_um2", "mA/µm²"),
    ("_uW_per_um2", "µW/µm²"),
    ("_mV_per_junction", "mV per junction"),
    ("_per_junction_mV", "mV per junction"),
    ("_per_us", "1/µs"),
    ("_ohm_um2", "Ω µm²"),
    ("_ohm_cm", "Ω cm"),
    ("_ohm_m", "Ω m"),
    ("_ohm", "Ω"),
    ("_um2", "µm²"),
    ("_meV", "meV"),
    ("_um", "µm"),
    ("_nm", "nm"),
    ("_nF", "nF"),
    ("_nJ", "nJ"),
    ("_mm", "mm"),
    ("_mV", "mV"),
    ("_mA", "mA"),
    ("_mW", "mW"),
    ("_uW", "µW"),
    ("_us", "µs"),
    ("_K", "K"),
    ("_s", "s"),
)


def split_unit(name: str) -> tuple[str, str]:
    """Return what a name calls, and its unit: ("T_max", "K"); the unit is "" for a pure number or text."""
    head, _, number = name.rpartition(".")
    if number.isdigit():  # an element of a list
        stem, unit = split_unit(head)
        return f"{stem}.{number}", unit
    for ending, unit in _UNITS:
        if name == ending[1:] or name.endswith(ending):
            return name.removesuffix(ending) if name.endswith(ending) else "", unit
    return name, ""


def unit_of(name: str) -> str:
    """Return the unit that the ending of a name tells, or "" for a pure number or text."""
    return split_unit(name)[1]


def label_of(name: str) -> str:
    """Return an observable in words with its unit, as a figure shows it: "$T_{max}$ (K) at I = 1.2 mA"."""
    column, _, place = name.partition("@")
    stem, unit = split_unit(column)
    *before, last = stem.split(".")
    words = ": ".join([*(_symbol(part) for part in before), _symbol(last)])
    text = f"{words} ({unit})" if unit else words
    if place:
        along, _, value = place.partition("=")
        stem, unit = split_unit(along)
        text += f" at {_symbol(stem)} = {value} {unit}".rstrip()
    return text


def _symbol(stem: str) -> str:
    """Return a symbol with its index ("T_max") as mathematics, anything else as words."""
    head, _, index = stem.partition("_")
    if len(head) == 1 and index:
        words = index.replace("_", r"\,")
        return rf"${head}_\mathrm{{{words}}}$"
    return stem.replace("_", " ")
