"""hotmesa plot."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from hotmesa.commands import add_out, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa plot`."""
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help="folders of runs")
    parser.add_argument(
        "--what", default="", metavar="NAME,…",
        help="figures by name, such as iv,map,profile,section,scene (default: all of the run; of several the I(V))",
    )  # fmt: skip
    parser.add_argument("--format", default="png", metavar="FORMAT", help="png, pdf or svg (default: png)")
    parser.add_argument("--width", metavar="WIDTH", help="of the page: 86mm, 17.8cm, 3.4in (default: texts of 10 pt)")
    parser.add_argument(
        "--voltage", choices=("junction", "stack"), default="junction", help="of iv: per junction, or of the stack"
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_out(parser, "the pictures (default: that of the result; of several out/plot)")


def main(
    results: Sequence[Path], what: str, format: str, width: str | None, voltage: Literal["junction", "stack"],
    out: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Draw pictures and say where they are."""
    from hotmesa.plotting import Look, plot, width_in_mm

    look = Look(format, None if width is None else width_in_mm(width), voltage)
    names = tuple(dict.fromkeys(name.strip() for name in what.split(",") if name.strip()))
    files = plot(results, names, look, out)
    say_where(files[0].parent if files else results[0], files, quiet)
    return 0
