"""hotmesa family."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_overrides, add_resume
from hotmesa.processes import report_failure
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.schema import Family
from hotmesa.solver.errors import RequestError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa family`."""
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    parser.add_argument("--junctions", metavar="N", help="which n: FIRST:LAST[:STEP], or a list 1,5,19 (default: all)")
    add_out(parser, "the files (default: out/NAME-family)")
    add_overrides(parser)
    add_resume(parser)
    add_common(parser, "replace an earlier family in the folder")
    parser.add_argument("--log", action="store_true", help="draw the current on a logarithmic scale")


def main(
    scenario: str, junctions: str | None, out: Path | None, overrides: Sequence[str], resume: bool, overwrite: bool,
    quiet: bool, log: bool, command: str,
) -> int:  # fmt: skip
    """Compute a scenario with mode = "family"."""
    from hotmesa.runner import compute

    given = load_scenario(scenario, (*overrides, "mode=family"), complete=True)
    keys: dict[str, object] = {"logarithmic": log or given.family.logarithmic}
    if junctions is not None:
        keys |= {"junctions": parse_counts(junctions, given.mesa.junctions)}
    changed = given.model_copy(update={"family": Family(**(given.family.model_dump() | keys))})
    folder = out or Path("out") / f"{changed.name}-family"
    ending = compute(changed, folder, overwrite=overwrite, resume=resume, quiet=quiet, command=command)
    return report_failure(ending.problem, ending.status) if ending.problem else ending.status


def parse_counts(text: str | None, junctions: int) -> tuple[int, ...]:
    """Return the numbers of junctions named by "1:19", "2:18:4" (step) or "1,5,19"; all of them for None.

    Raises:
        RequestError: the text is something else, or names a number that the stack does not have.
    """
    if text is None:
        return tuple(range(1, junctions + 1))
    counts: set[int] = set()
    for part in text.split(","):
        try:
            numbers = [int(number) for number in part.split(":")]
        except ValueError:
            numbers = []
        if not 1 <= len(numbers) <= 3:
            raise RequestError(f'--junctions {text}: "{part}" is neither N nor FIRST:LAST nor FIRST:LAST:STEP')
        first, last, step = numbers[0], numbers[min(1, len(numbers) - 1)], numbers[2] if len(numbers) == 3 else 1
        if not (1 <= first <= last <= junctions and step >= 1):
            raise RequestError(
                f'--junctions {text}: "{part}" does not lie within 1:{junctions}, the junctions there are'
            )
        counts.update(range(first, last + 1, step))
    return tuple(sorted(counts))
