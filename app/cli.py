"""The command line: finds the command, and ends with the exit status of its error."""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

from hotmesa.commands import COMMANDS
from hotmesa.progress import tell
from hotmesa.stopping import end_with_parent, ended_like_interrupted, ignore_requests

_EPILOG = """\
examples:
  hotmesa run kurter2010-n19
  hotmesa run kurter2010-n19 --set bath.temperature_K=20 --out out/n19-20K
  hotmesa check my-mesa.toml
  hotmesa study study-heat-sinks && hotmesa compare out/heat-sinks
  mpirun -n 2 python -P -m mpi4py -m hotmesa run kurter2010-n19

exit status: 0 done, 2 bad input, 3 no convergence (what was reached is kept), 130 interrupted
"""
_SOLVER_PACKAGES = ("dolfinx", "ufl", "basix", "petsc4py", "mpi4py", "gmsh")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # PETSc would end the process at signals that are handled here, and where the reader of a pipe has gone.
    os.environ["PETSC_OPTIONS"] = f"{os.environ.get('PETSC_OPTIONS', '')} -no_signal_handler".strip()
    with ended_like_interrupted():
        try:
            if argv is None:
                _settle()
            return _answered(arguments)
        except KeyboardInterrupt as stop:
            if argv is None:
                ignore_requests()
            from hotmesa.processes import report_failure
            from hotmesa.scenarios.errors import INTERRUPTED

            return report_failure(str(stop) or "interrupted", INTERRUPTED)


def _answered(arguments: Sequence[str]) -> int:
    """Find the command, run it, and tell what went wrong; the exit status.

    Raises:
        KeyboardInterrupt: it was asked to end.
    """
    options = vars(_parser(arguments).parse_args(arguments))
    action = options.pop("action")
    if "command" in options:
        options["command"] = shlex.join(["hotmesa", *arguments])
    # Only now: the help needs none of it.
    from hotmesa.processes import leave_together, report_failure
    from hotmesa.scenarios.errors import BAD_INPUT, HotmesaError

    try:
        status = int(action(**options))
        sys.stdout.flush()
        return leave_together(status)
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        sys.stderr.close()  # or the interpreter complains about the same at its end
        return 0
    except HotmesaError as error:
        return report_failure(str(error), error.status)
    except OSError as error:
        tell(sys.stdout, "")  # on a full disk it would fail once more at the end
        return report_failure(str(error), BAD_INPUT)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _SOLVER_PACKAGES:
            raise
        text = f"{error.name} is missing, and the spatial model needs it; `hotmesa doctor` tells how to get it"
        return report_failure(text, BAD_INPUT)


class _Version(argparse.Action):
    """Prints the version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from hotmesa import __version__

        sys.stdout.write(f"hotmesa {__version__}\n")
        parser.exit(0)


def _settle() -> None:
    """Make the surroundings of the process fit, and say what had to be done."""
    from hotmesa.surroundings import rank_and_size, settle

    rank, size = rank_and_size()
    if size > 1:
        end_with_parent()
    for words in settle(os.environ):
        if rank == 0:
            tell(sys.stderr, f"hotmesa: {words}\n")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are told once, also where several processes meet them."""

    def error(self, message: str) -> NoReturn:
        """End with the message and the usage."""
        from hotmesa.processes import report_failure
        from hotmesa.scenarios.errors import BAD_INPUT

        raise SystemExit(report_failure(f"error: {message}\n{self.format_usage().strip()}", BAD_INPUT))


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of a command line: of its command alone the arguments, so that no other is imported."""
    parser = _Parser(
        prog="hotmesa",
        description="Self-heating, hot spots and I(V) curves of intrinsic-Josephson-junction mesas.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    version = parser.add_argument("--version", action=_Version, nargs=0, dest=argparse.SUPPRESS)
    version.help = "print the version and exit"
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for name, words in COMMANDS.items():
        own = commands.add_parser(name, help=words)
        if name == chosen:
            module = importlib.import_module(f"hotmesa.commands.{name}")
            module.add_arguments(own)
            own.set_defaults(action=module.main)
    if chosen is not None and chosen not in COMMANDS:
        from hotmesa.scenarios.problems import did_you_mean

        known = f"; known are {', '.join(COMMANDS)}"
        parser.error(f"unknown command {chosen}{did_you_mean(chosen, COMMANDS, 1) or known}")
    return parser
