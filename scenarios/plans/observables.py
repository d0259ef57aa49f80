"""What studies and fits can look at: the numbers of summary.json, and columns of the table of a run at a place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.units import split_unit

_AT = re.compile(r"^(?P<column>[^@=]+)@(?P<along>[^@=]+)=(?P<value>[^@=]+)$")
_PLACEHOLDER = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class At:
    """A column of the table of a run where another one first takes a value."""

    column: str
    along: str
    value: float


def parse_at(name: str) -> At | None:
    """Return the parts of "hot_fraction@I_mA=1.2"; None for a name of another form."""
    match = _AT.match(name)
    if match is None:
        return None
    try:
        return At(match["column"].strip(), match["along"].strip(), float(match["value"]))
    except ValueError:
        return None


def is_among(name: str, declared: Iterable[str]) -> bool:
    """Return whether a name is one of those declared, in which <n> stands for a number and <word> for any name."""
    return any(_pattern(item).fullmatch(name) if "<" in item else item == name for item in declared)


def _pattern(declared: str) -> re.Pattern[str]:
    """Return the regular expression of a declared name."""
    parts = _PLACEHOLDER.split(declared)
    words = [r"\d+" if part == "n" else "[A-Za-z0-9._-]+" for part in parts[1::2]]
    fixed = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(a + b for a, b in zip(fixed, [*words, ""], strict=True)))


@dataclass(frozen=True)
class Vocabulary:
    """The names that runs give to their results, by mode; each name with its meaning.

    Attributes:
        numbers: of summary.json in a mode.
        columns: of the table of a mode.
        modes: all modes.
    """

    numbers: Callable[[str], Mapping[str, str]]
    columns: Callable[[str], Mapping[str, str]]
    modes: Collection[str]

    def problem_with(self, name: str, modes: Iterable[str]) -> str | None:
        """Return why an observable is unknown in all of these modes, with the nearest names; None if it is known."""
        columns = dict.fromkeys(column for mode in self.modes for column in self.columns(mode))
        if "@" in name:
            return _problem_at(name, columns)
        known = dict.fromkeys(number for mode in modes for number in self.numbers(mode))
        if is_among(name, known):
            return None
        if is_among(name, columns):
            return f"unknown observable {name}; it is a column: say where, for example {name}@I_mA=1.0"
        return f"unknown observable {name}{did_you_mean(name, _plain((*known, *columns)))}"


def _plain(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if "<" not in name]


def _problem_at(name: str, columns: Iterable[str]) -> str | None:
    at = parse_at(name)
    if at is None:
        return f"observable {name}: write COLUMN@COLUMN=NUMBER, for example hot_fraction@I_mA=1.2"
    for column in (at.column, at.along):
        if not is_among(column, columns):
            return f"observable {name}: unknown column {column}{_question(column, _plain(columns))}"
    return None


def _question(column: str, known: list[str]) -> str:
    """Return the question for a column that may lack its unit ("I" for "I_mA"), or be written otherwise."""
    units = [name for name in known if split_unit(name)[0] == column]
    return did_you_mean(column, units, least=0.0) if units else did_you_mean(column, known)
