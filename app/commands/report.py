"""hotmesa report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hotmesa.progress import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa report`."""
    words = "folder of a run, study, fit, optimisation, uncertainty or sensitivity; or folders of runs"
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help=words)
    words = "page to write (default: report.html in the result; of several out/report.html)"
    parser.add_argument("--out", type=Path, metavar="FILE", help=words)
    parser.add_argument("--overwrite", action="store_true", help="replace the file even if it is no report")
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def main(results: Sequence[Path], out: Path | None, overwrite: bool, quiet: bool) -> int:
    """Write a report and say where it is."""
    from hotmesa.reporting import report

    file = report(results, out, overwrite)
    if not quiet:
        tell(sys.stdout, f"report in {file}: open it in a browser; nothing else is needed\n")
    return 0
