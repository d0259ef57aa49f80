"""hotmesa check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hotmesa.commands import add_overrides
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.describe import summary
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.plans.assumptions import assumption_lines, deciding_assumptions
from hotmesa.scenarios.reference import schema_json, schema_markdown, schema_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa check`."""
    parser.add_argument("scenario", nargs="?", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    add_overrides(parser)
    parser.add_argument("--schema", action="store_true", help="show every key with type, range, unit and default")
    parser.add_argument("--markdown", action="store_true", help="with --schema: as Markdown tables")
    parser.add_argument("--json", action="store_true", help="with --schema: as JSON schema, for editors")


def main(scenario: str | None, overrides: Sequence[str], schema: bool, markdown: bool, json: bool) -> int:
    """Print what a scenario describes, or every key that there is.

    Raises:
        ScenarioError: the scenario has problems; all of them.
    """
    if schema:
        sys.stdout.write(schema_json() if json else schema_markdown() if markdown else schema_text())
        return 0
    if scenario is None:
        raise HotmesaError("check needs the name of a scenario or a file, or --schema")
    found = load_scenario(scenario, overrides, complete=True)
    lines = assumption_lines(found, deciding_assumptions(scenario, overrides))
    sys.stdout.write("\n".join([summary(found), *lines, "no problems found\n"]))
    return 0
