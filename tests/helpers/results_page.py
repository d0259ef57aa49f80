"""Writes the tables of docs/results.md from what is declared beside each column and each number."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from hotmesa.postprocess.runs import numbers_of, results_of
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.units import unit_of
from hotmesa.solver.runs.columns import columns_of

PAGE = Path(__file__).parents[2] / "docs" / "results.md"
END = "<!-- end -->"


def table(head: str, declared: Mapping[str, str]) -> str:
    """Return a Markdown table of names with unit and meaning."""
    lines = [f"| {head} | unit | definition |", "|---|---|---|"]
    for name, text in declared.items():
        lines.append(f"| `{name}` | {unit_of(name) or '1'} | {text.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def figures() -> str:
    """Return a Markdown table of the figures of all kinds of run, told by the functions that draw them."""
    lines = ["| figure | of the runs with mode | shows |", "|---|---|---|"]
    found: dict[tuple[str, str], list[str]] = {}
    for word in KINDS:
        for name, plot in results_of(word).figures.items():
            first = str(plot.__doc__).strip().splitlines()[0]
            text = first.removeprefix("Return a figure of ").partition(";")[0].rstrip(".")
            found.setdefault((name, text), []).append(word)
    lines += [f"| `{name}` | {', '.join(words)} | {text} |" for (name, text), words in found.items()]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Return the page with its tables made anew."""
    numbers = {name: text for name, text in numbers_of("branch").items() if not name.startswith("uniform.")}
    numbers["uniform"] = "a table of the first of these numbers, of the uniform model: `uniform.beta` and so on"
    tables = {
        "<!-- figures": figures(),
        "<!-- columns of iv.csv": table("column", columns_of("branch")),
        "<!-- numbers of summary.json": table("key", numbers),
    }
    for mark, rows in tables.items():
        start = text.index("\n", text.index(mark)) + 1
        text = text[:start] + rows + text[text.index(END, start) :]
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")
