"""The set-up files agree with pyproject.toml, and the launcher keeps its promises where an environment is ready."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.launcher import ROOT, launch, launcher_environment, ready_cache, shell

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# conda-forge has another name for these.
CONDA_NAMES = {"gmsh": "python-gmsh", "matplotlib": "matplotlib-base"}
SCRIPTS = [ROOT / "hotmesa", ROOT / ".ci" / "run", *sorted((ROOT / "setup").glob("*.sh"))]


def requirement(text: str) -> tuple[str, frozenset[str]]:
    """Name and set of bounds of one requirement line."""
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*(.*)", text.strip())
    assert match is not None, text
    return match.group(1), frozenset(bound.strip() for bound in match.group(2).split(",") if bound.strip())


def conda_requirements(file: str, begin: str, end: str = "\0") -> dict[str, frozenset[str]]:
    text = (ROOT / file).read_text().split(begin, maxsplit=1)[1].split(end)[0]
    lines = [line.strip() for line in text.splitlines()]
    return dict(requirement(line[2:]) for line in lines if line.startswith("- "))


def on_conda(*groups: list[str]) -> dict[str, frozenset[str]]:
    """Requirements of the project under the names of conda-forge."""
    wanted = dict(requirement(line) for group in (PROJECT["dependencies"], *groups) for line in group)
    wanted = {CONDA_NAMES.get(name, name): bounds for name, bounds in wanted.items()}
    # conda-forge starts with 0.10 on the platforms that count, which narrows the range of the project.
    assert ">=0.9" in wanted["fenics-dolfinx"]
    wanted["fenics-dolfinx"] = wanted["fenics-dolfinx"] - {">=0.9"} | {">=0.10"}
    wanted["python"] = frozenset({PROJECT["requires-python"]})
    return wanted


def test_environment_yml_has_the_requirements_of_pyproject():
    found = conda_requirements("environment.yml", "dependencies:\n")
    assert "pip" in found
    assert {name: bounds for name, bounds in found.items() if name != "pip"} == on_conda(*EXTRAS.values())


def test_the_conda_recipe_is_in_step_with_pyproject():
    found = conda_requirements("setup/recipe.yaml", "  run:\n", "tests:\n")
    assert found == on_conda(*(EXTRAS[name] for name in ("solver", "viz", "fit", "report")))
    text = (ROOT / "setup/recipe.yaml").read_text()
    assert re.findall(r'version: "(.*)"', text) == [PROJECT["version"]]
    assert re.findall(r"- (hotmesa = \S+)", text) == [f"{name} = {place}" for name, place in PROJECT["scripts"].items()]


def commands(text: str) -> list[list[str]]:
    """Words of the commands of a script, without the folders in which a Python and its files are."""
    text = text.replace("\\\n", " ").replace("RUN ", "").replace("python3 -m pip", "pip").replace("$WANTED", WANTED)
    lines = [line for row in text.splitlines() for line in row.split("&&")]
    plain = [re.sub(r"(\.venv/bin|\.venv|/tmp)/", "", line).replace("--no-cache-dir ", "").split() for line in lines]
    return [["python" if word == "python3" else word for word in words] for words in plain]


WANTED = "pyproject.toml viz,study,fit,report,test,docs,notebook,shell,explore setup/requirements.lock"
"""What the launcher asks for: its arguments of `unmet`."""
FROM_LOCK = f"""
python setup/base_python.py constraints > constraints.txt
python setup/base_python.py unmet {WANTED} > wanted.txt
pip install --constraint constraints.txt --require-hashes --no-deps -r wanted.txt
pip install --no-deps --no-build-isolation --editable .
"""


def test_every_route_takes_the_versions_and_hashes_of_the_lock_file():
    docker = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^FROM dolfinx/dolfinx:", docker, flags=re.MULTILINE)
    assert f'ARG WANTED="{WANTED}"' in docker
    by_hand = (ROOT / "docs" / "install.md").read_text().partition("\n## By hand\n")[2].split("```")[1]
    asked = commands(FROM_LOCK)[1:]
    for text in (docker, by_hand):
        found = [words for words in commands(text) if words in asked]
        assert found[:4] == asked, text
    extras = WANTED.split()[1].split(",")
    assert set(extras) == set(EXTRAS) - {"solver"}
    launcher = (ROOT / "setup" / "python.sh").read_text()
    assert f"every_extra={','.join(extras)}\n" in launcher
    for words in ("unmet \"$root/pyproject.toml\" \"$2\" \"$root/setup/requirements.lock\"",
                  "--require-hashes --no-deps --requirement wanted.txt", "--no-deps --no-build-isolation"):  # fmt: skip
        assert words in launcher


def test_the_lock_file_has_what_any_python_with_dolfinx_may_lack():
    """The image of DOLFINx brings numpy, mpi4py and petsc4py, and little else."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "setup" / "requirements.lock").read_text(), re.MULTILINE))
    groups = (PROJECT["dependencies"], *(lines for name, lines in EXTRAS.items() if name != "solver"))
    assert {requirement(line)[0].lower().replace("_", "-") for group in groups for line in group} <= locked


