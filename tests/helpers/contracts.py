"""The contracts of pyproject.toml on a package, wherever it lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def layers_broken(folder: Path) -> bool:
    """Whether the contracts of pyproject.toml are broken by the package `hotmesa` in a folder."""
    done = subprocess.run(
        ["lint-imports", "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts" in done.stdout, done.stdout + done.stderr
    return done.returncode != 0
