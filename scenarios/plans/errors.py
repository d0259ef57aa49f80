"""Problems of study and fit files, in words."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.messages import MOST
from hotmesa.scenarios.problems import did_you_mean, in_lines


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
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
