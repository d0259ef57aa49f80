"""One case of a study or a fit: a run in its folder, done once and recognised afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotmesa.folder import run_files
from hotmesa.kinds import Own
from hotmesa.postprocess.tables import ResultError
from hotmesa.runner import compute, summarise_again
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.errors import DONE, INTERRUPTED
from hotmesa.scenarios.writing import write_json

if TYPE_CHECKING:
    from hotmesa.solver.runs.sensitive import DerivativeWatcher

CASE_FILE, SWEEP = "case.json", "sweep"
OK, FAILED, INVALID, STOPPED, WAITING = "ok", "failed", "invalid", "interrupted", "not computed"


@dataclass(frozen=True)
class Task:
    """What a worker needs to compute a case.

    Attributes:
        name: of the case.
        folder: of its results.
        scenario: what is computed.
        command: the command line, for the record.
        figures: whether to draw figures.
        states: whether to keep the fields.
        sweep: what is computed besides, in the folder SWEEP inside, where the source loses a state of the branch.
        derived: keys of the parameters by which the branch is derived besides, into derivatives.npz.
        columns: those besides V and I whose derivatives are wanted.
    """

    name: str
    folder: Path
    scenario: Scenario
    command: str = ""
    figures: bool = False
    states: bool = False
    sweep: Scenario | None = None
    derived: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        name: of the case.
        status: "ok", "failed", "invalid", "interrupted" or "not computed".
        reason: why, if it is not ok.
        wall_s, cpu_s: what it took.
        scenario_sha256: which scenario it was.
    """

    name: str
    status: str
    reason: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    scenario_sha256: str = ""


def fingerprint(scenario: Scenario) -> str:
    """Return the SHA-256 of the resolved scenario, as provenance.json holds it."""
    return hashlib.sha256(to_toml(scenario).encode()).hexdigest()


def known_outcome(task: Task) -> Outcome | None:
    """Return how a case ended earlier, ok or failed, if it was computed with the same scenario; else None.

    A case is ok when provenance.json is complete and names this scenario and summary.json is there, whoever made them,
    and when its sweep is, where it needs one.
    """
    result = _known(task)
    behind = sweep_of(task) if result is not None and result.status == OK else None
    if result is None or behind is None:
        return result
    swept = _known(behind)
    return None if swept is None else _both(result, swept)


def sweep_of(task: Task) -> Task | None:
    """Return the sweep that follows a finished branch: where its source loses a state."""
    if task.sweep is None or _read_json(task.folder / "summary.json").get("first_unstable_I_mA") is None:
        return None
    return replace(task, folder=task.folder / SWEEP, scenario=task.sweep, sweep=None)


def _both(branch: Outcome, sweep: Outcome) -> Outcome:
    """Return how a branch with its sweep ended."""
    reason = f"sweep: {sweep.reason}" if sweep.reason else ""
    wall, cpu = branch.wall_s + sweep.wall_s, branch.cpu_s + sweep.cpu_s
    return replace(branch, status=sweep.status, reason=reason, wall_s=round(wall, 3), cpu_s=round(cpu, 3))


def _known(task: Task) -> Outcome | None:
    sha256 = fingerprint(task.scenario)
    record = _read_json(task.folder / CASE_FILE)
    provenance = _read_json(task.folder / "provenance.json")
    if _complete(provenance, sha256) and _read_json(task.folder / "summary.json") and _has_derivatives(task):
        wall = _seconds(record, "wall_s") or _seconds(provenance, "wall_s")
        return Outcome(task.name, OK, "", wall, _seconds(record, "cpu_s"), sha256)
    if record.get("status") == FAILED and record.get("scenario_sha256") == sha256:
        reason, wall, cpu = str(record.get("reason", "")), _seconds(record, "wall_s"), _seconds(record, "cpu_s")
        return Outcome(task.name, FAILED, reason, wall, cpu, sha256)
    return None


def _seconds(record: Mapping[str, Any], name: str) -> float:
    value = record.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _complete(provenance: Mapping[str, Any], sha256: str) -> bool:
    """Return whether a run is complete and is that of a scenario, before it chose its elements if it did."""
    requested = provenance.get("asked_sha256") or provenance.get("scenario_sha256")
    return provenance.get("status") == "complete" and requested == sha256


def _has_derivatives(task: Task) -> bool:
    """Return whether the derivatives that a case asks for are there, or why they cannot be."""
    if not task.derived:
        return True
    from hotmesa.postprocess.derivatives import answers

    return answers(task.folder, task.derived, task.columns)


def compute_case(task: Task) -> Outcome:
    """Compute a case; whatever goes wrong is part of the outcome, which is also written to case.json."""
    branch = _computed(task)
    behind = sweep_of(task) if branch.status == OK else None
    return branch if behind is None else _both(branch, _computed(behind))


def _computed(task: Task) -> Outcome:
    started, cpu = time.perf_counter(), time.process_time()
    try:
        status, reason = _compute(task)
    except KeyboardInterrupt:
        status, reason = INTERRUPTED, "interrupted"
    except Exception as error:  # a case must never end the study
        status, reason = -1, f"{type(error).__name__}: {error}"
    word = {DONE: OK, INTERRUPTED: STOPPED}.get(status, FAILED)
    outcome = Outcome(
        task.name,
        word,
        "" if word == OK else " ".join(reason.split()),
        round(time.perf_counter() - started, 3),
        round(time.process_time() - cpu, 3),
        fingerprint(task.scenario),
    )
    return recorded(task, outcome)


def _compute(task: Task) -> tuple[int, str]:
    """Return exit status and problem."""
    provenance = _read_json(task.folder / "provenance.json")
    if _complete(provenance, fingerprint(task.scenario)) and _has_derivatives(task):
        # It was ended between the branch and its summary, or the summary is damaged; if a table is, all is done again.
        (task.folder / "summary.json").unlink(missing_ok=True)
        with contextlib.suppress(ResultError):
            summarise_again(task.folder)
            return DONE, ""
    watcher = _watcher(task)
    ending = compute(
        task.scenario, task.folder, own=Own(watcher=watcher), overwrite=True, command=task.command,
        figures=task.figures, alone=True,
    )  # fmt: skip
    if watcher is not None and ending.status == DONE:
        from hotmesa.postprocess.derivatives import save

        save(task.folder, task.derived, watcher.found(), watcher.problem)
    if not task.states and ending.status == DONE:
        (task.folder / "states.npz").unlink(missing_ok=True)
    return ending.status, ending.problem


def _watcher(task: Task) -> DerivativeWatcher | None:
    """Return what takes the derivatives of a case; None where none are asked for."""
    if not task.derived:
        return None
    from hotmesa.solver.runs.sensitive import DerivativeWatcher

    return DerivativeWatcher(task.derived, task.columns)


def lost(task: Task, reason: str) -> Outcome:
    """Return the outcome of a case whose process died, and write it down."""
    return recorded(task, Outcome(task.name, FAILED, reason, scenario_sha256=fingerprint(task.scenario)))


def recorded(task: Task, outcome: Outcome) -> Outcome:
    """Write case.json, as far as the disk takes it, and return the outcome."""
    with contextlib.suppress(OSError):
        task.folder.mkdir(parents=True, exist_ok=True)
        write_json(task.folder / CASE_FILE, asdict(outcome))
    return outcome


def forget(folder: Path) -> None:
    """Remove the results of a case."""
    for place in (folder, folder / SWEEP):
        for pattern in (*run_files(), CASE_FILE):
            for file in place.glob(pattern):
                file.unlink()


def _read_json(path: Path) -> Mapping[str, Any]:
    """Return a table from a JSON file; an empty one if it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
