"""Rules of the house that no other tool checks: layout, direction of dependencies, sizes, links."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import make_code_map
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("meshes", "postprocess", "scenarios", "solver")
# What each folder may import of the others (the command line, which ties them together, may import all).
MAY_IMPORT = {
    "scenarios": {"scenarios"},
    "meshes": {"scenarios", "meshes"},
    "solver": {"scenarios", "meshes", "solver"},
    "postprocess": {"scenarios", "postprocess"},
}
COMMAND_LINE = {"solver/cli.py", "solver/job.py"}
HEAVY = {"dolfinx", "ufl", "basix", "ffcx", "petsc4py", "slepc4py", "mpi4py", "gmsh"}
MAY_NOT_IMPORT = {
    "scenarios": HEAVY | {"matplotlib", "pyvista"},
    "postprocess": HEAVY,
    "solver": {"matplotlib", "pyvista"},
}
LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 400

SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TEXTS = [*sorted((ROOT / "docs").glob("**/*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports anywhere, with the imported names added ("hotmesa" + "solver")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wrong_imports(name: str, source: str) -> list[str]:
    folder = name.split("/")[0]
    wrong = []
    for module in imported_modules(ast.parse(source)):
        parts = module.split(".")
        if parts[0] == "hotmesa":
            if len(parts) > 1 and parts[1] not in MAY_IMPORT[folder] and name not in COMMAND_LINE:
                wrong.append(module)
        elif parts[0] in MAY_NOT_IMPORT.get(folder, ()):
            wrong.append(module)
    return wrong


def test_wrong_imports_are_seen():
    assert wrong_imports("scenarios/x.py", "def f():\n    from hotmesa.solver import laws") == ["hotmesa.solver.laws"]
    assert wrong_imports("postprocess/x.py", "import dolfinx.fem") == ["dolfinx.fem"]
    assert wrong_imports("solver/x.py", "import hotmesa.postprocess.curves") == ["hotmesa.postprocess.curves"]
    assert wrong_imports("solver/x.py", "from hotmesa.meshes import build_mesh") == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_dependencies_go_one_way(path: Path):
    assert wrong_imports(name_of(path), path.read_text()) == []


def test_code_map_is_up_to_date():
    assert make_code_map.PAGE.read_text() == make_code_map.page(), "run python docs/make_code_map.py"


def test_modules_use_only_groups_of_the_code_map_above_theirs():
    groups = [(folder, names.split()) for folder, names in make_code_map.GROUPS.values()]
    place = {f"hotmesa.{folder}.{name}": k for k, (folder, names) in enumerate(groups) for name in names}
    wrong = []
    for module, k in place.items():
        package, name = module.split(".")[1:]
        for node in ast.walk(ast.parse((ROOT / package / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                used = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                wrong += [f"{module} imports {other}" for other in used if place.get(other, k) > k]
    assert wrong == []


def test_packages_in_pyproject_are_the_folders_of_the_tree():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert sorted(tool["packages"]) == [f"hotmesa.{folder}" for folder in FOLDERS]
    assert tool["package-dir"] == {f"hotmesa.{folder}": folder for folder in FOLDERS}
    found = {path.parent.relative_to(ROOT).as_posix() for path in SOURCES if path.name == "__init__.py"}
    assert found == set(FOLDERS), "a folder without __init__.py, or a sub-package that setuptools would not install"
    assert {path.parent for path in SOURCES} == {ROOT / folder for folder in FOLDERS}
    assert all((ROOT / folder / "py.typed").exists() for folder in FOLDERS)


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
