"""The launcher with a cache folder that says that everything is ready, and its parts as shell functions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def launcher_environment(cache: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of the tests with another cache folder."""
    return {**os.environ, "HOTMESA_CACHE": str(cache), **(changes or {})}


def shell(
    cache: Path, script: str, *words: str, changes: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script after the parts of the launcher have been sourced."""
    parts = "".join(f'source "$root/setup/{name}.sh"; ' for name in ("common", "python", "tree", "enter", "ensure"))
    return subprocess.run(
        ["bash", "-c", f'set -euo pipefail; root=$1; shift; {parts}{script}', "bash", str(ROOT), *words],
        env=launcher_environment(cache, changes), capture_output=True, text=True, check=False,
    )  # fmt: skip


def ready_cache(folder: Path) -> Path:
    """Make a cache folder with a record that names the present environment as ready."""
    cache = folder / "cache"
    environment = cache / "environments" / "present"
    environment.mkdir(parents=True)
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    for part in ("lib", "pyvenv.cfg", "packages"):  # or its Python would not know the package
        if (Path(sys.prefix) / part).exists():
            (environment / part).symlink_to(Path(sys.prefix) / part)
    shutil.copy(ROOT / "pyproject.toml", environment)
    (environment / "extras").write_text("viz,test\n")
    record = (
        "make_cache; record=$(record_name); "
        'route=system base=$2 tree=- own_paths=yes environment=$1; write_record'
    )  # fmt: skip
    made = shell(cache, record, str(environment), sys.executable)
    assert made.returncode == 0, made.stderr
    return cache


def launch(
    cache: Path, *words: str, cwd: Path = ROOT, changes: Mapping[str, str] | None = None, stdin: str = "",
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run the launcher."""
    return subprocess.run(
        [str(ROOT / "hotmesa"), *words], env=launcher_environment(cache, changes), cwd=cwd,
        input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
