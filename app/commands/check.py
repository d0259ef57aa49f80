"""hotmesa check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hotmesa.commands import add_overrides
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.files import PLANS
from hotmesa.scenarios.reference import schema_json, schema_markdown, schema_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa check`."""
    words = f"bundled scenario, study, fit or the like, or TOML file; with --schema one of {', '.join(PLANS)}"
    parser.add_argument("scenario", nargs="?", metavar="NAME-or-FILE", help=words)
    add_overrides(parser)
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw plan and layers to scale: .png, .pdf or .svg")
    parser.add_argument("--schema", action="store_true", help="show every key with type, range, unit and default")
    parser.add_argument("--markdown", action="store_true", help="with --schema: as Markdown tables")
    words = "print JSON, for other programs; with --schema the JSON schema, for editors (of the files of a command)"
    parser.add_argument("--json", action="store_true", help=words)


def main(
    scenario: str | None, overrides: Sequence[str], draw: Path | None, schema: bool, markdown: bool, json: bool
) -> int:
    """Print what a scenario, a study or a fit describes, or every key that there is.

    Raises:
        HotmesaError: what a run of it would raise before its first solution.
    """
    if schema and scenario is not None:
        sys.stdout.write(_of_command(scenario, json))
        return 0
    if schema:
        sys.stdout.write(schema_json() if json else schema_markdown() if markdown else schema_text())
        return 0
    if scenario is None:
        raise HotmesaError("check needs the name of a scenario or a file, or --schema")
    from hotmesa.checking import check, check_json, draw_device

    if draw is not None:
        draw_device(scenario, overrides, draw)
    sys.stdout.write(check_json(scenario, overrides) if json else f"{check(scenario, overrides)}\n")
    return 0


def _of_command(command: str, json: bool) -> str:
    """Return the JSON schema of the files of a command.

    Raises:
        HotmesaError: there are none of it, or text is asked for.
    """
    from hotmesa.scenarios.plans.schemas import MODELS, plan_schema_json

    if command not in MODELS:
        words = f"--schema shows the keys of scenarios; files of {', '.join(MODELS)} have own"
        raise HotmesaError(f"check {command}: {words}")
    if not json:
        raise HotmesaError(f"check {command} --schema: write --json too; its keys in words stand in the documentation")
    return plan_schema_json(command)
