"""Sensitivities of a branch from its scenario to files: what `hotmesa sensitivity` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hotmesa.postprocess import provenance
from hotmesa.postprocess.sensitivity import (
    BranchSensitivity,
    asked_currents,
    curve_rows,
    needs_state,
    problems_with,
    sensitivity_rows,
)
from hotmesa.postprocess.style import save_picture, title_of
from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.tornado import plot_tornado
from hotmesa.processes import world
from hotmesa.progress import Progress, tell
from hotmesa.record import claimed
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.load import Overrides, scenario_of
from hotmesa.scenarios.parameters import chosen
from hotmesa.scenarios.writing import write_json, write_table
from hotmesa.solver.errors import RequestError
from hotmesa.vocabulary import VOCABULARY

OWN_FILES = ("sensitivity.csv", "curves.csv", "sensitivity.json", "tornado.png")
TOLD = 6
"""Parameters that are told of each observable, the strongest."""


@dataclass(frozen=True, repr=False)
class SensitivityResult:
    """What was found.

    Attributes:
        branch: the branch with its derivatives by every parameter, shape (points, parameters).
        rows: one for each observable and parameter, the columns of sensitivity.csv.
        files: what was written; none on other processes than the first.
    """

    branch: BranchSensitivity
    rows: list[Row]
    files: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        """Return the strongest parameter of each observable, in ten lines at most."""
        strongest: dict[str, Row] = {}
        for row in self.rows:
            if row["dln_dln"] != "":
                strongest.setdefault(str(row["observable"]), row)
        lines = [
            f"{name} = {float(row['value']):.6g}, most by {row['parameter']}: {float(row['dln_dln']):+.3f} %/%"
            for name, row in strongest.items()
        ]
        return "\n".join([f"<SensitivityResult of {self.branch.scenario.name}", *lines[:8]]) + ">"


def sensitivity(
    scenario: str | Path | Scenario, overrides: Overrides = (), *, of: Sequence[str] = (),
    parameters: Sequence[str] = (), out: str | Path | None = None, overwrite: bool = False, quiet: bool = True,
    command: str = "",
) -> SensitivityResult:  # fmt: skip
    """Compute a branch with its derivatives by all numbers of its scenario, and those of its figures of merit.

    On several MPI processes all of them call this.

    Args:
        scenario: a bundled scenario, a TOML file, the folder of a run, or one that is loaded.
        overrides: changes of its keys.
        of: observables, numbers of summary.json such as "beta" or columns at a place such as "T_max_K@I_mA=1.2"; ()
            for the usual figures of merit, those of them that the branch has.
        parameters: keys of the scenario; () for all that are no zeros.
        out: folder for the files; None: nothing is written.
        overwrite: whether earlier files there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Raises:
        ScenarioError, MeshError, LawError, RequestError, ResultError, FolderError: bad input.
        SolveError: the branch could not be continued, or a linear system not be solved.
        OSError: results cannot be written.
    """
    given = branch_of(scenario, overrides)
    _refuse_unknown(of)
    comm, folder = world(), None if out is None else Path(out)
    with claimed(comm, folder, overwrite, OWN_FILES):
        started = time.perf_counter()
        branch = derived_branch(given, of, parameters, quiet)
        found = SensitivityResult(branch, sensitivity_rows(branch, of))
        if comm is not None and comm.rank != 0:
            return found
        if folder is not None:
            record = provenance.collect(to_toml(given), command, 1 if comm is None else comm.size)
            found = replace(found, files=_written(found, folder, record, time.perf_counter() - started))
    if not quiet:
        tell(sys.stdout, _message(found))
    return found


def branch_of(given: str | Path | Scenario, overrides: Overrides = ()) -> Scenario:
    """Return the branch that a name, a file or the folder of a run means.

    Raises:
        ScenarioError: it has problems.
        RequestError: it is of another kind.
    """
    found = scenario_of(given, overrides, complete=True)
    if found.mode != "branch":
        raise RequestError(
            f'{found.name}: mode = "{found.mode}": sensitivities are those of a branch; add --set mode=branch'
        )
    return found


def _refuse_unknown(names: Sequence[str]) -> None:
    """Refuse observables that no branch has, before anything is computed.

    Raises:
        RequestError: with a line for each.
    """
    problems = [problem for name in names if (problem := VOCABULARY.problem_with(name, ["branch"])) is not None]
    problems = problems or problems_with(names)
    if problems:
        raise RequestError("\n".join(problems))


def derived_branch(scenario: Scenario, of: Sequence[str], keys: Sequence[str], quiet: bool) -> BranchSensitivity:
    """Return the branch of a scenario with its derivatives. Collective.

    Args:
        scenario: of a branch.
        of: observables that shall be derived, () for the usual ones.
        keys: of the parameters, () for all that are no zeros.
        quiet: whether to print errors only.

    Raises:
        ScenarioError, MeshError, LawError, RequestError: bad input.
        SolveError: the branch could not be continued, or a linear system not be solved.
    """
    from hotmesa.meshes import build_mesh
    from hotmesa.solver.law.variation import spelled_out
    from hotmesa.solver.model import Model
    from hotmesa.solver.runs.sensitive import Surroundings, branch_sensitivity, sensitive_points

    varied = chosen(spelled_out(scenario), keys)
    asked = sorted({*scenario.branch.at_mA, *asked_currents(of)} - {scenario.branch.end_current_mA})
    asked = [value for value in asked if 0.0 < value < scenario.branch.end_current_mA]
    landing = scenario.branch.model_copy(update={"at_mA": tuple(asked)})
    scenario = scenario.model_copy(update={"branch": landing})
    model = Model(scenario, build_mesh(scenario))
    surroundings = Surroundings.of(model, varied)
    if keys and surroundings.refused:
        raise RequestError("\n".join(surroundings.refused.values()))
    progress = Progress(sys.stdout, scenario.branch.end_current_mA, quiet or model.comm.rank != 0)
    points = []
    try:
        for row, found in sensitive_points(model, surroundings, needs_state(of)):
            progress.point(row)
            points.append((row, found))
    finally:
        progress.done()
    return branch_sensitivity(model, surroundings, points)


def _written(found: SensitivityResult, folder: Path, record: dict[str, Any], wall_s: float) -> tuple[Path, ...]:
    """Write all files and return their paths."""
    branch = found.branch
    tables = (
        write_table(folder / "sensitivity.csv", found.rows),
        write_table(folder / "curves.csv", curve_rows(branch)),
    )
    facts = {
        "observables": list(dict.fromkeys(row["observable"] for row in found.rows)),
        "parameters": [parameter.key for parameter in branch.parameters],
        "refused": dict(branch.refused),
        "points": len(branch.x_s),
    }
    ending = {"status": "complete", "wall_s": round(wall_s, 3)}
    written = write_json(folder / "sensitivity.json", facts | record | ending)
    picture = save_picture(partial(plot_tornado, found.rows, title_of(branch.scenario)), folder / "tornado.png")
    return (*tables, written, *(() if picture is None else (picture,)))


def _message(found: SensitivityResult) -> str:
    """Return what a person is told: of each observable the strongest parameters, in words."""
    lines = []
    for name in dict.fromkeys(str(row["observable"]) for row in found.rows):
        own = [row for row in found.rows if row["observable"] == name and row["dln_dln"] != ""][:TOLD]
        value = next(row for row in found.rows if row["observable"] == name)["value"]
        lines.append(f"{name} = {float(value):.6g}; 1 % more of ... changes it by")
        lines += [
            f"  {float(row['dln_dln']):+8.3f} %  {row['parameter']} (now {row['parameter_value']:g})" for row in own
        ]
    kinks = [row for row in found.rows if row["below"] != ""]
    for row in kinks[:TOLD]:
        lines.append(
            f"kink: {row['observable']} by {row['parameter']}: {row['below']:.4g} from below, {row['above']:.4g} above"
        )
    lines += [f"not varied: {reason}" for reason in found.branch.refused.values()]
    return "\n".join(lines) + "\n"
