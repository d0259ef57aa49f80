"""hotmesa fit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_workers, say_where
from hotmesa.progress import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa fit`."""
    parser.add_argument("fit", metavar="NAME-or-FILE", help="bundled fit or TOML file")
    add_out(parser, "the results (default: out/NAME)")
    add_workers(parser)
    words = "draw N sets of values from what the data allow, and compute each (default of N: 256)"
    parser.add_argument("--sample", type=int, nargs="?", const=256, default=0, metavar="N", help=words)
    add_common(parser, "compute everything again")


def main(
    fit: str, out: Path | None, workers: int | None, mpi: bool, sample: int, overwrite: bool, quiet: bool, command: str
) -> int:  # fmt: skip
    """Fit, print what was found, and draw it."""
    from hotmesa import fitting
    from hotmesa.fit_result import text_of
    from hotmesa.fit_sampling import sample_in_words
    from hotmesa.postprocess.bands import plot_bands
    from hotmesa.postprocess.fit import plot_fit
    from hotmesa.postprocess.style import save_picture
    from hotmesa.scenarios.errors import DONE, NO_CONVERGENCE

    result = fitting.fit(
        fit, out=out, workers=workers, mpi=mpi, sample=sample, overwrite=overwrite, quiet=quiet, command=command
    )  # fmt: skip
    if result is None:  # this process computed for another
        return DONE
    if not quiet:
        tell(sys.stdout, f"{text_of(result)}\n")
        if result.sample is not None:
            tell(sys.stdout, f"{sample_in_words(result.sample)}\n")
    pictures = [save_picture(lambda: plot_fit(result.folder), result.folder / "fit.png")]
    if result.folder / "bands.csv" in result.files:
        pictures.append(save_picture(lambda: plot_bands(result.folder), result.folder / "bands.png"))
    say_where(result.folder, (*result.files, *filter(None, pictures)), quiet)
    return DONE if result.converged else NO_CONVERGENCE
