"""hotmesa study."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_workers, say_where
from hotmesa.progress import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa study`."""
    parser.add_argument("study", metavar="NAME-or-FILE", help="bundled study or TOML file")
    add_out(parser, "the results (default: out/NAME)")
    add_workers(parser)
    words = "compute this case only, without the table (may be repeated)"
    parser.add_argument("--case", action="append", default=[], metavar="NAME", dest="only", help=words)
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    parser.add_argument("--collect", action="store_true", help="make the table of what there is, compute nothing")
    parser.add_argument("--retry", action="store_true", help="compute cases that failed again")
    add_common(parser, "compute everything again")


def main(
    study: str, out: Path | None, workers: int | None, mpi: bool, only: Sequence[str], list: bool, collect: bool,
    retry: bool, overwrite: bool, quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute the cases of a study and rank them as its file says."""
    from hotmesa import studies

    if list:
        sys.stdout.write("".join(f"{name}\n" for name in studies.study_cases(study)))
        return 0
    result = studies.study(
        study, out=out, workers=workers, mpi=mpi, only=only, collect=collect, retry=retry, overwrite=overwrite,
        quiet=quiet, command=command,
    )  # fmt: skip
    if result is None:  # this process computed for another
        return 0
    if result.files:
        say_where(result.folder, result.files, quiet)
        if result.plan.study.rank_by:
            _rank(result.folder, quiet)
        if result.plan.study.observed is not None:
            _observe(result.folder, result.plan.study.observed.windows_mV_per_junction, quiet)
    if result.closing and not quiet:
        tell(sys.stdout, f"{result.closing}\n")
    return result.status


def _rank(folder: Path, quiet: bool) -> None:
    """Rank the cases of a study as its file says; one without any number to rank by is none the worse for it."""
    from hotmesa.postprocess import ResultError
    from hotmesa.postprocess.compare import Order, compare

    try:
        ranking = compare((folder,), Order())
    except ResultError as error:
        sys.stderr.write(f"hotmesa: no ranking: {error}\n")
        return
    if not quiet:
        tell(sys.stdout, ranking.text(5) + "\n")
    say_where(folder, ranking.files, quiet)


def _observe(folder: Path, windows_mV_per_junction: Sequence[float], quiet: bool) -> None:
    """Write what a voltmeter resolves in the cases of a study; a window that a curve is too short for is told."""
    from hotmesa.postprocess import ResultError
    from hotmesa.postprocess.resolution import observe_study, write_observed

    try:
        files = write_observed(observe_study(folder, windows_mV_per_junction), folder)
    except ResultError as error:
        sys.stderr.write(f"hotmesa: no observed.csv: observed.windows_mV_per_junction: {error}\n")
        return
    say_where(folder, files, quiet)
