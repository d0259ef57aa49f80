"""hotmesa sensitivity."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_overrides, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa sensitivity`."""
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario, TOML file, or folder of a run")
    parser.add_argument(
        "--of", nargs="+", default=(), metavar="OBS",
        help="numbers of summary.json (beta, nucleation.I_mA) or columns at a place (T_max_K@I_mA=1.2)",
    )  # fmt: skip
    parser.add_argument(
        "--parameters", nargs="+", default=(), metavar="KEY", help="keys (default: all that are no zeros)"
    )
    add_out(parser, "the files (default: out/NAME-sensitivity)")
    add_overrides(parser)
    add_common(parser, "replace earlier files in the folder")


def main(
    scenario: str, of: Sequence[str], parameters: Sequence[str], out: Path | None, overrides: Sequence[str],
    overwrite: bool, quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute, write and tell."""
    from hotmesa.sensitivities import sensitivity

    folder = out or Path("out") / f"{Path(scenario).stem}-sensitivity"
    found = sensitivity(
        scenario, overrides, of=of, parameters=parameters, out=folder, overwrite=overwrite, quiet=quiet,
        command=command,
    )  # fmt: skip
    if found.files:
        say_where(folder, found.files, quiet)
    return 0
