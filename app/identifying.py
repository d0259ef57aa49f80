"""Which readings would tell parameters apart: what `hotmesa identify` does."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hotmesa.postprocess import provenance
from hotmesa.postprocess.identify import (
    Candidates,
    best_shares,
    candidates,
    design_rows,
    plot_design,
    summary_rows,
)
from hotmesa.postprocess.style import save_picture, title_of
from hotmesa.postprocess.tables import Row
from hotmesa.processes import world
from hotmesa.progress import tell
from hotmesa.record import claimed
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.files import plan_kind
from hotmesa.scenarios.overrides import parse
from hotmesa.scenarios.parameters import chosen
from hotmesa.scenarios.plans.identify import READINGS, SIGMA_MV, load_identify
from hotmesa.scenarios.writing import write_json, write_table
from hotmesa.sensitivities import branch_of, derived_branch
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.variation import spelled_out

OWN_FILES = ("identify.csv", "designs.csv", "identify.json", "identify.png")
PLACES = 60
"""Currents of each branch at which a reading could be taken."""
FINITE = ("V_mV@I_mA=0",)
"""Stands for V and I alone, which are derived anyway."""


@dataclass(frozen=True)
class Identification:
    """What was found.

    Attributes:
        readings: that could be taken, with dV/d ln p of every parameter.
        shares: how they are best shared out, shape (readings,).
        rows: uncertainties that designs leave, the columns of designs.csv.
        files: what was written; none on other processes than the first.
    """

    readings: Candidates
    shares: Array
    rows: list[Row]
    files: tuple[Path, ...] = ()


def identify(
    scenario: str | Path | Scenario, overrides: Sequence[str] = (), *, parameters: Sequence[str] = (),
    vary: str | None = None, sigma_mV: float | None = None, readings: int | None = None, out: str | Path | None = None,
    overwrite: bool = False, quiet: bool = True, command: str = "",
) -> Identification:  # fmt: skip
    """Return which readings of V at a current, and at which settings, would tell parameters apart best.

    Each setting takes one branch with its derivatives. On several MPI processes all of them call this.

    Args:
        scenario: a bundled scenario, a TOML file, the folder of a run, or one that is loaded; or a file that says all
            of this (`tell_apart`).
        overrides: changes of its keys.
        parameters: keys whose values are to be told apart; none of them zero.
        vary: key and values that can be set from outside, "bath.temperature_K=4.2,20,40"; None: nothing.
        sigma_mV: standard deviation of a reading; None for that of the file or the usual one.
        readings: how many are taken; None for those of the file or the usual number.
        out: folder for the files; None: nothing is written.
        overwrite: whether earlier files there may be replaced.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Raises:
        ScenarioError, MeshError, LawError, RequestError, ResultError, FolderError: bad input.
        SolveError: a branch could not be continued, or a linear system not be solved.
        OSError: results cannot be written.
    """
    asked = asked_for(scenario, overrides, parameters, vary)
    keys, name, settings = asked.keys, asked.setting, asked.scenarios
    sigma_mV = asked.sigma_mV if sigma_mV is None else sigma_mV
    readings = asked.readings if readings is None else readings
    _refuse(keys, sigma_mV, readings)
    for item in settings.values():
        _refuse_zeros(item, keys)
    comm, folder = world(), None if out is None else Path(out)
    with claimed(comm, folder, overwrite, OWN_FILES):
        started = time.perf_counter()
        branches = {value: derived_branch(item, FINITE, keys, quiet) for value, item in settings.items()}
        found = candidates(branches, keys, PLACES)
        shares = best_shares(found.slopes)
        result = Identification(found, shares, summary_rows(found, shares, readings, sigma_mV, name))
        if comm is not None and comm.rank != 0:
            return result
        if folder is not None:
            first = next(iter(settings.values()))
            facts: dict[str, Any] = {"parameters": list(keys), "vary": name, "sigma_mV": sigma_mV, "readings": readings}
            facts |= provenance.collect(to_toml(first), command, 1 if comm is None else comm.size)
            facts |= {"status": "complete", "wall_s": round(time.perf_counter() - started, 3)}
            result = replace(result, files=_written(result, folder, name, facts, title_of(first, name)))
    if not quiet:
        tell(sys.stdout, message(result, name, readings, sigma_mV))
    return result


@dataclass(frozen=True)
class Asked:
    """What shall be found.

    Attributes:
        keys: of the parameters that are to be told apart.
        setting: key of what can be set from outside; "" for none.
        scenarios: by its values.
        sigma_mV, readings: standard deviation and number of readings.
    """

    keys: tuple[str, ...]
    setting: str
    scenarios: Mapping[float, Scenario]
    sigma_mV: float = SIGMA_MV
    readings: int = READINGS


def asked_for(
    scenario: str | Path | Scenario, overrides: Sequence[str], parameters: Sequence[str], vary: str | None
) -> Asked:
    """Return what a file asks for, or what is asked of a scenario.

    Raises:
        ScenarioError, RequestError: bad input.
    """
    if isinstance(scenario, Scenario) or plan_kind(scenario) != "identify":
        setting, scenarios = _settings(scenario, overrides, vary)
        if not parameters:
            raise RequestError("--parameters: name the keys that are to be told apart, or give a file with tell_apart")
        return Asked(tuple(dict.fromkeys(parameters)), setting, scenarios)
    said = {"--set": overrides, "--parameters": parameters, "--vary": vary}
    if any(said.values()):
        words = ", ".join(word for word, value in said.items() if value)
        raise RequestError(f"{scenario} says what {words} would say: change it there (fixed, tell_apart, setting)")
    plan = load_identify(scenario)
    given, branches = plan.given, {value: branch_of(item) for value, item in plan.scenarios.items()}
    return Asked(tuple(dict.fromkeys(given.tell_apart)), plan.setting, branches, given.sigma_mV, given.readings)


def _refuse(keys: Sequence[str], sigma_mV: float, readings: int) -> None:
    """Refuse numbers that mean nothing.

    Raises:
        RequestError: with a line for each.
    """
    problems = []
    if not 0.0 < sigma_mV < float("inf"):
        problems.append(f"--sigma-mV {sigma_mV:g}: the uncertainty of a reading must be positive, in mV")
    if readings < len(keys):
        problems.append(f"--readings {readings}: {len(keys)} parameters need as many readings at least")
    if problems:
        raise RequestError("\n".join(problems))


def _refuse_zeros(scenario: Scenario, keys: Sequence[str]) -> None:
    """Refuse parameters that are unknown or zero.

    Raises:
        ScenarioError, RequestError: they are.
    """
    zeros = [item.key for item in chosen(spelled_out(scenario), keys) if item.value == 0.0]
    if zeros:
        raise RequestError(f"{', '.join(zeros)}: zero, so that a part of it says nothing; give a value with --set")


def _settings(
    scenario: str | Path | Scenario, overrides: Sequence[str], vary: str | None
) -> tuple[str, dict[float, Scenario]]:
    """Return the key that is set from outside, "" for none, and the scenarios by its values.

    Raises:
        RequestError: it is not written as KEY=NUMBER,NUMBER, or the scenario cannot be changed.
    """
    if vary is None:
        return "", {float("nan"): branch_of(scenario, overrides)}
    key, equals, text = vary.partition("=")
    try:
        values = sorted({float(part) for part in text.split(",")})
    except ValueError:
        values = []
    if not equals or not values:
        raise RequestError(f"--vary {vary}: write KEY=NUMBER,NUMBER, for example --vary bath.temperature_K=4.2,20,40")
    if isinstance(scenario, Scenario):
        raise RequestError("--vary goes with a name or a file, not with a scenario that is loaded")
    parse(f"{key}=0")
    return key, {value: branch_of(scenario, [*overrides, f"{key}={value!r}"]) for value in values}


def _written(found: Identification, folder: Path, name: str, facts: dict[str, Any], title: str) -> tuple[Path, ...]:
    """Write all files and return their paths."""
    files = (
        write_table(folder / "identify.csv", design_rows(found.readings, found.shares, name)),
        write_table(folder / "designs.csv", found.rows),
        write_json(folder / "identify.json", facts),
    )
    plot = partial(plot_design, found.readings, found.shares, name, title)
    picture = save_picture(plot, folder / "identify.png")
    return (*files, *(() if picture is None else (picture,)))


def message(found: Identification, name: str, readings: int, sigma_mV: float) -> str:
    """Return what a person is told: what designs leave, and the best readings."""
    lines = [f"uncertainties (%) that {readings} readings of V to {sigma_mV:g} mV leave"]
    for row in found.rows:
        parts = [f"{key} {float(row[f'uncertainty_percent_{key}']):.3g}" for key in found.readings.parameters]
        correlation = row["largest_correlation"]
        tail = "" if correlation == "" else f"; largest correlation {float(correlation):.3f}"
        lines.append(f"  {row['readings']}: {', '.join(parts)}{tail}")
    lines.append("best readings, as shares of all:")
    for k, share in enumerate(found.shares):
        if share > 0.0:
            where = f"{name} = {found.readings.setting[k]:g}, " if name else ""
            lines.append(f"  {100 * share:3.0f} %  {where}I = {found.readings.I_mA[k]:.4g} mA")
    return "\n".join(lines) + "\n"
