"""Columns of the tables of runs that do not come from a state alone: of its place on a curve, in time, in a sweep.

Each kind of run fills them beside the observables; the names that studies and fits know and docs/results.md follow.
"""

from __future__ import annotations

from hotmesa.scenarios.kinds import KINDS
from hotmesa.solver.states.observables import columns

_STABILITY = {
    "unstable_modes_<bias>": "number of growing modes under a bias: `voltage_bias`, `current_bias`, and `load_line` "
    "where `[bias]` has one ([stability](stability.md))",
    "rate_<bias>_per_us": "largest growth rate under that bias",
}
_NEWTON = {"newton_steps": "Newton steps spent on the row; the one column that may depend on the number of processes"}
_SLOPE = {"dV_dI_ohm": "slope of the curve from its tangent, not from differences; infinite at a fold in I"}
_BRANCH = {
    **_SLOPE,
    "arclength": "parameter along the branch; always grows",
    "fold": "`V` or `I` where the branch turns back in V or in I, else empty",
    **_NEWTON,
    **_STABILITY,
}
_SWEEP = {
    "leg": "number of the leg",
    "source_mA": "value of a current source",
    "source_mV": "value of a voltage source or of that of a load line",
    "travel_mA": "way of the source up to here; always grows",
    "travel_mV": "the same of a voltage source",
    **_SLOPE,
    "growth_per_us": "largest growth rate of the state under the source",
    "jump": "`from` at the last state before a jump, `to` at the first behind it, else empty",
    "jump_cause": "`fold` or `mode`: how the state before the jump was lost",
    "settling_us": "time in which the state behind a jump was reached",
    **_NEWTON,
}
_TRANSIENT = {
    "t_us": "time; at a jump of the source there are two rows, before and after it",
    "source_mA": "value of a current source",
    "source_mV": "value of a voltage source or of that of a load line",
    "E_joule_nJ": "Joule energy since the start",
    "E_sinks_nJ": "heat into the sinks since the start",
    "E_stored_nJ": "heat stored in the layers since the start",
    "step_us": "time since the row before",
    **_NEWTON,
    "asked": "1 at the times asked for",
}

_FAMILY = {
    "n": "number of junctions that carry voltage",
    **{name: text for name, text in _BRANCH.items() if name not in _STABILITY},
    "I_c_mA": "critical current of a junction at the temperatures of the mesa",
    "I_c_hottest_mA": "the same if all of the mesa had its highest temperature",
    "I_c_coldest_mA": "the same if all of it had its lowest one",
    "I_r_mA": "retrapping current",
    "josephson": "`switch` above I_c while a junction without voltage is left, `retrap` below I_r, else empty",
}
_BESIDE = {"transient": _TRANSIENT, "sweep": _SWEEP, "family": _FAMILY}


def columns_of(mode: str) -> dict[str, str]:
    """Return the meaning of every column that the table of a mode may have; the ending of a name is its unit.

    <word> in a name stands for any: the name of a sink or of a bias.
    """
    return columns(KINDS[mode].steady) | _BESIDE.get(mode, _BRANCH)
