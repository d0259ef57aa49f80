"""Factors of maps at places, and where a device asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.expression import read_expression
from hotmesa.scenarios.schema import Outline, Scenario
from hotmesa.scenarios.schema.maps import BOUNDARY, LAW, RESISTANCE, SHEET, ExpressionMap, ImageMap, Map, TableMap
from hotmesa.scenarios.tables import read_numbers

Factor = Callable[[Array, Array], Array]
"""Returns the factor at places x, y (µm), shape of x; NaN where the map says nothing."""
ACROSS = 100
"""Places along each side of an outline at which a map is tried before a mesh is made."""
EDGE_UM = 1e-9
WHITE, DEEPEST = 255.0, 65535.0
"""Level of white with 8 and with 16 bits."""
MOST_PIXELS = 4_000_000
"""An image of more is far finer than any mesh, and reading it takes long."""


class MapError(HotmesaError, ValueError):
    """A map that cannot be used; the text says why."""


def targets(scenario: Scenario) -> tuple[str, ...]:
    """Return what a map of a scenario can be of."""
    below = [f"layers.{layer.name}.{SHEET}" for layer in scenario.layers]
    below += [f"layers.{layer.name}.{BOUNDARY}" for layer in scenario.layers if layer.boundary_W_per_m2K is not None]
    return (RESISTANCE, LAW, *below)


def map_of(scenario: Scenario, target: str) -> Map | None:
    """Return the map of a value, None where there is none."""
    return next((item for item in scenario.maps if item.of == target), None)


def read_factor(item: Map, beyond: bool = False) -> Factor:
    """Return the factor of a map as a function of the place.

    Args:
        item: the map.
        beyond: let table and image go on with their nearest value where they end, as nodes of a mesh need that lie on
            the edge.

    Raises:
        ExpressionError: the expression cannot be read.
        MapError: the table has too few places, or the image cannot be used.
        TableError: the file cannot be read.
    """
    if isinstance(item, ExpressionMap):
        return read_expression(item.expression)
    if isinstance(item, TableMap):
        return _table(Path(item.file), beyond)
    if isinstance(item, ImageMap):
        return _image(item, beyond)
    raise TypeError(f"{type(item).__name__} is no kind of map")


def _table(file: Path, beyond: bool) -> Factor:
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.spatial import QhullError

    numbers = read_numbers(file, ("x_um", "factor"), ("y_um",))
    x, factor = numbers["x_um"], numbers["factor"]
    if "y_um" not in numbers.columns:
        order = np.argsort(x)
        if len(x) < 2 or (np.diff(x[order]) <= 0.0).any():
            raise MapError(f"{file}: needs two places x_um or more, each once")
        ends = (None, None) if beyond else (np.nan, np.nan)
        return lambda at, _: np.interp(at, x[order], factor[order], *ends)
    places = np.column_stack([x, numbers["y_um"]])
    try:
        inside = LinearNDInterpolator(places, factor)
    except (QhullError, ValueError):
        raise MapError(f"{file}: its places x_um, y_um lie on one line; a map needs an area") from None
    nearest = NearestNDInterpolator(places, factor)

    def found(at_x: Array, at_y: Array) -> Array:
        values = np.asarray(inside(at_x, at_y))
        return np.where(np.isnan(values), nearest(at_x, at_y), values) if beyond else values

    return found


def _image(item: ImageMap, beyond: bool) -> Factor:
    """Return the factor of an image: linear between the middles of pixels, constant from the outermost to the edges."""
    from scipy.ndimage import map_coordinates

    (left, right), (low, high) = item.x_um, item.y_um
    factor = item.black + _levels(Path(item.file)) * (item.white - item.black)
    rows, columns = factor.shape

    def found(x: Array, y: Array) -> Array:
        x, y = np.broadcast_arrays(x, y)
        places = ((high - y) / (high - low) * rows - 0.5, (x - left) / (right - left) * columns - 0.5)
        values = np.asarray(map_coordinates(factor, places, order=1, mode="nearest"))
        outside = (x < left - EDGE_UM) | (x > right + EDGE_UM) | (y < low - EDGE_UM) | (y > high + EDGE_UM)
        return values if beyond else np.where(outside, np.nan, values)

    return found


def _levels(file: Path) -> Array:
    """Return the levels of grey of a PNG image, 0 (black) to 1 (white), the top row first.

    Raises:
        MapError: it is no such image, has colours, holes or too many pixels.
    """
    from PIL import Image, UnidentifiedImageError  # of pillow, without which there is no matplotlib

    try:
        with Image.open(file, formats=("PNG",)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                size = f"{picture.width} x {picture.height} pixels"
                raise MapError(f"{file}: has {size}, more than {MOST_PIXELS:.0e}; make it smaller")
            deep = picture.mode.startswith("I")
            levels = np.asarray(picture if deep else picture.convert("RGBA"), dtype=float)
    except UnidentifiedImageError:
        raise MapError(f"{file}: is no PNG image; save the picture as PNG in levels of grey") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MapError(f"{file}: cannot be read ({error}); save the picture anew") from error
    if deep:
        return levels / DEEPEST
    if (levels[..., 3] < WHITE).any():
        raise MapError(f"{file}: has transparent pixels, which are no level of grey; save it without transparency")
    if np.ptp(levels[..., :3], axis=-1).any():
        raise MapError(f"{file}: has colours, of which none is a number; save the picture in levels of grey")
    return np.asarray(levels[..., 0] / WHITE)


def tried_at(scenario: Scenario, item: Map, middles: bool = False) -> tuple[Array, Array, Array]:
    """Return places x, y (µm) all over what a map must cover, its edge included, and their weights (sum 1).

    Args:
        scenario: with the mesa, and the crystal for a layer of it.
        item: the map.
        middles: take the middles of small squares, which have no edge, as for a mean.
    """
    layers = {layer.name: layer for layer in scenario.layers}
    wide = item.layer in layers and layers[item.layer].region == "crystal" and scenario.crystal is not None
    outline: Outline = scenario.crystal if wide and scenario.crystal is not None else scenario.mesa
    corners = np.array(outline.corners)
    (x_low, y_low), (x_high, y_high) = corners.min(axis=0), corners.max(axis=0)
    share = (np.arange(ACROSS) + 0.5) / ACROSS if middles else np.linspace(0.0, 1.0, ACROSS + 1)
    x, y = x_low + share * (x_high - x_low), y_low + share * (y_high - y_low)
    if scenario.geometry != "plan":
        weights = np.ones(x.shape) if scenario.geometry == "strip" else share
        x = share * x_high if scenario.geometry == "disc" else x
        return x, np.zeros(x.shape), weights / weights.sum()
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = [outline.room_um(float(a), float(b)) >= (0.0 if middles else -EDGE_UM) for a, b in grid]
    places = grid[inside] if middles else np.concatenate([grid[inside], corners])
    return places[:, 0], places[:, 1], np.full(len(places), 1.0 / len(places))


def describe_map(scenario: Scenario, item: Map) -> str:
    """Return what a map is on, its factor, and the mean and range of that."""
    x, y, weights = tried_at(scenario, item, middles=True)
    factor = read_factor(item)(x, y)
    spread = f"mean {float(factor @ weights):.4g}, {factor.min():.4g} to {factor.max():.4g}"
    return f"{item.of} × {item.describe()} ({spread})"
