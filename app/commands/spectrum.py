"""hotmesa spectrum."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa spectrum`."""
    parser.add_argument("data", type=Path, metavar="FILE", help="CSV file with the columns v_mV and dI_dV (any unit)")
    parser.add_argument("--kind", choices=("SIN", "SIS"), required=True, help="contact to a metal, or break junction")
    parser.add_argument("--temperature", type=float, required=True, metavar="K", help="temperature of the data")
    parser.add_argument("--from", type=float, dest="first", metavar="mV", help="leave out |v| below")
    parser.add_argument("--to", type=float, dest="last", metavar="mV", help="leave out |v| above")
    words = "keep a parameter at a value (may be repeated): gap_meV, gamma_meV, momentum_weight, scale"
    parser.add_argument("--hold", action="append", default=[], metavar="NAME=VALUE", help=words)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result as JSON")


def main(
    data: Path, kind: Literal["SIN", "SIS"], temperature: float, first: float | None, last: float | None,
    hold: Sequence[str], out: Path | None,
) -> int:  # fmt: skip
    """Fit a conductance and print what was found."""
    from hotmesa.spectrum import fit_file, fit_words

    result = fit_file(data, kind, temperature, window_mV=(first, last), hold=hold, out=out)
    sys.stdout.write(f"{fit_words(result)}\n")
    return 0
