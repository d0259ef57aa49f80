"""The form of a verification case: what is computed on which meshes, what is exact, and how the error is judged.

Modules of cases offer a tuple `CASES`; `report.py` lists the modules. Tests and the page docs/verification.md are made
from the same cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

Judge = Literal["relative", "absolute", "order"]


@dataclass(frozen=True)
class Case:
    """One quantity that is known exactly.

    Attributes:
        name: the quantity and the device, one line, unique.
        group: heading of the table it stands in.
        exact: its exact value; 0 where the computed value is itself an error.
        unit: of the value, "" for numbers.
        source: where the exact value comes from, and why the tolerance is what it is.
        compute: returns the value at a resolution. Cases that share a computation cache it in the function they call.
        resolutions: what `compute` gets, from coarse to fine: three factors by which element sizes are divided,
            numbers of sublayers, sizes of a grid. The ratio of two neighbours is the ratio of their element sizes.
        tolerance: largest error on the finest mesh, or the smallest observed order.
        judge: "relative": |value - exact| <= tolerance |exact|; "absolute": |value - exact| <= tolerance; "order":
            the error falls between the two finest meshes at least with the power `tolerance`.
        quick: resolutions of the short run in the test suite; all of them if empty.
        quick_tolerance: tolerance of the short run where it ends on a coarser mesh.
    """

    name: str
    group: str
    exact: float
    unit: str
    source: str
    compute: Callable[[float], float] = field(repr=False)
    resolutions: tuple[float, ...]
    tolerance: float
    judge: Judge
    quick: tuple[float, ...] = ()
    quick_tolerance: float | None = None


@dataclass(frozen=True)
class Outcome:
    """An evaluated case.

    Attributes:
        case: what was computed.
        resolutions: on these meshes.
        values: one a mesh.
        errors: |value - exact|, relative to |exact| where the case is judged so.
        orders: observed order between neighbouring meshes; nan where an error is zero.
        tolerance: the one that applied.
        passed: the verdict.
    """

    case: Case
    resolutions: tuple[float, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    orders: tuple[float, ...]
    tolerance: float
    passed: bool

    @property
    def order(self) -> float:
        """Observed order between the two finest meshes, nan where there is none."""
        return self.orders[-1] if self.orders else math.nan


def evaluate(case: Case, quick: bool = False) -> Outcome:
    """Return a case evaluated on its meshes (on those of the short run if `quick`)."""
    short = quick and bool(case.quick)
    resolutions = case.quick if short else case.resolutions
    tolerance = case.quick_tolerance if short and case.quick_tolerance is not None else case.tolerance
    values = tuple(float(case.compute(r)) for r in resolutions)
    scale = abs(case.exact) if case.judge == "relative" else 1.0
    errors = tuple(abs(v - case.exact) / scale for v in values)
    orders = tuple(
        _order(coarse, fine, r_fine / r_coarse)
        for (coarse, fine), (r_coarse, r_fine) in zip(pairwise(errors), pairwise(resolutions), strict=True)
    )
    # Written so that nan never passes.
    passed = orders[-1] >= tolerance if case.judge == "order" else errors[-1] <= tolerance
    return Outcome(case, resolutions, values, errors, orders, tolerance, bool(passed))


def _order(coarse: float, fine: float, ratio: float) -> float:
    if not (coarse > 0.0 and fine > 0.0) or ratio == 1.0:
        return math.nan
    return math.log(coarse / fine) / math.log(ratio)


def describe(outcome: Outcome) -> str:
    """Return one line on an outcome, for the message of a failed test."""
    case = outcome.case
    what = "order" if case.judge == "order" else f"{case.judge} error"
    got = outcome.order if case.judge == "order" else outcome.errors[-1]
    values = ", ".join(f"{v:.8g}" for v in outcome.values)
    return f"{case.name}: {what} {got:.3g}, wanted {outcome.tolerance:.3g}; exact {case.exact:.8g}, computed {values}"
