"""Which numbers of a scenario have a slider, what it is called, and between which values it moves."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.labels import label_of_key
from hotmesa.scenarios.parameters import PLACES, Parameter, parameters
from hotmesa.scenarios.schema import DWave, Scenario
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import unit_of

STEPS = 120
"""Places of a slider whose number need not be whole."""
FACTOR = 5.0
"""By which the ends of a slider lie below and above what the scenario says, where a number has no natural ends."""
BATH, JUNCTIONS, END = "bath.temperature_K", "mesa.junctions", "branch.end_current_mA"
COLDEST_K = 1.5
MOST_JUNCTIONS = 40
SHOWN = {
    "mesa": ("junctions", "width_um", "depth_um", "radius_um"),
    "bath": ("temperature_K", "bottom_W_per_m2K", "top_W_per_m2K"),
    "branch": ("end_current_mA",),
    "contacts": (
        *PLACES, "radius_um", "width_um", "depth_um", "contact_resistance_ohm", "contact_K_per_mW", "wire_K_per_mW",
    ),
    "layers": ("thickness_um", "boundary_W_per_m2K"),
    "law": ("gamma_scale", "gamma0_meV", "gamma_c_meV", "momentum_weight", "resistivity_ohm_cm"),
    "materials": ("divide_conductivity_by", "residual_resistivity_ohm_m", "lorenz_factor"),
}
"""Numbers that have a slider, by section, in the order of the page; every other key can be typed."""
GROUPS = {
    "mesa": "Mesa, bath, range", "bath": "Mesa, bath, range", "branch": "Mesa, bath, range", "contacts": "Contacts",
    "layers": "Layers", "law": "Junction law", "materials": "Materials",
}  # fmt: skip
WORDS = {
    BATH: "bath temperature T<sub>B</sub>",
    END: "current up to which it is computed",
    "bath.bottom_W_per_m2K": "conductance below",
    "bath.top_W_per_m2K": "conductance on top",
    "contacts.contact_K_per_mW": "thermal resistance",
    "contacts.wire_K_per_mW": "resistance of the wire",
    "layers.boundary_W_per_m2K": "boundary below",
}
"""What is called otherwise than its key says."""
_SIGNS = {r"\Gamma": "Γ", r"\Delta": "Δ", r"\rho": "ρ", r"\kappa": "κ", r"\parallel": "∥", r"\perp": "⊥"}


@dataclass(frozen=True)
class Input:
    """One number that the page can change.

    Attributes:
        key: of the scenario, elements of lists by their number.
        label: what it is called, in HTML.
        help: what the schema says of it, with type and range.
        group: heading under which it stands.
        value: as the scenario has it.
        low, high: ends of its slider; a number outside can be typed.
        whole: whether it is a whole number.
        by_ratio: whether equal ways of the slider are equal ratios.
        choices: values to choose from, in place of a slider.
        is_list: whether the key holds a list of this one number.
    """

    key: str
    label: str
    help: str
    group: str
    value: float
    low: float
    high: float
    whole: bool = False
    by_ratio: bool = False
    choices: tuple[int, ...] = ()
    is_list: bool = False

    @property
    def steps(self) -> int:
        """Number of steps of its slider."""
        return round(self.high - self.low) if self.whole else STEPS

    def at(self, place: float) -> float:
        """Return the number at a place of the slider, 0 to `steps`, with as many digits as a step tells apart."""
        if self.whole:
            return round(self.low + place)
        part = place / STEPS
        value = self.low * (self.high / self.low) ** part if self.by_ratio else self.low + part * (self.high - self.low)
        return float(f"{value:.3g}") if self.by_ratio else round(value, _decimals((self.high - self.low) / STEPS))

    def place(self, value: float) -> float:
        """Return the place of the slider for a number, at its ends for one outside."""
        inside = min(max(value, self.low), self.high)
        if self.whole:
            return inside - self.low
        part = math.log(inside / self.low, self.high / self.low) if self.by_ratio else None
        return STEPS * ((inside - self.low) / (self.high - self.low) if part is None else part)

    def change(self, value: float) -> str:
        """Return the change of the scenario that gives it a value, as --set takes it."""
        number = round(value) if (self.whole or self.choices) and value == round(value) else value
        return f"{self.key}={inline([number] if self.is_list else number)}"


def inputs_of(scenario: Scenario) -> tuple[Input, ...]:
    """Return the inputs that fit a scenario: what it has, with ends that fit its device.

    Args:
        scenario: with layers.
    """
    found = [item for item in parameters(scenario) if _is_shown(item)]
    found.append(Parameter(("branch", "end_current_mA"), scenario.branch.end_current_mA))
    found.sort(key=_rank)
    result = [_input(scenario, item) for item in found]
    return (*result, *_gap(scenario))


def _rank(item: Parameter) -> tuple[int, str, int]:
    """Return what a parameter is sorted by: its section, the element of a list, its name."""
    section, *element, name = item.path
    return [*SHOWN].index(str(section)), ".".join(map(str, element)), SHOWN[str(section)].index(str(name))


def _is_shown(item: Parameter) -> bool:
    """Whether a parameter has a slider: one that is zero has no scale, places and weights apart."""
    named = item.path[-1] in SHOWN.get(str(item.path[0]), ())
    return named and not item.is_factor and (item.value != 0.0 or item.path[-1] in (*PLACES, "momentum_weight"))


def _input(scenario: Scenario, item: Parameter) -> Input:
    low, high, by_ratio = _ends(scenario, item)
    group, words = GROUPS[str(item.path[0])], _help(item.path)
    whole = item.key == JUNCTIONS
    return Input(item.key, _label(scenario, item), words, group, item.value, low, high, whole, by_ratio)


def _ends(scenario: Scenario, item: Parameter) -> tuple[float, float, bool]:
    """Return the ends of a slider, and whether it goes by ratios."""
    name, value = item.path[-1], item.value
    if item.key == JUNCTIONS:
        return 1.0, float(max(MOST_JUNCTIONS, 2 * round(value))), False
    if item.key == BATH:
        return COLDEST_K, max(scenario.critical_temperature_K, value), False
    if name in PLACES:
        half = scenario.mesa.extent_um[PLACES.index(str(name))] / 2
        return min(-half, value), max(half, value), False
    if name == "momentum_weight":
        return -0.9, 0.9, False
    return value / FACTOR, value * FACTOR, True


def _gap(scenario: Scenario) -> tuple[Input, ...]:
    """Return the input of the gap: one of the sets of the paper, or a number where there is one alone."""
    law = scenario.law
    if not isinstance(law, DWave) or law.gap_table is not None:
        return ()
    if law.set is not None:
        choices = tuple(int(word) for word in getattr(find_key(("law", "set")), "choices", ()))
        words = _help(("law", "set"))
        return (Input("law.set", "gap set", words, GROUPS["law"], law.set, choices[0], choices[-1], choices=choices),)
    if len(law.gaps_meV) > 1:
        return ()
    value, words = law.gaps_meV[0], _help(("law", "gaps_meV"))
    label = f"{_in_html(label_of_key('law.gaps_meV'))} ({unit_of('gaps_meV')})"
    return (Input("law.gaps_meV", label, words, GROUPS["law"], value, value / 2, value * 2, is_list=True),)


def _label(scenario: Scenario, item: Parameter) -> str:
    """Return what a number is called, with its unit; elements of lists and materials by their names."""
    section, *_, last = item.path
    key = f"{section}.{last}"
    words = WORDS.get(key) or _in_html(label_of_key(key)).rpartition(": ")[2]
    if section in ("contacts", "layers"):
        words = f"{getattr(scenario, str(section))[int(item.path[1])].name}: {words}"
    elif section == "materials":
        words = f"{item.path[1]}: {words}"
    return f"{words} ({item.unit})" if item.unit else words


def _in_html(label: str) -> str:
    """Return a label of a figure with its signs as letters of HTML."""
    for sign, letter in _SIGNS.items():
        label = label.replace(sign, letter)
    label = re.sub(r"_\\mathrm\{([^}]*)\}|_(\w|∥|⊥)", lambda found: f"<sub>{found[1] or found[2]}</sub>", label)
    return label.replace("$", "").replace(r"\,", " ")


def _help(path: tuple[str | int, ...]) -> str:
    known: Any = find_key(path)
    return f"{known.description}; {known.allowed}" if known else ""


def _decimals(step: float) -> int:
    return max(0, 1 - math.floor(math.log10(step)))
