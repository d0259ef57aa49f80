"""How narrow N = 12 can be for every margin that N = 30 keeps before it folds back: the frontier of both numbers.

    python -m validation.kurter2010.frontier    # study-kurter2010-frontier.csv anew (ten minutes of processor time)

For each margin the narrowest set is searched over the ranges of law, contact, film and crystal, with the derivatives of
both branches by all of these; powers and voltages of N = 12 and 30 and the peak at 80 K keep their limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from validation.kurter2010.optimum import GAP, Parts, Search
from validation.kurter2010.page import markdown, number
from validation.kurter2010.studied import by_stack, value, write_design
from validation.kurter2010.tradeoff import NORMAL, PEAK, POWER, RANGES, SLOPE, STARTS, ZERO, fine_mesh, narrowest

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.files import bundled_file

Best = Callable[[Search, float, Parts], Array]
NAME = "kurter2010-frontier"
STACKS = (12, 30)
FIRST = 0.02
LAW = (("law.gamma_c_meV", 1), ("law.gamma_exponent", 1), ("law.momentum_weight", 2), ("law.gap_tail", 2))
MARGINS = (0.0, FIRST, 0.04, 0.06, 0.08)
"""Least dV/dI over R_N that is asked of N = 30."""


def frontier(
    search: Search, start: Parts, margins: Sequence[float] = MARGINS, first: float = FIRST, best: Best = narrowest
) -> dict[float, Array]:
    """Return the parts of the narrowest set for each margin.

    Each search begins with the set before: from the first margin up, and from the largest down through all.
    """
    found: dict[float, Array] = {}
    here = start
    rising = sorted(margin for margin in margins if margin >= first)
    for margin in (*rising, *sorted(margins, reverse=True)):
        here = found[margin] = best(search, margin, here)
    return {margin: found[margin] for margin in sorted(found)}


def design(found: Mapping[float, Array], search: Search) -> list[dict[str, str]]:
    """Return the cases of study-kurter2010-frontier."""
    rows = []
    for k, parts in enumerate(found.values(), start=1):
        values = {key: f"{v:.4g}" for key, v in search.values(parts).items()}
        rows.append({"case": f"f{k}", "law.gaps_meV": f"[{values.pop(GAP)}]"} | values)
    return rows


def points() -> dict[str, dict[int, dict[str, float]]]:
    """Return the numbers of the study by set and stack, by rising margin of N = 30."""
    keys = (SLOPE, PEAK, POWER, ZERO, NORMAL)
    found = {name: {n: {key: value(row, key) for key in keys} for n, row in stacks.items()}
             for name, stacks in by_stack(NAME, "set").items()}  # fmt: skip
    return dict(sorted(found.items(), key=lambda item: item[1][30][SLOPE]))


def table() -> str:
    """Return the frontier with the numbers of the law that it takes."""
    laws = by_stack(NAME, "set")
    rows = []
    for name, stacks in points().items():
        law = [number(value(laws[name][12], key), digits) for key, digits in LAW]
        rows.append([number(stacks[30][SLOPE], 3), number(stacks[12][NORMAL], 3), number(stacks[12][ZERO], 3),
                     ", ".join(number(stacks[n][POWER], 3) for n in STACKS),
                     ", ".join(number(stacks[n][PEAK], 2) for n in STACKS), *law])  # fmt: skip
    head = ("least dV/dI over R_N, N = 30", "β above Y_N, N = 12", "β above zero", "normal from, N = 12, 30 (mW)",
            "V_peak, N = 12, 30 (mV)", "Γ at 74 K (meV)", "its exponent", "weight", "tail")  # fmt: skip
    return markdown(head, rows)


def main() -> None:
    """Search the frontier and write the cases of the study."""
    start = STARTS["weighted"]
    search = Search(RANGES, corrections=fine_mesh(start, STACKS))
    rows = design(frontier(search, search.parts(start)), search)
    write_design(bundled_file(f"study-{NAME}").with_suffix(".csv"), rows)


if __name__ == "__main__":
    main()
