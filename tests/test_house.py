"""Rules of the house that no other tool checks: layout, direction of dependencies, sizes, links."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.contracts import layers_broken

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("app", "meshes", "postprocess", "scenarios", "solver")
LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 400

SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
BESIDE = sorted(path for folder in ("tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py"))
TEXTS = [*sorted((ROOT / "docs").glob("**/*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_packages_in_pyproject_are_the_folders_of_the_tree():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    names = {folder: "hotmesa" if folder == "app" else f"hotmesa.{folder}" for folder in FOLDERS}
    assert tool["package-dir"] == {name: folder for folder, name in names.items()}
    found = {path.parent.relative_to(ROOT).as_posix() for path in SOURCES}
    inside = {f"hotmesa.{f}".replace("/", ".") for f in found if not f.startswith("app")}
    inside |= {f.replace("app", "hotmesa", 1).replace("/", ".") for f in found if f.startswith("app")}
    assert sorted(tool["packages"]) == sorted(inside)
    assert all((ROOT / folder / "__init__.py").exists() for folder in found)
    assert all((ROOT / folder / "py.typed").exists() for folder in FOLDERS)


def test_the_links_for_typing_are_the_package():
    links = {link.name: link for link in (ROOT / ".typing" / "hotmesa").iterdir()}
    roof = {path.name for path in (ROOT / "app").iterdir() if path.name != "__pycache__"}
    assert set(links) == roof | set(FOLDERS) - {"app"}, "ln -s ../../app/NAME.py .typing/hotmesa"
    assert all(link.is_symlink() and link.exists() for link in links.values())


def test_each_folder_says_its_question_first():
    for path in (path for path in SOURCES if path.name == "__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), name_of(path)


def test_arrows_go_down_only():
    assert not layers_broken(ROOT / ".typing")


def test_an_arrow_upwards_is_seen(tmp_path: Path):
    shutil.copytree(ROOT / ".typing" / "hotmesa", tmp_path / "hotmesa")
    arrays = tmp_path / "hotmesa" / "scenarios" / "arrays.py"
    arrays.write_text(arrays.read_text() + "\nfrom hotmesa.solver import model\n")
    assert layers_broken(tmp_path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_and_files_stay_readable(path: Path):
    source = path.read_text()
    assert len(source.splitlines()) <= LINES_OF_A_FILE
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_files_of_tests_benchmarks_and_examples_stay_readable():
    lines = {name_of(path): len(path.read_text().splitlines()) for path in BESIDE}
    assert len(lines) > 100
    assert {name: count for name, count in lines.items() if count > LINES_OF_A_FILE} == {}


def test_no_bundled_scenario_is_broken():
    from hotmesa.scenarios import available_scenarios, load_scenario

    names = available_scenarios()
    assert {"kurter2010-n06", "kurter2010-n12", "kurter2010-n19", "kurter2010-n24", "kurter2010-n30"} <= set(names)
    assert "kurter2010-uniform" in names
    for name in names:
        load_scenario(name)  # raises with all problems of the file


def links(text: str) -> Iterator[str]:
    """Targets of Markdown links and pictures outside of code blocks."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"\]\(([^)\s]+)\)", outside)
    yield from re.findall(r"<img[^>]*\bsrc=\"([^\"]+)\"", outside)


def headings(text: str) -> set[str]:
    """Anchors that a Markdown page offers, as the usual viewers make them."""
    titles = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_docs_links_lead_somewhere(path: Path):
    text = path.read_text()
    dead = []
    for link in links(text):
        file, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", file):
            continue  # the network is nothing that a test may lean on
        target = path.parent / file if file else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target.read_text())):
            dead.append(link)
    assert dead == []


def test_the_docs_of_the_architecture_name_files_that_exist():
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`((?:[\w*]+/)*\w+\.py|(?:\w+/)+)`", text)
    known = {path.name for path in SOURCES}
    assert len(named) > 30
    assert [name for name in named if not ((ROOT / name).exists() or name in known)] == []


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_docs_name_no_place_of_one_machine(path: Path):
    assert re.findall(r"(?<![\w~.])/(?:root|home/\w|work|Users/\w)[^\s`)]*", path.read_text()) == []


def test_docs_of_the_two_commands_come_first():
    text = (ROOT / "README.md").read_text()
    commands = re.search(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    assert commands is not None
    first, second = (line.split("#")[0].strip() for line in commands.group(1).splitlines())
    assert first.startswith("./hotmesa run kurter2010-n19")
    assert second == "make test"
    assert re.search(r"^exec make test$", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)
