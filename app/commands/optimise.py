"""hotmesa optimise."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_workers, say_where
from hotmesa.progress import tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa optimise`."""
    parser.add_argument("optimisation", metavar="NAME-or-FILE", help="bundled optimisation or TOML file")
    add_out(parser, "the results (default: out/NAME)")
    add_workers(parser)
    add_common(parser, "compute everything again")


def main(
    optimisation: str, out: Path | None, workers: int | None, mpi: bool, overwrite: bool, quiet: bool, command: str
) -> int:  # fmt: skip
    """Optimise, print what was found, and draw it."""
    from hotmesa.optimise_result import text_of
    from hotmesa.optimising import optimise
    from hotmesa.postprocess.optimise import plot_optimisation
    from hotmesa.postprocess.style import save_picture
    from hotmesa.scenarios.errors import DONE, NO_CONVERGENCE

    result = optimise(
        optimisation, out=out, workers=workers, mpi=mpi, overwrite=overwrite, quiet=quiet, command=command
    )  # fmt: skip
    if result is None:  # this process computed for another
        return DONE
    if not quiet:
        tell(sys.stdout, f"{text_of(result)}\n")
    picture = save_picture(lambda: plot_optimisation(result.folder), result.folder / "optimise.png")
    say_where(result.folder, (*result.files, *filter(None, [picture])), quiet)
    return DONE if result.converged else NO_CONVERGENCE
