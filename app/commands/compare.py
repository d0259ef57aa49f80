"""hotmesa compare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_json, add_out, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa compare`."""
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help="one study, or folders of runs")
    parser.add_argument("--by", metavar="OBSERVABLE", help="rank by this number (default: rank_by of the study)")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--smallest", action="store_true", help="smallest first")
    order.add_argument("--largest", action="store_true", help="largest first")
    order.add_argument("--target", type=float, metavar="VALUE", help="nearest to this value first")
    parser.add_argument("--stable", action="store_true", help="rank only states that the source of [bias] holds")
    parser.add_argument("--top", type=int, default=15, metavar="N", help="print so many lines (0: all); files hold all")
    add_json(parser)
    add_out(parser, "ranking.csv and compare.png (default: the study)")


def main(
    results: Sequence[Path], by: str | None, smallest: bool, largest: bool, target: float | None, stable: bool,
    top: int, out: Path | None, json: bool,
) -> int:  # fmt: skip
    """Print a ranking and write its files."""
    from hotmesa.postprocess.compare import Order, compare

    ranking = compare(tuple(results), Order(by, largest, smallest, target, stable), out)
    if json:
        sys.stdout.write(ranking.json())
        return 0
    sys.stdout.write(ranking.text(top) + "\n")
    say_where(ranking.folder, ranking.files)
    return 0
