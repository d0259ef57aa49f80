"""hotmesa family."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_overrides, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa family`."""
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    parser.add_argument("--junctions", metavar="N", help="which n: FIRST:LAST[:STEP], or a list 1,5,19 (default: all)")
    add_out(parser, "the files (default: out/NAME-family)")
    add_overrides(parser)
    add_common(parser, "replace an earlier family in the folder")
    parser.add_argument("--log", action="store_true", help="draw the current on a logarithmic scale")


def main(
    scenario: str, junctions: str | None, out: Path | None, overrides: Sequence[str], overwrite: bool, quiet: bool,
    log: bool, command: str,
) -> int:  # fmt: skip
    """Trace the branches of a scenario and draw them."""
    from hotmesa.family import FamilyRequest, family_of_scenario
    from hotmesa.postprocess.pictures import save_picture
    from hotmesa.postprocess.runs.family import plot_family

    request = FamilyRequest(scenario, tuple(overrides), junctions, out, overwrite, quiet, command)
    outcome = family_of_scenario(request)
    folder = outcome.folder
    if folder is not None:
        picture = save_picture(lambda: plot_family(folder, log), folder / "family.png")
        say_where(folder, (folder / "family.csv", *([picture] if picture else [])), quiet)
    return outcome.status
