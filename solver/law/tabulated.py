"""The law of a user's table i(v, T)."""

from __future__ import annotations

from pathlib import Path

from hotmesa.scenarios.schema import Scenario, Tabulated
from hotmesa.solver.law.files import read_current
from hotmesa.solver.law.table import LawTable


def build(law: Tabulated, _scenario: Scenario, _cache: Path | str | None) -> LawTable:
    """The law of a scenario.

    Raises:
        LawError: the table cannot be used.
    """
    return LawTable(*read_current(Path(law.table)))
