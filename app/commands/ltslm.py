"""hotmesa ltslm."""

from __future__ import annotations

import argparse
from pathlib import Path

from hotmesa.commands import add_common, add_out, say_where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa ltslm`."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a finished run")
    parser.add_argument("--current", type=float, required=True, metavar="I_mA", help="current in mA, held constant")
    parser.add_argument("--row", type=int, metavar="N", help="row of iv.csv (from 0) near the state that is meant")
    parser.add_argument("--beam-um", type=float, default=0.0, metavar="W", help="width of the beam (FWHM); 0: a point")
    parser.add_argument(
        "--frequency-kHz", type=frequencies, default=(), metavar="F[,F...]", dest="frequencies_kHz",
        help="also the images with a beam chopped at these frequencies: amplitude and lag",
    )  # fmt: skip
    add_out(parser, "the files (default: RESULT/ltslm-ImA)")
    add_common(parser, "replace an earlier image in the folder")


def frequencies(text: str) -> tuple[float, ...]:
    """Return the numbers of a list with commas."""
    return tuple(float(part) for part in text.split(","))


def main(
    result: Path, current: float, row: int | None, beam_um: float, frequencies_kHz: tuple[float, ...],
    out: Path | None, overwrite: bool, quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute the image of a run and draw it."""
    from hotmesa.image import image_of_run
    from hotmesa.postprocess import load_run

    run = load_run(result)
    folder = out or result / f"ltslm-{current:g}mA"
    files = image_of_run(
        run.scenario, run.states, current, folder, row=row, beam_um=beam_um, frequencies_kHz=frequencies_kHz,
        overwrite=overwrite, quiet=quiet, command=command,
    )  # fmt: skip
    if files:
        say_where(folder, files, quiet)
    return 0
