"""hotmesa animate."""

from __future__ import annotations

import argparse
from pathlib import Path

from hotmesa.commands import say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa animate`."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a run with fields")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="moving picture, .gif or .mp4 (default: RESULT/animation.gif)"
    )
    parser.add_argument("--speed", type=float, default=10.0, metavar="N", help="states a second (default: 10)")
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def main(result: Path, out: Path | None, speed: float, quiet: bool) -> int:
    """Write a moving picture and say where it is."""
    from hotmesa.plotting import move

    file = move(result, out, speed)
    say_where(file.parent, (file,), quiet)
    return 0
