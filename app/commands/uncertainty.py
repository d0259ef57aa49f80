"""hotmesa uncertainty."""

from __future__ import annotations

import argparse
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_workers, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa uncertainty`."""
    parser.add_argument("file", metavar="NAME-or-FILE", help="bundled file or TOML file with [[assumed]]")
    add_out(parser, "the results (default: out/NAME)")
    add_workers(parser)
    parser.add_argument("--collect", action="store_true", help="make the tables of what there is, compute nothing")
    parser.add_argument("--retry", action="store_true", help="compute samples that failed again")
    add_common(parser, "compute everything again")


def main(
    file: str, out: Path | None, workers: int | None, mpi: bool, collect: bool, retry: bool, overwrite: bool,
    quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute, write and tell."""
    from hotmesa.uncertainties import uncertainty

    found = uncertainty(
        file, out=out, workers=workers, mpi=mpi, collect=collect, retry=retry, overwrite=overwrite, quiet=quiet,
        command=command,
    )  # fmt: skip
    if found is None:  # this process computed for another
        return 0
    say_where(found.study.folder, found.files, quiet)
    return found.status
