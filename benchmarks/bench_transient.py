"""What a transient costs against a branch of the same model, on the same (sparse) path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from tools import Clock, print_table, run, timed

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.transient import points as moments
from hotmesa.solver.runs.transient import prepare

STEPS, POINTS, LIMIT = 200, 100, 1.5
DEVICE = "kurter2010-n19"
# Small steps, so that there are enough of them: a current step resolved finely.
BRANCH = ("numerics.path=sparse", "branch.min_points=100", "output.every=100000")
TRANSIENT = ("mode=transient", "transient.level_mA=1.2", "transient.end_us=2000.0", "transient.rtol=1e-5",
             "transient.atol_K=1e-4", "transient.saves=1")  # fmt: skip


def measured(points: Iterator[Any]) -> Clock:
    """Return the clock of `points`, run to their end."""
    with timed() as clock:
        for _ in points:
            pass
    return clock


def compare() -> dict[str, Any]:
    scenario = load_scenario(DEVICE, BRANCH)
    model = Model(prepare(scenario), build_mesh(scenario))
    moving = Model(prepare(load_scenario(DEVICE, TRANSIENT)), model.tagged)
    # Best of two, alternating: other work on the machine disturbs both alike.
    branch, transient = [], []
    for _ in range(2):
        branch.append(measured(islice(trace(model), POINTS)))
        transient.append(measured(islice(moments(moving), STEPS)))
    rows: list[dict[str, Any]] = []
    for kind, count, clocks in (("branch", POINTS, branch), ("transient", STEPS, transient)):
        wall, cpu = (float(np.min([getattr(c, name) for c in clocks])) for name in ("wall_s", "cpu_s"))
        rows.append({"what": f"{count} of {kind}", "wall s": wall, "CPU s": cpu, "CPU ms each": 1e3 * cpu / count})
    ratio = rows[1]["CPU s"] / rows[0]["CPU s"]
    print_table(f"{model.unknowns} unknowns, sparse path", rows)
    print(f"  200 steps over 100 points: {ratio:.2f} (limit {LIMIT})")
    return {
        "unknowns": model.unknowns,
        "rows": rows,
        "ratio": ratio,
        "limit": LIMIT,
        "kept": bool(ratio <= LIMIT),
        "at": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    run("A transient against a branch of the same model, on the same (sparse) path", compare)
