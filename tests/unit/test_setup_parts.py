"""Parts of the set-up that need no network: versions with hashes, mirrors, locks, rights, words meanwhile."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import time
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from helpers.launcher import ROOT, shell

LOCK = ROOT / "setup" / "requirements.lock"
ASK = ROOT / "setup" / "base_python.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = dict(re.findall(r"^([a-z0-9-]+)==(\S+) ", LOCK.read_text(), flags=re.MULTILINE))


def unmet(pyproject: Path, lock: Path, extras: str = "") -> subprocess.CompletedProcess[str]:
    """Ask this Python for what it lacks."""
    words = [sys.executable, str(ASK), "unmet", str(pyproject), extras, str(lock)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def project(folder: Path, *requirements: str) -> Path:
    """Write a pyproject.toml with these requirements."""
    path = folder / "pyproject.toml"
    text = f'[build-system]\nrequires = []\n[project]\nname = "x"\ndependencies = {[*requirements]!r}\n'
    path.write_text(text + "[project.optional-dependencies]\nmore = ['never-heard-of-1']\n")
    return path


def test_every_version_of_the_lock_file_has_hashes_and_is_within_the_bounds_of_the_project() -> None:
    from packaging.requirements import Requirement

    blocks = re.split(r"\n(?=[a-z])", LOCK.read_text())[1:]
    assert len(blocks) == len(PINS) > 30
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    groups = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"]]
    lines += [line for name in groups if name != "solver" for line in groups[name]]
    wanted = {item.name: item for item in map(Requirement, lines)}
    for name in wanted.keys() & PINS.keys():
        assert wanted[name].specifier.contains(PINS[name]), name
    # What no Python with DOLFINx brings along.
    assert {"pyvista", "pyarrow", "lmfit", "pytest", "pytest-xdist", "ruff", "mypy", "import-linter"} <= PINS.keys()


def test_a_python_that_has_everything_needs_nothing() -> None:
    done = unmet(ROOT / "pyproject.toml", LOCK, "viz,study,fit,report,test,docs,notebook,shell,explore")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_lacking_comes_with_its_hashes_or_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    blocks = {name: f"{name}==2.0 \\\n    --hash=sha256:{64 * number}\n" for name, number in
              (("never-heard-of-1", "1"), ("never-heard-of-2", "2"), ("numpy", "3"))}  # fmt: skip
    lock.write_text("# words\n" + "".join(blocks.values()))
    done = unmet(project(tmp_path, "numpy>=1", "Never_Heard.of-1>=1"), lock)
    # numpy is here, and the other one may be required by the first.
    assert (done.returncode, done.stdout) == (0, blocks["never-heard-of-1"] + blocks["never-heard-of-2"])
    done = unmet(project(tmp_path, "numpy>=1000"), lock)
    assert blocks["numpy"] in done.stdout
    done = unmet(project(tmp_path, "never-heard-of-3>=7"), lock)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "never-heard-of-3>=7\n")
    assert unmet(project(tmp_path, "numpy>=1"), lock).stdout == ""
    assert unmet(project(tmp_path, "numpy>=1"), lock, "more").stdout != ""
    assert unmet(project(tmp_path, "absent; python_version < '3'"), lock).stdout == ""


def wheel(folder: Path) -> Path:
    """Write a wheel of a package with nothing in it."""
    path = folder / "never_heard_of_1-2.0-py3-none-any.whl"
    record = "never_heard_of_1-2.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{record}/METADATA", "Metadata-Version: 2.1\nName: never-heard-of-1\nVersion: 2.0\n")
        file.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{record}/RECORD", "")
    return path


@pytest.mark.parametrize("right", [True, False])
def test_a_file_with_another_hash_is_refused(tmp_path: Path, right: bool) -> None:
    found = hashlib.sha256(wheel(tmp_path).read_bytes()).hexdigest()
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (environment / "bin" / "python").chmod(0o755)
    (environment / "constraints.txt").write_text("")
    (environment / "wanted.txt").write_text(f"never-heard-of-1==2.0 --hash=sha256:{found if right else 64 * '0'}\n")
    script = (
        "make_cache; environment=$1; route=system own_paths=yes; "
        'logged pip_install "$1" --dry-run --no-index --find-links "$2" --require-hashes --no-deps -r wanted.txt || '
        "refuse_other_hashes; echo done"
    )
    done = shell(tmp_path / "cache", script, str(environment), str(tmp_path))
    log = (tmp_path / "cache" / "setup.log").read_text()
    if right:
        assert (done.returncode, done.stdout) == (0, "done\n"), log
        assert "Would install never-heard-of-1-2.0" in log
    else:
        assert (done.returncode, done.stdout) == (1, "")
        assert "pip fetched a file that is not the one that was tested" in done.stderr


@pytest.mark.parametrize(
    ("answer", "given", "mirror", "said"),
    [
        ("true", "", "https://deb.example.org/debian", False),
        ("false", "", "http://deb.example.org/debian", True),
        ("true", "http://mine/debian", "http://mine/debian", False),
    ],
)
def test_mirrors_are_asked_for_https(tmp_path: Path, answer: str, given: str, mirror: str, said: bool) -> None:
    script = (
        f"apt-get() {{ echo 'http://deb.example.org/debian main'; }}; answers() {{ {answer}; }}; log=/dev/null; "
        "debian_mirror trixie"
    )
    done = shell(tmp_path, script, changes={"HOTMESA_DEBIAN_MIRROR": given})
    assert (done.returncode, done.stdout) == (0, mirror), done.stderr
    assert ("gives no https here" in done.stderr) == said


@pytest.mark.parametrize("mask", ["077", "027", "022", "002"])
def test_the_cache_follows_the_umask(tmp_path: Path, mask: str) -> None:
    script = "make_cache; : >$log; mkdir -p $cache/environments; logged mkdir $cache/environments/x"
    done = shell(tmp_path / "cache", f"umask {mask}; {script}")
    assert done.returncode == 0, done.stderr
    for part in (".", "clones", "environments/x"):
        mode = stat.S_IMODE((tmp_path / "cache" / part).stat().st_mode)
        assert mode == 0o777 & ~int(mask, 8), part
    assert stat.S_IMODE((tmp_path / "cache" / "setup.log").stat().st_mode) == 0o666 & ~int(mask, 8)


def test_nothing_is_installed_for_the_machine_without_the_right_to_or_the_need(tmp_path: Path) -> None:
    stub = 'apt-get() { echo "called: $*"; }; sudo() { echo called; }; modern_distribution() { true; }; '
    done = shell(
        tmp_path, f"{stub} is_root() {{ false; }}; find_python() {{ return 1; }}; tree_possible() {{ false; }}; "
        "make_cache; choose_route",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "this user may not install it" in done.stderr and "apt-get install python3-dolfinx-real" in done.stderr
    found = f"{stub} is_root() {{ true; }}; find_python() {{ base=x own_paths=no; }}; make_cache; choose_route"
    assert shell(tmp_path, found).stdout == ""
    said = f"{stub} make_cache; install_by_apt one two"
    assert "installing for the whole machine, as root, with apt-get: one two" in shell(tmp_path, said).stderr


@pytest.mark.parametrize(("status", "said"), [(71, "has no locks"), (0, "")])
def test_a_cache_without_locks_is_told(tmp_path: Path, status: int, said: str) -> None:
    stub = tmp_path / "bin" / "flock"
    stub.parent.mkdir()
    stub.write_text(f"#!/bin/sh\necho 'flock: 9: No locks available' >&2\nexit {status}\n")
    stub.chmod(0o755)
    changes = {"PATH": f"{stub.parent}:{os.environ['PATH']}"}
    done = shell(tmp_path / "cache", "make_cache; take_lock; echo went on", changes=changes)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
    assert said in done.stderr and bool(done.stderr) == bool(said)


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    script = "make_cache; (take_lock; sleep 1; echo first) & sleep 0.3; take_lock; echo second; wait"
    done = shell(tmp_path / "cache", script)
    assert done.stdout == "first\nsecond\n"
    assert "another set-up is at work" in done.stderr


def test_a_tree_that_cannot_be_entered_any_more_is_told(tmp_path: Path) -> None:
    stub = tmp_path / "bin" / "bwrap"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    stub.chmod(0o755)
    for name in ("bash", "tail", "awk", "mkdir", "readlink", "realpath", "cksum"):
        (stub.parent / name).symlink_to(next(p for p in (Path("/bin"), Path("/usr/bin")) if (p / name).exists()) / name)
    done = shell(tmp_path / "cache", f'PATH={stub.parent}; entry_words "$1"', str(tmp_path))
    assert done.returncode == 1
    assert "cannot be entered any more: bwrap: No permissions to create new namespace" in done.stderr
    assert "apt-get install proot" in done.stderr and "conda env create" in done.stderr


def test_steps_are_counted(tmp_path: Path) -> None:
    done = shell(tmp_path, "phases=2; phase one; phase two")
    assert done.stderr == "hotmesa set-up: step 1 of 2: one\nhotmesa set-up: step 2 of 2: two\n"


def test_what_takes_long_tells_its_last_words_and_nothing_is_left_behind(tmp_path: Path) -> None:
    script = (
        'make_cache; sleep() { command sleep 0.2; }; logged bash -c "echo unpacking; command sleep 0.7"; '
        'echo "[$beat]"; pgrep -P $$ -x sleep || echo none'
    )  # fmt: skip
    done = shell(tmp_path / "cache", script)
    assert "hotmesa set-up: … 15 s: unpacking\n" in done.stderr
    assert done.stdout == "[]\nnone\n"


def test_a_clone_of_somebody_else_gets_no_files(tmp_path: Path) -> None:
    words = "root=$1; common_variables; echo [${PYTHONPYCACHEPREFIX-}]"
    assert shell(tmp_path / "cache", words, str(tmp_path)).stdout == "[]\n"
    foreign = tmp_path / "clone"
    foreign.mkdir()
    if os.geteuid() == 0:
        os.chown(foreign, 12345, 12345)
    else:
        foreign.chmod(0o555)
    assert shell(tmp_path / "cache", words, str(foreign)).stdout == f"[{tmp_path}/cache/pycache]\n"


def test_the_launcher_is_linked_among_the_own_programs_of_the_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    link = home / ".local" / "bin" / "hotmesa"
    done = shell(tmp_path / "cache", "link_command; link_command", changes={"HOME": str(home)})
    assert (done.returncode, done.stderr.count("from now on")) == (0, 1)  # said once
    assert "add that folder to PATH" in done.stderr
    assert link.resolve() == ROOT / "hotmesa"
    link.unlink()
    link.symlink_to(tmp_path / "clone that is gone")
    assert shell(tmp_path / "cache", "link_command", changes={"HOME": str(home)}).returncode == 0
    assert link.resolve() == ROOT / "hotmesa"
    link.unlink()
    link.write_text("another program")
    done = shell(tmp_path / "cache", "link_command", changes={"HOME": str(home)})
    assert (done.returncode, done.stderr, link.read_text()) == (0, "", "another program")


THREADS = """#!{python}
import subprocess, threading

