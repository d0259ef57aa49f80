"""Runs of scenario files on however many processes there are; their rows go to a file.

mpiexec -n 2 python rank_runs.py RESULTS.json SCENARIO.toml ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mpi4py import MPI

from hotmesa.runner import compute
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.errors import HotmesaError


def outcome(file: str) -> dict[str, Any]:
    """Status, reason and tables of a run in memory."""
    try:
        ending = compute(load_scenario(file), None, figures=False)
    except HotmesaError as error:
        return {"status": error.status, "problem": str(error), "tables": {}}
    tables = {name: {key: list(values) for key, values in table.items()} for name, table in ending.run.tables.items()}
    return {"status": ending.status, "problem": ending.problem, "tables": tables}


if __name__ == "__main__":
    found = {Path(file).stem: outcome(file) for file in sys.argv[2:]}
    if MPI.COMM_WORLD.rank == 0:
        Path(sys.argv[1]).write_text(json.dumps(found, default=float), encoding="utf-8")
