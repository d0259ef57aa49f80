"""What all benchmarks share: clocks, counters, tables, JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.solver.model import Model, State
from hotmesa.solver.runs.branch import BranchPoint


@dataclass
class Clock:
    """Seconds of wall time and of CPU time of this process (all threads)."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Yield a clock that is filled when the block ends."""
    clock, wall, cpu = Clock(), time.perf_counter(), time.process_time()
    yield clock
    clock.wall_s, clock.cpu_s = time.perf_counter() - wall, time.process_time() - cpu


def median_of(repeats: int, work: Callable[[], Any]) -> Clock:
    """Return the medians of wall and CPU time of repeated work."""
    clocks = []
    for _ in range(repeats):
        with timed() as clock:
            work()
        clocks.append(clock)
    return Clock(statistics.median(c.wall_s for c in clocks), statistics.median(c.cpu_s for c in clocks))


@dataclass
class Counts:
    """How often the expensive things were done."""

    evaluations: int = 0
    products: int = 0
    factorisations: int = 0
    solves: int = 0


class CountedConduction:
    """Stands before the conduction of a model and counts what is asked of it."""

    def __init__(self, conduction: Any, counts: Counts) -> None:
        self._conduction, self._counts = conduction, counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conduction, name)

    def apply(self, phi: Any) -> Any:
        """Apply the conduction."""
        self._counts.products += 1
        return self._conduction.apply(phi)

    def precondition(self, kappa: Any, local: Any, near: bool = False) -> Any:
        """Make factors that precondition the Jacobian."""
        self._counts.factorisations += 1
        return _CountedFactors(self._conduction.precondition(kappa, local, near), self._counts)


class _CountedFactors:
    def __init__(self, factors: Any, counts: Counts) -> None:
        self._factors, self._counts = factors, counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._factors, name)

    def solve(self, *arguments: Any, **options: Any) -> Any:
        self._counts.solves += 1
        return self._factors.solve(*arguments, **options)


def counted(model: Model) -> tuple[Model, Counts]:
    """Return the same model with its work counted, and the counts."""
    counts = Counts()

    class Counted(Model):
        def evaluate(self, *state: Any) -> State:
            counts.evaluations += 1
            return super().evaluate(*state)

    parts = replace(model.parts, conduction=CountedConduction(model.conduction, counts))
    return Counted(model.scenario, model.tagged, model.junctions.law, parts=parts), counts


def on_branch(points: Sequence[BranchPoint]) -> list[dict[str, float]]:
    """Return current and voltage of the points that another solver can be asked for: not the origin, no fold."""
    held = (p.row for p in points if float(p.row["I_mA"]) > 0.0 and not p.row["fold"])
    return [{name: float(row[name]) for name in ("I_mA", "V_mV")} for row in held]


def machine() -> dict[str, Any]:
    """Return what the numbers depend on besides the program."""
    a = np.random.default_rng(1).standard_normal((1500, 1500))
    clock = median_of(5, lambda: a @ a)
    # A reference BLAS gives about 5 GFLOP/s, which no measured ratio would survive.
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "dgemm_gflops": 2 * 1500**3 / clock.cpu_s * 1e-9,
        "blas_threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load_average": os.getloadavg()[0],
    }


def print_table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows with the same keys as a table."""
    print(f"\n{title}")
    if not rows:
        return
    cells = [list(rows[0]), *([text(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(cells[0]))]
    for line in cells:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)), flush=True)


def text(value: Any) -> str:
    """Return a value as it stands in a table: three significant digits."""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def run(description: str, measure: Callable[[], dict[str, Any]]) -> None:
    """Run a benchmark from the command line: print its tables, write JSON with --json FILE."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE")
    arguments = parser.parse_args()
    result = {"about": description, "machine": machine()} | measure()
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
