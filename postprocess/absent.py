"""Why a run does not have a number: it never happens within its range, nobody asked for it, or the run failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotmesa.scenarios.plans.observables import parse_at

NEVER, NOT_ASKED, FAILED, UNSTABLE = "never", "not asked", "failed", "unstable"
WORDS = (NEVER, UNSTABLE, NOT_ASKED, FAILED)
"""Words that stand in a table in place of a number, in the order in which rankings have them behind the numbers."""
_CONTROLS = ("t_us", "source_mA", "source_mV", "I_mA")
_DRIVEN = (*_CONTROLS, "P_mW", "first_unstable_I_mA")
_EVENTS = {
    "nucleation": "no place becomes hot",
    "full_normality": "the mesa is not hot all over",
    "folds": "no further fold",
    "jumps": "no further jump",
    "continuous_transitions": "no further continuous transition",
    "stable_ranges": "no further stable range",
}


def why_absent(name: str, summary: Mapping[str, Any]) -> tuple[str, str]:
    """Return the word for a number that summary.json does not have, and why in words; "" for one that has no sense.

    Args:
        name: of the number, with dots.
        summary: contents of summary.json of a complete run.
    """
    event = name.partition(".")[0]
    reasons = summary.get("reasons") or {}
    if event == "stable_ranges" and not summary.get("stable_ranges"):
        return NOT_ASKED, "stability not computed"
    if event in _EVENTS and (event in summary or event == "nucleation"):
        return NEVER, f"{_EVENTS[event]}{_up_to(summary)}"
    if name == "first_unstable_I_mA" and name in summary:
        if summary.get("stability") == "computed":
            return NEVER, f"every state is stable{_up_to(summary)}"
        return NOT_ASKED, "stability not computed"
    reason = str(reasons.get(name) or "this run has no such number")
    return (NOT_ASKED if reason.startswith(("numerics.", "estimated in runs")) else ""), reason


def _up_to(summary: Mapping[str, Any]) -> str:
    end = summary.get("end")
    last = end.get("I_mA") if isinstance(end, Mapping) else None
    return f" up to {last:.4g} mA" if isinstance(last, int | float) else ""


def word_at(along: str, columns: Mapping[str, Any]) -> str:
    """Return the word for a place that a column of a table does not reach.

    Behind the end of what drives a run (its current, its source, time) nobody asked; anything else never gets there.
    """
    return NOT_ASKED if along == next((name for name in _CONTROLS if name in columns), None) else NEVER


def lies_beyond(name: str) -> bool:
    """Return whether "never" means a value beyond the end of a run: of currents, powers, times and sources."""
    at = parse_at(name)
    return (at.column if at is not None else name.rpartition(".")[2]) in _DRIVEN
