"""The large mesa of curve (a) of Fig. 1: hot spots much smaller than the mesa, thick electrode, bath temperature."""

from __future__ import annotations

from functools import cache

import numpy as np
from validation.kurter2010.loads import Jump, in_words, jump, largest_load
from validation.kurter2010.page import IMAGES, Target, markdown, number, shades
from validation.kurter2010.runs import Trace, draw_held, trace
from validation.kurter2010.spots import draw_map, hot_nodes

from hotmesa import load_scenario
from hotmesa.postprocess import page, style
from hotmesa.scenarios.schema import ConstantContact

BATHS_K = (20.0, 26.0, 40.0, 50.0, 55.0, 60.0, 80.0)
OWN_BATH_K = 26.0
COARSE = ("mesh.size_um=6", "branch.min_points=40", "output.every=1")
"""V within 0.5 % of a mesh of 3 µm, in a third of the time."""
THICK = ("layers.0.thickness_um=0.4", "materials.film.residual_resistivity_ohm_m=1e-8")
LIGHT = (
    "mesh.size_um=8", "branch.min_points=30", "branch.end_current_mA=45", "output.every=1000",
    "numerics.estimate_error=false",
)  # fmt: skip
LEADS: dict[str, tuple[str, ...]] = {
    "everywhere": (),
    "everywhere, strip": ("geometry=strip",),
    "at one end, strip": (
        "geometry=strip", 'contacts=[{name="lead", x_um=-147.0, radius_um=3.0, contact_K_per_mW=1e9}]',
        'electrode.inject=["lead"]',
    ),
}  # fmt: skip
"""Where current enters the film, through a contact that takes no heat; a strip, for which this is fast."""
LOADS_OHM = (20.0, 30.0, 50.0)
LEAD = ConstantContact(name="lead", x_um=-120.0, radius_um=15.0, contact_K_per_mW=1.0, wire_K_per_mW=8.0)
"""A gold wire of 50 µm and 5 mm in silver paste at one end of the mesa (assumed)."""
SHOWN_MA = (16.8, 20.0, 30.0, 45.0)


@cache
def run(bath_K: float = OWN_BATH_K, electrode: str = "thin", lead: bool = False) -> Trace:
    """Return the branch of `thz-300x60` at a bath temperature, with a thin or thick electrode, with a lead or not."""
    changes = (*COARSE, f"bath.temperature_K={bath_K}", *(THICK if electrode == "thick" else ()))
    scenario = load_scenario("thz-300x60", changes)
    return trace(scenario.model_copy(update={"contacts": (LEAD,)}) if lead else scenario)


def drop(found: Trace) -> float:
    """Return by how much V falls with rising current (mV), from the highest value so far."""
    V = found.column("V_mV")
    return float(np.max(np.maximum.accumulate(V) - V))


def steepest(found: Trace) -> float:
    """Return the smallest dV/dI (Ω); V jumps behind a resistor smaller than its negative."""
    return float(np.min(found.column("dV_dI_ohm")))


def spread(found: Trace) -> float:
    """Return the largest difference of temperature (K) over the mesa along the branch."""
    return float(np.max(found.column("T_max_K") - found.column("T_min_K")))


def last_backbending_K() -> float:
    """Return the bath temperature (K) at which the smallest dV/dI passes through zero."""
    slopes = [steepest(run(bath)) for bath in BATHS_K]
    return float(np.interp(0.0, slopes, BATHS_K))


def size(found: Trace, k: int) -> tuple[float, float, float]:
    """Return extent along x and y and the middle along x of the hot nodes of a kept state (µm); zeros if none."""
    hot = hot_nodes(found, k)
    if not len(hot):
        return 0.0, 0.0, 0.0
    low, high = hot.min(axis=0), hot.max(axis=0)
    return float(high[0] - low[0]), float(high[1] - low[1]), float(0.5 * (low[0] + high[0]))


def state_at(found: Trace, I_mA: float) -> int:
    """Return the kept state nearest to a current."""
    return int(np.argmin(np.abs(found.states.I_mA - I_mA)))


def through(found: Trace) -> float:
    """Return the largest difference of temperature (K) between the sublayers of the mesa along the branch."""
    return float(np.nanmax(np.ptp(found.states.T_K[:, found.run.junction_layers], axis=1)))


