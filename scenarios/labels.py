"""How figures write the names of keys, columns and numbers: in words, or by the sign that the field has for them."""

from __future__ import annotations

from hotmesa.scenarios.units import split_unit

SIGNS = {
    "alpha_mean": "mean α",
    "beta": "β",
    "least_slope": "least dV/dI",
    "dV_dI": "dV/dI",
    "df_dI": "df/dI",
    "junctions": "N",
    "specific_resistance": "specific resistance r",
    "gaps": r"$\Delta_0$",
    "gap_ratio": r"$2\Delta_0/k_\mathrm{B}T_\mathrm{p}$",
    "gap_tail": "tail of the gap w",
    "gamma0": r"$\Gamma_0$",
    "gamma_c": r"$\Gamma_\mathrm{c}$",
    "gamma_temperature": r"$T_\Gamma$",
    "gamma_exponent": r"exponent of $\Gamma(T)$",
    "gamma_scale": r"scale of $\Gamma(T)$",
    "momentum_weight": "weight of the antinodes a",
    "residual_resistivity": r"$\rho_0$",
    "lorenz_factor": "Lorenz factor",
    "divide_conductivity_by": "divisor of κ",
    "in_plane": r"$\kappa_\parallel$",
    "out_of_plane": r"$\kappa_\perp$",
}
"""Signs of docs/model.md and docs/tunnelling-law.md for the names of keys and numbers, without their units."""
ONE_OF = {"contacts": "contact", "heaters": "heater", "layers": "layer", "sinks": "sink"}
"""What one element of a list of a scenario is called."""
CLEAR = ("law", "materials", "mesa")
"""Sections that need not be named where a sign or the name of a material stands behind them."""


def label_of(name: str) -> str:
    """Return an observable in words with its unit, as a figure shows it: "$T_{max}$ (K) at I = 1.2 mA"."""
    column, _, place = name.partition("@")
    if not place and "_at_" in column and "=" in column:  # stable_at_I_mA=20
        column, _, place = column.partition("_at_")
    stem, unit = split_unit(column)
    *before, last = stem.split(".")
    is_key = bool(before) and before[0] in (*ONE_OF, *CLEAR)
    words = label_of_key(column) if is_key else ": ".join([*(_symbol(part) for part in before), _symbol(last)])
    text = f"{words} ({unit})" if unit else words
    if place:
        along, _, value = place.partition("=")
        stem, unit = split_unit(along)
        text += f" at {_symbol(stem)} = {value} {unit}".rstrip()
    return text


def label_of_key(key: str) -> str:
    """Return a key of a scenario in words or signs, without its unit: "contact 0: contact resistance"."""
    parts = split_unit(key)[0].split(".")
    number = parts.pop() if parts[-1].isdigit() else "0"  # of a list, whose first needs none
    *sections, last = parts
    if sections and sections[0] in CLEAR and (len(sections) > 1 or last in SIGNS):
        del sections[0]
    words = [ONE_OF.get(section, section) for section in sections]
    return ": ".join([*([" ".join(words)] if words else []), _symbol(last) + (f" {number}" if number != "0" else "")])


def _symbol(stem: str) -> str:
    """Return a sign, a symbol with its index ("T_max") as mathematics, anything else as words."""
    if stem in SIGNS:
        return SIGNS[stem]
    for between, written in (("_over_", " / "), ("_above_", " above ")):
        head, found, tail = stem.partition(between)
        if found:
            return f"{_symbol(head)}{written}{_symbol(tail)}"
    head, _, index = stem.partition("_")
    if len(head) == 1 and index:
        words = index.replace("_", r"\,")
        return rf"${head}_\mathrm{{{words}}}$"
    return stem.replace("_", " ")
