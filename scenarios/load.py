"""From a file or the name of a bundled scenario to a validated Scenario; all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.files import RawScenario, absolute_paths, available_scenarios, find_file, read_raw
from hotmesa.scenarios.keys import left_behind
from hotmesa.scenarios.messages import dotted, schema_findings
from hotmesa.scenarios.overrides import OverrideError, apply, numbered, parse
from hotmesa.scenarios.partial import rests_on, without_invalid
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.rules.device import find_contradictions
from hotmesa.scenarios.schema import Scenario

Overrides = Mapping[str, object] | Sequence[str]
"""Changes of keys: {key: value}, or texts "key=value"."""


def load_scenario(name_or_path: str | Path, overrides: Overrides = (), *, complete: bool = False) -> Scenario:
    """Return a validated scenario.

    Args:
        name_or_path: name of a bundled scenario ("kurter2010-n19") or a TOML file.
        overrides: changes of keys, {"mesa.junctions": 12, "layers.0.thickness_um": 0.1}, or as texts "key=value" with
            values in TOML syntax. Elements of lists go by their name or by number from 0 ("contacts.wire.x_um"), None
            leaves a key out; file names are relative to the working directory.
        complete: refuse a device that nothing cools; it may else get its heat sinks from Python.

    Returns:
        The frozen scenario; file names inside are absolute.

    Raises:
        ScenarioError: with every problem found: file, key, value, what is allowed.
    """
    raw = read_raw(find_file(name_or_path))
    problems = _apply_overrides(raw, overrides)
    scenario, findings = _validate(raw.data, complete)
    problems += [_report(finding, raw) for finding in findings]
    if problems or scenario is None:
        raise ScenarioError(problems)
    return scenario


def scenario_of(given: str | Path | Scenario, overrides: Overrides = (), *, complete: bool = False) -> Scenario:
    """Return a scenario by name, from a file or the folder of a run, or as it is.

    Args:
        given: what is meant; a bundled name comes before a folder of that name.
        overrides: changes of keys, as of `load_scenario`.
        complete: refuse a device that nothing cools.

    Raises:
        ScenarioError: it has problems, or changes are asked for of one that is loaded.
    """
    if not isinstance(given, Scenario):
        inside = Path(given) / "scenario.toml"
        is_run = str(given) not in available_scenarios() and inside.is_file()
        return load_scenario(inside if is_run else given, overrides, complete=complete)
    if overrides:
        raise ScenarioError(["changes go with a name or a file; give them to load_scenario"])
    return given


def _apply_overrides(raw: RawScenario, overrides: Overrides) -> list[str]:
    """Change the raw data; the problems of changes that cannot be applied."""
    problems: list[str] = []
    for change in overrides.items() if isinstance(overrides, Mapping) else overrides:
        try:
            path, value = parse(change)
            path = numbered(raw.data, path)
            _leave_behind(raw, path, value)
            apply(raw.data, path, value)
        except OverrideError as error:
            problems.append(str(error))
        else:
            raw.origins[path] = "--set"
            absolute_paths(raw.data, Path.cwd(), only=path)
    return problems


def _leave_behind(raw: RawScenario, path: Where, value: object) -> None:
    """Drop what the file says for another kind of a section, where a change names its kind."""
    section = raw.data.get(str(path[0])) if len(path) == 2 else None
    if isinstance(section, dict):
        for key in left_behind(str(path[0]), section, {str(path[1]): value}):
            if raw.origins.get((path[0], key)) != "--set":
                del section[key]


def _validate(data: dict[str, Any], complete: bool) -> tuple[Scenario | None, list[Finding]]:
    """The scenario and what is wrong with it; contradictions are looked for even if some keys are invalid."""
    try:
        scenario = Scenario.with_kinds().model_validate(_frozen(data), strict=True)
    except ValidationError as error:
        invalid = list(schema_findings(error))
    else:
        return scenario, list(find_contradictions(scenario, complete))
    rest, dropped = without_invalid(data, invalid)
    try:
        partial = Scenario.model_validate(_frozen(rest), strict=True)
    except ValidationError:  # a required key is missing: nothing to compare
        return None, invalid
    further = [item for item in find_contradictions(partial, complete) if not rests_on(item, dropped)]
    return None, invalid + further


def _frozen(value: Any) -> Any:
    """Lists as tuples: the strict validation takes no list for a tuple."""
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


def _report(finding: Finding, raw: RawScenario) -> str:
    key = dotted(finding.where, raw.data)
    if raw.origin(finding.where) == "--set":
        return f"--set {key}: {finding.text}"
    return f"{raw.origin(finding.where)}: {key}: {finding.text}"
