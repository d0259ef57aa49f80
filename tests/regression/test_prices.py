"""What a run pays for what it tells: CPU times of whole runs against each other, in one process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_counting_growing_modes_costs_little(nightly: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Along N = 19 on the condensed path; 1.27 when it was written."""
    if not nightly:
        pytest.skip("half a minute: pytest --nightly")
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCHMARKS)])
    from bench_stability import WHOLE, whole_runs

    without, counted, with_errors = (float(row["over_without"]) for row in whole_runs(WHOLE))
    assert without == 1.0
    assert counted <= 1.6
    assert with_errors > counted
