"""What study and fit files share: reading, problems in words, flat keys, TOML text, names for folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from hotmesa.scenarios import toml
from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.files import (
    PLANS,
    absolute,
    available_scenarios,
    bundled_file,
    bundled_plans,
    command_of,
    other_kind,
)
from hotmesa.scenarios.keys import leaves_out
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.messages import MOST, inside
from hotmesa.scenarios.problems import did_you_mean, in_lines
from hotmesa.scenarios.schema import Name, Scenario, Section
from hotmesa.scenarios.toml import inline
from hotmesa.scenarios.units import split_unit

M = TypeVar("M", bound=BaseModel)
_CURVE = {"T_K", "values"}
LONGEST_NAME = 120


class StudyError(ScenarioError):
    """A study or fit file, or the data that it names, cannot be used; `problems` holds one sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems)
        count = len(self.problems)
        head = "1 problem in the file:" if count == 1 else f"{count} problems in the file:"
        self.args = ("\n".join([head, *in_lines(self.problems)]),)


def in_words(error: ValidationError, model: type[BaseModel], label: str) -> list[str]:
    """Return one sentence for each problem that pydantic found in a file of this model."""
    return [_sentence(dict(item), model, label) for item in error.errors(include_url=False)[:MOST]]


def _sentence(item: dict[str, object], model: type[BaseModel], label: str) -> str:
    place = item["loc"]
    parts = place if isinstance(place, tuple) else (place,)
    where = ".".join(str(part) for part in parts)
    if item["type"] == "extra_forbidden":
        names = _names(model, parts[:-1])
        hint = did_you_mean(str(parts[-1]), names) or f"; known are {', '.join(names)}"
        return f"{label}: {where}: unknown key{hint}"
    if item["type"] == "missing":
        return f"{label}: {where}: is missing"
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{label}: {where}: {text[:1].lower()}{text[1:]}" if where else f"{label}: {text}"


def _names(model: type[BaseModel], path: Sequence[object]) -> tuple[str, ...]:
    """Keys that the model knows at a path."""
    for part in path:
        if isinstance(part, int):
            continue
        info = model.model_fields.get(str(part))
        inner = _model_in(info.annotation) if info is not None else None
        if inner is None:
            return ()
        model = inner
    return tuple(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    result = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in result if model is not None), None)


def refuse(file: Path, problems: Sequence[str]) -> None:
    """Raise a StudyError if there are problems; each begins with the name of the file."""
    if problems:
        raise StudyError([f"{file}: {problem}" for problem in problems])


class PlanFile(Section):
    """What the top of a study and of a fit file says alike."""

    name: Name = Field(description="short name; results go to out/NAME by default")
    title: str = Field("", description="one line in words")
    scenario: str = Field(description="bundled scenario, or TOML file relative to this one")
    fixed: dict[str, Any] = Field(default_factory=dict, description="keys that differ from the scenario everywhere")


def find_plan(name_or_path: str | Path, kind: str) -> Path:
    """Return the file of a study or a fit (`kind`), bundled or not.

    Raises:
        StudyError: there is none; the message names the nearest ones.
    """
    text = str(name_or_path)
    for name in (text, f"{kind}-{text}"):
        if name in bundled_plans(kind):
            return bundled_file(name)
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    others = {word: bundled_plans(word) for word in PLANS} | {"run": available_scenarios()}
    other = next((word for word, names in others.items() if text in names), None)
    if other is not None:
        raise StudyError([other_kind(text, other)])
    hint = did_you_mean(text, bundled_plans(kind)) or f"; bundled are {', '.join(bundled_plans(kind))}"
    raise StudyError([f'there is no bundled {kind} and no file "{text}"{hint}'])


def read_plan(file: Path, model: type[M], kind: str) -> tuple[M, str]:
    """Return the contents of a study or fit file, and its text.

    Args:
        file: where it stands.
        model: what it must hold.
        kind: its word in `PLANS`.

    Raises:
        StudyError: unreadable, no TOML, a file of another kind, or not what the model asks for.
    """
    try:
        data, text = toml.read(file), file.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError([f"{file}: cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise StudyError([f"{file}: {error}"]) from None
    command = command_of(data)
    if command is not None and not any(key in data for key in PLANS[kind].keys):
        raise StudyError([other_kind(str(file), command)])
    try:
        return model.model_validate(data), text
    except ValidationError as error:
        raise StudyError(in_words(error, model, str(file))) from None


def base_scenario(name: str, folder: Path) -> str:
    """Return the scenario that a study names: a bundled one, else a file relative to the folder of the study.

    Raises:
        StudyError: there is neither.
    """
    if name in available_scenarios():
        return name
    path = (folder / Path(name).expanduser()).resolve()
    if not path.is_file():
        hint = did_you_mean(name, available_scenarios())
        raise StudyError([f'scenario: there is no bundled scenario and no file {path} for "{name}"{hint}'])
    return str(path)


def scenarios_over(given: PlanFile, file: Path, changes: Mapping[float, Mapping[str, Any]]) -> dict[float, Scenario]:
    """Return the scenarios that a file means, by a number that goes with further keys.

    Args:
        given: what the file says; its `fixed` holds everywhere.
        file: where it stands.
        changes: further keys, by that number.

    Raises:
        StudyError: with every problem of every scenario.
    """
    folder, found, problems = file.resolve().parent, dict[float, Scenario](), dict[str, None]()
    base = base_scenario(given.scenario, folder)
    for number, own in changes.items():
        words = [override(key, value, folder) for key, value in {**flat(given.fixed), **own}.items()]
        try:
            found[number] = load_scenario(base, words, complete=True)
        except ScenarioError as error:
            problems |= dict.fromkeys(text.removeprefix("--set ") for text in error.problems)
    refuse(file, list(problems))
    return found


def path_of(key: str) -> tuple[str | int, ...]:
    """Return the path of "layers.0.thickness_um", numbers as numbers."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return {"bath.top_W_per_m2K": 1.0} for nested tables or for keys that are dotted already; curves stay whole."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        dotted = f"{before}.{key}" if before else key
        if isinstance(value, Mapping) and not value.keys() >= _CURVE:
            result.update(flat(value, dotted))
        else:
            result[dotted] = value
    return result


def override(key: str, value: Any, folder: Path) -> str:
    """Return the change "key=value" as `load_scenario` takes it; file names are relative to the folder."""
    value = absolute(path_of(key), value, folder)
    return f"{key}={'none' if leaves_out(path_of(key), value) else inline(value)}"


def short_key(key: str) -> str:
    """Return the last part of a key without its unit: "thickness" of layers.0.thickness_um."""
    last = key.rpartition(".")[2]
    return split_unit(last)[0] or last


def value_name(value: Any) -> str | None:
    """Return a value as part of a folder name; None for lists and tables."""
    if isinstance(value, Mapping | list | tuple):
        return None
    text = inline(value).strip('"')
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(text).name if isinstance(value, str) else text.replace("+", ""))


def is_plain(value: Any) -> bool:
    """Return whether a value fits into one field of a table."""
    return value is None or isinstance(value, str | int | float | bool)


def look_up(data: Any, key: str) -> Any:
    """Return what stands at a dotted key in nested tables and lists; None where there is nothing."""
    return reduce(inside, path_of(key), data)
