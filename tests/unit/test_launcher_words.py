"""What the launcher does about surroundings in which a program would fail, or say too much."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.launcher import ROOT, launch, launcher_environment, ready_cache, shell
from helpers.requests import hear_all
from regression.contract import GOLDEN

needs_mpirun = pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder with a record that names the present environment as ready."""
    return ready_cache(tmp_path)


@needs_mpirun
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "nowhere.toml"), "there is no file nowhere.toml"),
        (("run", "kurter2010-uniform", "--frobnicate"), "unrecognized arguments: --frobnicate"),
        (("run", "kurter2010-uniform", "--out", "full"), "full already holds results (scenario.toml)"),
        (("study", "nowhere.toml", "--mpi"), 'no file "nowhere.toml"'),
    ],
)
def test_bad_input_on_two_processes_is_one_message(cache: Path, tmp_path: Path, words: tuple[str, ...], said: str):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "scenario.toml").write_text("")
    done = launch(cache, "mpirun", "-n", "2", *words, cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert done.stdout == ""
    assert sum(said in line for line in lines) == 1
    assert sum(line.startswith("hotmesa: ") for line in lines) == 1
    assert not any("-----" in line or "MPI_ABORT" in line for line in lines), done.stderr


@needs_mpirun
def test_lists_on_two_processes_come_once(cache: Path):
    done = launch(cache, "mpirun", "-n", "2", "list")
    assert done.returncode == 0
    assert sum(line.startswith("kurter2010-n19 ") for line in done.stdout.splitlines()) == 1


@needs_mpirun
def test_a_loop_of_the_shell_keeps_its_input(cache: Path):
    each = f"'{ROOT / 'hotmesa'}' mpirun -n 2 check \"$name\" >/dev/null; echo \"did $name\""
    loop = f"while read -r name; do {each}; done"
    names = ["kurter2010-n06", "kurter2010-n12", "kurter2010-n19"]
    done = subprocess.run(
        ["bash", "-c", loop], env=launcher_environment(cache), input="\n".join(names) + "\n", capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [f"did {name}" for name in names], done.stderr


@pytest.mark.parametrize("before", [(), pytest.param(("mpirun", "-n", "2"), marks=needs_mpirun)], ids=["one", "two"])
def test_paths_may_hold_spaces(cache: Path, tmp_path: Path, before: tuple[str, ...]):
    (tmp_path / "in put").mkdir()
    shutil.copy(GOLDEN / "uniform.toml", tmp_path / "in put" / "a b.toml")
    done = launch(cache, *before, "run", "in put/a b.toml", "--out", "out put/x y", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out put" / "x y" / "summary.json").exists()


RULE = "-" * 74
BLOCK_6 = f"{RULE}\n\nprterun detected that one or more processes exited with non-zero status,\nthus\n\n  1\n{RULE}\n"
BLOCK = f"{RULE}\nprterun detected that one or more processes exited with non-zero status,\nthus ...\n{RULE}\n"


@pytest.mark.parametrize(
    ("said", "handed_on"),
    [
        ("hotmesa: no\n" + BLOCK, "hotmesa: no\n"),
        (BLOCK + "hotmesa: no\n", "hotmesa: no\n"),
        (f"{RULE}\nA deprecated MCA variable value was\n{RULE}\nhotmesa: no\n{BLOCK_6}", "hotmesa: no\n"),
        (f"{RULE}\n\nan own block\n{RULE}\n", f"{RULE}\n\nan own block\n{RULE}\n"),
        (f"{RULE}\nrank 1 was killed\n{RULE}\n", f"{RULE}\nrank 1 was killed\n{RULE}\n"),
        (f"{RULE}\nprterun noticed\n{RULE}\n{BLOCK}", f"{RULE}\nprterun noticed\n{RULE}\n"),
        ("[vm:01] PMIX ERROR: PMIX_ERR_UNREACH in file pmix_server.c at line 1\nx\n", "x\n"),
        ("  indented \\ and no end", "  indented \\ and no end\n"),
        (f"{RULE}\n", f"{RULE}\n"),
        (f"{RULE}\nPrimary job  terminated normally, but 1 process\nreturned ...\n{RULE}\nx\n", "x\n"),
    ],
)  # fmt: skip
def test_only_what_the_program_has_said_itself_is_dropped(tmp_path: Path, said: str, handed_on: str):
    done = shell(tmp_path, 'printf %s "$1" | without_mpirun_words', said)
    assert (done.stdout, done.returncode) == (handed_on, 0), done.stderr


def test_a_missing_home_is_that_of_the_user(tmp_path: Path):
    script = 'echo "$HOME $cache"; bash -c \'echo "$HOME"\''
    done = subprocess.run(
        ["env", "-u", "HOME", "-u", "HOTMESA_CACHE", "-u", "XDG_CACHE_HOME", "bash", "-euc",
         f"source '{ROOT}/setup/common.sh'; {script}"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    home = os.path.expanduser("~") if "HOME" not in os.environ else _home_of_the_user()
    assert done.stdout.splitlines() == [f"{home} {home}/.cache/hotmesa", home]


def _home_of_the_user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_dir


@pytest.mark.parametrize("name", ["TMPDIR", "TEMP", "TMP"])
@pytest.mark.parametrize("folder", ["/nowhere/at/all", "hidden", "file"])
def test_folders_for_temporary_files_that_are_of_no_use_are_told(tmp_path: Path, name: str, folder: str):
    (tmp_path / "file").write_text("")
    (tmp_path / "hidden").mkdir()
    (tmp_path / "shown").mkdir()
    value = str(tmp_path / folder)
    script = f'check_temporary "$1/shown"; echo "[${{{name}-}}]"'
    done = shell(tmp_path, script, str(tmp_path), changes={name: value})
    assert done.stdout == "[]\n"
    assert f"{name}={value} cannot be written to from inside the environment: temporary files go to /tmp" in done.stderr
    kept = shell(tmp_path, script, str(tmp_path), changes={name: str(tmp_path / "shown")})
    assert (kept.stdout, kept.stderr) == (f"[{tmp_path}/shown]\n", "")


@pytest.mark.parametrize(("free", "processes", "file"), [(64000, 2, False), (64000, 4, True), (0, 2, True)])
def test_little_shared_memory_is_replaced_by_files(tmp_path: Path, free: int, processes: int, file: bool):
    words = f'df() {{ printf "Filesystem\\ntmpfs 9 9 {free} 1%% /dev/shm\\n"; }}; shared_memory {processes}; '
    done = shell(tmp_path, words + 'echo "[${OMPI_MCA_btl_sm_backing_directory-}]"', changes={"TMPDIR": str(tmp_path)})
    assert done.stdout == (f"[{tmp_path}]\n" if file else "[]\n")
    assert (f"/dev/shm has {free // 1000} MB, too few for {processes} processes of MPI" in done.stderr) == file


PROGRAM = """
import signal, sys, time
def end(number, frame):
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # the launcher may hand on what has come directly
    print("saved", flush=True)
    sys.exit(130)
for name in ("SIGTERM", "SIGHUP", "SIGINT"):
    signal.signal(getattr(signal, name), end)
print("go", flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=["TERM", "HUP", "INT"])
@pytest.mark.parametrize("whom", ["group", "launcher"])
def test_the_launcher_waits_for_a_program_that_is_asked_to_end(tmp_path: Path, whom: str, number: signal.Signals):
    # As in the sandbox: what stands between the launcher and the program ignores every request.
    between = "env --default-signal=INT,QUIT,TERM,HUP \"$1\" -c \"$2\"; exit $?"
    words = f'shielded bash -c \'{between}\' between "$1" "$2"'
    parts = "".join(f"source '{ROOT}/setup/{name}.sh'; " for name in ("common", "enter"))
    process = subprocess.Popen(
        ["bash", "-c", f"set -euo pipefail; {parts} run_watched {words}", "bash", sys.executable, PROGRAM],
        env=launcher_environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=hear_all,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        (os.killpg if whom == "group" else os.kill)(process.pid, number)
        assert process.stdout.read() == "saved\n"
    assert process.returncode == 130


def test_a_working_folder_and_files_that_are_not_shown_are_told(tmp_path: Path):
    for name in ("shown", "hidden", "tree"):
        (tmp_path / name).mkdir()
    file = tmp_path / "hidden" / "x.toml"
    file.write_text("")
    words = 'shown_folders() { shown=("$1/shown"); }; cd "$1/$2"; shift 2; refuse_hidden "$@"; echo fine'
    tree = str(tmp_path / "tree")

    def asked(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A function has arguments of its own.
        script = words.replace('("$1/shown")', f'("{tmp_path}/shown")')
        return shell(tmp_path / "cache", script, str(tmp_path), folder, tree, *arguments)

    assert asked("shown", "hotmesa", "list").stdout == "fine\n"
    done = asked("hidden", "hotmesa", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the working folder {tmp_path}/hidden is not shown inside the environment" in done.stderr
    done = asked("shown", "hotmesa", "check", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file} is not shown inside the environment" in done.stderr
    Path(tree + str(file)).parent.mkdir(parents=True)
    Path(tree + str(file)).write_text("")  # the tree has a namesake, and that is meant: /usr/bin/env
    assert asked("shown", "hotmesa", "check", str(file)).stdout == "fine\n"


def test_closed_streams_end_no_run(cache: Path, tmp_path: Path):
    words = f"'{ROOT / 'hotmesa'}' run kurter2010-uniform --out '{tmp_path}/out' <&- >&- 2>&-"
    done = subprocess.run(["bash", "-c", words], env=launcher_environment(cache), check=False, timeout=120)
    assert done.returncode == 0
    assert (tmp_path / "out" / "summary.json").exists()
