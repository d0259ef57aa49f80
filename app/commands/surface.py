"""hotmesa surface."""

from __future__ import annotations

import argparse
from pathlib import Path

from hotmesa.commands import add_out, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa surface`."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a finished run")
    parser.add_argument("--current", type=float, metavar="I_mA", help="take the stored state nearest to this current")
    parser.add_argument(
        "--row", type=int, metavar="N", help="take that nearest to this row (default: the last)"
    )
    parser.add_argument(
        "--line", type=line, metavar="X1,Y1,X2,Y2", help="ends of the line in µm (default: through the hottest place)"
    )
    parser.add_argument("--blur-um", type=float, default=0.0, metavar="W", help="width of a point as seen (FWHM)")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_out(parser, "the files (default: RESULT/surface-rowN)")


def line(text: str) -> tuple[float, float, float, float]:
    """Return the four numbers of a line."""
    x1, y1, x2, y2 = map(float, text.split(","))
    return x1, y1, x2, y2


def main(
    result: Path, current: float | None, row: int | None, line: tuple[float, float, float, float] | None,
    blur_um: float, quiet: bool, out: Path | None,
) -> int:  # fmt: skip
    """Write the surface of a state and say where it is."""
    from hotmesa.plotting import surface

    files = surface(result, current, row, line, blur_um, out)
    say_where(files[0].parent, files, quiet)
    return 0
