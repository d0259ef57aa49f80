"""How narrow N = 12 can be for the margin that N = 30 has before it folds back, with all other targets kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from validation.kurter2010.optimum import BASE, GAP, GRID, Device, Parts, Search, Wish, changes_of, keys_of
from validation.kurter2010.page import IMAGES
from validation.kurter2010.runs import trace
from validation.kurter2010.search import Range
from validation.kurter2010.stacks import BETA, POWER_MW, STACKS, paper_range
from validation.kurter2010.studied import by_stack, value

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array

NAME, PICTURE = "kurter2010-tradeoff", "paper-tradeoff.png"
WORDS = {"four": "38 K for N = 4"}
SLOPE, PEAK, POWER, ZERO, NORMAL = (
    "least_slope_over_R_N", "V_steepest_mV_per_junction", "P_normal_mW", "beta", "beta_above_Y_N",
)  # fmt: skip
RANGES = (
    Range(GAP, 22.0, 25.0, log=False),
    Range("law.gap_ratio", 7.4, 8.4, log=False),
    Range("law.gamma_c_meV", 5.0, 15.0),
    Range("law.gamma_exponent", 1.0, 6.0, log=False),
    Range("law.momentum_weight", 0.0, 0.6, log=False),
    Range("law.gap_tail", 0.1, 0.2, log=False),
    Range("contacts.0.contact_resistance_ohm", 0.01, 0.15),
    Range("contacts.0.radius_um", 0.75, 3.0),
    Range("materials.film.residual_resistivity_ohm_m", 0.7e-8, 8e-8),
    Range("materials.intercalated.divide_conductivity_by", 3.0, 30.0),
)
"""Gaps: the sets of the paper. Rates, weight and tail: fit-kurter2010-law has the sources. Others: kurter2010-n19."""
_OTHERS = ("contacts.0.contact_resistance_ohm", "contacts.0.radius_um", "materials.film.residual_resistivity_ohm_m",
           "materials.intercalated.divide_conductivity_by")  # fmt: skip


def _set(*law: float, others: tuple[float, ...]) -> dict[str, float]:
    return dict(zip((one.key for one in RANGES), (*law, *others), strict=True))


STARTS: Mapping[str, Mapping[str, float]] = {
    "weighted": _set(25.0, 7.75, 9.2, 1.0, 0.36, 0.2, others=(0.1075, 2.08, 1.18e-8, 6.5)),
    "M": _set(25.0, 7.7, 11.3, 1.0, 0.6, 0.2, others=(0.108, 2.11, 1.18e-8, 6.5)),
    "M3": _set(25.0, 7.7, 10.4, 1.0, 0.6, 0.2, others=(0.108, 2.11, 1.18e-8, 6.5)),
    "A": _set(25.0, 7.4, 14.2, 3.0, 0.0, 0.1, others=(0.139, 2.11, 1.18e-8, 5.0)),
}
"""Sets of an earlier search, from which this one starts."""
MARGIN = 0.02
"""Wanted of the least dV/dI over R_N of N = 30: no backbending, also on another mesh."""
FINE = ("mesh.refine=1.2", "branch.min_points=60", *GRID[2:])


STACK = {n: Device(n) for n in STACKS}
WARM = Device(19, 80.0)
BUMP = 1.03
"""Largest height over Y_N of a peak above T_c that a measurement would not show."""


def limits(stacks: Sequence[int]) -> list[Wish]:
    """Return the limits of power and voltage, a little inside of what is asked."""
    wishes = []
    for n in stacks:
        low, high = paper_range(n)
        one = STACK[n]
        wishes += [Wish.at_least(one, PEAK, low + 0.02, 1.0), Wish.at_most(one, PEAK, high - 0.02, 1.0)]
        if n > min(STACKS):
            wishes += [Wish.at_least(one, POWER, POWER_MW[0] + 0.001, 0.05),
                       Wish.at_most(one, POWER, POWER_MW[1] - 0.001, 0.05)]  # fmt: skip
    return wishes


def margin(least: float) -> Wish:
    """Return the wish that N = 30 keeps a margin before it folds back."""
    return Wish.at_least(STACK[30], SLOPE, least, 0.05)


NARROWEST = Wish({(STACK[12], NORMAL): -1.0}, 0.0, 0.05)
NARROW = Wish.at_most(STACK[12], NORMAL, BETA - 0.0005, 0.05)
RATIO = Wish({(STACK[6], NORMAL): -1.0} | {(STACK[n], NORMAL): 6.98 / 4.0 for n in STACKS[1:]}, 0.0, 0.1)
"""Width of N = 6 at most seven times the mean of the others, above Y_N."""
GONE = Wish.at_least(WARM, SLOPE, 1.0 / (BUMP - 0.002), 0.01)
"""The peak of N = 19 is gone at 80 K."""


def fine_mesh(values: Mapping[str, float], stacks: Sequence[int] = STACKS) -> dict[tuple[Device, str], float]:
    """Return what the mesh of the scenarios adds to the figures of a set on that of the search."""
    found = {}
    for one in map(STACK.__getitem__, stacks):
        changes = (*changes_of(one), *keys_of(values))
        coarse, fine = (trace(load_scenario(BASE, (*mesh, *changes))).figures for mesh in (GRID, FINE))
        for name in (SLOPE, PEAK, POWER, ZERO, NORMAL):
            if coarse[name] is not None and fine[name] is not None:
                found[one, name] = fine[name] - coarse[name]
    return found


def search() -> Search:
    """Return the search over all of RANGES, its limits those of the mesh of the scenarios."""
    return Search(RANGES, corrections=fine_mesh(STARTS["weighted"]))


def narrowest(found: Search, least: float, start: Parts) -> Array:
    """Return the narrowest N = 12 with a margin of N = 30, from the powers and voltages of both."""
    return found.best(NARROWEST, [margin(least), GONE, *limits((12, 30))], start)


def compromise(found: Search, start: Parts) -> Array:
    """Return the narrowest N = 12 with all other targets of all stacks: kurter2010-weighted."""
    return found.best(NARROWEST, [margin(MARGIN), RATIO, GONE, *limits(STACKS)], start)


def sets() -> dict[str, dict[int, dict[str, float]]]:
    """Return the numbers of study-kurter2010-tradeoff by set and stack."""
    found = by_stack(NAME, "set")
    return {name: {n: {key: value(row, key) for key in (SLOPE, PEAK, POWER, ZERO, NORMAL)} for n, row in stacks.items()}
            for name, stacks in found.items()}  # fmt: skip


Stacks = Mapping[int, Mapping[str, float]]


def draw(finer: Mapping[str, Stacks], frontier: Sequence[Stacks]) -> None:
    """Draw width of N = 12 against margin of N = 30: the frontier, and sets, full on the elements of the scenarios."""
    figure = page.new_figure(7.5, 5.0)
    axes = figure.subplots()
    axes.plot([one[30][SLOPE] for one in frontier], [one[12][NORMAL] for one in frontier], "s-", color=style.GREEN,
              markersize=4, linewidth=1.5, label="narrowest N = 12")  # fmt: skip
    for fill, found, colour, below in (("none", sets(), style.BLUE, 14), ("full", finer, style.ORANGE, -5)):
        for name, stacks in found.items():
            x, y = stacks[30][SLOPE], stacks[12][NORMAL]
            axes.plot(x, y, "o", color=colour, fillstyle=fill, markersize=8)
            axes.annotate(WORDS.get(name, name), (x, y), (6, -below), textcoords="offset points", fontsize="small")
    axes.axhline(BETA, color="black", linewidth=1.0)
    axes.axvline(MARGIN, color="black", linewidth=1.0)
    axes.set(xlabel="least dV/dI of N = 30 over $R_N$ (1)", ylabel="β of N = 12 above $Y_N$ (1)")
    axes.margins(0.12)
    axes.legend(loc="lower right", frameon=False)
    style.tidy(axes)
    axes.set_title("full: elements of the scenarios; open: coarser ones; lines: targets")
    style.save_figure(figure, IMAGES / PICTURE)
