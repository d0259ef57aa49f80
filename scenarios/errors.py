"""The family of errors that are meant for the user, with the exit status of the command that they end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hotmesa.scenarios.problems import in_lines

DONE, BAD_INPUT, NO_CONVERGENCE, INTERRUPTED = 0, 2, 3, 130
"""Exit statuses of every command."""


class HotmesaError(Exception):
    """What was asked for cannot be done; the message says what is wrong, where, and what to try.

    Any other exception is a fault of the program or of the machine.

    Attributes:
        status: exit status of a command that ends with the error.
    """

    status: ClassVar[int] = BAD_INPUT


class ScenarioError(HotmesaError, ValueError):
    """A scenario cannot be used.

    Attributes:
        problems: one sentence for each problem, with file, key, value and what is allowed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 problem in the scenario:" if count == 1 else f"{count} problems in the scenario:"
        super().__init__("\n".join([head, *in_lines(self.problems)]))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[str, ...]]]:
        """Rebuild from the problems, so that the error can travel between processes."""
        return type(self), (self.problems,)
