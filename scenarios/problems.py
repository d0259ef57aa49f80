"""What is wrong with an input: findings at keys, and the nearest names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Where = tuple[str | int, ...]
BEGUN = 3
"""Letters from which on a word may be the beginning of a longer one."""
LONGEST = 200
"""So much of a word is compared with names."""
SHOWN, LONGEST_LINE = 60, 1500


def in_lines(problems: Sequence[str]) -> list[str]:
    """Return one line for each problem, of very many and very long ones the beginning."""
    lines = [f"  - {line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + ' ...'}" for line in problems[:SHOWN]]
    return [*lines, f"  - and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else lines


@dataclass(frozen=True)
class Finding:
    """What is wrong, and at which key.

    Attributes:
        where: path of the key to mend.
        text: the contradiction and its reason, with values and units.
        uses: further keys that the rule has read; if one of them is itself invalid, the finding says nothing.
    """

    where: Where
    text: str
    uses: tuple[Where, ...] = ()

    def below(self, path: Where) -> Finding:
        """The finding of a section that stands at a path of the scenario."""
        return replace(self, where=(*path, *self.where), uses=tuple((*path, *use) for use in self.uses))


def nearest(word: object, known: Iterable[object], count: int = 1, least: float = 0.6) -> list[str]:
    """Names like a word, the most alike first.

    Args:
        word: what the user wrote.
        known: the names that there are.
        count: at most so many.
        least: how much alike they must be, from 0 (anything) to 1 (the same).
    """
    return difflib.get_close_matches(str(word)[:LONGEST], [str(name) for name in known], count, least)


def did_you_mean(
    word: object, known: Iterable[object], count: int = 3, least: float = 0.5, before: str = "; "
) -> str:
    """The question "did you mean x or y?" with what stands before it, or "" where no name is near or begins so.

    Args:
        word: what the user wrote.
        known: the names that there are.
        count: at most so many are asked about.
        least: how much alike they must be.
        before: text before the question.
    """
    names = [str(name) for name in known]
    begun = str(word).lower()
    longer = [name for name in names if len(begun) >= BEGUN and name.lower().startswith(begun)]
    near = nearest(word, names, count, least) or nearest(word, longer, count, 0.0)
    return f"{before}did you mean {' or '.join(near)}?" if near else ""
