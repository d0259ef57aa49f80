"""Arguments of the commands that work on measured tunnelling curves: spectrum, subtract."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_spectrum(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa spectrum`."""
    parser.add_argument("data", type=Path, metavar="FILE", help="CSV file with the columns v_mV and dI_dV (any unit)")
    parser.add_argument("--kind", choices=("SIN", "SIS"), required=True, help="contact to a metal, or break junction")
    parser.add_argument("--temperature", type=float, required=True, metavar="K", help="temperature of the data")
    parser.add_argument("--from", type=float, dest="first", metavar="mV", help="leave out |v| below")
    parser.add_argument("--to", type=float, dest="last", metavar="mV", help="leave out |v| above")
    words = "keep a parameter at a value (may be repeated): gap_meV, gamma_meV, momentum_weight, scale"
    parser.add_argument("--hold", action="append", default=[], metavar="NAME=VALUE", help=words)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result as JSON")


def add_subtract(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa subtract`."""
    parser.add_argument("data", type=Path, metavar="FILE", help="CSV file with the columns V_mV and I_mA")
    parser.add_argument("contact", type=Path, metavar="CONTACT", help="the same of the contact alone")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="CSV file for the result")
