"""hotmesa list."""

from __future__ import annotations

import argparse
import sys

from hotmesa.commands import add_json
from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.files import PLANS, bundled_plans, title_of
from hotmesa.scenarios.writing import json_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa list`."""
    add_json(parser)


def main(json: bool) -> int:
    """Print the names and titles of what is bundled."""
    titles = {"scenario": {name: load_scenario(name).title for name in available_scenarios()}}
    titles |= {kind: {name: title_of(name) for name in bundled_plans(kind)} for kind in PLANS}
    if json:
        rows = [{"name": name, "kind": kind, "title": title} for kind in titles for name, title in titles[kind].items()]
        sys.stdout.write(json_text(rows))
        return 0
    width = max(len(name) for name in titles["scenario"])
    for kind, entries in titles.items():
        head = f"\nfor hotmesa {kind}:\n" if kind != "scenario" and entries else ""
        sys.stdout.write(head + "".join(f"{name:<{width}}  {title}\n" for name, title in entries.items()))
    return 0
