"""Requests to end a process: which are heard, what they do, and ending with the process that started this one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

Heard = Callable[[], bool]
_LOOK_S = 1.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
# They start ranks from a thread that lives as long as they do; of others only the process itself is looked at.
_STARTERS = ("mpirun", "mpiexec", "prterun", "prted", "orted", "hydra_pmi_proxy", "mpiexec.hydra", "mpirun.hydra")
_outermost: Heard | None = None
"""What the outermost block of `stop_on_signal` hears; blocks inside it hear the same."""


def _heard() -> list[signal.Signals]:
    """Signals that ask a process to stop: Ctrl-C, a batch system, a closed terminal; not what nohup has set aside."""
    return [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[bool]:
    """Hand requests to end to a function while inside; False: signals belong to somebody else here."""
    try:
        before = {number: signal.signal(number, handler) for number in _heard()}
    except ValueError:  # not the main thread
        yield False
        return
    try:
        yield True
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def stop_on_signal() -> Iterator[Heard]:
    """Let a request to stop take effect after the point at work, at the same one on all processes.

    Ctrl-C a second time stops at once; the others come in twos by themselves (to a process and to its group). Blocks
    inside one another hear the same, so that nothing is begun any more once one has heard. A worker of a study ends
    when it is asked to: it would wait for another case for ever, and its pool for it.
    """
    global _outermost
    if _outermost is not None:
        yield _outermost
        return
    if is_worker():
        yield lambda: False
        return
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    with _handled_by(ask) as mine:
        if not mine:
            yield lambda: False
            return
        _outermost = lambda: asked  # noqa: E731 - of this block alone
        try:
            yield _outermost
        finally:
            _outermost = None


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Let every request to end do what Ctrl-C does, and further ones but Ctrl-C nothing: they come in twos."""
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked or number == signal.SIGINT:
            asked = True
            raise KeyboardInterrupt

    with _handled_by(interrupt):
        yield


def ignore_requests() -> None:
    """Let nothing but Ctrl-C and force end this process, which is about to end by itself, before it has."""
    with suppress(ValueError):  # not the main thread
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


def is_worker() -> bool:
    """Whether this is a process of a pool."""
    known = sys.modules.get("multiprocessing.process")
    return known is not None and known.parent_process() is not None


def end_with_parent(parent: int | None = None) -> None:
    """End this process when the one that has started it is gone, which nobody waits for then.

    Its points are in its folder. By the kernel where mpirun is the parent: a rank that waits inside a library for
    another one would never look.

    Args:
        parent: its number, where it may be gone already.
    """
    known = os.getppid() if parent is None else parent
    with suppress(OSError, AttributeError):  # elsewhere than on Linux
        if Path(f"/proc/{known}/comm").read_text(encoding="utf-8").strip() in _STARTERS:
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == known:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
