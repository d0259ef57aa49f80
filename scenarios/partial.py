"""What can be said of a scenario some keys of which are invalid: the rest of it, and what rests on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from hotmesa.scenarios.messages import inside
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.toml import tables_apart


def without_invalid(data: dict[str, Any], findings: Sequence[Finding]) -> tuple[dict[str, Any], list[Where]]:
    """The data without the invalid keys, which fall back to their defaults, and the paths left out."""
    rest: dict[str, Any] = tables_apart(data)
    rest.setdefault("name", "unnamed")
    dropped: list[Where] = []
    for finding in findings:
        path = finding.where
        if reduce(inside, path, data) is None:  # a key that is missing: its section cannot be used
            path = path[:-1]
        while path and isinstance(path[-1], int):  # an element of a list: leave out the list
            path = path[:-1]
        node: Any = rest
        for part in path[:-1]:
            node = node[part] if not isinstance(node, Mapping) or part in node else {}
        if path and isinstance(node, dict):
            node.pop(path[-1], None)
        dropped.append(path)
    return rest, dropped


def rests_on(finding: Finding, dropped: Sequence[Where]) -> bool:
    """Whether a finding has read a key that was left out, or a section with such a key."""
    paths = (finding.where, *finding.uses)
    return any(path[: len(gone)] == gone for path in paths for gone in dropped) or any(
        gone[: len(path)] == path for path in finding.uses for gone in dropped
    )
