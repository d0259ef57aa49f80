"""hotmesa run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_overrides, add_resume
from hotmesa.processes import report_failure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa run`."""
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    add_out(parser, "the results (default: out/NAME)")
    add_overrides(parser)
    add_resume(parser)
    add_common(parser, "replace results of an earlier run in the folder")


def main(
    scenario: str, out: Path | None, overrides: Sequence[str], resume: bool, overwrite: bool, quiet: bool,
    command: str,
) -> int:  # fmt: skip
    """Compute a scenario."""
    from hotmesa.runner import compute
    from hotmesa.scenarios import load_scenario

    loaded = load_scenario(scenario, overrides, complete=True)
    folder = out or Path("out") / loaded.name
    ending = compute(loaded, folder, overwrite=overwrite, resume=resume, quiet=quiet, command=command)
    return report_failure(ending.problem, ending.status) if ending.problem else ending.status