def start() -> None:
    child = subprocess.Popen(["sleep", "60"])
    print("ready", flush=True)
    print(child.wait(), flush=True)

ranks = [threading.Thread(target=start) for _ in range(2)]
for rank in ranks: rank.start()
for rank in ranks: rank.join()
"""


def test_a_request_reaches_ranks_that_other_threads_than_the_first_have_started(tmp_path: Path) -> None:
    """As those of Open MPI 6 are."""
    program = tmp_path / "prterun"
    program.write_text(THREADS.format(python=sys.executable))
    program.chmod(0o755)
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert [starter.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
        asked = shell(tmp_path, 'signal_programs TERM "$1"', str(starter.pid))
        said = starter.communicate(timeout=30)[0]
    assert (asked.returncode, asked.stderr) == (0, "")
    assert said.split() == [str(-signal.SIGTERM)] * 2


def clone(folder: Path, requirement: str = "numpy") -> Path:
    """Make a clone that has no more than what its requirements are read from."""
    (folder / "setup").mkdir(parents=True)
    text = f'[project]\ndependencies = ["{requirement}"]\n[tool.ruff]\ncache-dir = "{folder}"\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "setup" / "requirements.lock").write_text("numpy==2.0\n")
    return folder


PLACE = "base=/usr/bin/python3 tree=- own_paths=no; "


def packages_of(cache: Path, root: Path) -> str:
    """Return the folder of the packages of a clone, which is made where it is not there yet."""
    script = f"root={root}; {PLACE}" + (
        "make_venv() { mkdir -p $1; }; install_locked() { echo made >&2; }; shared_packages && echo $packages"
    )
    done = shell(cache, script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() + (" made" if "made" in done.stderr else "")


def test_clones_with_the_same_requirements_share_their_packages(tmp_path: Path):
    cache = tmp_path / "cache"
    first = packages_of(cache, clone(tmp_path / "one"))
    assert first.endswith(" made")
    assert packages_of(cache, clone(tmp_path / "two")) == first.removesuffix(" made")
    assert packages_of(cache, clone(tmp_path / "other", "scipy")) not in (first, first.removesuffix(" made"))


def test_an_environment_finds_shared_packages_before_those_of_the_base(tmp_path: Path):
    cache = tmp_path / "cache"
    environment, packages = cache / "environments" / "own", cache / "packages" / "shared"
    for folder in (environment, packages):
        venv.create(folder, with_pip=False, system_site_packages=True)
    (packages_folder,) = packages.glob("lib/python3*/site-packages")
    (packages_folder / "numpy.py").write_text("here = 'shared'\n")
    done = shell(cache, f"environment={environment}; packages={packages}; see_packages; $environment/bin/python -c "
                 "'import numpy; print(numpy.here)'")  # fmt: skip
    assert done.stdout == "shared\n", done.stderr


def test_packages_go_two_weeks_after_the_last_environment_that_uses_them(tmp_path: Path):
    cache = tmp_path / "cache"
    for name, days in (("used", 20), ("idle", 20), ("just-left", 1)):
        folder = cache / "packages" / name
        folder.mkdir(parents=True)
        os.utime(folder, 2 * (time.time() - 86400 * days,))
    (cache / "environments" / "own").mkdir(parents=True)
    (cache / "environments" / "own" / "packages").symlink_to(cache / "packages" / "used")
    done = shell(cache, "drop_stale_packages")
    assert {path.name for path in (cache / "packages").iterdir()} == {"used", "just-left"}
    assert "idle" in done.stderr


BROWSER = """make_cache; : >"$log"; route=tree tree=$1
in_writable_tree() {
  printf '%s\\n' "$*" >>"$tree/calls"
  [[ $works == yes ]] && install -m 755 /dev/null "$tree/usr/bin/$browser"
}
works=$2; bring_browser; bring_browser; echo done"""


@pytest.mark.parametrize("works", ["yes", "no"])
def test_a_browser_comes_into_the_tree_once_or_its_lack_is_told(tmp_path: Path, works: str) -> None:
    tree = tmp_path / "debian-trixie-1"
    (tree / "usr" / "bin").mkdir(parents=True)
    done = shell(tmp_path / "cache", BROWSER, str(tree), works)
    calls = (tree / "calls").read_text().splitlines()
    assert len(calls) == 1
    assert "apt-get install --yes --no-upgrade chromium-headless-shell" in calls[0]
    assert "about 100 MB" in done.stderr
    if works == "yes":
        assert (done.returncode, done.stdout) == (0, "done\n")
    else:
        assert (done.returncode, done.stdout) == (1, "")
        assert "tests of pages are left out" in done.stderr
