"""hotmesa doctor."""

from __future__ import annotations

import argparse

from hotmesa.commands import add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa doctor`."""
    add_json(parser)


def main(json: bool) -> int:
    """Look at the installation."""
    from hotmesa.doctor import main as examine

    return examine(json)
