"""Scenario files: bundled ones, inheritance with `base`, file names relative to the file that holds them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.scenarios import toml
from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.keys import file_keys, left_behind
from hotmesa.scenarios.problems import Where, did_you_mean


@dataclass(frozen=True)
class PlanKind:
    """A kind of file that holds no scenario but what to do with one.

    Attributes:
        noun: what such a file is.
        keys: which of its keys tell it from other kinds.
    """

    noun: str
    keys: tuple[str, ...]


PLANS: Mapping[str, PlanKind] = {
    "study": PlanKind("a study", ("vary",)),
    "fit": PlanKind("a fit", ("parameters", "data")),
    "uncertainty": PlanKind("a file of what is uncertain", ("assumed",)),
    "optimise": PlanKind("an optimisation", ("variables",)),
    "identify": PlanKind("a choice of readings", ("tell_apart",)),
    "folds": PlanKind("a file of folds to follow", ("follow",)),
}
"""By the command that computes them, with which the names of bundled ones begin."""
OF_SCENARIOS = ("base", "mode", "mesa", "layers")
"""Keys of which every scenario has some, and no plan any."""
NAMED = "materials"
"""The section whose tables go by names."""


@dataclass(frozen=True)
class RawScenario:
    """Unvalidated contents of a scenario with all its bases.

    Attributes:
        label: how messages name the file.
        data: nested tables, changed in place by overrides.
        origins: which file (or "--set") a key comes from.
    """

    label: str
    data: dict[str, Any]
    origins: dict[Where, str]

    def origin(self, where: Where) -> str:
        """Where a key comes from; for a key that is nowhere, where its section comes from, else the file itself."""
        for length in range(len(where), 0, -1):
            if where[:length] in self.origins:
                return self.origins[where[:length]]
        return self.label


def _folder() -> Path:
    return Path(__file__).resolve().parent / "library"


def available_scenarios() -> tuple[str, ...]:
    """Names of the bundled scenarios, sorted."""
    names = (file.stem for file in _folder().glob("*.toml"))
    return tuple(sorted(name for name in names if not name.startswith(tuple(f"{kind}-" for kind in PLANS))))


def find_file(name_or_path: str | Path) -> Path:
    """The file of a scenario.

    Raises:
        ScenarioError: there is none; the message names the nearest ones.
    """
    text = str(name_or_path)
    path = Path(name_or_path).expanduser()
    looks_like_path = isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text
    if not looks_like_path and text in available_scenarios():
        return bundled_file(text)
    if path.is_file():
        return path
    if path.exists() and not path.is_dir():
        raise ScenarioError([f"{text} is a device or a pipe; write the scenario to a file first"])
    raise ScenarioError([_missing_file(text, path, looks_like_path)])


def _missing_file(text: str, path: Path, looks_like_path: bool) -> str:
    if path.is_dir():
        inside = path / "scenario.toml"
        return f"{text} is a folder" + (f"; did you mean {inside}?" if inside.is_file() else "; name a TOML file")
    if not looks_like_path:
        kind = next((kind for kind in PLANS if text in bundled_plans(kind)), None)
        if kind is not None:
            return other_kind(text, kind)
        names = available_scenarios()
        hint = did_you_mean(text, names) or did_you_mean(text, names, len(names), 0.0)
        return f'there is no bundled scenario and no file "{text}"{hint} (hotmesa list shows all)'
    if not path.parent.is_dir():
        return f"there is no file {text}: the folder {path.parent} does not exist"
    near = did_you_mean(path.name, (item.name for item in path.parent.glob("*.toml")))
    if not near and path.stem in available_scenarios():
        return f"there is no file {text}; the bundled scenario is called {path.stem}, without .toml"
    return f"there is no file {text}" + near


def bundled_plans(kind: str) -> tuple[str, ...]:
    """Names of the bundled files of a kind of `PLANS`, sorted."""
    return tuple(sorted(file.stem for file in _folder().glob(f"{kind}-*.toml")))


def command_of(data: Mapping[str, Any]) -> str | None:
    """The command that computes what a file holds: a word of `PLANS`, "run" for a scenario; None if neither shows."""
    if "scenario" not in data and any(key in data for key in OF_SCENARIOS):
        return "run"
    return next((kind for kind, plan in PLANS.items() if any(key in data for key in plan.keys)), None)


def plan_kind(name_or_path: str | Path) -> str | None:
    """The word of `PLANS` for the name or the file of one, None for a scenario or what is none of them."""
    text = str(name_or_path)
    for kind in PLANS:
        if text in bundled_plans(kind):
            return kind
    path = Path(name_or_path).expanduser()
    try:
        command = command_of(toml.read(path)) if path.is_file() else None
    except (OSError, ValueError):  # the scenario says why
        return None
    return command if command in PLANS else None


def other_kind(label: str, command: str) -> str:
    """What is said of a file given to another command than its own."""
    noun = PLANS[command].noun if command in PLANS else "a scenario"
    return f"{label} is {noun}; it is computed by: hotmesa {command} {shlex.quote(label)}"


def title_of(name: str) -> str:
    """The title of a bundled file of one of `PLANS`."""
    return str(_read_toml(bundled_file(name), name).get("title", ""))


def bundled_file(name: str) -> Path:
    """The file of a bundled scenario, study or fit."""
    return _folder() / f"{name}.toml"


def read_raw(file: Path, chain: tuple[Path, ...] = ()) -> RawScenario:
    """A file merged over its bases.

    `base` names a bundled scenario or a TOML file relative to this one. Tables are merged key by key; values and
    lists (layers, contacts too) replace those of the base. `without` lists keys of the base to leave out first.

    Raises:
        ScenarioError: unreadable file, no TOML, unknown or circular base, `without` that names nothing.
    """
    label = _label(file)
    resolved = file.resolve()
    if resolved in chain:
        names = " -> ".join(_label(item) for item in (*chain, resolved))
        raise ScenarioError([f"{label}: base: the scenarios inherit from each other in a circle: {names}"])
    data = _read_toml(file, label)
    command = command_of(data)
    if command is not None and command in PLANS:
        above = f"{_label(chain[-1])}: base: " if chain else ""
        raise ScenarioError([above + other_kind(label, command)])
    absolute_paths(data, resolved.parent)
    base = data.pop("base", None)
    without = data.pop("without", [])
    if base is None:
        if without:
            raise ScenarioError([f"{label}: without: leaves out keys of a base, but no base is named"])
        return RawScenario(label, data, _origins(data, label))
    parent = read_raw(_base_file(base, resolved, label), (*chain, resolved))
    _leave_out(parent, without, label)
    for name, value in data.items():
        below = parent.data.get(name)
        if isinstance(value, Mapping) and isinstance(below, dict):
            for key in left_behind(name, below, value):
                del below[key]
    merged = _merge(parent.data, data)
    return RawScenario(label, merged, {**parent.origins, **_origins(data, label)})


def absolute_paths(data: dict[str, Any], folder: Path, only: Where | None = None) -> None:
    """Make the file names in the data absolute, in place.

    Args:
        data: tables of a scenario.
        folder: what the names are relative to.
        only: change the key at this path (or below it) alone.
    """
    for section, key in file_keys():
        if only is not None and (only[0] != section or (isinstance(only[-1], str) and only[-1] not in (section, key))):
            continue
        for table in _tables(data, section):
            if isinstance(table, dict) and key in table:
                table[key] = absolute((section, key), table[key], folder)


def _tables(data: Mapping[str, Any], section: str) -> list[Any]:
    """The tables of a section: one, those of a list, or those of names."""
    found = data.get(section)
    if isinstance(found, list):
        return found
    return [*found.values()] if section == NAMED and isinstance(found, Mapping) else [found]


def absolute(where: Where, value: Any, folder: Path) -> Any:
    """The value of a key; the name of a file relative to a folder is made absolute."""
    words = file_keys().get((str(where[0]), str(where[-1])))
    if words is None or not isinstance(value, str) or value in words:
        return value
    return str((folder / Path(value).expanduser()).resolve())


def input_files(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that the tables of a resolved scenario name, sorted."""
    result = set()
    for (section, key), words in file_keys().items():
        for table in _tables(data, section):
            value = table.get(key) if isinstance(table, Mapping) else None
            if isinstance(value, str) and value not in words:
                result.add(value)
    return tuple(sorted(result))


