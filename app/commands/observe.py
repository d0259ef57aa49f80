"""hotmesa observe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Literal

WINDOWS = (0.0, 0.3, 1.0, 2.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa observe`."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a branch, a uniform curve, or a study")
    parser.add_argument(
        "--window", type=float, nargs="+", default=WINDOWS, metavar="W",
        help="windows of the difference, mV per junction (default: 0 0.3 1 2)",
    )  # fmt: skip
    parser.add_argument("--leg", choices=("up", "down"), default="up", help="the way that the current is swept")
    parser.add_argument("--noise-mV", type=float, default=0.0, metavar="S", help="standard deviation of the voltage")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the noise")
    parser.add_argument("--contact", type=Path, metavar="FILE", help="V_mV, I_mA of a contact in series to take off")
    parser.add_argument("--out", type=Path, metavar="FILE", help="CSV file (default: RESULT/observed.csv)")


def main(
    result: Path, window: tuple[float, ...], leg: Literal["up", "down"], noise_mV: float, seed: int,
    contact: Path | None, out: Path | None,
) -> int:  # fmt: skip
    """Write and print what a finite voltage resolution makes of peak and widths."""
    from hotmesa.postprocess import load_run
    from hotmesa.postprocess.compare import STUDY
    from hotmesa.postprocess.observation import Instrument, figures_for
    from hotmesa.postprocess.resolution import TABLE, observe_study, write_observed
    from hotmesa.scenarios.tables import read_numbers
    from hotmesa.scenarios.writing import write_table

    series = None
    if contact is not None:
        table = read_numbers(contact, ("V_mV", "I_mA"))
        table.require(table["I_mA"] >= [table["I_mA"][0], *table["I_mA"][:-1]], "I_mA must not fall from row to row")
        series = dict(table.columns)
    by = Instrument(leg, noise_mV, seed, series)
    if (result / STUDY).exists():
        seen = observe_study(result, window, by)
        rows, files = list(seen.rows), write_observed(seen, result, out)
    else:
        rows = figures_for(load_run(result), tuple(window), by)
        files = (write_table(out or result / TABLE, rows),)
    for row in rows:
        told = (f"{name} {value:.4g}" if isinstance(value, float) else f"{value}" for name, value in row.items()
                if value != "")  # fmt: skip
        sys.stdout.write(", ".join(told) + "\n")
    sys.stdout.write(f"written to {', '.join(map(str, files))}\n")
    return 0
