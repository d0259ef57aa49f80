"""hotmesa list."""

from __future__ import annotations

import argparse
import sys

from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.files import bundled_plans, title_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa list`: there are none."""


def main() -> int:
    """Print the names and titles of what is bundled."""
    names = available_scenarios()
    width = max(len(name) for name in names)
    for name in names:
        sys.stdout.write(f"{name:<{width}}  {load_scenario(name).title}\n")
    for kind in ("study", "fit"):
        for index, name in enumerate(bundled_plans(kind)):
            head = f"\nfor hotmesa {kind}:\n" if index == 0 else ""
            sys.stdout.write(f"{head}{name:<{width}}  {title_of(name)}\n")
    return 0
