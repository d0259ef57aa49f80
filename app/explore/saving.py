"""A device of the page as a scenario file, and the ordinary run of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from hotmesa.processes import outside_mpi
from hotmesa.scenarios import Scenario, to_toml
from hotmesa.scenarios.errors import BAD_INPUT, HotmesaError
from hotmesa.scenarios.writing import write_text

PATIENCE_S = 20.0
"""That a run which is asked to end gets for the point at work."""


class SaveError(HotmesaError, ValueError):
    """A scenario cannot be saved under the name that is asked for."""

    status = BAD_INPUT


def save(scenario: Scenario, folder: Path) -> Path:
    """Write a scenario, complete, to FOLDER/NAME.toml and return the path; no file is replaced.

    Raises:
        SaveError: the file, or a folder of results of that name, is there already.
        OSError: it cannot be written.
    """
    path = folder / f"{scenario.name}.toml"
    for taken in (path, path.with_suffix("")):
        if os.path.lexists(taken):
            raise SaveError(f"{taken} is there already: choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    return write_text(path, to_toml(scenario))


class StartedRun:
    """The command `hotmesa run FILE` as a process of its own, and the last line that it has said.

    Attributes:
        folder: of its results.
        line: the last one.
    """

    def __init__(self, file: Path) -> None:
        """Start it; results go to the folder beside the file that has its name."""
        self.folder, self.line = file.with_suffix(""), "starting"
        command = [sys.executable, "-P", "-m", "hotmesa", "run", str(file), "--out", str(self.folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=outside_mpi(os.environ), start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.line = line.strip() or self.line

    @property
    def status(self) -> int | None:
        """Exit status; None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        """Ask it to end after the point at work: what it has reached is kept, and --resume goes on."""
        if self.status is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
