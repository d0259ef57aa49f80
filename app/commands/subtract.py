"""hotmesa subtract."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa subtract`."""
    parser.add_argument("data", type=Path, metavar="FILE", help="CSV file with the columns V_mV and I_mA")
    parser.add_argument("contact", type=Path, metavar="CONTACT", help="the same of the contact alone")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="CSV file for the result")


def main(data: Path, contact: Path, out: Path) -> int:
    """Write the I(V) of the stack alone."""
    from hotmesa.spectrum import subtract_files

    sys.stdout.write(f"{subtract_files(data, contact, out)} rows in {out}\n")
    return 0
