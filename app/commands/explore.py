"""hotmesa explore."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_out, add_overrides

PORT = 8750


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa explore`."""
    default = "kurter2010-n19"
    parser.add_argument(
        "scenario", metavar="NAME-or-FILE", nargs="?", default=default,
        help=f"bundled scenario or TOML file (default: {default})",
    )  # fmt: skip
    add_overrides(parser)
    add_out(parser, "scenarios that are saved and for runs that are started (default: out)")
    parser.add_argument(
        "--port", type=int, default=PORT, metavar="PORT",
        help=f"of the page, which this machine alone can open (default: {PORT}; 0: any that is free)",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="print the address, open no browser")


def main(scenario: str, overrides: Sequence[str], out: Path | None, port: int, no_browser: bool) -> int:
    """Show the page until Ctrl-C."""
    from hotmesa.solver.errors import RequestError

    if not 0 <= port < 2**16:
        raise RequestError(f"--port {port}: must be a whole number >= 0 and <= {2**16 - 1}")
    try:
        from hotmesa.explore.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("bokeh", "tornado"):
            raise
        words = f"{error.name} is missing, and the page needs it: ./hotmesa setup, or pip install hotmesa[explore]"
        raise RequestError(words) from None
    return serve(scenario, overrides, out or Path("out"), port, not no_browser)
