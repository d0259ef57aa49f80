"""Columns of the tables of runs: what is read off a state, and what its place on a curve, in time, in a sweep adds."""

from __future__ import annotations

from hotmesa.scenarios.kinds import KINDS
from hotmesa.solver.states.observables import columns


def columns_of(mode: str) -> dict[str, str]:
    """Return the meaning of every column that the table of a mode may have; the ending of a name is its unit.

    <word> in a name stands for any: the name of a sink or of a bias.
    """
    return columns(KINDS[mode].steady) | dict(KINDS[mode].meanings)
