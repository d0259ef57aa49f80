"""Arguments of the commands that work on several runs: study, compare, fit."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_study(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa study`."""
    parser.add_argument("study", metavar="NAME-or-FILE", help="bundled study or TOML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results (default: out/NAME)")
    _add_workers(parser)
    parser.add_argument(
        "--case",
        action="append",
        default=[],
        metavar="NAME",
        help="compute this case only, without the table (may be repeated)",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    parser.add_argument("--collect", action="store_true", help="make the table of what there is, compute nothing")
    parser.add_argument("--retry", action="store_true", help="compute cases that failed again")
    _add_common(parser)


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa compare`."""
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT", help="one study, or folders of runs")
    parser.add_argument("--by", metavar="OBSERVABLE", help="rank by this number (default: rank_by of the study)")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--smallest", action="store_true", help="smallest first")
    order.add_argument("--largest", action="store_true", help="largest first")
    order.add_argument("--target", type=float, metavar="VALUE", help="nearest to this value first")
    parser.add_argument("--top", type=int, default=15, metavar="N", help="print so many lines (0: all); files hold all")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for ranking.csv and compare.png (default: the study)"
    )


def add_fit(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa fit`."""
    parser.add_argument("fit", metavar="NAME-or-FILE", help="bundled fit or TOML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results (default: out/NAME)")
    _add_workers(parser)
    _add_common(parser)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: all processors; 0: this one)")
    parser.add_argument("--mpi", action="store_true", help="let the processes of mpirun share the work")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="compute everything again")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
