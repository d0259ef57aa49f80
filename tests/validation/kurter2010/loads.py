"""What a source behind a resistor makes of a branch whose voltage falls: where it jumps from, and where to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from validation.kurter2010.runs import Trace

PER_INTERVAL = 40


@dataclass(frozen=True)
class Jump:
    """A jump on the way up, along the load line through the state that is lost.

    Attributes:
        ohm: resistance of the load.
        from_mA, to_mA: current before and after.
        drop_mV: by how much the voltage of the mesa falls.
        hot_before, hot_after: hot-spot fraction.
        T_after_K: highest temperature after it.
        held_before, held_after: whether nothing but the load line loses the state before it and the one after it: no
            mode grows in them with the current given.
    """

    ohm: float
    from_mA: float
    to_mA: float
    drop_mV: float
    hot_before: float
    hot_after: float
    T_after_K: float
    held_before: bool
    held_after: bool


def jump(found: Trace, ohm: float) -> Jump | None:
    """Return the first jump of a branch from rest with rising source voltage V + R I; None where there is none.

    The state is lost where the source voltage is largest, dV/dI = -R, and found again where it is as large once more.
    None as well where the branch ends before.
    """
    s = found.curve.dense(PER_INTERVAL)
    V, current = found.curve.V_mV(s), found.curve.I_mA(s)
    source = V + ohm * current
    falls = np.flatnonzero(np.diff(source) < 0)
    if not falls.size:
        return None
    lost = int(falls[0])
    again = np.flatnonzero(source[lost + 1 :] > source[lost])
    if not again.size:
        return None
    landed = lost + 1 + int(again[0])
    hot = [found.at_current("hot_fraction", float(current[k])) for k in (lost, landed)]
    return Jump(ohm, float(current[lost]), float(current[landed]), float(V[lost] - V[landed]), hot[0], hot[1],
                found.at_current("T_max_K", float(current[landed])), found.held_at(float(current[lost])),
                found.held_at(float(current[landed])))  # fmt: skip


def in_words(one: Jump | None, last: str) -> str:
    """Return a jump in words: from, to and another number; with a hint where it lands in a state that does not stay."""
    if one is None:
        return "none"
    return f"{one.from_mA:.2f} → {one.to_mA:.2f}, {last}" + ("" if one.held_after else " (not held)")


def largest_load(found: Trace) -> float:
    """Return the resistance (Ω) from which on nothing jumps: the steepest fall of V; 0 on a curve that only rises."""
    return max(0.0, -float(np.min(found.column("dV_dI_ohm"))))


def load_that_loses(found: Trace, I_mA: float) -> float | None:
    """Return the load (Ω) with which the jump begins at a current; None where V rises or gets steeper no more there."""
    current, slope = found.column("I_mA"), found.column("dV_dI_ohm")
    if I_mA >= current[int(np.argmin(slope))]:
        return None
    ohm = -float(np.interp(I_mA, current, slope))
    return ohm if ohm > 0 else None
