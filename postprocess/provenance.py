"""Where a result comes from: versions, source tree, command, date, fingerprint; and its small files, read back."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios import toml
from hotmesa.scenarios.files import input_files
from hotmesa.scenarios.messages import dotted, schema_findings
from hotmesa.scenarios.schema import Scenario

Value = str | int | float | bool | None | Mapping[str, str]

# Import name -> names of the distribution that may carry it.
_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "hotmesa": ("hotmesa",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "pydantic": ("pydantic",),
    "dolfinx": ("fenics-dolfinx", "dolfinx"),
    "petsc4py": ("petsc4py",),
    "mpi4py": ("mpi4py",),
    "gmsh": ("gmsh",),
}


def collect(resolved_toml: str, command: str, mpi_size: int) -> dict[str, Value]:
    """What is known at the start of a run.

    Args:
        resolved_toml: text of scenario.toml, whose SHA-256 is kept, and those of the files that it names.
        command: the command line.
        mpi_size: number of processes.
    """
    source = Path(__file__).resolve().parents[1]
    return {
        "status": "running",
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "mpi_size": mpi_size,
        **git_state(source),
        "scenario_sha256": sha256(resolved_toml),
        "inputs": input_hashes(toml.parse(resolved_toml)),
    }


def input_hashes(data: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of the files that the tables of a resolved scenario name; those that cannot be read are left out."""
    result: dict[str, str] = {}
    for name in input_files(data):
        with suppress(OSError), Path(name).open("rb") as stream:
            result[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return result


def sha256(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def version() -> str:
    """Return the version of this program; "not found" where it is not installed."""
    return _version("hotmesa")


def _version(package: str) -> str:
    """Version of an installed distribution, without importing it; "not found" if there is none."""
    for name in _PACKAGES[package]:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not found"


def git_state(source: Path) -> dict[str, Value]:
    """Revision of the source tree and whether tracked files differ; "unknown" and None where it cannot be told."""
    unknown: dict[str, Value] = {"git_revision": "unknown", "git_dirty": None}
    # Installed packages may lie inside somebody else's checkout: only a tree with our own .git counts.
    if not (source / ".git").exists():
        return unknown
    revision = _git(source, ("rev-parse", "HEAD"))
    changes = _git(source, ("status", "--porcelain", "--untracked-files=no"))
    if revision is None or changes is None:
        return unknown | {"git_revision": _head(source / ".git") or "unknown"}
    return {"git_revision": revision, "git_dirty": bool(changes)}


def _head(folder: Path) -> str | None:
    """The checked-out revision from the files of the repository, where there is no git command."""
    try:
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8").strip()
        packed = (folder / "packed-refs").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def _git(source: Path, arguments: Sequence[str]) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # reading must not wait for or disturb other commands
    try:
        done = subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, timeout=10, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def version_words(record: Mapping[str, Any]) -> str:
    """Return in words which version wrote a folder, where it is another one than this; else ""."""
    versions = record.get("versions")
    there = versions.get("hotmesa") if isinstance(versions, Mapping) else None
    if there is None or there == version():
        return ""
    return f"; the folder was written by hotmesa {there}, this is {version()}"


def read_scenario(path: Path) -> Scenario:
    """Return the resolved scenario in a file of a result folder.

    Raises:
        ResultError: the file is missing or damaged.
    """
    try:
        values = toml.read(path)
        return Scenario.model_validate(values)
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file; is {path.parent} the folder of a run?") from None
    except ValidationError as error:
        wrong = "; ".join(f"{dotted(result.where, values)}: {result.text}" for result in schema_findings(error))
        raise ResultError(f"{path}: is damaged or from another version ({wrong})") from error
    except (OSError, ValueError) as error:
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
