"""The solver in a process of its own: what it is asked last, it answers; what was asked before, it lets go."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from hotmesa.processes import outside_mpi, safe_path
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.schema import Scenario
from hotmesa.stopping import end_with_parent

if TYPE_CHECKING:
    from hotmesa.explore.answers import Answer

PATIENCE_S = 2.0
"""That a process which is asked to end gets to do so."""


@dataclass(frozen=True)
class Question:
    """A device, by the number of the question."""

    number: int
    scenario: Scenario


@dataclass(frozen=True)
class Reply:
    """What the process has to say about a question.

    Attributes:
        number: of the question.
        coarse: about its coarse model.
        I_mA: current that is reached; None for what else there is.
        answer: the branch.
        problem: why there is none.
    """

    number: int
    coarse: bool
    I_mA: float | None = None
    answer: Answer | None = None
    problem: str = ""


class Worker:
    """A process that answers questions, and is there from the first one on.

    DOLFINx and PETSc stay in one process with one thread; that of the page has neither, so that it never waits.
    """

    def __init__(self) -> None:
        """Start it."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_answer_for_ever, args=(theirs, os.getpid()), daemon=True)
        with safe_path():
            self._process.start()
        theirs.close()

    def fileno(self) -> int:
        """Return the number of the file that can be read when there is a reply."""
        return self._connection.fileno()

    def ask(self, question: Question) -> None:
        """Ask; older questions are let go.

        Raises:
            OSError: the process is gone.
        """
        self._connection.send(question)

    def replies(self) -> list[Reply]:
        """Return what it has said since.

        Raises:
            EOFError: the process is gone.
        """
        found = []
        while self._connection.poll():
            found.append(self._connection.recv())
        return found

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return self._process.pid

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.terminate()
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _answer_for_ever(connection: Connection, parent: int) -> None:
    """Answer the newest question until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    for name in os.environ.keys() - outside_mpi(os.environ).keys():
        del os.environ[name]
    end_with_parent(parent)
    logging.getLogger("hotmesa").setLevel(logging.ERROR)  # that the coarse model is coarse is said on the page
    import hotmesa.explore.answers  # noqa: F401 - while nobody waits

    try:
        while True:
            question = connection.recv()
            while connection.poll():
                question = connection.recv()
            _answer(question, connection.send, connection.poll)
    except (EOFError, OSError):
        return


def _answer(question: Question, send: Callable[[Reply], None], newer: Callable[[], bool]) -> None:
    """Answer a question on the coarse model and then as the scenario says, as long as no newer one has come."""
    from hotmesa.explore.answers import answer

    for coarse in (True, False):
        if newer():
            return

        def tell(current: float, coarse: bool = coarse) -> None:
            send(Reply(question.number, coarse, I_mA=current))

        try:
            found = answer(question.scenario, coarse, lambda: not newer(), tell)
        except HotmesaError as error:
            send(Reply(question.number, coarse, problem=str(error)))
        except Exception as error:  # a fault of the program must not end the page
            logging.getLogger("hotmesa").exception("the branch could not be computed")
            send(Reply(question.number, coarse, problem=f"fault of the program: {type(error).__name__}: {error}"))
        else:
            if found is not None:
                send(Reply(question.number, coarse, answer=found))
