"""The two pictures of the page: I(V), now and pinned, and the junction temperature of the state that is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import ColorBar, ColumnDataSource, HoverTool, LinearColorMapper
from bokeh.plotting import figure
from matplotlib.colors import to_hex
from matplotlib.tri import LinearTriInterpolator, Triangulation

from hotmesa.explore.answers import Answer
from hotmesa.postprocess import style
from hotmesa.postprocess.map import temperature_scale
from hotmesa.scenarios.arrays import Array

PIXELS = 180
"""Of a map along its longer side."""
COLOURS = 256
DASHES = {style.STABLE: "solid", style.UNSTABLE_UNDER_VOLTAGE: "dashed", style.UNSTABLE_UNDER_CURRENT: "dotted"}
ROOM = 1.05
"""By which an axis is longer than its curve."""
NOT_ASKED = "coarse: stability not asked"
FADED = 0.35
TEXT = "11pt"


class CurvePicture:
    """I(V) with the pinned one below it and the chosen state as a dot.

    Attributes:
        figure: the picture.
    """

    def __init__(self) -> None:
        """Make it empty."""
        names = "voltage V of the stack (mV)", "current I (mA)", "I(V)"
        self.figure = _picture(*names, "pan,wheel_zoom,box_zoom,reset", x_range=(0, 1), y_range=(0, 1))
        self._pinned: dict[int, tuple[Any, Any]] = {}
        self._now: dict[int, tuple[Any, Any]] = {}
        for answer, dash in DASHES.items():
            name = style.NAMES[answer]
            self._pinned[answer] = self._line(style.UNIFORM_COLOUR, dash, 3, "pinned" if answer == style.STABLE else "")
            self._now[answer] = self._line(style.BRANCH_COLOUR, dash, 2.5, name)
        self._dot = ColumnDataSource({"V": [], "I": []})
        self.figure.scatter(
            "V", "I", source=self._dot, size=11, fill_color="white", line_color=style.ORANGE, line_width=3,
            legend_label="state of the map",
        )  # fmt: skip
        self.figure.legend.location = "top_left"
        self.figure.legend.background_fill_alpha = 0.8
        labels = [item.label["value"] for item in self.figure.legend[0].items]
        self._stable = labels.index(style.NAMES[style.STABLE])
        self._shown: dict[str, Answer | None] = {"now": None, "pinned": None}
        self._name_visible()

    def show(self, answer: Answer) -> None:
        """Draw a branch as the present one."""
        self._shown["now"] = answer
        stable = self.figure.legend[0].items[self._stable]
        stable.label = {"value": NOT_ASKED if answer.coarse else style.NAMES[style.STABLE]}
        self._fill(self._now, answer)
        self.fade(False)

    def pin(self, answer: Answer | None) -> None:
        """Draw a branch as the pinned one; None takes it away."""
        self._shown["pinned"] = answer
        self._fill(self._pinned, answer)

    def choose(self, answer: Answer, state: int) -> None:
        """Put the dot at a point of the branch."""
        self._dot.data = {"V": [answer.V_mV[state]], "I": [answer.I_mA[state]]}

    def fade(self, old: bool) -> None:
        """Show that the present branch is not that of the numbers beside it, or that it is."""
        for line, _ in self._now.values():
            line.glyph.line_alpha = FADED if old else 1.0

    def _line(self, colour: str, dash: str, width: float, name: str) -> tuple[Any, Any]:
        source = ColumnDataSource({"V": [], "I": []})
        named = {"legend_label": name} if name else {}
        line = self.figure.line("V", "I", source=source, line_color=colour, line_dash=dash, line_width=width, **named)
        line.visible = False
        return line, source

    def _fill(self, lines: dict[int, tuple[Any, Any]], answer: Answer | None) -> None:
        for kind, (line, source) in lines.items():
            V, I = _joined([(V, I) for a, V, I in (answer.lines if answer else ()) if a == kind])  # noqa: E741
            source.data = {"V": V, "I": I}
            line.visible = bool(len(V))
        self._name_visible()
        drawn = [item for item in self._shown.values() if item is not None]
        if drawn:
            self.figure.x_range.update(start=0.0, end=ROOM * max(float(item.V_mV.max()) for item in drawn))
            self.figure.y_range.update(start=0.0, end=ROOM * max(float(item.I_mA.max()) for item in drawn))

    def _name_visible(self) -> None:
        """Name in the legend what is drawn alone."""
        for item in self.figure.legend[0].items:
            item.visible = any(renderer.visible for renderer in item.renderers)


def _joined(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return stretches one behind the other with a gap (NaN) between them."""
    gap = np.array([np.nan])
    columns = [np.concatenate([item for part in parts for item in (part[k], gap)] or [np.zeros(0)]) for k in (0, 1)]
    return columns[0][:-1], columns[1][:-1]


