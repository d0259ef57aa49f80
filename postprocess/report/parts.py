"""What a report is made of: sections of tables, charts, pictures and words, before any of it is HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, ClassVar

from hotmesa.scenarios.labels import label_of

Cell = str | float | int | bool | None
Spec = dict[str, Any]
"""A trace, an axis or a layout as plotly.js takes it."""

_SIGNS = {
    r"\kappa": "κ", r"\Delta": "Δ", r"\Gamma": "Γ", r"\rho": "ρ", r"\parallel": "∥", r"\perp": "⊥", r"\,": " ",
}  # fmt: skip
_INDEX = re.compile(r"_(?:\\mathrm\{([^}]*)\}|\{([^}]*)\}|(\\?\w+))")


@dataclass(frozen=True)
class Words:
    """Sentences; a warning is framed."""

    kind: ClassVar[str] = "words"
    lines: Sequence[str]
    warns: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a head; numbers are shown with `shown` digits and kept with all of them beside."""

    kind: ClassVar[str] = "table"
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    folded: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether it takes all of the page."""
        return len(self.head) > 3


@dataclass(frozen=True)
class Chart:
    """A chart for plotly.js.

    Attributes:
        name: of its place in the page.
        words: what it shows, for who does not see it; it stands below as its caption.
        traces, layout: as plotly.js takes them.
        height_px: on the screen, less on a narrow one.
        is_wide: whether it takes all of the page.
    """

    kind: ClassVar[str] = "chart"
    name: str
    words: str
    traces: Sequence[Spec]
    layout: Spec
    height_px: int = 420
    is_wide: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture with what it shows in words."""

    kind: ClassVar[str] = "picture"
    source: str
    words: str


@dataclass(frozen=True)
class Moving:
    """A map and a curve that one slider moves.

    Attributes:
        map: chart whose traces with these numbers get other values with every step of the slider.
        curve: chart whose last trace is the point.
        data: what the script needs: the values packed, places of the point, captions.
        start: the step that is shown first.
    """

    kind: ClassVar[str] = "moving"
    map: Chart
    curve: Chart
    data: Mapping[str, Any]
    start: int

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.data["captions"]) - 1


@dataclass(frozen=True)
class Front:
    """Two numbers of cases against each other, with the cases that no other one beats in both; chosen in the page."""

    kind: ClassVar[str] = "front"
    chart: Chart
    data: Mapping[str, Any]


Block = Words | Table | Chart | Picture | Moving | Front


@dataclass(frozen=True)
class Section:
    """A section with its heading; the anchor is its name in links."""

    title: str
    anchor: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    lead: str
    sections: Sequence[Section] = field(default_factory=tuple)

    @property
    def charts(self) -> list[Chart]:
        """All charts."""
        found: list[Chart] = []
        for block in (block for section in self.sections for block in section.blocks):
            found += [block] if isinstance(block, Chart) else []
            found += [block.map, block.curve] if isinstance(block, Moving) else []
            found += [block.chart] if isinstance(block, Front) else []
        return found


def shown(value: Cell, digits: int = 5) -> str:
    """Return a cell as a person reads it: numbers with a few digits, nothing for None and NaN."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}g}".replace("-", "−")
    return str(value).replace("-", "−") if isinstance(value, int) else value


def html_label(name: str) -> str:
    """Return an observable in words or signs with its unit as HTML: "T<sub>max</sub> (K) at I = 1.2 mA"."""
    return as_html(label_of(name))


def as_html(label: str) -> str:
    """Return a label of a figure as HTML: its mathematics as signs and indices."""
    text = escape(label, quote=False)
    if text.count("$") % 2:
        return text
    parts = text.split("$")
    return "".join(_mathematics(part) if number % 2 else part for number, part in enumerate(parts))


def _mathematics(text: str) -> str:
    text = _INDEX.sub(lambda match: f"<sub>{next(filter(None, match.groups()))}</sub>", text)
    for tex, sign in _SIGNS.items():
        text = text.replace(tex, sign)
    return re.sub(r"\\mathrm\{([^}]*)\}", r"\1", text)


def as_text(label: str) -> str:
    """Return a label of a figure without any mark."""
    return (
        re.sub(r"<[^>]*>", "", as_html(label).replace("<sub>", "_"))
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
