"""What decides backbending: maps over film, contact, number of junctions and place of the wire, made by studies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from validation.kurter2010.page import IMAGES, Target, markdown, number
from validation.kurter2010.stacks import stack

from hotmesa import Scenario, study
from hotmesa.postprocess import page, style
from hotmesa.postprocess.curve import IVCurve
from hotmesa.postprocess.merit import curve_figures, curve_of, steepest
from hotmesa.postprocess.tables import read_table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.geometry import normal_resistance_ohm
from hotmesa.scenarios.materials import build_material
from hotmesa.scenarios.plans.study import load_study
from hotmesa.scenarios.schema import Contact, WiedemannFranzContact

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh

RESULTS = Path("out/paper")
COOLING, PLACE, FILM = "backbending-cooling", "backbending-place", "backbending-film"
MIDDLE_K = 39.1
"""Middle between helium and T_c: there a conductivity proportional to T has its mean between both."""
LATE = ("law.gamma_c_meV=10.0", "law.gamma_exponent=5.0")
WORDS = {"shipped": "Γ of the scenario", "late": "Γ grown late", "constant": "constant", "linear": "proportional to T"}


@dataclass(frozen=True)
class Map:
    """One map.

    Attributes:
        x: (n,) film conductance (µW/K) or number of junctions.
        y: (m,) contact resistance (Ω) or distance of the contact from the centre (µm).
        slope: (m, n) smallest dV/dI over R_N, NaN where a case failed.
        depth: (m, n) backbending in mV per junction.
    """

    x: Array
    y: Array
    slope: Array
    depth: Array


def least_slope(curve: IVCurve) -> float:
    """Return the smallest dV/dI over R_N, smooth through folds in V."""
    return steepest(curve, 1).slope


def resistance_ohm(contact: Contact) -> float:
    """Return the electrical resistance of a Wiedemann-Franz contact."""
    return contact.contact_resistance_ohm if isinstance(contact, WiedemannFranzContact) else 0.0


def film_conductance(scenario: Scenario) -> float:
    """Return conductivity times thickness of the film (µW/K) in the middle between helium and T_c."""
    layer = scenario.layers[0]
    kappa = build_material(scenario.materials[layer.material]).in_plane
    return float(f"{float(kappa(MIDDLE_K)) * (layer.thickness_um or 0.0):.6g}")


def position(scenario: Scenario, name: str) -> tuple[float, float]:
    """Return where a case stands in its map."""
    contact = scenario.contacts[0]
    if name == PLACE:
        return float(scenario.mesa.junctions), float(f"{np.hypot(contact.x_um, contact.y_um):.6g}")
    return film_conductance(scenario), resistance_ohm(contact)


def case_numbers(folder: Path, scenario: Scenario) -> tuple[float, float]:
    """Return the smallest dV/dI over R_N and the backbending (mV per junction) of a case; NaN if it failed."""
    if not (folder / "summary.json").exists():
        return np.nan, np.nan
    table = read_table(folder / "iv.csv")
    curve = curve_of(table, normal_resistance_ohm(scenario.mesa))
    if curve is None:
        return np.nan, np.nan
    return least_slope(curve), curve_figures(table, curve, scenario.mesa.junctions)["backbending_mV_per_junction"]


def read_maps(name: str, results: Path) -> dict[str, Map]:
    """Return the maps of a computed study by the points of its first axis."""
    found: dict[str, dict[tuple[float, float], tuple[float, float]]] = {}
    for case in load_study(f"study-{name}").cases:
        if case.scenario is not None:
            kind = next(iter(case.points.values()))
            place = position(case.scenario, name)
            found.setdefault(kind, {})[place] = case_numbers(results / "cases" / case.name, case.scenario)
    return {kind: _grid(numbers) for kind, numbers in found.items()}


def _grid(numbers: dict[tuple[float, float], tuple[float, float]]) -> Map:
    x, y = (np.unique([place[k] for place in numbers]) for k in (0, 1))
    values = np.array([[numbers[float(a), float(b)] for a in x] for b in y])
    return Map(x, y, values[..., 0], values[..., 1])


@cache
def maps(name: str) -> dict[str, Map]:
    """Compute a study anew and return its maps."""
    study(f"study-{name}", out=RESULTS / name, overwrite=True, command="make paper")
    return read_maps(name, RESULTS / name)


def border(y: Array, slope: Array, log: bool) -> list[float]:
    """Return where dV/dI passes zero along y, linearly between the points of y or of log y."""
    scale = np.log(y) if log else y
    found = []
    for k in np.flatnonzero(np.sign(slope[1:]) != np.sign(slope[:-1])):
        part = slope[k] / (slope[k] - slope[k + 1])
        at = scale[k] + part * (scale[k + 1] - scale[k])
        found.append(float(np.exp(at) if log else at))
    return found


def in_words(y: Array, slope: Array, log: bool) -> str:
    """Return on which part of y the curve folds back."""
    if not np.any(slope < 0):
        return "nowhere"
    if np.all(slope < 0):
        return "everywhere"
    places = [number(place, 3 if log else 1) for place in border(y, slope, log)]
    parts = []
    if slope[0] < 0:
        parts.append(f"below {places.pop(0)}")
    last = [f"above {places.pop()}"] if slope[-1] < 0 else []
    parts += [f"from {low} to {high}" for low, high in zip(places[::2], places[1::2], strict=True)]
    return " and ".join(parts + last)


def _at(one: Map, x: float, y: float) -> tuple[float, float]:
    column, row = np.argmin(np.abs(one.x - x)), np.argmin(np.abs(one.y - y))
    return float(one.slope[row, column]), float(one.depth[row, column])


def _enough_film(one: Map, resistance_ohm: float) -> float:
    """Return the film conductance (µW/K) at the border for a contact; NaN without a border there."""
    places = border(one.x, one.slope[np.argmin(np.abs(one.y - resistance_ohm))], log=True)
    return places[-1] if places else float("nan")


def targets() -> list[Target]:
    """Return checks of the maps, and how many of their points fold back."""
    cooling = maps(COOLING)
    every = [(name, kind, one) for name in (COOLING, PLACE, FILM) for kind, one in maps(name).items()]
    slopes = np.concatenate([one.slope.ravel() for _, _, one in every])
    depths = np.concatenate([one.depth.ravel() for _, _, one in every])
    opposite = np.abs(slopes[(slopes < 0) != (depths > 0)])
    largest = float(np.max(opposite, initial=0.0))
    scenario = stack(19).scenario
    here = (film_conductance(scenario), resistance_ohm(scenario.contacts[0]))
    rows = [
        Target("cases that failed", "0", f"{np.isnan(slopes).sum()} of {len(slopes)}", "none",
               bool(np.all(np.isfinite(slopes)))),
        Target(f"largest size of dV/dI over R_N where it and the backbending disagree ({len(opposite)} cases)", "0",
               number(largest, 4), "0.005", largest <= 0.005),
        Target("backbending at the shipped N = 19 (mV per junction)", "0", number(_at(cooling["shipped"], *here)[1], 3),
               "none", _at(cooling["shipped"], *here)[1] == 0),
    ]  # fmt: skip
    for kind, changes in (("shipped", ()), ("late", LATE)):
        words = f"least dV/dI over R_N, N = 19, {WORDS[kind]}: coarse mesh against standard mesh"
        standard = least_slope(stack(19, changes).curve)
        rows.append(Target.close(words, standard, _at(cooling[kind], *here)[0], 0.01, 3))
    for name, kind, one in every:
        share = f"{int(np.sum(one.slope < 0))} of {one.slope.size}, at most {np.nanmax(one.depth):.2f} mV per junction"
        rows.append(Target(f"{name.partition('-')[2]} map, {WORDS[kind]}: points that fold back", "(no claim)", share,
                           "", None))  # fmt: skip
    words = f"film conductance (µW/K) from which nothing folds back, contact {here[1]:g} Ω, {WORDS['late']}: "
    found = [number(_enough_film(one, here[1]), 2) for one in maps(FILM).values()]
    rows.append(Target(words + ", ".join(WORDS[kind] for kind in maps(FILM)), "(no claim)", ", ".join(found), "", None))
    return rows


def cooling_table() -> str:
    """Return above which contact resistance the curve folds back, by film conductance."""
    chosen = [*maps(COOLING).values(), *maps(FILM).values()]
    layer = stack(19).scenario.layers[0]
    thickness = chosen[0].x / film_conductance(stack(19).scenario) * (layer.thickness_um or 0.0)
    rows = [
        [number(d, 3), *(in_words(one.y, one.slope[:, k], True) for one in chosen)] for k, d in enumerate(thickness)
    ]
    head = ["film (µm)", *(f"gold, {WORDS[kind]} (Ω)" for kind in maps(COOLING)),
            *(f"{WORDS[kind]}, {WORDS['late']} (Ω)" for kind in maps(FILM))]  # fmt: skip
    return markdown(head, rows)


def place_table() -> str:
    """Return at which distances of the contact from the centre the curve folds back, by number of junctions."""
    found = maps(PLACE)
    x, y = found["shipped"].x, found["shipped"].y
    rows = [
        [f"{x[k]:.0f}"] + [text for kind in ("shipped", "late") for text in (
            in_words(y, found[kind].slope[:, k], False),
            f"{found[kind].slope[:, k].min():.3f} at {y[found[kind].slope[:, k].argmin()]:.1f} µm",
        )]
        for k in range(len(x))
    ]  # fmt: skip
    head = ["N", *(f"{WORDS[kind]}: {what}" for kind in ("shipped", "late")
                   for what in ("folds back (µm)", "least dV/dI over R_N"))]  # fmt: skip
    return markdown(head, rows)


def _finer(one: Map, log: bool) -> tuple[Array, Array, Array]:
    """Return a map on a finer grid, linear between its points in the coordinates in which it is drawn."""
    change, back = (np.log, np.exp) if log else (np.asarray, np.asarray)
    axes = (change(one.y), change(one.x))
    y, x = (np.linspace(axis[0], axis[-1], 200) for axis in axes)
    slope = RegularGridInterpolator(axes, one.slope)(np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1))
    return back(x), back(y), slope


def _panel(axes: Axes, one: Map, log: bool, top: float) -> QuadMesh:
    """Draw one map: computed points as cells, and the border where dV/dI passes zero."""
    depth: Array = np.where(one.depth > 0.0, one.depth, np.nan)
    if log:
        axes.set(xscale="log", yscale="log")  # before the lines, whose labels are placed on the page
    colour = axes.pcolormesh(one.x, one.y, depth, shading="nearest", cmap="YlOrRd", vmin=0.0, vmax=top)
    x, y, slope = _finer(one, log)
    lines = axes.contour(x, y, slope, levels=[-0.1, 0.1, 0.2], colors="0.45", linewidths=0.8)
    axes.clabel(lines, fontsize="small", fmt="%g")
    axes.contour(x, y, slope, levels=[0.0], colors="black", linewidths=2.2)
    return colour


def _figure(name: str, words: tuple[str, str], titles: str, mark: tuple[float, float] | None) -> str:
    found = maps(name)
    figure = page.new_figure(10.0, 4.4)
    panels = figure.subplots(1, 2, sharey=True)
    top = max(float(np.nanmax(one.depth)) for one in found.values())
    for axes, (kind, one) in zip(panels, found.items(), strict=True):
        colour = _panel(axes, one, name != PLACE, top)
        axes.set(xlabel=words[0], title=titles.format(WORDS[kind]))
        if mark is not None:
            axes.plot(*mark, "*", color=style.BRANCH_COLOUR, markersize=12)
    panels[0].set_ylabel(words[1])
    figure.colorbar(colour, ax=panels, label="backbending (mV per junction)")
    file = f"paper-maps-{name.partition('-')[2]}.png"
    style.save_figure(figure, IMAGES / file)
    return file


def draw() -> list[str]:
    """Draw the three figures and return their names."""
    scenario = stack(19).scenario
    contact = scenario.contacts[0]
    resistance = resistance_ohm(contact)
    film = f"film conductance κd at {MIDDLE_K:g} K (µW/K)"
    return [
        _figure(COOLING, (film, "contact resistance (Ω)"), "gold film, {}", (film_conductance(scenario), resistance)),
        _figure(PLACE, ("number of junctions N", "contact from the centre (µm)"), "{}",
                (19.0, float(np.hypot(contact.x_um, contact.y_um)))),
        _figure(FILM, (film, "contact resistance (Ω)"), "Γ grown late, film conductivity {}", None),
    ]  # fmt: skip
