"""hotmesa identify."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_common, add_out, add_overrides, default_folder, say_where
from hotmesa.scenarios.plans.identify import READINGS, SIGMA_MV


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa identify`."""
    words = "bundled scenario or choice of readings, TOML file, or folder of a run"
    parser.add_argument("scenario", metavar="NAME-or-FILE", help=words)
    parser.add_argument(
        "--parameters", nargs="+", default=[], metavar="KEY", help="keys whose values are to be told apart"
    )
    parser.add_argument(
        "--vary", metavar="KEY=VALUES", help="what can be set from outside, for example bath.temperature_K=4.2,20,40"
    )
    parser.add_argument("--sigma-mV", type=float, dest="sigma_mV", help=f"of a reading of V (default: {SIGMA_MV:g})")
    parser.add_argument("--readings", type=int, metavar="N", help=f"readings of V (default: {READINGS})")
    add_out(parser, "the files (default: out/NAME-identify)")
    add_overrides(parser)
    add_common(parser, "replace earlier files in the folder")


def main(
    scenario: str, parameters: Sequence[str], vary: str | None, sigma_mV: float | None, readings: int | None,
    out: Path | None, overrides: Sequence[str], overwrite: bool, quiet: bool, command: str,
) -> int:  # fmt: skip
    """Compute, write and tell."""
    from hotmesa.identifying import identify

    folder = out or default_folder(scenario, "identify")
    found = identify(
        scenario, overrides, parameters=parameters, vary=vary, sigma_mV=sigma_mV, readings=readings, out=folder,
        overwrite=overwrite, quiet=quiet, command=command,
    )  # fmt: skip
    if found.files:
        say_where(folder, found.files, quiet)
    return 0
