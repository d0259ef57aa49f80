"""The table of the tunnelling law: building, loading, evaluating."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tools import median_of, print_table, run

from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.laws import JunctionLaw, build_law

NODES = (1000, 10_000, 100_000)
BUILD_TARGET_S = 1.0
FIVE_GAPS_MEV = (20.0, 22.0, 23.0, 25.0, 27.0)


def tables() -> list[dict[str, Any]]:
    """Return the time of building and loading, for one gap and for five."""
    rows = []
    base = load_scenario("kurter2010-n19")
    for name, changes in (("one gap", {"set": 3}), ("five gaps", {"set": None, "gaps_meV": FIVE_GAPS_MEV})):
        scenario = base.model_copy(update={"law": base.law.model_copy(update=changes)})
        build = median_of(3, partial(build_law, scenario, cache=None))
        with tempfile.TemporaryDirectory() as folder:
            build_law(scenario, cache=Path(folder))
            load = median_of(5, partial(build_law, scenario, cache=Path(folder)))
        met = build.cpu_s <= BUILD_TARGET_S if name == "one gap" else "-"
        times = {"build_wall_s": build.wall_s, "build_cpu_s": build.cpu_s, "load_cpu_s": load.cpu_s}
        rows.append({"table": name, **times, "met": met})
    return rows


def at_next(law: JunctionLaw, voltages: Iterator[float], T: Array) -> None:
    """Evaluate the law at the next voltage."""
    law.at_voltage(float(next(voltages)), T)


def evaluations() -> list[dict[str, Any]]:
    """Return the time of one evaluation with derivatives, at one voltage and element by element."""
    law, rows = build_law(load_scenario("kurter2010-n19")), []
    for n in NODES:
        T = np.linspace(4.2, 120.0, n)
        v = np.linspace(1.0, 60.0, n)
        # A new voltage every time: the law keeps what it contracted for the last ones.
        voltages = iter(np.linspace(20.0, 40.0, 50))
        common = median_of(20, partial(at_next, law, voltages, T))
        single = median_of(5, partial(law.at, v, T))
        rows.append({"places": n, "at_one_voltage_ms": common.cpu_s * 1e3, "at_many_voltages_ms": single.cpu_s * 1e3})
    return rows


def measure() -> dict[str, Any]:
    built, evaluated = tables(), evaluations()
    print_table("Table of the tunnelling law", built)
    print_table("One evaluation with derivatives", evaluated)
    return {"tables": built, "evaluations": evaluated}


if __name__ == "__main__":
    run("Table of the tunnelling law: build, load, evaluate", measure)
