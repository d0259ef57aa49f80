"""What can be asked for on the command line? One file a command: its arguments, and what it does with them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from hotmesa.progress import tell
from hotmesa.scenarios.files import plan_kind

COMMANDS = {
    "list": "names and titles of the bundled scenarios",
    "check": "read a scenario, report all problems, say what it describes",
    "run": "compute a scenario and write its results to a folder",
    "ltslm": "laser-scanning image of a finished run at one current",
    "family": "branches with n = 1, 2, ... of the junctions carrying voltage",
    "study": "compute many cases of a scenario, resumable and side by side",
    "plot": "pictures of runs on request: any figure, as PNG, PDF or SVG, for a page of any width",
    "surface": "temperature of the surface of a state along any line, as a camera sees it",
    "report": "one page for the browser of a run, several runs, a study or a fit",
    "animate": "a run as a moving picture: map and point on its curve, state by state",
    "paraview": "a run in three dimensions for ParaView, with a script that shows it",
    "compare": "rank the cases of a study, or runs, by any number",
    "explore": "a page in the browser with sliders: I(V) and map follow the numbers of a device",
    "fit": "find values of scenario keys from measured data",
    "optimise": "search for the best device within limits: gradients, choices, Pareto fronts",
    "sensitivity": "which numbers of a scenario decide the figures of merit of its branch",
    "uncertainty": "bands of a branch and its figures of merit by what is assumed of a scenario",
    "identify": "which readings would tell parameters of a scenario apart",
    "folds": "follow the folds of a curve in a second number, to where they vanish",
    "spectrum": "fit gap and scattering rate to a measured SIN or SIS conductance",
    "subtract": "take the voltage of a contact in series out of a measured I(V)",
    "observe": "what a finite voltage resolution makes of the conductance peak of a run",
    "kernel": "install the Jupyter kernel that runs notebooks with this hotmesa",
    "completion": "print what bash, zsh or tcsh needs to complete commands, options and scenarios",
    "doctor": "look at the installation and say what is missing or slow",
}
"""The commands and what the help says of them. `hotmesa.commands.NAME` has `add_arguments(parser)` and `main`, which
takes the arguments by keyword and returns the exit status; it is imported when the command is given."""

_SET_HELP = "change a key, for example mesa.junctions=12 or contacts.0.x_um=-3 (may be repeated; none leaves it out)"


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add --set."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help=_SET_HELP)


def add_out(parser: argparse.ArgumentParser, words: str) -> None:
    """Add --out for a folder; `words` end its help."""
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"folder for {words}")


def add_common(parser: argparse.ArgumentParser, overwrite: str) -> None:
    """Add --overwrite with its help, and --quiet; the command line is kept with the results."""
    parser.add_argument("--overwrite", action="store_true", help=overwrite)
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(command="")


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add --resume."""
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run in the folder, if any")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add --workers and --mpi."""
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: all processors; 0: this one)")
    parser.add_argument("--mpi", action="store_true", help="let the processes of mpirun share the work")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")


def default_folder(name_or_file: str, command: str) -> Path:
    """Return where results go: out/NAME for a file of this command, out/NAME-COMMAND for a scenario."""
    stem = Path(name_or_file).stem
    return Path("out") / (stem if plan_kind(name_or_file) == command else f"{stem}-{command}")


def say_where(folder: Path, files: Iterable[Path], quiet: bool = False) -> None:
    """Tell where results are."""
    if not quiet:
        tell(sys.stdout, f"results in {folder}: {', '.join(file.name for file in files)}\n")
