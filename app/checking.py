"""What can be said of a scenario, a study or a fit before anything is solved: what `hotmesa check` does."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hotmesa.postprocess.drawing import plot_device
from hotmesa.postprocess.page import FORMATS
from hotmesa.postprocess.style import save_picture
from hotmesa.refining import elements_of
from hotmesa.scenarios import Scenario, load_scenario
from hotmesa.scenarios.describe import summary
from hotmesa.scenarios.errors import BAD_INPUT, HotmesaError, ScenarioError
from hotmesa.scenarios.files import PLANS, plan_kind
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.plans.assumptions import assumption_lines, deciding_assumptions
from hotmesa.scenarios.writing import json_text

LOG = logging.getLogger("hotmesa")
DEVICE = (
    *("geometry", "mode", "mesa", "mesas", "crystal", "layers", "materials", "contacts", "bath", "sinks"),
    *("heaters", "maps", "electrode", "law", "mesh"),
)
"""What decides mesh, model and files of a case."""
MOST = 40
"""Cases of a study of which mesh and model are made; each takes up to seconds."""
SHOWN = 6
"""Warnings that are shown."""


def check(name_or_file: str, overrides: Sequence[str] = ()) -> str:
    """Return in words what a scenario, a study or a fit describes, if nothing is wrong with it.

    Everything that a run does before its first solution is done: all files are read, mesh and model are made. What the
    tables hold, and doubts about the mesh, go to the terminal.

    Raises:
        HotmesaError: as the run would raise, with the same words.
    """
    kind = plan_kind(name_or_file)
    if kind is not None and overrides:
        noun = PLANS[kind].noun
        raise HotmesaError(f"{name_or_file} is {noun}: --set changes scenarios; write the key into its [fixed]")
    with _told():
        text, scenarios = _reader(kind)(name_or_file, overrides)
        note = _make(scenarios)
    return f"{text}\nno problems found{note}"


def check_json(name_or_file: str, overrides: Sequence[str] = ()) -> str:
    """Return as JSON what `check` tells: the text, and by case the resolved scenarios.

    Raises:
        HotmesaError: as `check`.
    """
    kind = plan_kind(name_or_file)
    text = check(name_or_file, overrides)
    _, scenarios = _reader(kind)(name_or_file, overrides)
    resolved = {name: scenario.model_dump(mode="json") for name, scenario in scenarios.items()}
    cases: dict[str, Any] = {"cases": resolved} if kind else {"scenario": resolved[""]}
    return json_text({"kind": kind or "scenario", "text": text, **cases})


def draw_device(name_or_file: str, overrides: Sequence[str], file: Path) -> Path:
    """Draw the plan and the layers of a scenario to scale and return the file.

    Raises:
        HotmesaError: it is a study or a fit, its model knows no places, or the file ends with no known format.
        OSError: the file cannot be written.
    """
    if file.suffix[1:] not in FORMATS:
        raise HotmesaError(f"--draw {file}: must end with {', '.join(f'.{kind}' for kind in FORMATS)}")
    if plan_kind(name_or_file) is not None:
        raise HotmesaError(f"--draw {file}: {name_or_file} is no scenario; name the scenario that it varies")
    scenario = load_scenario(name_or_file, overrides)
    if not KINDS[scenario.mode].spatial:
        raise HotmesaError(f'--draw {file}: a run with mode = "{scenario.mode}" has neither layers nor places')
    if save_picture(lambda: plot_device(scenario), file) is None:
        raise HotmesaError(f"--draw {file}: could not be drawn")
    return file


def _reader(kind: str | None) -> Callable[[str, Sequence[str]], tuple[str, dict[str, Scenario]]]:
    """Return what reads a file of a kind, to its text and its scenarios by case."""
    readers = {
        "study": _study, "fit": _fit, "uncertainty": _uncertainty, "optimise": _optimisation, "identify": _readings,
        "folds": _folds,
    }  # fmt: skip
    return _scenario if kind is None else readers[kind]


def _scenario(name_or_file: str, overrides: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    scenario = load_scenario(name_or_file, overrides, complete=True)
    assumed = assumption_lines(scenario, deciding_assumptions(name_or_file, overrides))
    lines = [summary(scenario), *_elements(scenario), *assumed]
    return "\n".join(lines), {"": scenario}


def _elements(scenario: Scenario) -> list[str]:
    with suppress(ModuleNotFoundError):  # which is said when the mesh is made
        _, words = elements_of(scenario)
        return [f"  mesh     {words}"] if words else []
    return []


def _study(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.scenarios.plans.study import load_study
    from hotmesa.vocabulary import VOCABULARY

    plan = load_study(name_or_file, VOCABULARY)
    names = [case.name for case in plan.cases]
    shown = ", ".join(names[:4]) + (f" ... {names[-1]}" if len(names) > 4 else "")
    cases = {case.name: case.scenario for case in plan.cases if case.scenario is not None}
    skipped = f", {len(names) - len(cases)} of them no valid devices" if len(cases) < len(names) else ""
    return f"study {plan.study.name}: {len(names)} cases ({shown}){skipped}", cases


def _fit(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.scenarios.plans.fit import load_fit
    from hotmesa.vocabulary import VOCABULARY

    plan = load_fit(name_or_file, VOCABULARY)
    start = {parameter.key: parameter.start for parameter in plan.fit.parameters}
    lines = [f"fit {plan.fit.name} of {', '.join(parameter.name for parameter in plan.fit.parameters)}"]
    for datum in plan.measurements:
        what = str(datum.data.observable) if datum.curve is None else datum.curve.describe()
        lines.append(f"  {datum.data.name}: {what}")
    return "\n".join(lines), {datum.data.name: plan.scenario(datum, start) for datum in plan.measurements}


def _uncertainty(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.scenarios.plans.uncertainty import load_uncertainty
    from hotmesa.vocabulary import VOCABULARY

    plan = load_uncertainty(name_or_file, VOCABULARY)
    given = plan.uncertainty
    lines = [f"uncertainty {given.name}: {len(given.assumed)} numbers that are assumed, {given.samples} samples"]
    for one in given.assumed:
        spread = f"{one.min:g} to {one.max:g}" if one.sigma is None else f"standard deviation {one.sigma:g}"
        lines.append(f"  {one.name} = {plan.values[one.key]:g}: {spread} ({one.scale})")
    cases = {case.name: case.scenario for case in plan.cases(()).cases if case.scenario is not None}
    return "\n".join(lines), cases


def _optimisation(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.optimise_model import functions_of
    from hotmesa.scenarios.plans.optimise import load_optimisation
    from hotmesa.vocabulary import VOCABULARY

    plan = load_optimisation(name_or_file, VOCABULARY)
    functions_of(plan)
    names = ", ".join(variable.name for variable in plan.task.variables)
    lines = [f"optimisation {plan.task.name} over {names}, {len(plan.choices)} choices, {plan.task.starts} starts each"]
    lines += [f"  {goal.goal} {goal.name}" for goal in plan.task.goals]
    lines += [f"  with {one.sentence}" for one in plan.task.constraints]
    return "\n".join(lines), {
        choice.name or "start": plan.scenario(choice, start)
        for choice, start in zip(plan.choices, plan.starts, strict=True)
    }


def _readings(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.scenarios.plans.identify import load_identify

    plan = load_identify(name_or_file)
    given, key = plan.given, plan.setting
    lines = [f"readings of {given.name} that tell {', '.join(given.tell_apart)} apart"]
    lines += [f"  {key} = {', '.join(f'{value:g}' for value in plan.scenarios)}"] if key else []
    return "\n".join(lines), {f"{key}={value:g}" if key else "": item for value, item in plan.scenarios.items()}


def _folds(name_or_file: str, _: Sequence[str]) -> tuple[str, dict[str, Scenario]]:
    from hotmesa.scenarios.plans.folds import load_folds

    plan = load_folds(name_or_file)
    given, range_ = plan.given, plan.given.follow
    text = f"folds in {given.fold} of {given.name}, followed over {range_.key} = {range_.min:g} to {range_.max:g}"
    return text, {f"{range_.key}={value:g}": item for value, item in plan.scenarios.items()}


def _make(scenarios: dict[str, Scenario]) -> str:
    """Make mesh and model of every different device, and return what was not looked at."""
    different = {
        str([getattr(scenario, section) for section in DEVICE] + [scenario.transient, scenario.stability]): name
        for name, scenario in scenarios.items()
    }
    names = [*different.values()]
    step = max(1.0, (len(names) - 1) / (MOST - 1))  # evenly over all of them, first and last included
    looked = list(dict.fromkeys(names[round(k * step)] for k in range(min(MOST, len(names)))))
    for name in looked:
        try:
            from hotmesa.kinds import solver_of

            solver_of(scenarios[name].mode).ready(scenarios[name])
        except ModuleNotFoundError as error:
            return f"; mesh and law were not looked at: {error.name} is missing (see hotmesa doctor)"
        except HotmesaError as error:
            if not name or error.status != BAD_INPUT:
                raise
            raise ScenarioError([f"case {name}: {line}" for line in str(error).splitlines()]) from error
    if len(looked) == len(names):
        return ""
    return f"; all {len(names)} devices keep the rules, mesh and law were made of {len(looked)}, evenly among them"


@contextmanager
def _told() -> Iterator[None]:
    """While inside, what the log says of tables, and its warnings, goes to the terminal, everything once."""
    log, tables, handler = LOG, logging.getLogger("hotmesa.tables"), logging.StreamHandler(sys.stderr)
    said: dict[str, bool] = {}

    def new(record: logging.LogRecord) -> bool:
        text, doubt = record.getMessage(), record.levelno >= logging.WARNING
        if text in said or not (doubt or record.name == tables.name):
            return False
        said[text] = doubt
        return sum(said.values()) <= SHOWN or not doubt

    handler.addFilter(new)
    handler.setFormatter(_Words())
    before = log.propagate, tables.level
    log.addHandler(handler)
    log.propagate = False
    tables.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = before[0]
        tables.setLevel(before[1])
        if sum(said.values()) > SHOWN:
            sys.stderr.write(f"warning: and {sum(said.values()) - SHOWN} more of other cases\n")


class _Words(logging.Formatter):
    """Says of a warning that it is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of the terminal."""
        head = "warning: " if record.levelno >= logging.WARNING else ""
        return head + record.getMessage()
