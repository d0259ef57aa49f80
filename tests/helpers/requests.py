"""Requests to end, and who still runs after them."""

from __future__ import annotations

import signal
from pathlib import Path

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hear_all() -> None:
    """Undo what nohup or a background job of a shell has set aside."""
    for number in REQUESTS:
        signal.signal(number, signal.SIG_DFL)


def processes_with(word: str) -> dict[int, str]:
    """Names, by number, of the running processes whose command line holds a word."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (path / "cmdline").read_bytes():
                found[int(path.name)] = (path / "comm").read_text().strip()
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


def ranks_with(word: str) -> list[int]:
    """Numbers of the processes of Python among them that mpirun has started."""
    started = [number for number, name in processes_with(word).items() if name.startswith("python")]
    return [number for number in started if b"mpi4py" in Path(f"/proc/{number}/cmdline").read_bytes()]


def parent_of(number: int) -> int:
    """Number of the process that has started one."""
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()[1])


def in_session(number: int) -> list[int]:
    """Processes of a session that are no zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if int(session) == number and state != "Z":
            found.append(int(path.parent.name))
    return found
