"""Write docs/benchmarks.md from the JSON files of the benchmarks: no number on that page is typed.

python benchmarks/make_page.py [FOLDER]      (default out/benchmarks, where `make bench` puts them)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools import text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"

INTRODUCTION = """# Benchmarks

This page is written by `make bench`: it runs every `benchmarks/bench_*.py`, keeps their JSON in `out/benchmarks` and
turns that into the tables below. Times are CPU seconds of one process (`_cpu_s`, medians) beside wall seconds
(`_wall_s`). Where `load_average` is above the number of cores the wall times hold other work too; ratios are made of
CPU times within one run.
"""

NOTES = {
    "bench_branch": """The unit is one numeric LU factorisation by MUMPS (as PETSc calls it by default, pattern known,
median of five) of the sparse Jacobian in the middle of the branch. `branch_in_LU` is the CPU time of the whole branch
to 1.6 mA in that unit, observables and kept fields included; `with_setup_in_LU` adds the set-up of the model, on
the condensed path that of the condensed crystal. The plain script (`benchmarks/plain_dolfinx.py`) solves the same
equations at the same currents with one fresh LU in every Newton step; its blocks carry explicit zeros, so an LU of
its own matrix costs more than the unit.""",
    "bench_sheet": """Film and mesa without a crystal, the bottom cooled through one conductance (110 K/mW over the
whole area), the contact of the N = 19 device; with one temperature a node (a single sheet that conducts as film
and mesa do together, for which the target is meant) and with two. Imports, mesh and set-up are not part of the branch.
`plain_cpu_s` is the plain script at the same currents, `times_faster` its time over that of the branch.""",
    "bench_accuracy": """As they are bundled, with the stability of all points under voltage and current bias; set-up of
the model is part of the branch. `with_over_without` is the price of the estimates.""",
    "bench_fit": """Contact, film and crystal of the N = 19 device as a strip with ohmic junctions whose resistance
falls with temperature, three parameters, 15 points of its own curve 0.2 mV off to both sides in turn. `branches` are
those of the whole fit with its uncertainties, `part` over those by differences, of which at most
one sixth is wanted.""",
    "bench_electrode": """`common` is the branch with one voltage at every place, `electrode` that with a
film that has a resistance; neither asks for stability or errors.
`times` is the one over the other, at most 2 is wanted.""",
    "bench_explore": """`coarse` is what the page shows first, `whole` the branch of the scenario with its errors and
stability; `coarse_off_percent` is how far the first curve is from the second, in percent of its axes.""",
    "bench_law": "The law of the N = 19 device; evaluation includes both derivatives.",
    "bench_scaling": """Sparse path, one process for every size. The state before is at 1 % less current; `next_state`
is what it takes from there. Peak memory is that of the whole process with Python, mesh and a coarse model.""",
    "bench_ltslm": """Factors are made anew for the adjoint solve, as for a single image. `one_state_a_point_s` is a
perturbed steady state for every point, `one_linear_solve_a_point_s` a linear solve with kept factors; both are
extrapolated from the points that were computed. `largest_difference` is that of the image from perturbed states.""",
    "bench_sensitivity": """Twice, one after the other. `with_dV_by_all` follows the branch with one adjoint solution
a point, `with_dT_max_too` with two, which the current of nucleation needs; `all_over_alone` is models beside the
device, that branch and the figures of merit over the branch alone, at most 1.5 is wanted. By differences it would be
two branches a parameter. Tables of the law and their derivatives come from the cache; where there is none, the
derivatives take about as long as the table.""",
    "bench_mpi": """The branch of N = 19 to 1.2 mA on the sparse path without stability, each case in its own processes.
Wall times need a quiet machine with as many cores as processes; iterations and messages do not. `messages_a_product`
are what a process sends to its neighbours for a product with the matrix, `reductions_a_solve` sums over all processes
inside PETSc; besides them a solution with the preconditioner takes two exchanges of all depth modes and one gathering
of the small system of mesa and pseudo-layers.""",
    "bench_stability": """Along a branch, voltage and current bias together, two leading modes of each. `solves_a_point`
are all solutions with the factors, beyond one factorisation; the probe vector and all searches are among them, and the
first point, which is computed anew. `stability_in_solves_of_the_branch` has the bordered solve of the branch (a Newton
step or a tangent, several solutions with factors) as its unit. Whole runs are from the scenario to the last point, on
the condensed path, one after the other in one process; at most 1.6 is wanted of the counts.""",
    "bench_transient": "200 time steps and 100 points of the branch, each with its observables; at most 1.5 is wanted.",
}


def tables(value: Any, name: str = "") -> list[tuple[str, list[dict[str, Any]]]]:
    """Return all lists of flat records inside a JSON value, each with the name of its key."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in tables(item, key)]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        nested = any(isinstance(item, dict | list) for record in value for item in record.values())
        if not nested:
            return [(name, value)]
        return [found for record in value for found in nested_tables(record)]
    return []


def nested_tables(record: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the tables of a record, titled by its plain values."""
    plain = {key: item for key, item in record.items() if not isinstance(item, dict | list)}
    title = ", ".join(f"{key} = {text(item)}" for key, item in plain.items())
    return [(title, rows) for _, rows in tables({k: v for k, v in record.items() if k not in plain})]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return records as a Markdown table, one line a quantity where there are many."""
    keys = list(rows[0])
    if len(keys) > 7:
        first, *others = keys
        lines = [[first, *(text(row[first]) for row in rows)]]
        lines += [[key, *(text(row.get(key, "")) for row in rows)] for key in others]
    else:
        lines = [keys] + [[text(row.get(key, "")) for key in keys] for row in rows]
    head = "| " + " | ".join(lines[0]) + " |\n|" + " --- |" * len(lines[0]) + "\n"
    return head + "".join("| " + " | ".join(line) + " |\n" for line in lines[1:])


def section(path: Path) -> str:
    """Return the section of one benchmark."""
    result = json.loads(path.read_text(encoding="utf-8"))
    machine = result.pop("machine")
    about = result.pop("about")
    parts = [f"## {about}\n", f"`benchmarks/{path.stem}.py`. {NOTES.get(path.stem, '')}".rstrip() + "\n"]
    found = tables(result)
    for title, rows in found:
        if len(found) > 1:
            parts.append(f"**{title}**\n")
        parts.append(markdown(rows))
    facts = ", ".join(f"{key} {text(value)}" for key, value in machine.items())
    return "\n".join([*parts, f"<sub>{facts}</sub>\n"])


def main() -> int:
    """Write the page; return the exit status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "out" / "benchmarks"
    files = sorted(folder.glob("bench_*.json"))
    if not files:
        print(f"no results in {folder}; run `make bench` first", file=sys.stderr)
        return 2
    PAGE.write_text("\n".join([INTRODUCTION, *map(section, files)]), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(files)} benchmarks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
