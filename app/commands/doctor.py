"""hotmesa doctor."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of `hotmesa doctor`: there are none."""


def main() -> int:
    """Look at the installation."""
    from hotmesa.doctor import main as examine

    return examine()
