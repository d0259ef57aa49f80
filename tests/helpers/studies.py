"""A small study of an ohmic stack in the uniform model, as a file, with what it writes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from hotmesa.cli import main

# An ohmic stack in the uniform model: a case takes milliseconds.
HEAD = """
name = "small"
scenario = "kurter2010-uniform"

[fixed]
law.kind = "ohmic"
law.set = "none"
law.resistivity_ohm_cm = {T_K = [4.0, 300.0], values = [200.0, 20.0]}
"""
TWO = HEAD + '[[vary]]\nkey = "mesa.junctions"\nvalues = [6, 12]\n'
THREE = TWO + '[[vary]]\nkey = "bath.temperature_K"\nrange = {first = 4.0, last = 40.0, points = 3}\n'
Write = Callable[[str], Path]
"""Writes a text to a file, which it returns."""


def study(file: Path, *arguments: str) -> int:
    return main(["study", str(file), "--out", str(file.parent / "out"), "--quiet", "--workers", "0", *arguments])


def table(file: Path) -> list[dict[str, str]]:
    with (file.parent / "out" / "table.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))
