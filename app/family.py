"""From a scenario to the files of its family of quasiparticle branches: what `hotmesa family` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hotmesa.meshes import build_mesh
from hotmesa.postprocess.tables import Row
from hotmesa.processes import world
from hotmesa.record import begin_record
from hotmesa.scenarios import Scenario, load_scenario, to_toml
from hotmesa.scenarios.errors import DONE, INTERRUPTED, NO_CONVERGENCE
from hotmesa.scenarios.writing import write_table
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.solver.model import Model
from hotmesa.solver.runs.family import Change, changes, parse_counts, trace_member

OWN_FILES = ("family.csv", "changes.csv", "family.png", "scenario.toml", "provenance.json")


@dataclass(frozen=True)
class FamilyRequest:
    """What the command line asks for.

    Attributes:
        scenario: name or file.
        overrides: changes of its keys.
        junctions: which n, as `parse_counts` reads it; None for all.
        folder: for the files; None for out/NAME-family.
        overwrite: whether an earlier family there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.
    """

    scenario: str
    overrides: tuple[str, ...] = ()
    junctions: str | None = None
    folder: Path | None = None
    overwrite: bool = False
    quiet: bool = False
    command: str = ""


@dataclass(frozen=True)
class Outcome:
    """How it ended: exit status, and the folder with the files (None on other processes than the first)."""

    status: int
    folder: Path | None


def family_of_scenario(request: FamilyRequest) -> Outcome:
    """Write family.csv (and changes.csv) of a scenario. Collective.

    A branch that stops early, or Ctrl-C, keeps what there is.

    Raises:
        ScenarioError, MeshError, LawError, RequestError, FolderError: bad input.
        SolveError: not one state was found.
        OSError: the files cannot be written.
    """
    scenario = load_scenario(request.scenario, request.overrides)
    if not scenario.layers:
        raise RequestError(f"{scenario.name} has no layers: a family is traced by the spatial model")
    counts = parse_counts(request.junctions, scenario.mesa.junctions)
    folder = request.folder or Path("out") / f"{scenario.name}-family"
    comm = world()
    first = comm is None or comm.rank == 0
    record = begin_record(comm, folder, to_toml(scenario), request.command, request.overwrite, OWN_FILES)
    members, status = _trace_all(scenario, counts, first, first and not request.quiet)
    rows = [row for member in members for row in member]
    if not rows:
        record.discard()
        if status == INTERRUPTED:
            return Outcome(status, None)
        raise SolveError("not one state of the family was found")
    if first:
        _save(folder, rows, [change for member in members for change in changes(member, scenario.mesa.junctions)])
    record.finish({DONE: "complete", NO_CONVERGENCE: "stopped", INTERRUPTED: "interrupted"}[status])
    return Outcome(status, folder if first else None)


def _trace_all(scenario: Scenario, counts: Sequence[int], first: bool, say: bool) -> tuple[list[list[Row]], int]:
    """Return the rows of all branches and the exit status; what stops one branch does not stop the others."""
    model, status = Model(scenario, build_mesh(scenario)), DONE
    members: list[list[Row]] = []
    for n in counts:
        started = time.perf_counter()
        rows: list[Row] = []
        members.append(rows)
        try:
            for row in trace_member(model, n):
                rows.append(row)
        except SolveError as error:
            status = NO_CONVERGENCE
            _write(sys.stderr, first, f"hotmesa: n = {n}: stopped after {len(rows)} points: {error}\n")
        except KeyboardInterrupt:
            _write(sys.stderr, first, f"hotmesa: interrupted at n = {n}; the points so far are kept\n")
            return members, INTERRUPTED
        if rows:
            end, seconds = rows[-1], time.perf_counter() - started
            text = f"n = {n:3d}: {len(rows):4d} points to V = {float(end['V_mV']):7.2f} mV, "
            text += f"I = {float(end['I_mA']):.4g} mA, T_max = {float(end['T_max_K']):6.2f} K, {seconds:.1f} s\n"
            _write(sys.stdout, say, text)
    return members, status


def _write(stream: Any, say: bool, text: str) -> None:
    if say:
        stream.write(text)
        stream.flush()


def _save(folder: Path, rows: list[Row], found: list[Change]) -> None:
    write_table(folder / "family.csv", rows)
    if found:
        write_table(folder / "changes.csv", [asdict(change) for change in found])
