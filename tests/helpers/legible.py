"""What makes a figure legible: colours that everybody tells apart, texts that stand free and whole, axes with units."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

# Rows of Viénot, Brettel and Mollon, Color Res. Appl. 24, 243 (1999), in linear RGB: what dichromats see.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
    "protanopia": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
OVERLAP_PX = 1.5


def lab(colour: Any, sight: str = "normal") -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as seen with one kind of sight."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ np.clip(SIGHT[sight] @ linear, 0.0, 1.0) / _XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])])


def difference(first: Any, second: Any) -> float:
    """Smallest difference of two colours (CIE 1976) over all kinds of sight; 2.3 is just noticeable side by side."""
    return min(float(np.linalg.norm(lab(first, sight) - lab(second, sight))) for sight in SIGHT)


def looks(axes: Axes) -> set[tuple[str, str, str]]:
    """Colour, kind of line and marker of everything drawn as a line, without straight rules in black or grey."""
    found = set()
    for line in axes.lines:
        if line.get_visible() and len(line.get_xdata(orig=False)) and line.get_alpha() in (None, 1.0):
            style = str(line._unscaled_dash_pattern if line.get_linestyle() == "--" else line.get_linestyle())
            found.add((to_hex(line.get_color()), style, str(line.get_marker())))
    return found


def confused(axes: Axes, least: float) -> list[tuple[Any, Any, float]]:
    """Pairs of lines alike in kind and marker whose colours differ by less than `least` for somebody."""
    pairs = combinations(sorted(looks(axes)), 2)
    near = [(a, b, difference(a[0], b[0])) for a, b in pairs if a[1:] == b[1:] and a[0] != b[0]]
    return [entry for entry in near if entry[2] < least]


def texts(figure: Figure) -> list[tuple[str, Any]]:
    """Visible texts of a figure with their boxes in pixels."""
    FigureCanvasAgg(figure).draw()
    hidden = _hidden(figure)
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in hidden]
    return [(text.get_text(), text.get_window_extent()) for text in shown]


def _hidden(figure: Figure) -> set[int]:
    """Texts that are not drawn: of invisible axes, and at ticks beyond the limits of their axis."""
    hidden: set[int] = set()
    for axes in [axes for part in figure.axes for axes in (part, *part.child_axes)]:
        if not axes.get_visible():
            hidden.update(id(text) for text in axes.findobj(Text))
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not axes.axison or not low - slack <= tick.get_loc() <= high + slack:
                    hidden.update((id(tick.label1), id(tick.label2)))
    return hidden


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    found = []
    for (first, a), (second, b) in combinations(texts(figure), 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        if min(across, up) > OVERLAP_PX:
            found.append((first, second))
    return found


def clipped(figure: Figure) -> list[str]:
    """Texts that reach out of the figure (pictures are saved with a margin of 0.12 inches)."""
    width, height = figure.get_size_inches() * figure.dpi
    margin = 0.12 * figure.dpi
    return [
        text
        for text, box in texts(figure)
        if box.x0 < -margin or box.y0 < -margin or box.x1 > width + margin or box.y1 > height + margin
    ]


UNIT = re.compile(r"\(.+\)|= 1\)")


def without_unit(figure: Figure, pure: tuple[str, ...] = ()) -> list[str]:
    """Labels of axes that name no unit, and "" for axes with numbers and no label; `pure` are numbers without unit.

    Shared axes need their label once in a row or column.
    """
    found = []
    for axes in figure.axes:
        if not axes.get_visible() or not axes.axison:
            continue
        for axis, shared in ((axes.xaxis, axes.get_shared_x_axes()), (axes.yaxis, axes.get_shared_y_axes())):
            if not axis.get_visible() or not any(t.get_text() for t in axis.get_ticklabels()):
                continue
            labels = [_label(other, axis.axis_name) for other in shared.get_siblings(axes)]
            label = next(filter(None, labels), axes.get_title())
            if not (UNIT.search(label) or label in pure or _words(axis)):
                found.append(label)
    return found


def _label(axes: Axes, name: str) -> str:
    return str((axes.xaxis if name == "x" else axes.yaxis).get_label_text())


def _words(axis: Any) -> bool:
    """Whether the ticks of an axis are words, as the names of cases: these say themselves what they are."""
    return not any(re.fullmatch(r"[-−]?[\d.]+", t.get_text()) for t in axis.get_ticklabels() if t.get_text())


def raw_names(figure: Figure) -> list[str]:
    """Texts that hold keys of files or tables."""
    return [text for text, _ in texts(figure) if re.search(r"[a-z]_[a-z]", re.sub(r"\$[^$]*\$", "", text), re.I)]
