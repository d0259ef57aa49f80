"""Makes docs/verification.md: every case on its three meshes, in tables; no number of the page is typed by hand.

`make verify` runs it as `python -m verification.report` with tests/ on the path. The exit status is 1 if a case is
outside of its tolerance.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from verification import (
    conservation,
    exact,
    exact_beside,
    exact_electrode,
    exact_heaters,
    exact_pseudogap,
    exact_stability,
    exact_stacks,
    exact_time,
    exact_walls,
    invariance,
    jacobian,
    known_curves,
    law_checks,
    limits,
    mms_depth,
    mms_plane,
    places,
    spatial,
)
from verification.cases import Case, Outcome, evaluate

MODULES: tuple[ModuleType, ...] = (
    mms_plane,
    mms_depth,
    exact,
    exact_beside,
    exact_time,
    exact_heaters,
    exact_stability,
    exact_electrode,
    exact_walls,
    exact_stacks,
    conservation,
    limits,
    spatial,
    places,
    invariance,
    law_checks,
    exact_pseudogap,
    jacobian,
    known_curves,
)
"""All modules of cases, in the order of the page."""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "verification.md"
ROUNDING = 1e-8
"""Changes below this part of the exact value are rounding and tolerances: an order made from them means nothing."""

INTRODUCTION = """# Verification

<!-- Made by `make verify`; changes by hand are lost. -->

Each row is a quantity that is known exactly, computed on three meshes from coarse to fine. The column Meshes holds the
factors that divide the element sizes (or steps), or, above 4, numbers of sublayers, points or steps. Where the exact
value is 0 the computed value is itself an error. The order is the power of the element size with which the error falls,
observed on the two finest meshes; of values it is that with which the three approach each other. A dash stands where
there is nothing but rounding, or no fall from mesh to mesh. The tolerance is the largest error allowed on the finest
mesh (in % of the exact value, or absolute), or the smallest order.

The tests in `tests/verification` assert the same cases, some of them on coarser meshes, and show of each kind of check
that it fails when the physics is altered (`test_negative_controls.py`). `make verify` makes this page anew.
"""


def all_cases() -> tuple[Case, ...]:
    """Return the cases of all modules, those of one group together."""
    cases = [case for module in MODULES for case in module.CASES]
    groups = list(dict.fromkeys(case.group for case in cases))
    return tuple(sorted(cases, key=lambda case: groups.index(case.group)))


def page(outcomes: Iterable[Outcome]) -> str:
    """Return the whole page in Markdown."""
    outcomes = list(outcomes)
    groups = list(dict.fromkeys(o.case.group for o in outcomes))
    tables = [table([o for o in outcomes if o.case.group == group]) for group in groups]
    bad = [o for o in outcomes if not o.passed]
    verdict = f"{len(outcomes)} cases, {len(outcomes) - len(bad)} within tolerance, {len(bad)} outside."
    return "\n".join([INTRODUCTION, verdict, "", *tables])


def table(outcomes: list[Outcome]) -> str:
    """Return one group as heading and table; a source that all rows share stands above it once."""
    sources = {o.case.source for o in outcomes}
    columns = ["Case", "Exact", "On three meshes", "Meshes", "Order", "Tolerance", "Verdict"]
    lines = [f"## {outcomes[0].case.group}", ""]
    if len(sources) == 1:
        lines += [f"Source: {sources.pop().rstrip('.')}.", ""]
    else:
        columns.append("Source")
    lines += [line(columns), "|" + "---|" * len(columns)]
    return "\n".join([*lines, *(line(cells(o)[: len(columns)]) for o in outcomes), ""])


def line(texts: Iterable[str]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def cells(outcome: Outcome) -> list[str]:
    """Return the cells of one case."""
    case = outcome.case
    unit = f" ({case.unit})" if case.unit else ""
    return [
        case.name + unit,
        number(case.exact, case.exact),
        ", ".join(number(v, case.exact) for v in outcome.values),
        ", ".join(f"{r:g}" for r in outcome.resolutions),
        order(outcome),
        tolerance(outcome),
        "yes" if outcome.passed else "**no**",
        case.source,
    ]


def number(value: float, exact: float) -> str:
    """Return a value with enough digits to be compared with the exact one."""
    if exact == 0.0:
        return "0" if value == 0.0 else f"{value:.2e}"
    return f"{value:.6g}"


def order(outcome: Outcome) -> str:
    """Return the observed order, or a dash where it would be made of rounding.

    Of a value it is the order in which three values approach each other: it tells the rate of the method even where
    what they approach differs a little from the exact value (a slab is no half-space).
    """
    case, v, r = outcome.case, outcome.values, outcome.resolutions
    if case.judge == "order":
        return f"{outcome.order:.2f}"
    if case.exact == 0.0 or len(v) < 3:
        return "—"
    first, last = v[-2] - v[-3], v[-1] - v[-2]
    even = math.isclose(r[-1] / r[-2], r[-2] / r[-3])
    if not even or min(abs(first), abs(last)) < ROUNDING * abs(case.exact) or first * last < 0.0:
        return "—"
    return f"{math.log(first / last) / math.log(r[-1] / r[-2]):.2f}"


def tolerance(outcome: Outcome) -> str:
    """Return the tolerance in the words of the page."""
    if outcome.case.judge == "order":
        return f"order ≥ {outcome.tolerance:g}"
    if outcome.case.judge == "relative":
        return f"{100 * outcome.tolerance:g} %"
    return f"{outcome.tolerance:g}{' ' + outcome.case.unit if outcome.case.unit else ''}"


def main() -> int:
    """Evaluate all cases and write the page; return the exit status."""
    # Meshes are coarse on purpose here.
    logging.getLogger("hotmesa").setLevel(logging.ERROR)
    outcomes, cases = [], all_cases()
    for k, case in enumerate(cases, 1):
        start = time.perf_counter()
        outcomes.append(evaluate(case))
        verdict = "ok" if outcomes[-1].passed else "OUTSIDE"
        sys.stdout.write(f"{k:3d}/{len(cases)} {time.perf_counter() - start:6.1f} s {verdict:8s} {case.name}\n")
        sys.stdout.flush()
    PAGE.write_text(page(outcomes), encoding="utf-8")
    return 0 if all(o.passed for o in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
