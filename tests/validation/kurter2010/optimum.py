"""Sets of law, contact and crystal that are best in one number of the stacks while others keep their limits.

Every step takes the branches with their exact derivatives by all numbers that are varied (`hotmesa.sensitivity`), and
the linear programme of all limits chooses the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from validation.kurter2010.search import Range

from hotmesa import load_scenario, sensitivity
from hotmesa.scenarios.arrays import Array

Parts = Sequence[float] | Array

GAP = "law.gaps_meV.0"
BASE = "kurter2010-weighted"
GRID = (
    "mesh.refine=0.7", "branch.min_points=40", "layers.1.sublayers=2", "layers.2.sublayers=14",
    "layers.2.first_sublayer_um=0.05", "numerics.estimate_error=false", 'stability.points="none"',
)  # fmt: skip
STEPS, REACH = 5, 0.12
PRICE = 10.0
"""What one scale of a missed wish costs, in scales of what shall be large."""
PEAKS = "V_peak_mV_per_junction", "V_steepest_mV_per_junction"
"""The same place on a branch that does not fold back, where the second is not told."""
WORSE = 1.0
"""What a wish misses, in its own scale, where a branch does not have its figure (a peak without half height)."""


class Device(NamedTuple):
    """One of the mesas that share a set: its number of junctions, and the bath."""

    junctions: int
    bath_K: float = 4.2


@dataclass(frozen=True)
class Wish:
    """A sum of figures of merit that shall be at least a limit.

    Attributes:
        terms: factors by device and name of the figure.
        limit: least value of the sum.
        scale: what counts as a change of one.
    """

    terms: Mapping[tuple[Device, str], float]
    limit: float = 0.0
    scale: float = 1.0

    @staticmethod
    def at_least(device: Device, figure: str, limit: float, scale: float) -> Wish:
        """Return the wish that a figure is not below a limit."""
        return Wish({(device, figure): 1.0}, limit, scale)

    @staticmethod
    def at_most(device: Device, figure: str, limit: float, scale: float) -> Wish:
        """Return the wish that a figure is not above a limit."""
        return Wish({(device, figure): -1.0}, -limit, scale)


@dataclass(frozen=True)
class Figure:
    """A figure of merit with its derivatives by the parts (0 to 1) of the ranges."""

    value: float
    slopes: Array


def changes_of(device: Device) -> tuple[str, ...]:
    """Return a device as overrides: its last current is that of the bundled stack."""
    n, bath = device
    end = load_scenario(f"kurter2010-n{n:02d}").branch.end_current_mA
    return f"mesa.junctions={n}", f"branch.end_current_mA={end}", f"bath.temperature_K={bath:g}"


def keys_of(values: Mapping[str, float]) -> tuple[str, ...]:
    """Return values as overrides; the gap as the only one of its list."""
    words = {key: f"{value:.10g}" for key, value in values.items()}
    return tuple(f"law.gaps_meV=[{text}]" if key == GAP else f"{key}={text}" for key, text in words.items())


@dataclass
class Search:
    """What is varied, and all that has been looked at.

    Attributes:
        ranges: of the numbers that are varied.
        fixed: other numbers.
        corrections: what a fine mesh adds to a figure of a device.
        absent: values of figures where a branch does not have them.
        seen: what has been computed, by device and parts.
    """

    ranges: Sequence[Range]
    fixed: Mapping[str, float] = field(default_factory=dict)
    corrections: Mapping[tuple[Device, str], float] = field(default_factory=dict)
    absent: Mapping[str, float] = field(default_factory=dict)
    seen: dict[tuple[Device, tuple[float, ...]], dict[str, Figure]] = field(default_factory=dict)

    def values(self, parts: Parts) -> dict[str, float]:
        """Return the values of all numbers."""
        return dict(self.fixed) | {one.key: one.exactly(float(x)) for one, x in zip(self.ranges, parts, strict=True)}

    def parts(self, values: Mapping[str, float]) -> Array:
        """Return the parts of the ranges at which values lie."""
        return np.array([one.part(values[one.key]) for one in self.ranges])

    def figures(self, device: Device, parts: Parts) -> dict[str, Figure]:
        """Return the figures of merit of a device with their derivatives."""
        place = device, tuple(float(x) for x in parts)
        if place not in self.seen:
            keys = tuple(one.key for one in self.ranges)
            rows = sensitivity(BASE, (*GRID, *changes_of(device), *keys_of(self.values(parts))), parameters=keys).rows
            found: dict[str, Figure] = {}
            for row in rows:
                blank = Figure(float(row["value"]), np.zeros(len(keys)))
                one, k = found.setdefault(str(row["observable"]), blank), keys.index(str(row["parameter"]))
                one.slopes[k] = float(row["derivative"]) * self.ranges[k].slope(float(parts[k]))
            if PEAKS[0] in found:
                found[PEAKS[1]] = found[PEAKS[0]]
            self.seen[place] = found
        return self.seen[place]

    def sum(self, wish: Wish, parts: Parts) -> Figure | None:
        """Return the sum of a wish less its limit, in its scale; None where a figure does not exist."""
        total: float = -wish.limit
        slopes: Array = np.zeros(len(self.ranges))
        for (device, name), factor in wish.terms.items():
            found = self.figures(device, parts).get(name)
            if found is None and name in self.absent:
                found = Figure(self.absent[name], np.zeros(len(self.ranges)))
            if found is None:
                return None
            total += factor * (found.value + self.corrections.get((device, name), 0.0))
            slopes = slopes + factor * found.slopes
        return Figure(total / wish.scale, slopes / wish.scale)

    def missed(self, wishes: Sequence[Wish], parts: Parts) -> Array:
        """Return by how much each wish is missed or, negative, kept."""
        found = [self.sum(wish, parts) for wish in wishes]
        return np.array([WORSE if one is None else -one.value for one in found])

    def merit(self, most: Wish, wishes: Sequence[Wish], parts: Parts) -> float:
        """Return the sum that shall be large, less what is missed."""
        price = PRICE * float(np.sum(np.maximum(self.missed(wishes, parts), 0.0)))
        return -float(self.missed([most], parts)[0]) - price

    def best(self, most: Wish, wishes: Sequence[Wish], start: Parts, steps: int = STEPS, reach: float = REACH) -> Array:
        """Return the parts at which the sum `most` is largest while all wishes are kept, as far as that goes.

        Sequential linear programming: each step is the best of the linearised problem within `reach` of every part; one
        that makes the merit worse is taken back, and the reach halved.
        """
        here = np.asarray(start, dtype=np.float64)
        for _ in range(steps):
            trial = np.clip(here + self._step(most, wishes, here, reach), 0.0, 1.0)
            if self.merit(most, wishes, trial) > self.merit(most, wishes, here):
                here = trial
            else:
                reach *= 0.5
        return here

    def _step(self, most: Wish, wishes: Sequence[Wish], here: Array, reach: float) -> Array:
        """Return the step of the linearised problem: what is missed costs its price."""
        found = [one for wish in wishes if (one := self.sum(wish, here)) is not None]
        target = self.sum(most, here)
        n, m = len(here), len(found)
        gain = np.zeros(n) if target is None else target.slopes
        result = linprog(
            np.concatenate([-gain, np.full(m, PRICE)]),
            A_ub=np.hstack([-np.array([one.slopes for one in found]).reshape(m, n), -np.eye(m)]),
            b_ub=np.array([one.value for one in found]),
            bounds=[*((max(-reach, -x), min(reach, 1.0 - x)) for x in here), *[(0.0, None)] * m],
        )
        return np.asarray(result.x[:n])
