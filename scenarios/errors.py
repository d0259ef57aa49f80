"""The error of bad input: every problem of a scenario at once."""

from __future__ import annotations

from collections.abc import Sequence


class ScenarioError(ValueError):
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
