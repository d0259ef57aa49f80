"""What the contract fixes: names of files, columns, keys, words of the command line, and small runs to 1e-9.

python tests/regression/contract.py FOLDER   writes the golden files anew by runs in FOLDER: look at the change.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
RUNS = {
    "uniform": "uniform.csv",
    "strip": "iv.csv",
    "disc": "iv.csv",
    "sweep": "sweep.csv",
    "transient": "transient.csv",
    "diagram": "diagram.csv",
}
WORDS = {
    "help": ("--help",),
    "list": ("list",),
    "schema": ("check", "--schema"),
    "check": ("check", "kurter2010-n19"),
    "unknown": ("check", "kurter2010-n19", "--set", "mesa.junctionz=3"),
}


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    program = shutil.which("hotmesa") or "hotmesa"
    wide = {**os.environ, "COLUMNS": "100"}
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, env=wide)


def keys(values: object, prefix: str = "") -> list[str]:
    """The names in a summary, with dots."""
    if not isinstance(values, dict):
        return [prefix]
    return [name for key, value in values.items() for name in keys(value, f"{prefix}.{key}" if prefix else key)]


def compute(name: str, folder: Path) -> None:
    """Run one of the small scenarios into a folder."""
    done = command("run", str(GOLDEN / f"{name}.toml"), "--out", str(folder), "--quiet", "--overwrite")
    if done.returncode:
        raise RuntimeError(done.stderr)


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def main() -> None:
    """Write the golden files."""
    work = Path(sys.argv[1])
    for name, table in RUNS.items():
        compute(name, work / name)
        shutil.copy(work / name / table, GOLDEN / f"{name}.csv")
    found = {
        name: {
            "files": sorted(path.name for path in (work / name).iterdir() if path.suffix != ".vtu"),
            "keys": keys(json.loads((work / name / "summary.json").read_text())),
        }
        for name in RUNS
    }
    (GOLDEN / "folders.json").write_text(json.dumps(found, indent=1) + "\n")
    for name, arguments in WORDS.items():
        done = command(*arguments)
        (GOLDEN / f"{name}.txt").write_text(f"status {done.returncode}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
