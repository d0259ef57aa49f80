"""hotmesa paraview."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hotmesa.commands import say_where
from hotmesa.progress import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa paraview`."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a run with fields")
    parser.add_argument(
        "--z-scale", type=float, metavar="FACTOR",
        help="film and mesa higher than they are by this (default: so that they can be seen; 1: true heights)",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def main(result: Path, z_scale: float | None, quiet: bool) -> int:
    """Write the files and say how they are opened."""
    from hotmesa.plotting import to_paraview

    files = to_paraview(result, z_scale)
    say_where(result, files, quiet)
    if not quiet:
        tell(sys.stdout, f"open them with: pvpython {files[0]}  (in ParaView: Tools > Python Shell > Run Script)\n")
    return 0
