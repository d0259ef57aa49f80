from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy
import pytest

from hotmesa.postprocess import provenance
from hotmesa.scenarios.writing import write_json


def test_record_names_versions_command_and_scenario(tmp_path: Path) -> None:
    values = provenance.collect("name = 'x'\n", "hotmesa run x", 2)
    write_json(tmp_path / "provenance.json", values)
    read = json.loads((tmp_path / "provenance.json").read_text())
    assert read["versions"]["numpy"] == numpy.__version__
    assert {"python", "hotmesa", "scipy", "dolfinx", "petsc4py", "gmsh"} <= set(read["versions"])
    assert read["command"] == "hotmesa run x"
    assert read["mpi_size"] == 2
    assert read["scenario_sha256"] == hashlib.sha256(b"name = 'x'\n").hexdigest()
    assert read["status"] == "running"
    assert list(tmp_path.iterdir()) == [tmp_path / "provenance.json"]


def test_tree_without_repository_is_unknown(tmp_path: Path) -> None:
    assert provenance.git_state(tmp_path) == {"git_revision": "unknown", "git_dirty": None}


@pytest.mark.parametrize("packed", [False, True])
def test_revision_is_found_without_the_git_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setenv("PATH", "")
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    if packed:
        (git / "packed-refs").write_text("# pack-refs\nabc123 refs/heads/main\n")
    else:
        (git / "refs" / "heads" / "main").write_text("abc123\n")
    assert provenance.git_state(tmp_path) == {"git_revision": "abc123", "git_dirty": None}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs the git command")
def test_changes_of_tracked_files_make_the_tree_dirty(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "a.txt").write_text("1")
    git("add", "a.txt")
    git("commit", "-qm", "first")
    revision = git("rev-parse", "HEAD")
    (tmp_path / "untracked").write_text("x")
    assert provenance.git_state(tmp_path) == {"git_revision": revision, "git_dirty": False}
    (tmp_path / "a.txt").write_text("2")
    assert provenance.git_state(tmp_path) == {"git_revision": revision, "git_dirty": True}
