"""What is made of a run? Numbers and figure, one module a kind."""

from __future__ import annotations

from collections.abc import Mapping

from hotmesa.postprocess.report import BRANCH_NUMBERS
from hotmesa.postprocess.runs import sweep_summary, transient_summary


def numbers_of(mode: str) -> Mapping[str, str]:
    """Return the meaning of every number that summary.json may hold in a mode; the ending of a name is its unit.

    Lists are counted, "jumps.0.leg": <n> in a name stands for any number.
    """
    return {"sweep": sweep_summary.NUMBERS, "transient": transient_summary.NUMBERS}.get(mode, BRANCH_NUMBERS)