def targets() -> list[Target]:
    """Return what is known of such mesas beside what came out."""
    thin, thick, lead = run(), run(electrode="thick"), run(lead=True)
    hot = thin.column("hot_fraction")
    first = int(np.flatnonzero(hot > 0)[0])
    length, width, _ = size(thin, state_at(thin, 20.0))
    middles = [size(lead, int(k))[2] for k in np.flatnonzero(lead.at_states("hot_fraction") > 0)]
    balance = max(float(np.nanmax(found.column("heat_balance_error")[1:])) for found in (thin, thick, lead))
    gone, jumps = last_backbending_K(), (-steepest(thin), -steepest(thick))
    return [
        Target("part of the mesa that is hot where the hot spot appears", "much smaller than the mesa",
               f"{hot[first]:.3f}", "0.1", bool(hot[first] < 0.1)),
        Target("hot spot at 20 mA, along and across the mesa (µm)", "much smaller than 300 along it",
               f"{length:.0f}, {width:.0f}", "150", 0 < length < 150),
        Target("hot-spot fraction grows with current", "all the way", f"{hot[first]:.2f} to {hot[-1]:.2f}",
               "never shrinks", bool(np.all(np.diff(hot) >= -1e-9))),
        Target("lead at x = −120 µm: middle of the hot spot, first and at all currents (µm)", "on the far side",
               f"{middles[0]:.0f}, {min(middles):.0f} to {max(middles):.0f}", "> 0", min(middles) > 0),
        Target.close("bath temperature above which nothing folds back (K)", 57.5, gone, 2.5, 1),
        Target("electrode of 50, 400 nm: V jumps behind a load below (Ω)", "jumps with 50 nm, none with 400 nm",
               f"{jumps[0]:.0f}, {jumps[1]:.0f}", "0 for 400 nm", jumps[1] <= 0 < jumps[0]),
        Target("electrode of 50, 400 nm: largest difference of temperature over the mesa (K)", "smaller with 400 nm",
               f"{spread(thin):.0f}, {spread(thick):.0f}", "any", spread(thick) < spread(thin)),
        Target("electrode of 50, 400 nm: backbending (mV)", "(no claim)", f"{drop(thin):.0f}, {drop(thick):.0f}",
               "", None),
        Target("I(V) under an ideal current source", "(no claim)", "folds" if "I" in thin.run.rows["fold"] else
               "rises all along", "", None),
        Target("largest difference of temperature through the mesa (K)", "(no claim)", number(through(thin), 1), "",
               None),
        Target("heat into all sinks over Joule power, minus 1", "0", f"{balance:.0e}", "1e-8", balance < 1e-8),
    ]  # fmt: skip


ROWS_MA = (5.0, 10.0, 16.8, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0)


def table() -> str:
    """Return curve, temperatures and hot spot by current at the bath temperature of the paper."""
    found, lead = run(), run(lead=True)
    head = ("I (mA)", "V (mV)", "mean T (K)", "T_max (K)", "hot-spot fraction", "its current", "length × width (µm)",
            "held by a current source", "with lead: hot-spot fraction", "middle x (µm)", "held")  # fmt: skip
    columns = (("V_mV", 0), ("T_mean_K", 1), ("T_max_K", 1), ("hot_fraction", 3), ("hot_current_share", 3))
    rows = []
    for current in ROWS_MA:
        cells = [number(found.at_current(key, current), digits) for key, digits in columns]
        length, width, _ = size(found, state_at(found, current))
        there, _, middle = size(lead, state_at(lead, current))
        hot = lead.at_current("hot_fraction", current)
        held = ["yes" if one.held_at(current) else "no" for one in (found, lead)]
        rows.append([f"{current:g}", *cells, f"{length:.0f} × {width:.0f}" if length else "–", held[0], number(hot, 3),
                     number(middle, 0) if there else "–", held[1]])  # fmt: skip
    return markdown(head, rows)


@cache
def light(electrode: str, lead: str) -> Trace:
    """Return the branch with an electrode on coarser elements, with the number of growing modes at every point."""
    changes = (*LIGHT, *(THICK if electrode == "thick" else ()), *LEADS[lead])
    return trace(load_scenario("thz-300x60", changes))


VARIANTS = tuple((electrode, lead) for lead in LEADS for electrode in ("thin", "thick"))