def _label(file: Path) -> str:
    bundled = file.resolve().parent == _folder()
    return f"{file.name} (bundled)" if bundled else str(file)


def _read_toml(file: Path, label: str) -> dict[str, Any]:
    try:
        return toml.read(file)
    except OSError as error:
        raise ScenarioError([f"{label}: cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise ScenarioError([f"{label}: {error}"]) from None


def _base_file(base: object, file: Path, label: str) -> Path:
    if not isinstance(base, str):
        raise ScenarioError([f"{label}: base: must be the name of a bundled scenario or of a TOML file"])
    if base in available_scenarios():
        return bundled_file(base)
    path = file.parent / base
    if path.is_file():
        return path
    hint = did_you_mean(base, available_scenarios(), 1) or f"; bundled are {', '.join(available_scenarios())}"
    raise ScenarioError([f'{label}: base: there is no bundled scenario and no file {path} called "{base}"{hint}'])


def _leave_out(parent: RawScenario, without: object, label: str) -> None:
    if not isinstance(without, list) or not all(isinstance(key, str) for key in without):
        raise ScenarioError([f'{label}: without: must be a list of keys, for example ["crystal"]'])
    problems = []
    for key in without:
        *sections, last = key.split(".")
        table: Any = parent.data
        for section in sections:
            table = table.get(section) if isinstance(table, Mapping) else None
        if isinstance(table, dict) and last in table:
            del table[last]
        else:
            problems.append(f"{label}: without: the base has no key {key}")
    if problems:
        raise ScenarioError(problems)


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _origins(data: Mapping[str, Any], label: str, path: Where = ()) -> dict[Where, str]:
    """The label for every table, list and value."""
    result: dict[Where, str] = {}
    for key, value in data.items():
        result[(*path, key)] = label
        if isinstance(value, Mapping):
            result.update(_origins(value, label, (*path, key)))
    return result
