"""What a person sees while a branch is traced: one line of state with a bar, or plain lines in a file or pipe."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

Row = Mapping[str, float | int | str]

_BAR = 20
_PLAIN_EVERY = 5


def tell(stream: TextIO, text: str) -> bool:
    """Write, or fall silent for good and return False.

    A reader that has gone (`| head`, a closed terminal) is no reason to lose a run.
    """
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # or the interpreter fails at its end, when it flushes what is left
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True


class Progress:
    """Shows the points of a branch as they come.

    On a terminal one line is overwritten; elsewhere every fifth point makes a line. `quiet` shows nothing.
    The bar shows the column `along` ("I_mA" or "t_us") on its way to `end`; before V and I stands `prefix`, a format
    of the row.

    Attributes:
        points: number of points so far.
        newton_steps: that they took.
        row: the last one.
    """

    def __init__(
        self,
        stream: TextIO,
        end: float,
        quiet: bool = False,
        along: str = "I_mA",
        prefix: str = "",
        plain: bool = False,
    ) -> None:
        """Prepare for a stream.

        Args:
            stream: where to write.
            end: last value of the column `along`.
            quiet: show nothing.
            along: the column that grows.
            prefix: of each line, as the kind of run wants it.
            plain: lines even on a terminal; mpirun gives its processes one, and hands on whole lines only.
        """
        self.points = 0
        self.newton_steps = 0
        self.row: Row = {}
        self._stream = stream
        self._end, self._along = end, along
        self._quiet, self._prefix = quiet, prefix
        self._terminal = stream.isatty() and not plain
        self._open = False  # whether an unfinished line stands on the terminal
        self._last = ""

    def point(self, row: Row, shown: bool = True) -> None:
        """Take a new point, a row of a table."""
        self.points, self.row = self.points + 1, row
        self.newton_steps += int(row.get("newton_steps") or 0)
        if self._quiet or not shown:
            return
        state = self._state(row)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            self._write("\r" + f"{state} {self._bar(row)}"[:width].ljust(width))
            self._open = True
        elif self.points % _PLAIN_EVERY == 1:
            self._line(state)
        self._last = "" if self.points % _PLAIN_EVERY == 1 else state

    def say(self, text: str) -> None:
        """Write a line of its own."""
        if not self._quiet:
            self._close()
            self._line(text)

    def done(self) -> None:
        """End the line; the last point is always shown."""
        if not self._quiet and not self._terminal and self._last:
            self._line(self._last)
        self._last = ""
        self._close()

    def _state(self, row: Row) -> str:
        voltage, current, hottest = (float(row[name]) for name in ("V_mV", "I_mA", "T_max_K"))
        state = f"V {voltage:7.2f} mV  I {current:7.4f} mA  T_max {hottest:6.2f} K"
        return f"{self._prefix.format(**row)}{state}  points {self.points:4d}  steps {self.newton_steps:5d}"

    def _bar(self, row: Row) -> str:
        part = min(1.0, max(0.0, float(row[self._along]) / self._end))
        full = int(part * _BAR)
        return f"[{'#' * full}{'.' * (_BAR - full)}] {100 * part:3.0f} %"

    def _line(self, text: str) -> None:
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        self._quiet |= not tell(self._stream, text)

    def _close(self) -> None:
        if self._open:
            self._write("\n")
            self._open = False


class ProgressHandler(logging.Handler):
    """Shows warnings of the log between the lines of the progress."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message of a record."""
        self._progress.say(f"{record.levelname.lower()}: {record.getMessage().strip()}")
