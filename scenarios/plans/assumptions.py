"""Which values of a scenario are assumptions that decide something: tagged [assumed], and varied by a study.

A tag stands in the comment behind a value. What a value decides is known only where a bundled study has shown it: there
its axis has a key `decides`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.scenarios.files import available_scenarios, bundled_file, bundled_plans
from hotmesa.scenarios.plans.axes import Vary
from hotmesa.scenarios.plans.files import find_plan, flat, look_up, read_plan
from hotmesa.scenarios.plans.study import Study
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.toml import read

_TABLE = re.compile(r"^\s*\[(?P<double>\[?)\s*(?P<name>[^\]]+?)\s*\]")
_VALUE = re.compile(r"^\s*(?P<key>[A-Za-z0-9_.]+)\s*=.*#\s*\[assumed\]")
_ANY = re.compile(r"^\s*(?P<key>[A-Za-z0-9_.]+)\s*=")


@dataclass(frozen=True)
class Assumption:
    """Values that are assumed and decide something.

    Attributes:
        keys: of the scenario.
        decides: what they decide, in words.
        study: that shows it.
    """

    keys: tuple[str, ...]
    decides: str
    study: str


def deciding_assumptions(name_or_file: str, overrides: Sequence[str] = ()) -> tuple[Assumption, ...]:
    """Return the assumptions of a scenario that are known to decide something; a key that is overridden is none.

    Args:
        name_or_file: a bundled scenario, or a TOML file, of which problems are known already.
        overrides: changes "key=value".

    Raises:
        ScenarioError: a bundled study has problems.
    """
    chain = list(_chain(name_or_file))
    changed = {change.partition("=")[0].strip() for change in overrides}
    tagged = _tagged(chain) - changed
    # What was shown for a device need not hold for another bundled one that inherits from it.
    shown = [file.stem for file in chain if file == bundled_file(file.stem)][-1:]
    result = []
    for plan in bundled_plans("study"):
        study, _ = read_plan(find_plan(plan, "study"), Study, "study")
        if study.scenario not in shown:
            continue
        for axis in study.vary:
            keys = tuple(key for key in _keys(axis) if key in tagged)
            if axis.decides and keys:
                result.append(Assumption(keys, axis.decides, plan))
    return tuple(result)


def assumption_lines(scenario: Scenario, result: Sequence[Assumption]) -> list[str]:
    """Return what a person is told about assumptions: values, what they decide, and where to see it."""
    data = scenario.model_dump()
    lines = []
    for item in result:
        values = [look_up(data, key) for key in item.keys]
        words = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        known = ", ".join(f"{key} = {word}" for key, word in zip(item.keys, words, strict=True))
        lines += [f"{known}: not measured", f"  decides {item.decides}, see {item.study}"]
    return [f"  {'assumed' if number == 0 else '':<8} {line}" for number, line in enumerate(lines)]


def _keys(axis: Vary) -> tuple[str, ...]:
    """Return the keys that an axis varies."""
    cases = dict.fromkeys(key for values in (axis.cases or {}).values() for key in flat(values))
    return (*([axis.key] if axis.key else ()), *(axis.keys or ()), *cases)


def _chain(name_or_file: str) -> Iterator[Path]:
    """Yield the files of a scenario, that of its last base first."""
    bundled = name_or_file in available_scenarios()
    file = bundled_file(name_or_file) if bundled else Path(name_or_file).expanduser().resolve()
    base = read(file).get("base")
    if isinstance(base, str):
        yield from _chain(base if base in available_scenarios() else str(file.parent / base))
    yield file


def _tagged(chain: Sequence[Path]) -> set[str]:
    """Return the dotted keys with the tag; what a later file gives replaces what its bases say of it, lists whole."""
    result: set[str] = set()
    for file in chain:
        without: Any = read(file).get("without", [])
        tags, given = _tags(file.read_text(encoding="utf-8"))
        gone = (*given, *(str(key) for key in without))
        stay = {key for key in result if not any(key == other or key.startswith(f"{other}.") for other in gone)}
        result = stay | tags
    return result


def _tags(text: str) -> tuple[set[str], set[str]]:
    """Return the dotted keys with the tag in a file, and all keys and lists of tables that it gives."""
    tags, given, counts, table = set[str](), set[str](), dict[str, int](), ""
    for line in text.splitlines():
        header = _TABLE.match(line)
        if header is not None:
            table = header["name"].replace('"', "")
            if header["double"]:
                given.add(table)
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            continue
        if (match := _ANY.match(line)) is not None:
            key = f"{table}.{match['key']}" if table else match["key"]
            given.add(key)
            if _VALUE.match(line):
                tags.add(key)
    return tags, given
