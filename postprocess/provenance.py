"""Where a result comes from: versions, source tree, command, date, and a fingerprint of what was asked for."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

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
        resolved_toml: text of scenario.toml, whose SHA-256 is kept.
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
        "scenario_sha256": hashlib.sha256(resolved_toml.encode()).hexdigest(),
    }


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