def test_launcher_installs_the_extras_of_pyproject():
    text = (ROOT / "setup" / "python.sh").read_text()
    match = re.search(r"^every_extra=([a-z,]+)$", text, re.MULTILINE)
    assert match is not None
    assert set(match.group(1).split(",")) == set(EXTRAS) - {"solver"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_valid_shell(script: Path):
    result = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_launcher_and_ci_can_be_run():
    assert all(os.access(ROOT / name, os.X_OK) for name in ("hotmesa", ".ci/run"))


# --- the launcher, with a cache folder that says that everything is ready ------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder with a record that names the present environment as ready."""
    return ready_cache(tmp_path)


@pytest.mark.parametrize("status", [0, 2, 3, 130])
def test_launcher_returns_the_exit_status_of_the_program(cache: Path, status: int):
    assert launch(cache, "exec", "sh", "-c", f"exit {status}").returncode == status


def test_launcher_is_silent_when_ready_and_keeps_the_current_folder(cache: Path, tmp_path: Path):
    folder = tmp_path / "with a space"
    folder.mkdir()
    result = launch(cache, "--python", "-c", "import os; print(os.getcwd())", cwd=folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{folder}\n", "")


def test_launcher_sets_the_variables_that_mpi_and_blas_need(cache: Path):
    result = launch(cache, "exec", "env")
    variables = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert variables["OMP_NUM_THREADS"] == "1"
    assert variables["OMPI_MCA_btl"] == "self,sm"
    assert variables["OMPI_ALLOW_RUN_AS_ROOT"] == variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] == "1"
    assert variables["PYTHONNOUSERSITE"] == "1"


def test_launcher_keeps_modules_of_the_working_folder_out(cache: Path, tmp_path: Path):
    (tmp_path / "logging.py").write_text("open('executed', 'w').close()\n")
    assert launch(cache, "check", "kurter2010-uniform", cwd=tmp_path).returncode == 0
    # The set-up asks the same shell for its Python, for venv and for pip.
    text = (ROOT / "hotmesa").read_text()
    assert text.index("export PYTHONSAFEPATH=1") < text.index("ensure_environment")
    words = "inside python3 -c 'import logging'; inside python3 -m this"
    assert shell(cache, f"route=system own_paths=no; cd '{tmp_path}'; export PYTHONSAFEPATH=1; {words}").returncode == 0
    assert not (tmp_path / "executed").exists()
    # A user's own program finds the modules beside it.
    assert launch(cache, "--python", "-c", "import logging", cwd=tmp_path).returncode == 0
    assert (tmp_path / "executed").exists()


def test_launcher_hands_arguments_to_the_command_unchanged(cache: Path):
    result = launch(cache, "check", "no such file.toml")
    assert result.returncode == 2
    assert "no such file.toml" in result.stderr + result.stdout


def test_launcher_builds_the_mpi_command(tmp_path: Path):
    text = (ROOT / "hotmesa").read_text()
    function = text[text.index("mpi_command() {") : text.index("safe=${PYTHONSAFEPATH-}")]
    words = ("-n", "2", "--mca", "btl", "self", "--oversubscribe", "run", "x", "--set", "a=b c")
    result = shell(tmp_path, f'{function}\nmpi_command "$@"; printf \'%s|\' "${{command[@]}}"', *words)
    assert result.stdout == (
        "setsid|--wait|mpirun|-n|2|--mca|btl|self|--oversubscribe|python|-P|-m|mpi4py|-m|hotmesa|run|x|--set|a=b c|"
    ), result.stderr


def test_interrupt_reaches_the_program(cache: Path):
    program = (
        "import sys, time\n"
        "try:\n    print('go', flush=True); time.sleep(30)\n"
        "except KeyboardInterrupt:\n    print('saved'); sys.exit(130)\n"
    )
    process = subprocess.Popen(
        [str(ROOT / "hotmesa"), "--python", "-c", program], env=launcher_environment(cache),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "saved\n"
    assert process.returncode == 130


@pytest.mark.parametrize(
    "words", [("--out", "/newfolder"), ("--out=/newfolder/x",), ("--out", "/usr/new"), ("--out", "/dev/new")]
)
def test_results_that_nobody_would_see_are_refused(cache: Path, words: tuple[str, ...]):
    result = shell(cache, 'refuse_hidden / "$@"', "hotmesa", "run", "kurter2010-n19", *words, "--quiet")
    assert result.returncode == 2
    assert "make the folder first (mkdir -p /" in result.stderr


def test_results_in_folders_that_are_shown_are_welcome(cache: Path, tmp_path: Path):
    new = str(tmp_path / "new" / "er")
    assert shell(cache, 'refuse_hidden / "$@"', "hotmesa", "run", "x", "--out", new).returncode == 0


def test_a_changed_pyproject_means_not_ready(cache: Path):
    ready = "record=$(record_name); is_ready && echo ready || echo stale"
    assert shell(cache, ready).stdout == "ready\n"
    (cache / "environments" / "present" / "pyproject.toml").write_text("[project]\n")
    assert shell(cache, ready).stdout == "stale\n"


def test_missing_test_tools_are_named(cache: Path):
    (cache / "environments" / "present" / "extras").write_text("none\n")
    result = launch(cache, "exec", "pytest")
    assert result.returncode == 1
    assert "./hotmesa setup" in result.stderr


def test_cache_folder_that_cannot_be_written_is_named(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = launch(blocked / "cache", "list")
    assert result.returncode == 1
    assert f"cannot write to the cache folder {blocked / 'cache'}" in result.stderr


def test_cache_folder_with_a_space_is_refused_with_the_way_out(tmp_path: Path):
    result = launch(tmp_path / "a b", "list")
    assert result.returncode == 1
    assert "HOTMESA_CACHE" in result.stderr


def test_unfinished_work_is_removed_when_the_set_up_stops(tmp_path: Path):
    script = "make_cache; begin_changes; unfinished=$cache/half; mkdir $unfinished; logged false || die 'it failed'"
    result = shell(tmp_path / "cache", script)
    assert result.returncode == 1
    assert "it failed" in result.stderr
    assert not (tmp_path / "cache" / "half").exists()


def test_too_little_room_is_told_before_anything_is_made(tmp_path: Path):
    result = shell(tmp_path / "cache", "make_cache; need_space 999999 'a tree'")
    assert result.returncode == 1
    assert "a tree needs 999999 GB" in result.stderr


def test_unknown_dolfinx_is_refused(tmp_path: Path):
    result = shell(tmp_path, "suite_for 0.5")
    assert result.returncode == 1
    assert "HOTMESA_DOLFINX may be 0.9 or 0.11" in result.stderr


def stub_base(folder: Path, version: str, kind: str) -> dict[str, str]:
    """Write a dolfinx and a petsc4py that only tell a version and a kind of numbers."""
    (folder / "dolfinx").mkdir(parents=True)
    (folder / "dolfinx" / "__init__.py").write_text(f"__version__ = {version!r}\n")
    (folder / "petsc4py").mkdir()
    (folder / "petsc4py" / "__init__.py").write_text("")
    (folder / "petsc4py" / "PETSc.py").write_text(f"import numpy\nScalarType = numpy.{kind}\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("version", "kind", "reason"),
    [
        ("0.9.0", "float64", ""),
        ("0.10.0.post5", "float64", ""),
        ("0.11.0", "float64", ""),
        ("1.0.0", "float64", ""),
        ("0.8.0", "float64", "DOLFINx 0.8.0 is too old"),
        ("0.10.0", "complex128", "its PETSc is built for complex numbers"),
    ],
)
def test_probe_tells_which_dolfinx_will_do(tmp_path: Path, version: str, kind: str, reason: str):
    result = subprocess.run(
        [sys.executable, str(ROOT / "setup" / "base_python.py"), "probe"],
        env=stub_base(tmp_path / "stub", version, kind), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (1 if reason else 0, reason)


def test_constraints_pin_what_dolfinx_was_built_with():
    import numpy
    import scipy

    result = subprocess.run(
        [sys.executable, str(ROOT / "setup" / "base_python.py"), "constraints"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pins = set(result.stdout.split())
    assert {f"numpy=={numpy.__version__}", f"scipy=={scipy.__version__}"} <= pins
    assert any(pin.startswith("petsc4py==") for pin in pins)
