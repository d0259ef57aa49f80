"""The small files of a result folder, read back: scenario, provenance, summary."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hotmesa.postprocess import provenance
from hotmesa.postprocess.errors import ResultError
from hotmesa.scenarios.messages import dotted, schema_findings
from hotmesa.scenarios.schema import Scenario


def version_words(record: Mapping[str, Any]) -> str:
    """Return in words which version wrote a folder, where it is another one than this; else ""."""
    versions = record.get("versions")
    there = versions.get("hotmesa") if isinstance(versions, Mapping) else None
    if there is None or there == provenance.version():
        return ""
    return f"; the folder was written by hotmesa {there}, this is {provenance.version()}"


def read_scenario(path: Path) -> Scenario:
    """Return the resolved scenario in a file of a result folder.

    Raises:
        ResultError: the file is missing or damaged.
    """
    try:
        with path.open("rb") as stream:
            values = tomllib.load(stream)
        return Scenario.model_validate(values)
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file; is {path.parent} the folder of a run?") from None
    except ValidationError as error:
        wrong = "; ".join(f"{dotted(found.where, values)}: {found.text}" for found in schema_findings(error))
        raise ResultError(f"{path}: is damaged or from another version ({wrong})") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ResultError(f"{path}: is damaged or from another version ({error})") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the table in a JSON file; an empty one where there is no file.

    Raises:
        ResultError: it is damaged.
    """
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(f"{path}: is damaged ({error}); delete it, it is made anew from the other files") from error
    if not isinstance(value, dict):
        raise ResultError(f"{path}: holds a {type(value).__name__} instead of a table")
    return value
