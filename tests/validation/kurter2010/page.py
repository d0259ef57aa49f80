"""Tables of numbers in Markdown, and how they get into a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DOCS = Path(__file__).resolve().parents[3] / "docs"
IMAGES = DOCS / "images"
Colour = tuple[float, ...]


@dataclass(frozen=True)
class Target:
    """One quantity of the paper or of a converged computation, beside what came out.

    Attributes:
        quantity: what it is, in words.
        wanted: its value in the paper or in the converged computation.
        got: what the run gave.
        tolerance: how far `got` may be from `wanted`, in words.
        met: whether it is; None where the target is a remark without a verdict.
    """

    quantity: str
    wanted: str
    got: str
    tolerance: str
    met: bool | None

    @staticmethod
    def close(quantity: str, wanted: float, got: float | None, tolerance: float, digits: int) -> Target:
        """Return a target with a number that has to be met within a tolerance."""
        met = got is not None and abs(got - wanted) <= tolerance
        return Target(quantity, number(wanted, digits), number(got, digits), f"± {tolerance:g}", met)


def shades(count: int) -> list[Colour]:
    """Return colours from dark to light for things in an order, which a grey print tells apart as well."""
    from matplotlib import colormaps

    return [tuple(colour) for colour in colormaps["plasma"](np.linspace(0.0, 0.85, count))]


def number(value: float | None, digits: int = 2) -> str:
    """Return a number as text, a dash where there is none."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def verdict(met: bool | None) -> str:
    """Return the word for a target."""
    return "" if met is None else "met" if met else "**not met**"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def target_table(targets: Sequence[Target]) -> str:
    """Return the table target / got / tolerance / verdict."""
    rows = [[t.quantity, t.wanted, t.got, t.tolerance, verdict(t.met)] for t in targets]
    return markdown(("quantity", "target", "got", "tolerance", "verdict"), rows)


def write_block(page: Path, name: str, block: str) -> None:
    """Replace what stands between the markers of a block in a page.

    Raises:
        ValueError: the page has no such markers.
    """
    text = page.read_text(encoding="utf-8")
    pattern = rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)"
    text, found = re.subn(pattern, lambda match: f"{match[1]}\n{block}\n\n{match[2]}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{page.name} has {found} places for the block {name!r}")
    page.write_text(text, encoding="utf-8")


def blocks_of(text: str) -> Mapping[str, str]:
    """Return the contents between the markers of a page by name."""
    return dict(re.findall(r"<!-- (?!end)([\w-]+) -->\n(.*?)<!-- end -->", text, flags=re.DOTALL))
