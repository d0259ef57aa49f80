"""How far the numbers with a verdict are uncertain by what is assumed of the device: linearised, and by whole runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from validation.kurter2010.page import markdown, number
from validation.kurter2010.search import Range
from validation.kurter2010.stacks import BETA, COARSE, POWER_MW, branch, paper_range

from hotmesa import sensitivity

STACKS = (6, 19, 30)
CHECKED = 19
"""The stack whose ends of ranges are computed whole as well."""
KNOBS = (
    (Range("law.gamma_c_meV", 5.0, 15.0), "Γ at 74 K (meV)"),
    (Range("law.gamma_exponent", 1.0, 6.0), "exponent of Γ(T)"),
    (Range("law.gap_ratio", 7.4, 8.4), "2Δ/k_B T_p"),
    (Range("law.gap_tail", 0.1, 0.2), "tail of the gap"),
    (Range("law.momentum_weight", 0.0, 0.6, log=False), "weight of the antinodes"),
    (Range("contacts.0.contact_resistance_ohm", 0.01, 0.15), "contact (Ω)"),
    (Range("contacts.0.radius_um", 0.75, 3.0), "contact radius (µm)"),
    (Range("contacts.0.wire_K_per_mW", 1.0, 5.0), "wire (K/mW)"),
    (Range("materials.film.residual_resistivity_ohm_m", 0.7e-8, 8e-8), "film ρ0 (Ω m)"),
    (Range("materials.film.lorenz_factor", 1.0, 3.0), "film Lorenz factor"),
    (Range("materials.intercalated.divide_conductivity_by", 3.0, 30.0), "crystal: pristine over"),
    (Range("materials.intercalated.anisotropy", 3.0, 20.0), "crystal anisotropy"),
    (Range("layers.2.thickness_um", 10.0, 100.0), "crystal thickness (µm)"),
)
"""What nobody has measured on these devices, its range as in the scenarios, and its name."""
PLAIN = (*COARSE, "numerics.estimate_error=false", 'stability.points="none"')
FIGURES: Mapping[str, tuple[str, int]] = {
    "V_peak_mV_per_junction": ("V_peak (mV per junction)", 2),
    "P_normal_mW": ("normal from (mW)", 3),
    "least_slope_over_R_N": ("least dV/dI over R_N", 3),
    "beta": ("β above zero", 3),
    "beta_above_Y_N": ("β above Y_N", 3),
}


@dataclass(frozen=True)
class Band:
    """How far a number goes down and up, both as positive numbers.

    Attributes:
        down, up: all ends of ranges, added in quadrature.
        worst_down, worst_up: all of them, added.
    """

    down: float
    up: float
    worst_down: float
    worst_up: float

    @staticmethod
    def of(ends: Mapping[str, tuple[float, float]]) -> Band:
        """Return the band of changes at the lower and upper end of each range."""
        low = np.array([max(0.0, -min(pair)) for pair in ends.values()])
        high = np.array([max(0.0, max(pair)) for pair in ends.values()])
        return Band(float(np.hypot.reduce(low)), float(np.hypot.reduce(high)), float(low.sum()), float(high.sum()))


def at_ends(one: Range, value: float, derivative: float) -> tuple[float, float]:
    """Return the change of a number at both ends of a range, linear in the logarithm where factors count."""
    if one.log:
        return tuple(derivative * value * math.log(end / value) for end in (one.low, one.high))  # type: ignore[return-value]
    return derivative * (one.low - value), derivative * (one.high - value)


@cache
def linear(junctions: int) -> dict[str, tuple[float, dict[str, tuple[float, float]]]]:
    """Return each figure of a stack: its value, and its changes at the ends of every range, to first order."""
    ranges = {one.key: one for one, _ in KNOBS}
    rows = sensitivity(f"kurter2010-n{junctions:02d}", PLAIN, parameters=tuple(ranges)).rows
    found: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {}
    for row in rows:
        _, ends = found.setdefault(str(row["observable"]), (float(row["value"]), {}))
        key = str(row["parameter"])
        ends[key] = at_ends(ranges[key], float(row["parameter_value"]), float(row["derivative"]))
    return found


@cache
def whole(junctions: int, key: str, value: float) -> Mapping[str, float | None]:
    """Return the figures of a whole branch with one number changed."""
    return branch(junctions, (*PLAIN, f"{key}={value:g}"))


def computed(junctions: int, figure: str) -> dict[str, tuple[float, float]]:
    """Return the changes of a figure at the ends of every range by whole branches; none where it does not exist."""
    base = branch(junctions, PLAIN)[figure]
    found = {}
    for one, _ in KNOBS:
        values = [whole(junctions, one.key, end)[figure] for end in (one.low, one.high)]
        low, high = (0.0 if value is None else value - base for value in values)
        found[one.key] = (low, high)
    return found


def wanted(junctions: int, figure: str) -> tuple[float, float] | None:
    """Return the limits of a target, None where there is none for a stack."""
    if figure == "V_peak_mV_per_junction":
        return paper_range(junctions)
    if figure == "least_slope_over_R_N":
        return 0.0, math.inf
    if junctions == min(STACKS):
        return None
    return POWER_MW if figure == "P_normal_mW" else (0.0, BETA)


def decided(value: float, band: Band, limits: tuple[float, float] | None) -> str:
    """Return whether the verdict stays the same all over a band, in words."""
    if limits is None:
        return ""
    met = limits[0] <= value <= limits[1]
    inside = limits[0] <= value - band.down and value + band.up <= limits[1]
    outside = value + band.up < limits[0] or value - band.down > limits[1]
    return "the device" if (inside if met else outside) else "the ranges"


def table() -> str:
    """Return the bands of all numbers with a verdict."""
    names = dict(((one.key, words) for one, words in KNOBS))
    rows = []
    for n in STACKS:
        for figure, (words, digits) in FIGURES.items():
            if figure not in linear(n):
                continue
            value, ends = linear(n)[figure]
            band = Band.of(ends)
            first = sorted(ends, key=lambda key: -max(map(abs, ends[key])))[:2]
            runs = _spans(Band.of(computed(n, figure)), digits) if n == CHECKED else ("", "")
            rows.append([str(n), words, number(value, digits), *_spans(band, digits), runs[0],
                         ", ".join(names[key] for key in first), decided(value, band, wanted(n, figure))])  # fmt: skip
    head = ("N", "number", "value (coarse mesh)", "all ranges, in quadrature", "worst case",
            "by whole runs, in quadrature", "widest ranges", "its verdict is one of")  # fmt: skip
    return markdown(head, rows)


def _spans(band: Band, digits: int) -> tuple[str, str]:
    """Return a band in quadrature, and that of the worst case."""
    pairs = ((band.down, band.up), (band.worst_down, band.worst_up))
    return tuple(f"−{number(down, digits)}, +{number(up, digits)}" for down, up in pairs)  # type: ignore[return-value]