@dataclass(frozen=True)
class Raster:
    """The rectangle around a mesa as pixels."""

    triangles: Triangulation
    x: Array
    y: Array

    @classmethod
    def of(cls, answer: Answer) -> Raster:
        """Lay pixels over the mesa of an answer."""
        low, high = np.array([answer.x_um.min(), answer.y_um.min()]), np.array([answer.x_um.max(), answer.y_um.max()])
        pixel = (high - low).max() / PIXELS
        counts = np.maximum(1, np.round((high - low) / pixel)).astype(int)
        x, y = (a + (b - a) * (0.5 + np.arange(n)) / n for a, b, n in zip(low, high, counts, strict=True))
        return cls(Triangulation(answer.x_um, answer.y_um, answer.cells), x, y)

    def image(self, T_K: Array) -> Array:
        """Return the temperature of the pixels, NaN outside, shape (rows, columns)."""
        X, Y = np.meshgrid(self.x, self.y)
        inside: Any = LinearTriInterpolator(self.triangles, T_K)(X, Y)
        return np.asarray(inside.filled(np.nan), dtype=np.float32)


class MapPicture:
    """The junction temperature of one state: a map of a plan, a line over a strip or the radius of a disc.

    Attributes:
        figure: the picture.
    """

    def __init__(self, geometry: str, extent_um: tuple[float, float]) -> None:
        """Make it empty, for a mesa of this size."""
        self._plan = geometry == "plan"
        tools = "pan,wheel_zoom,reset"
        if self._plan:
            self.figure = _picture("x (µm)", "y (µm)", "", tools, match_aspect=True)
            self._mapper = LinearColorMapper(palette=["#000000"], low=0.0, high=1.0, nan_color="rgba(0,0,0,0)")
            width, depth = extent_um
            empty = np.full((1, 1), np.nan, dtype=np.float32)
            place = {"x": [-width / 2], "y": [-depth / 2], "dw": [width], "dh": [depth]}
            self._source = ColumnDataSource({"image": [empty]} | place)
            image = self.figure.image(source=self._source, color_mapper=self._mapper)
            self.figure.add_tools(HoverTool(renderers=[image], tooltips=[("T", "@image{0.00} K"), ("at", "$x, $y µm")]))
            bar = ColorBar(color_mapper=self._mapper, title="T (K)", major_label_text_font_size=TEXT)
            self.figure.add_layout(bar, "right")
            self._contacts = ColumnDataSource({"x": [], "y": []})
            self.figure.patches("x", "y", source=self._contacts, fill_alpha=0.0, line_color="white", line_width=2)
            self.figure.grid.visible = False
            self.figure.min_border_right = 20
        else:
            along = "x (µm)" if geometry == "strip" else "radius r (µm)"
            self.figure = _picture(along, "junction temperature T (K)", "", tools)
            self._source = ColumnDataSource({"x": [0.0, extent_um[0]], "T": [0.0, 0.0]})
            self.figure.line("x", "T", source=self._source, line_color=style.BRANCH_COLOUR, line_width=2.5)
            self._hot = self.figure.hspan(y=[0.0], line_color=style.ORANGE, line_dash="dashed", line_width=1.5)
        self._answer: Answer | None = None

    def show(self, answer: Answer) -> None:
        """Take a branch, whose states are drawn from now on in one scale of temperature."""
        self._answer = answer
        low, high = float(np.nanmin(answer.T_K)), float(np.nanmax(answer.T_K))
        high = max(high, low + 1e-3)
        if self._plan:
            colours, norm = temperature_scale(low, high, answer.hot_K)
            steps = np.linspace(low, high, COLOURS)
            self._mapper.update(palette=[to_hex(colours(norm(T))) for T in steps], low=low, high=high)
            self._raster = Raster.of(answer)
            self._contacts.data = {"x": [c[:, 0] for c in answer.contacts], "y": [c[:, 1] for c in answer.contacts]}
        else:
            self.figure.y_range.update(start=low - 0.03 * (high - low), end=high + 0.03 * (high - low))
            self._hot.glyph.y = answer.hot_K

    def choose(self, state: int) -> None:
        """Draw one state of the branch."""
        answer = self._answer
        if answer is None:
            return
        T, V, I = answer.T_K[state], answer.V_mV[state], answer.I_mA[state]  # noqa: E741 - as in the field
        self.figure.title.text = f"{I:.3f} mA, {V:.1f} mV, up to {np.nanmax(T):.1f} K"
        if self._plan:
            raster = self._raster
            width, depth = np.ptp(answer.x_um), np.ptp(answer.y_um)
            left, below = answer.x_um.min(), answer.y_um.min()
            self._source.data = {"image": [raster.image(T)], "x": [left], "y": [below], "dw": [width], "dh": [depth]}
        else:
            order = np.argsort(answer.x_um)
            self._source.data = {"x": answer.x_um[order], "T": T[order]}


def _picture(x: str, y: str, title: str, tools: str, **options: Any) -> Any:
    """Return an empty picture with named axes."""
    result = figure(
        x_axis_label=x, y_axis_label=y, title=title or " ", tools=tools, sizing_mode="stretch_width", height=430,
        min_width=300, output_backend="canvas", stylesheets=[":host { flex: 1 1 420px; }"],
        **options,
    )  # fmt: skip
    result.toolbar.logo = None
    result.axis.axis_label_text_font_size = TEXT
    result.axis.major_label_text_font_size = TEXT
    result.axis.axis_label_text_font_style = "normal"
    result.title.text_font_size = TEXT
    return result
