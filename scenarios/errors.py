"""The family of errors that are meant for the user, with the exit status of the command that they end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from hotmesa.scenarios.problems import did_you_mean

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
        super().__init__("\n".join([head, *(f"  - {text}" for text in self.problems)]))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[str, ...]]]:
        """Rebuild from the problems, so that the error can travel between processes."""
        return type(self), (self.problems,)


def nearest(name: str, names: Iterable[str], count: int = 3) -> str:
    """Return "; did you mean a or b?", or an empty text where nothing is similar."""
    known = list(names)
    longer = [item for item in known if item.lower().startswith(name.lower())]
    question = did_you_mean(name, known, count, 0.5) or did_you_mean(name, longer, count, 0.0)
    return f"; {question}" if question else ""