def jumps(electrode: str, lead: str) -> list[Jump | None]:
    """Return the jumps of the branch with an electrode behind each load."""
    return [jump(light(electrode, lead), ohm) for ohm in LOADS_OHM]


def jump_table() -> str:
    """Return what sources make of the curves with both electrodes: jumps behind a load, states that are not held."""
    rows = []
    for electrode, lead in VARIANTS:
        found = light(electrode, lead)
        cells = [in_words(one, f"{one.drop_mV:.0f}" if one else "") for one in jumps(electrode, lead)]
        growing = found.column("I_mA")[found.column("unstable_modes_current_bias") > 0]
        lost = f"{growing.min():.0f} to {growing.max():.0f}" if growing.size else "none"
        thickness = {"thin": "50 nm", "thick": "400 nm"}[electrode]
        rows.append([thickness, lead, number(largest_load(found), 0), lost, *cells])
    head = ("electrode", "current enters", "no jump from (Ω)", "a mode grows under a current source (mA)",
            *(f"{ohm:g} Ω: jump (mA), V falls by (mV)" for ohm in LOADS_OHM))  # fmt: skip
    return markdown(head, rows)


def bath_table() -> str:
    """Return backbending and hot spot by bath temperature."""
    head = ("T_B (K)", "largest V below 30 mA (mV)", "backbending (mV)", "smallest dV/dI (Ω)",
            "largest difference over the mesa (K)", "hot from (mA)", "hot-spot fraction then")  # fmt: skip
    rows = []
    for bath in BATHS_K:
        found = run(bath)
        I, V, hot = (found.column(key) for key in ("I_mA", "V_mV", "hot_fraction"))  # noqa: E741
        first = int(np.flatnonzero(hot > 0)[0])
        rows.append([f"{bath:g}", number(float(V[I < 30].max()), 0), number(drop(found), 0),
                     number(steepest(found), 1), number(spread(found), 0), number(float(I[first]), 1),
                     number(float(hot[first]), 3)])  # fmt: skip
    return markdown(head, rows)


def draw() -> list[str]:
    """Draw curves and maps; return the names of the pictures."""
    _draw_curves("paper-thz-curves.png")
    _draw_maps("paper-thz-maps.png")
    return ["paper-thz-curves.png", "paper-thz-maps.png"]


def _draw_curves(name: str) -> None:
    figure = page.new_figure(10.0, 4.3)
    left, middle, right = figure.subplots(1, 3)
    for bath, colour in zip(BATHS_K, shades(len(BATHS_K)), strict=True):
        run(bath).draw(left, color=colour, linewidth=1.6, label=f"{bath:g} K")
    variants = ((run(), "electrode 50 nm"), (run(electrode="thick"), "400 nm"), (run(lead=True), "50 nm and lead"))
    for (found, words), colour in zip(variants, shades(3), strict=True):
        found.draw(middle, color=colour, linewidth=1.6, label=words)
        draw_held(right, found.column("I_mA"), found.column("hot_fraction"), found.held, color=colour, linewidth=1.6,
                  label=words)  # fmt: skip
    for axes, x, y in ((left, "V (mV)", "I (mA)"), (middle, "V (mV)", "I (mA)"),
                       (right, "I (mA)", "hot part of the area (1)")):  # fmt: skip
        axes.set(xlabel=x, ylabel=y)
        style.tidy(axes)
        axes.legend(frameon=False)
    middle.set_title("dotted: not held by a current source", fontsize="small")
    style.save_figure(figure, IMAGES / name)


def _draw_maps(name: str) -> None:
    figure = page.new_figure(10.0, 5.2, layout="compressed", dpi=110)
    panels = figure.subplots(len(SHOWN_MA), 3)
    variants = ((run(), "50 nm"), (run(electrode="thick"), "400 nm"), (run(lead=True), "50 nm and lead"))
    for column, (found, words) in enumerate(variants):
        for line, current in zip(panels, SHOWN_MA, strict=True):
            image = draw_map(line[column], found, state_at(found, current), (26.0, 115.0))
            line[column].set(xlim=(-150, 150), ylim=(-30, 30))
        panels[0][column].set_title(f"{words}: {panels[0][column].get_title()}", fontsize="small")
    figure.colorbar(image, ax=panels, shrink=0.6).set_label("junction temperature (K)")
    style.save_figure(figure, IMAGES / name)
