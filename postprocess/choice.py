"""Which stored states a picture shows: those asked for, both sides of jumps, a hot spot from onset to the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess.jumps import jumps
from hotmesa.postprocess.results import Run, States
from hotmesa.postprocess.stable import stable_states
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

PANELS, MOST_PANELS = 4, 8
Flags = NDArray[np.bool_]
Chosen = NDArray[np.int64]


def states_to_show(run: Run, states: States) -> Chosen:
    """Return numbers of stored states of a run in order: moments of a transient, jumps of a sweep, else a hot spot."""
    rows = run.rows
    if "t_us" in rows:
        times, T_max = (column(rows, name)[states.row] for name in ("t_us", "T_max_K"))
        return choose_moments(times, T_max, run.scenario.transient.save_at_us or ())
    hot = column(rows, "hot_fraction")[states.row]
    if "jump" in rows:
        sides = [(jump.before, jump.after) for jump in jumps(rows) if not jump.continuous]
        return choose_jumps(states.row, sides, hot, states.I_mA)
    return choose_states(hot, states.I_mA, stable_states(run, states.row), run.scenario.branch.at_mA)


def choose_states(
    hot_fraction: Array, I_mA: Array, stable: Flags | None = None, requested_mA: Sequence[float] = ()
) -> Chosen:
    """Return up to four states in branch order: hot fraction nearest to 5 %, 1/3, 2/3 and 1 (or the largest reached).

    States that the source holds come first: others are shown where there are too few of them only. Where fewer than
    four states have a hot spot, the rest are those whose currents lie farthest from the chosen ones, that at rest if
    there are no others. Currents that
    were asked for are all shown, up to eight.

    Args:
        hot_fraction: (k,) part of the mesa that is hot, at the stored states.
        I_mA: (k,) currents of the states.
        stable: (k,) which of them the source holds; None: all.
        requested_mA: currents that the run was asked to land on.
    """
    hot = np.nan_to_num(hot_fraction)
    allowed = np.ones(len(hot), dtype=bool) if stable is None else stable
    chosen = [int(k) for k in np.flatnonzero(np.isin(I_mA, requested_mA))][:MOST_PANELS]
    count = min(PANELS, len(hot))
    spot = (hot > 0) & allowed
    chosen += _from_onset(hot, spot if spot.any() else hot > 0, chosen)[: max(count - len(chosen), 0)]
    driven = np.asarray(I_mA) != 0.0  # a mesa at rest has the temperature of the bath all over
    for pool in (allowed & driven, allowed, ~allowed):
        chosen += _far_apart(I_mA, pool, chosen, count - len(chosen))
    return np.array(sorted(chosen), dtype=np.int64)


def _from_onset(hot: Array, pool: Flags, chosen: Sequence[int]) -> list[int]:
    """Return the state of a pool with the largest hot-spot area, and those before it with 5 %, 1/3 and 2/3 of that."""
    if not pool.any():
        return []
    largest = float(hot[pool].max())
    # The first state that is as hot as any: later ones only get hotter all over.
    last = int(np.flatnonzero(pool & (hot >= largest - 1e-9))[0])
    result = [last]
    for target in (0.05 * largest, largest / 3, 2 * largest / 3):
        free = [int(k) for k in np.flatnonzero(pool) if int(k) not in result and int(k) not in chosen and k < last]
        if free:
            result.append(min(free, key=lambda k: abs(float(hot[k]) - target)))
    return [k for k in result if k not in chosen]


def _far_apart(I_mA: Array, pool: Flags, chosen: Sequence[int], count: int) -> list[int]:
    """Return up to `count` further states of a pool, each as far in current from all that are chosen as can be."""
    result: list[int] = []
    for _ in range(count):
        taken = [*chosen, *result]
        rest = [int(k) for k in np.flatnonzero(pool) if int(k) not in taken]
        if not rest:
            break
        result.append(max(rest, key=lambda k: min((abs(float(I_mA[k] - I_mA[c])) for c in taken), default=I_mA[k])))
    return result


def choose_jumps(row: Chosen, sides: Iterable[tuple[int, int]], hot_fraction: Array, I_mA: Array) -> Chosen:
    """Return the stored states on both sides of jumps, up to six, and the first with the largest hot-spot area.

    Fewer than four are filled up as those of a branch.

    Args:
        row: (k,) rows of the stored states.
        sides: rows before and after each jump.
        hot_fraction: (k,) part of the mesa that is hot.
        I_mA: (k,) currents.
    """
    stored = {int(r): k for k, r in enumerate(row)}
    chosen = [stored[r] for pair in sides for r in pair if r in stored][: MOST_PANELS - 2]
    if chosen:
        chosen.append(int(np.argmax(np.nan_to_num(hot_fraction))))
    more = [int(k) for k in choose_states(hot_fraction, I_mA)][::-1]
    chosen = list(dict.fromkeys(chosen))
    chosen += [k for k in more if k not in chosen][: max(min(PANELS, len(row)) - len(chosen), 0)]
    return np.array(sorted(chosen), dtype=np.int64)


def choose_moments(t_us: Array, T_max_K: Array, requested_us: Sequence[float] = ()) -> Chosen:
    """Return the stored states of a transient to show in order of time: the hottest, and those at the requested times.

    Without requests up to four are shown, the others spread evenly. No time is shown twice: of two states at a jump of
    the source it is the one behind, or the hottest.
    """
    hottest = int(np.argmax(T_max_K))
    last = [k for k in range(len(t_us)) if k == len(t_us) - 1 or t_us[k + 1] > t_us[k]]
    others = [k for k in last if t_us[k] != t_us[hottest]]
    picked = [k for k in others if np.any(np.isclose(t_us[k], requested_us, rtol=1e-9, atol=0.0))]
    if len(requested_us) == 0 and others:
        places = np.linspace(min(1, len(others) - 1), len(others) - 1, min(PANELS - 1, len(others)))
        picked = [others[k] for k in np.unique(places.round().astype(int))]
    return np.array(sorted([hottest, *picked[: MOST_PANELS - 1]]), dtype=np.int64)
