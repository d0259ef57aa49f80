"""hotmesa completion: commands, options and bundled scenarios at the press of the tabulator."""

from __future__ import annotations

import argparse
import importlib
import sys

from hotmesa.commands import COMMANDS
from hotmesa.progress import tell
from hotmesa.scenarios.files import available_scenarios
from hotmesa.solver.errors import RequestError

SHELLS = ("bash", "zsh", "tcsh")
_NAMES = {"bash": "_hotmesa_names", "zsh": "_hotmesa_names", "tcsh": "f"}
_FUNCTIONS = {
    "bash": '_hotmesa_names() {{\n  compgen -W "{names}" -- "$1"\n  compgen -f -- "$1"\n}}\n',
    "zsh": "_hotmesa_names() {{\n  _alternative 'names:bundled:({names})' 'files:file:_files'\n}}\n",
    "tcsh": "",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shell."""
    parser.description = 'Print what a shell needs to complete: eval "$(hotmesa completion bash)" in ~/.bashrc.'
    parser.add_argument("shell", choices=SHELLS)


def main(shell: str) -> int:
    """Print the lines for the shell; the exit status.

    Raises:
        RequestError: shtab is not installed.
    """
    try:
        import shtab
    except ModuleNotFoundError:
        raise RequestError("shtab is missing, and completion needs it: python -m pip install 'shtab>=1.7,<2'") from None
    functions = _FUNCTIONS[shell].format(names=" ".join(available_scenarios()))
    tell(sys.stdout, shtab.complete(_everything(), shell, preamble=functions) + "\n")
    return 0


def _everything() -> argparse.ArgumentParser:
    """Return the parser of all commands, whose scenarios are completed by name or file."""
    parser = argparse.ArgumentParser(prog="hotmesa")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, words in COMMANDS.items():
        own = commands.add_parser(name, help=words)
        importlib.import_module(f"hotmesa.commands.{name}").add_arguments(own)
        for action in own._actions:
            if not action.option_strings and not action.choices:
                action.complete = _NAMES  # type: ignore[attr-defined]  # what shtab looks for
    return parser
