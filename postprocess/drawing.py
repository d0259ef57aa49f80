"""A device to scale before anything is computed: its plan, and its layers in depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.patches import contact_circles, contact_corners, outlines
from hotmesa.postprocess.solids import Heights, heights
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import wall_shift_um
from hotmesa.scenarios.layers import layer_thickness, mesa_depths_um
from hotmesa.scenarios.mesas import mesas_of
from hotmesa.scenarios.schema import Point, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CRYSTAL, MESA, JUNCTIONS, CONTACT = "#e3e3e3", style.SKY, style.BLUE, style.ORANGE
FILLS = ("#d9b44a", "#c9d6e8", "#bdbdbd", "#d8cfe3")
"""Of the layers besides that of the junctions, in turn."""
WIRE = 0.3
"""Height of a wire as it is drawn, as part of that of film and mesa."""


@style.styled
def plot_device(scenario: Scenario) -> Figure:
    """Return a figure of a device to scale: left its plan with contacts, right its layers along x through its centre.

    Film and mesa are drawn higher than they are, by the factor that the figure tells; the crystal is to scale and cut
    at a depth of 0.6 widths of the mesa.

    Args:
        scenario: with a mesa in space; lengths are in µm.
    """
    figure, left, right = page.pair(11.0, 5.2)
    _draw_plan(left, scenario)
    _draw_section(right, scenario)
    page.heading(figure, style.title_of(scenario), _kind_of(scenario))
    return figure


def _kind_of(scenario: Scenario) -> str:
    words = {"strip": "computed as a strip along x", "disc": "computed as a disc along its radius"}
    return words.get(scenario.geometry, "")


def _draw_plan(axes: Axes, scenario: Scenario) -> None:
    from matplotlib.patches import Polygon

    first, *further = mesas_of(scenario)
    parts: list[tuple[tuple[Point, ...], str, str]] = [(first.patch.corners, MESA, "mesa")]
    parts += [(mesa.patch.corners, MESA, "") for mesa in further]
    if scenario.crystal is not None:
        parts.insert(0, (scenario.crystal.corners, CRYSTAL, "crystal"))
    for outline, colour, name in parts:
        look: dict[str, Any] = {"closed": True, "facecolor": colour, "edgecolor": "black", "linewidth": 1.0}
        axes.add_patch(Polygon(np.array(outline), label=name or None, **look))
    for mesa in further:
        axes.annotate(mesa.name, mesa.patch.centre_um, ha="center", va="center", fontsize="small")
    half = 0.5 * scenario.mesa.extent_um[1]
    corners = outlines(contact_circles(scenario), contact_corners(scenario))
    for contact, edge in zip(scenario.contacts, corners, strict=True):
        x, y = contact.patch.centre_um
        if scenario.geometry == "strip":  # over all of the depth
            axes.fill_betweenx([-half, half], *contact.patch.span_um, color=CONTACT, alpha=0.6, linewidth=0)
        else:
            axes.add_patch(Polygon(edge, closed=True, facecolor=CONTACT, edgecolor="black"))
        axes.annotate(contact.name, (x, y), ha="center", va="center", fontsize="small")
    axes.set(xlabel="x (µm)", ylabel="y (µm)", aspect="equal")
    axes.autoscale_view()
    axes.margins(0.04)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _draw_section(axes: Axes, scenario: Scenario) -> None:
    """Draw the layers as bars, with their names, materials and thicknesses beside them."""
    width = scenario.mesa.extent_um[0]
    drawn = heights(scenario, float(np.sqrt(np.prod(scenario.mesa.extent_um))))
    beside = [abs(x) for contact in scenario.contacts if contact.on == "crystal" for x in contact.patch.span_um]
    wanted = max(2.0 * width, 2.2 * max(beside, default=0.0))
    span = min(scenario.crystal.extent_um[0] if scenario.crystal is not None else width, wanted)
    top = max(float(borders[0]) for borders in drawn.borders_um.values())
    low = -drawn.depth_um
    fills = iter(FILLS * len(scenario.layers))
    for layer in scenario.layers:
        borders = np.maximum(drawn.borders_um[layer.name], low)
        half = np.full(borders.size, 0.5 * (width if layer.region == "mesa" else span))
        if layer.region == "mesa":
            half += _wall_shifts(scenario, layer.name, borders)
        colour = JUNCTIONS if layer.junctions else next(fills)
        if borders[0] > borders[-1]:
            axes.fill_betweenx(borders, -half, half, color=colour, linewidth=0)
            axes.hlines(borders, -half, half, color="white", linewidth=0.4)
    for contact in scenario.contacts:
        x, ends = contact.patch.centre_um[0], [*contact.patch.span_um]
        foot = 0.0 if contact.on == "crystal" else top
        end = foot + WIRE * (top or width)
        axes.plot(ends, [foot, foot], color=CONTACT, linewidth=4.0, solid_capstyle="butt")
        axes.plot([x, x], [foot, end], color=CONTACT, linewidth=1.5)
        axes.annotate(f" {contact.name}", (x, end), ha="left", va="top", fontsize="small")
    factor = f", above 0 × {drawn.mesa_factor:g}" if drawn.mesa_factor > 1.0 else ""
    axes.set(xlabel="x (µm)", ylabel=f"height z (µm){factor}", xlim=(-0.5 * span, 0.5 * span))
    axes.set_ylim(low - 0.02 * (top - low), top + 1.5 * WIRE * (top or width))
    if drawn.whole_depth_um > drawn.depth_um:
        words = f"the upper {drawn.depth_um:.3g} of {drawn.whole_depth_um:.3g} µm"
        axes.annotate(words, (0.02, 0.02), xycoords="axes fraction", fontsize="small")
    _name_layers(axes, scenario, drawn, low)


def _wall_shifts(scenario: Scenario, name: str, borders: Array) -> Array:
    """Return how far the walls stand out (µm) at the borders of the sublayers of a layer of the mesa."""
    top, bottom = (wall_shift_um(scenario.mesa, depth) for depth in mesa_depths_um(scenario)[name])
    return np.asarray(top + (bottom - top) * (borders[0] - borders) / (borders[0] - borders[-1]))


def _name_layers(axes: Axes, scenario: Scenario, drawn: Heights, low: float) -> None:
    """Write what the layers are beside them, from top to bottom, with a line to each that is seen."""
    from matplotlib.lines import Line2D

    count, to_axes = len(scenario.layers), axes.transData + axes.transAxes.inverted()
    for number, layer in enumerate(scenario.layers):
        borders = np.maximum(drawn.borders_um[layer.name], low)
        words = f"{layer.name}: {layer.material}\n{layer_thickness(scenario, layer):.3g} µm, "
        words += f"{layer.sublayers} sublayer{'s' * (layer.sublayers > 1)}"
        y, height = 1.0 - (number + 0.5) / count, to_axes.transform((0.0, 0.5 * (borders[0] + borders[-1])))[1]
        look: dict[str, Any] = {"transform": axes.transAxes, "color": "#9a9a9a", "linewidth": 0.6, "clip_on": False}
        axes.add_line(Line2D([1.0, 1.035], [height, y], **look))
        axes.text(1.045, y, words, transform=axes.transAxes, va="center", fontsize="small")
