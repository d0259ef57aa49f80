"""hotmesa folds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from hotmesa.commands import add_common, add_out, add_overrides, default_folder, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa folds`."""
    words = "bundled scenario or file of folds, TOML file, or folder of a run"
    parser.add_argument("scenario", metavar="NAME-or-FILE", help=words)
    parser.add_argument(
        "--over",
        metavar="KEY=FROM:TO",
        help="number and its range, for example bath.temperature_K=4.2:80",
    )
    parser.add_argument("--fold", choices=("V", "I"), help="what folds (default: V, backbending)")
    add_out(parser, "the files (default: out/NAME-folds)")
    add_overrides(parser)
    add_common(parser, "replace earlier files in the folder")


def main(
    scenario: str, over: str | None, fold: Literal["V", "I"] | None, out: Path | None, overrides: Sequence[str],
    overwrite: bool, quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute, write and tell."""
    from hotmesa.folding import folds

    folder = out or default_folder(scenario, "folds")
    found = folds(
        scenario, overrides, over=over, fold=fold, out=folder, overwrite=overwrite, quiet=quiet, command=command
    )
    if found.files:
        say_where(folder, found.files, quiet)
    return found.status
