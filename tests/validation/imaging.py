"""Write the tables of docs/thermal-imaging.md from the runs of `make pictures`: `python -m validation.imaging`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from validation.kurter2010.page import DOCS, Target, markdown, number, target_table, write_block
from validation.pictures import OUT

from hotmesa.postprocess import load_run
from hotmesa.postprocess.jumps import Jump, jumps
from hotmesa.postprocess.results import Run

PAGE = DOCS / "thermal-imaging.md"
HAO, MINAMI = "hao2015", "minami2013"
WARM = {HAO: "hao2015-55K", MINAMI: "minami2013-50K"}
BETWEEN = "minami2013-35K"
HEAD = ("source", "I (mA)", "V (mV)", "hottest (K)", "hot area (%)", "its current (%)", "middle x, y (µm)", "where", "")
NEAR = 0.1
"""Part of the extents of the mesa within which the middle of a spot counts as that of the mesa."""


def where(run: Run, row: int) -> str:
    """Return where the hot spot of a row is: "none", "middle", "edge", "corner", or "end" of a mesa that is long."""
    x, y = (abs(float(run.column(name)[row])) for name in ("hot_x_um", "hot_y_um"))
    if float(run.column("hot_fraction")[row]) == 0.0:
        return "none"
    width, depth = run.scenario.mesa.extent_um
    aside = x > NEAR * width, y > NEAR * depth
    if not any(aside):
        return "middle" if x < 0.5 * NEAR * width else "off the middle"
    return "corner" if all(aside) else "end" if width > 2 * depth else "edge"


def first_hot(run: Run) -> int:
    """Return the first row with a hot spot."""
    return int(np.flatnonzero(run.column("hot_fraction") > 0)[0])


def real_jumps(run: Run) -> list[Jump]:
    """Return the jumps at which the spot moves or V changes by more than 0.2 % (others are continuous)."""
    return [jump for jump in jumps(run.rows) if not jump.continuous]


def moved_um(run: Run, jump: Jump) -> float:
    """Return how far the middle of the hot spot moves in a jump (µm), NaN where there was none before."""
    x, y = (np.asarray(run.column(name), dtype=float) for name in ("hot_x_um", "hot_y_um"))
    return float(np.hypot(x[jump.after] - x[jump.before], y[jump.after] - y[jump.before]))


def largest_move(run: Run) -> Jump:
    """Return the jump in which the spot moves farthest."""
    return max(real_jumps(run), key=lambda jump: np.nan_to_num(moved_um(run, jump)))


def change_V_percent(run: Run, jump: Jump) -> float:
    """Return by how much V changes in a jump, in percent."""
    V = run.column("V_mV")
    return float(100 * (V[jump.after] / V[jump.before] - 1))


def told(run: Run, currents: tuple[float, ...]) -> list[int]:
    """Return the rows of a table: both sides of jumps, those nearest to some currents on the way up, the last of it."""
    up = np.flatnonzero(run.column("leg") <= 1)
    near = [int(up[np.argmin(np.abs(run.column("I_mA")[up] - current))]) for current in currents]
    sides = [row for jump in real_jumps(run) for row in (jump.before, jump.after)]
    return sorted({*near, *sides})


def table(run: Run, currents: tuple[float, ...]) -> str:
    """Return states of a sweep as a table; the last column tells what happens there."""
    lines = []
    before, after = ({getattr(jump, side) for jump in real_jumps(run)} for side in ("before", "after"))
    columns = ("I_mA", 2), ("V_mV", 0), ("T_max_K", 0)
    for row in told(run, currents):
        names = ("hot_fraction", "hot_current_share", "hot_x_um", "hot_y_um")
        hot, share, x, y = (float(run.column(name)[row]) for name in names)
        seconds = 1e-6 * float(run.column("settling_us")[row])
        happens = "lost" if row in before else f"settled after {seconds:.1f} s" if row in after else ""
        cells = [number(float(run.column(name)[row]), digits) for name, digits in columns]
        place = f"{round(x)}, {round(y)}".replace("-", "−") if hot else "–"
        way = "up" if run.column("leg")[row] <= 1 else "down"
        lines.append([way, *cells, number(100 * hot, 1), number(100 * share, 0), place, where(run, row), happens])
    return markdown(HEAD, lines)


def hao_targets(run: Run, warm: Run) -> list[Target]:
    """Return what Hao et al. report beside what came out."""
    growths = [largest_growth(each) for each in (run, warm)]
    first, last = first_hot(run), int(np.argmax(run.column("I_mA")))
    share = 100 * float(run.column("hot_current_share")[first])
    hot = run.column("hot_fraction")[first : last + 1]
    places = list(dict.fromkeys(where(run, row) for row in range(first, last + 1)))
    warm_places = {where(warm, row) for row in range(len(warm)) if 0 < warm.column("hot_fraction")[row] < 1}
    return [
        Target("20 K: the first hot spot", "near corners or edges", f"{where(run, first)}, at "
               f"{run.rows['I_mA'][first]:.2f} mA", "", where(run, first) in ("corner", "edge")),
        Target("its part of the current (%)", "20 to 30", f"{share:.0f}", "in the range", 20 <= share <= 30),
        Target("its part of the area (%)", "small", f"{100 * hot[0]:.1f}", "below 10", bool(hot[0] < 0.1)),
        Target("its size with rising current", "grows", f"{100 * hot[0]:.1f} to {100 * hot[-1]:.0f} % of the area",
               "ends larger", bool(hot[-1] > hot[0])),
        Target("its place with rising current", "moves to the middle", ", ".join(places), "ends there",
               places[-1] == "middle"),
        Target("55 K: its place", "in the middle", ", ".join(sorted(warm_places)), "always there",
               warm_places == {"middle"}),
        Target("largest growth rate of a state shown (1/µs)", "none grows",
               f"{max(growths):.0e}", "1e-9", max(growths) < 1e-9),
    ]  # fmt: skip


def largest_growth(run: Run) -> float:
    """Return the largest growth rate over all states of a sweep (1/µs); zero at a bifurcation, to rounding."""
    return float(np.max(run.column("growth_per_us")))


def minami_targets(run: Run, between: Run, warm: Run) -> list[Target]:
    """Return what Minami et al. report beside what came out."""
    jump = largest_move(run)
    x = run.column("hot_x_um")
    change = change_V_percent(run, jump)
    growths = [largest_growth(each) for each in (run, between, warm)]
    start = float(warm.column("I_mA")[first_hot(warm)])
    return [
        Target("20 K: the centre of the spot at high current", "jumps",
               f"x = {x[jump.before]:.0f} to {x[jump.after]:.0f} µm at {run.rows['I_mA'][jump.before]:.1f} mA",
               "more than 30 µm", moved_um(run, jump) > 30),
        Target("change of V there (%)", "little", f"{change:.1f}".replace("-", "−"), "below 3", abs(change) < 3),
        Target("hottest place before and after (K)", "above T_c = 86 K",
               f"{run.rows['T_max_K'][jump.before]:.0f}, {run.rows['T_max_K'][jump.after]:.0f}", "86",
               bool(run.column("T_max_K")[jump.before] > 86)),
        no_jumps("35 K", "none above about 35 K", between),
        no_jumps("50 K", "none told", warm),
        Target("50 K: hot spot at low current", "absent", f"none below {start:.0f} mA", "", start > 10),
        Target("largest growth rate of a state shown (1/µs)", "none grows",
               f"{max(growths):.0e}", "1e-9", max(growths) < 1e-9),
    ]  # fmt: skip


def no_jumps(bath: str, told: str, run: Run) -> Target:
    """Return how often the spot of a sweep jumps, and up to which current, beside what is reported."""
    found = len(real_jumps(run))
    end = float(np.max(run.column("I_mA")))
    return Target(f"{bath}, up to {end:g} mA: jumps of the spot", told, str(found), "0", found == 0)


CURRENTS = {HAO: (2.2, 5.0, 8.0, 11.0, 16.0, 20.0), MINAMI: (5.0, 10.0, 15.0, 18.0, 21.0, 27.0, 32.0)}
WARM_CURRENTS = {HAO: (5.0, 8.0, 11.5, 13.0, 15.0), MINAMI: (10.0, 20.0, 27.0, 32.0, 40.0, 45.0)}


def main(out: str = str(OUT)) -> None:
    """Write all tables of the page from the folders of the runs."""
    runs = {name: load_run(Path(out) / name) for name in (HAO, MINAMI, BETWEEN, *WARM.values())}
    write_block(PAGE, f"{HAO}-targets", target_table(hao_targets(runs[HAO], runs[WARM[HAO]])))
    targets = minami_targets(runs[MINAMI], runs[BETWEEN], runs[WARM[MINAMI]])
    write_block(PAGE, f"{MINAMI}-targets", target_table(targets))
    write_block(PAGE, f"{MINAMI}-between", table(runs[BETWEEN], WARM_CURRENTS[MINAMI]))
    for name in (HAO, MINAMI):
        write_block(PAGE, f"{name}-table", table(runs[name], CURRENTS[name]))
        write_block(PAGE, f"{name}-warm", table(runs[WARM[name]], WARM_CURRENTS[name]))


if __name__ == "__main__":
    main(*sys.argv[1:2])
