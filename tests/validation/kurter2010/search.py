"""The search for the set of the kurter2010 scenarios: a study over all ranges, and a fit from the middle of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import qmc

CASES = 64
EDGE_UM = 4.9
"""How far from the centre of the mesa a contact may reach."""


@dataclass(frozen=True)
class Range:
    """The range of a key: its ends, and whether factors or differences count along it."""

    key: str
    low: float
    high: float
    log: bool = True

    def at(self, part: float) -> float:
        """Return the value at a part (0 to 1) of the range, to three digits."""
        return float(f"{self.exactly(part):.3g}")

    def exactly(self, part: float) -> float:
        """Return the value at a part of the range."""
        return self.low * (self.high / self.low) ** part if self.log else self.low + part * (self.high - self.low)

    def part(self, value: float) -> float:
        """Return the part of the range at which a value lies."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def slope(self, part: float) -> float:
        """Return the derivative of the value by the part."""
        return self.exactly(part) * math.log(self.high / self.low) if self.log else self.high - self.low


RANGES = (
    Range("law.gamma_c_meV", 5.0, 15.0),
    Range("law.gamma_exponent", 3.0, 6.0, log=False),
    Range("law.gap_ratio", 7.4, 8.4, log=False),
    Range("contacts.0.contact_resistance_ohm", 0.01, 0.15),
    Range("contacts.0.radius_um", 0.75, 3.0),
    Range("materials.film.residual_resistivity_ohm_m", 0.7e-8, 8e-8),
    Range("materials.film.lorenz_factor", 1.0, 3.0),
    Range("materials.intercalated.divide_conductivity_by", 3.0, 30.0),
)
"""Of the fit, whose law is that of the scenarios: a rate that grows with T³ or faster."""
_WIDER = Range("law.gamma_exponent", 1.0, 6.0, log=False)
SEARCHED = (
    *(_WIDER if one.key == _WIDER.key else one for one in RANGES),
    Range("law.momentum_weight", 0.0, 0.6, log=False),
    Range("law.gap_tail", 0.1, 0.2, log=False),
)
"""Of the study: all laws that have been measured or proposed, growth from linear on, antinodes and tail."""
# Parts of the way from the centre to the place where the contact touches the edge, along x and y.
PLACES = {"centre": (0.0, 0.0), "between": (0.44, 0.44), "edge": (1.0, 0.0), "corner": (1.0, 1.0)}
GAPS = {
    "one": ("[25.0]", "none"),
    "three": ("[23.0, 25.0, 27.0]", "[1.0, 2.0, 1.0]"),
    "three-equal": ("[23.0, 25.0, 27.0]", "none"),
    "five": ("[20.0, 22.0, 23.0, 25.0, 27.0]", "none"),
}


def design() -> list[dict[str, str]]:
    """Return the cases of study-kurter2010-search: a Sobol sequence over the ranges, the places and the gaps.

    A case is called by its number, place and gaps. The first 64 points of the sequence are left out,
    since the very first lies at the lower end of every range.
    """
    sequence = qmc.Sobol(d=len(SEARCHED) + 2, scramble=False)
    sequence.fast_forward(CASES)
    rows = []
    for number, parts in enumerate(sequence.random(CASES), start=1):
        values = {one.key: one.at(part) for one, part in zip(SEARCHED, parts[2:], strict=True)}
        place = list(PLACES)[int(parts[0] * len(PLACES))]
        gaps = list(GAPS)[int(parts[1] * len(GAPS))]
        reach = EDGE_UM - values["contacts.0.radius_um"]
        x, y = (float(f"{-part * reach:.2f}") + 0.0 for part in PLACES[place])
        listed, weights = GAPS[gaps]
        rows.append({"case": f"s{number:02d}-{place}-{gaps}"} | {key: f"{value:g}" for key, value in values.items()} | {
            "contacts.0.x_um": f"{x:g}", "contacts.0.y_um": f"{y:g}",
            "law.set": "none", "law.gaps_meV": listed, "law.gap_weights": weights,
        })  # fmt: skip
    return rows
