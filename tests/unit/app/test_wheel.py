"""The package as `pip install hotmesa-….whl` puts it down: complete, of one version, and without arrows upwards."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from helpers.contracts import ROOT, layers_broken

FOLDERS = {"app": "hotmesa"} | {name: f"hotmesa/{name}" for name in ("meshes", "postprocess", "scenarios", "solver")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages that holds what a wheel of this tree holds, and nothing else of it."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in (*FOLDERS, "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / "tree" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder]
    done = subprocess.run([*command, folder / "tree"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("hotmesa-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_the_sdist_holds_what_a_wheel_is_made_of(installed: Path, tmp_path: Path) -> None:
    code = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    command = [sys.executable, "-W", "ignore", "-c", code, tmp_path]
    done = subprocess.run(command, cwd=installed.parent / "tree", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(tmp_path / done.stdout.splitlines()[-1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} < names
    inside = {str(path.relative_to(installed)) for path in (installed / "hotmesa").rglob("*") if path.is_file()}
    places = {folder: name for name, folder in sorted(FOLDERS.items(), key=lambda pair: -len(pair[1]))}
    for path in inside:
        folder = next(folder for folder in places if path.startswith(f"{folder}/"))
        assert f"{places[folder]}/{path.removeprefix(f'{folder}/')}" in names


def test_every_file_of_the_package_is_in_it(installed: Path) -> None:
    here = {
        f"{inside}/{path.relative_to(ROOT / name)}"
        for name, inside in FOLDERS.items()
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"hotmesa/py.typed", "hotmesa/scenarios/library/kurter2010-n19.toml"} < here
    there = {str(path.relative_to(installed)) for path in (installed / "hotmesa").rglob("*") if path.is_file()}
    assert there == here


def test_no_arrow_goes_up(installed: Path) -> None:
    assert not layers_broken(installed)


def test_it_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    code = "import sys, hotmesa; from hotmesa.cli import main; print(hotmesa.__file__); sys.exit(main(sys.argv[1:]))"
    for words in (["--version"], ["check", "kurter2010-n19"], ["run", "kurter2010-uniform"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(installed)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[0] == str(installed / "hotmesa" / "__init__.py")
    assert (tmp_path / "out" / "kurter2010-uniform" / "iv.png").stat().st_size > 10_000


def test_there_is_one_version_number(installed: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert [path.name for path in installed.glob("*.dist-info")] == [f"hotmesa-{version}.dist-info"]
    assert re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1] == version
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version
