"""One contradiction in a scenario, before it is turned into a message."""

from __future__ import annotations

from dataclasses import dataclass

Where = tuple[str | int, ...]


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
