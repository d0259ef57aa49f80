"""If every mesa had a contact of its own by chance: how often would two stacks be normal from the same power?"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import binomtest, qmc
from validation.kurter2010.page import IMAGES, Target, markdown, number
from validation.kurter2010.search import EDGE_UM, RANGES
from validation.kurter2010.stacks import BETA, POWER_MW
from validation.kurter2010.studied import by_stack, value

from hotmesa.postprocess import page, style
from hotmesa.scenarios.arrays import Array

NAME = "kurter2010-contacts"
CASES = 32
STACKS = (12, 30)
KEYS = ("contacts.0.contact_resistance_ohm", "contacts.0.radius_um")
ALIKE = 0.05
"""Measured: all stacks within 5 % of 1.05 mW."""
LOOKS = {12: (style.BLUE, "o"), 30: (style.ORANGE, "D")}


def design() -> list[dict[str, str]]:
    """Return the cases of study-kurter2010-contacts: contacts spread evenly over place, radius and resistance.

    A Sobol sequence over the ranges of the search, and over the places where the whole contact lies on the mesa.
    """
    ranges = {one.key: one for one in RANGES}
    sequence = qmc.Sobol(d=4, scramble=False)
    sequence.fast_forward(CASES)
    rows = []
    for count, (x, y, resistance, radius) in enumerate(sequence.random(CASES), start=1):
        ohm, um = (ranges[key].at(part) for key, part in zip(KEYS, (resistance, radius), strict=True))
        reach = EDGE_UM - um
        place = {"contacts.0.x_um": reach * (2 * x - 1), "contacts.0.y_um": reach * (2 * y - 1)}
        values = dict(zip(KEYS, (ohm, um), strict=True)) | {key: round(value, 2) + 0.0 for key, value in place.items()}
        rows.append({"case": f"c{count:02d}"} | {key: f"{value:g}" for key, value in values.items()})
    return rows


@cache
def table() -> dict[int, dict[str, Array]]:
    """Return the columns of the study by number of junctions, a row a contact; NaN where there is no number."""
    columns = ("P_normal_mW", "beta", "beta_above_Y_N", "least_slope_over_R_N", "V_steepest_mV_per_junction", *KEYS)
    contacts = sorted(by_stack(NAME, "contact").items())
    return {
        n: {name: np.array([value(stacks[n], name) for _, stacks in contacts]) for name in columns} for n in STACKS
    }


def in_band(power: Array) -> Array:
    """Return which powers are those of the paper, 1.0 to 1.1 mW; NaN are not."""
    return np.asarray((power >= POWER_MW[0]) & (power <= POWER_MW[1]))


def share(junctions: int) -> float:
    """Return the share of the contacts with which a stack is normal from the power of the paper."""
    return float(in_band(table()[junctions]["P_normal_mW"]).mean())


def interval(junctions: int) -> tuple[float, float]:
    """Return the interval that holds the true share with 95 % (Clopper and Pearson)."""
    count = int(in_band(table()[junctions]["P_normal_mW"]).sum())
    low, high = binomtest(count, CASES).proportion_ci(0.95)
    return float(low), float(high)


def spread_error(values: Array) -> float:
    """Return the standard error of a relative standard deviation, by leaving out one contact after the other."""
    kept = values[np.isfinite(values)]
    found = [np.std(one) / np.mean(one) for one in (np.delete(kept, k) for k in range(kept.size))]
    return float(np.sqrt((kept.size - 1) * np.var(found)))


def scatter(junctions: int, name: str) -> tuple[float, float]:
    """Return lower and upper quartile of a column over the contacts that have it."""
    low, high = np.nanquantile(table()[junctions][name], (0.25, 0.75))
    return float(low), float(high)


def by_chance() -> float:
    """Return the probability that two mesas, each with a contact of its own, are normal from the power of the paper."""
    return float(np.prod([share(n) for n in STACKS]))


def spread_in_words(name: str) -> str:
    """Return the relative standard deviations of a column with their errors, by stack."""
    columns = [table()[n][name] for n in STACKS]
    return ", ".join(f"{np.nanstd(one) / np.nanmean(one):.0%} ± {spread_error(one):.0%}" for one in columns)


def targets() -> list[Target]:
    """Return how the measured constancy of the power compares with contacts at random."""
    powers = np.array([table()[n]["P_normal_mW"] for n in STACKS])
    same = float(np.all(in_band(powers), axis=0).mean())
    spread = [float(np.nanstd(row) / np.nanmean(row)) for row in powers]
    narrow = np.array([table()[n]["beta_above_Y_N"] for n in STACKS])
    flat = np.all([table()[n]["least_slope_over_R_N"] >= 0 for n in STACKS], axis=0)
    met = np.all(in_band(powers), axis=0) & np.all(narrow < BETA, axis=0) & flat
    stretch = f"N = {', '.join(map(str, STACKS))}"
    listed = ", ".join("{:.0%} ({:.0%} to {:.0%})".format(share(n), *interval(n)) for n in STACKS)
    most = float(np.prod([interval(n)[1] for n in STACKS]))
    return [
        Target(f"contacts with P_normal from 1.0 to 1.1 mW, {stretch} (with 95 %)", "(no claim)", listed, "", None),
        Target("the same contact on both stacks: both in that band", "(no claim)", f"{same:.0%}", "", None),
        Target("a contact of its own for each: probability that both are in that band",
               "not against chance, as N = 12 to 30 are", f"{by_chance():.1%}, at most {most:.0%}", "5 %", most > 0.05),
        Target(f"scatter of P_normal over the contacts (standard deviation), {stretch}", f"{ALIKE:.0%} (measured)",
               spread_in_words("P_normal_mW"), f"{2 * ALIKE:.0%}", max(spread) < 2 * ALIKE),
        Target(f"scatter of β above zero, above Y_N, {stretch}", "(no claim)",
               f"{spread_in_words('beta')}; {spread_in_words('beta_above_Y_N')}", "", None),
        Target("contacts that meet power and β above Y_N below 0.15 for both without backbending", "(no claim)",
               f"{int(met.sum())} of {met.size}", "", None),
    ]  # fmt: skip


def width_table() -> str:
    """Return power and widths over the contacts, and over those with the power of the paper."""
    rows = []
    for n in STACKS:
        found = table()[n]
        band = in_band(found["P_normal_mW"])
        cells = [f"{np.nanmin(found['P_normal_mW']):.2f} to {np.nanmax(found['P_normal_mW']):.2f}"]
        for name in ("beta", "beta_above_Y_N"):
            cells.append("{:.3f} to {:.3f}".format(*scatter(n, name)))
        cells.append(f"{int(band.sum())}")
        for name in ("beta", "beta_above_Y_N"):
            here = found[name][band]
            here = here[np.isfinite(here)]
            cells.append(f"{number(here.min(), 3)} to {number(here.max(), 3)}" if here.size else "–")
        cells.append(f"{np.mean(found['least_slope_over_R_N'] < 0):.0%}")
        rows.append([str(n), *cells])
    head = ("N", "P_normal (mW)", "β above zero, middle half", "β above Y_N, middle half",
            "contacts with 1.0 to 1.1 mW", "their β above zero", "their β above Y_N", "fold back")  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw power and width for every contact; return the name of the picture."""
    figure = page.new_figure(10.0, 4.4)
    left, right = figure.subplots(1, 2)
    edges = np.arange(0.7, 2.41, 0.1)
    for n in STACKS:
        power = table()[n]["P_normal_mW"]
        colour, marker = LOOKS[n]
        left.hist(power[np.isfinite(power)], edges, histtype="step", linewidth=1.8, color=colour, label=f"N = {n}",
                  linestyle="-" if n == STACKS[0] else "--")  # fmt: skip
        right.plot(power, table()[n]["beta"], marker, color=colour, markersize=4, label=f"N = {n}")
    for axes in (left, right):
        axes.axvspan(*POWER_MW, color="#d9d9d9", zorder=0, label="measured")
        axes.set_xlabel("normal from (mW)")
        style.tidy(axes)
        axes.legend(frameon=False)
    left.set(ylabel="contacts (number)", yticks=range(6))
    right.set(ylabel="β above zero (1)", ylim=(0, 0.7))
    style.save_figure(figure, IMAGES / "paper-contacts.png")
    return ["paper-contacts.png"]
