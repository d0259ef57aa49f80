"""All mesas of a device: the first one, and those of [[mesas]] with arrays spread out. Lengths in µm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hotmesa.scenarios import polygon
from hotmesa.scenarios.schema import Disc, FurtherMesa, LeadingMesa, Outline, Patch, Polygon, Scenario
from hotmesa.scenarios.schema.mesas import FIRST


@dataclass(frozen=True)
class OneMesa:
    """One mesa of a device.

    Attributes:
        name: in columns.
        patch: where it stands.
        number: of its element of [[mesas]]; -1 for the first mesa.
        section: that element; None for the first mesa.
    """

    name: str
    patch: Patch
    number: int = -1
    section: FurtherMesa | None = None


def mesas_of(scenario: Scenario) -> tuple[OneMesa, ...]:
    """Return the mesas of a scenario, the first one first; an array row by row, from its first place on."""
    further = (mesa for number, section in enumerate(scenario.mesas) for mesa in _spread(number, section))
    return (OneMesa(FIRST, Patch(scenario.mesa)), *further)


def are_odd(scenario: Scenario) -> bool:
    """Return whether keys of further mesas contradict each other, so that there are no places to look at."""
    return any(any(section.contradictions()) for section in scenario.mesas)


def names_of(section: FurtherMesa) -> list[str]:
    """Return the names of the mesas that one element of [[mesas]] stands for."""
    return [section.name] if section.count == 1 else [f"{section.name}_{k + 1}" for k in range(section.count)]


def _spread(number: int, section: FurtherMesa) -> Iterator[OneMesa]:
    """Yield the mesas of one element of [[mesas]]."""
    first, dx, dy = section.patch, section.pitch_x_um or 0.0, section.pitch_y_um or 0.0
    for k, name in enumerate(names_of(section)):
        row, column = divmod(k, section.columns)
        place = replace(first, x_um=first.x_um + column * dx, y_um=first.y_um + row * dy)
        yield OneMesa(name, place, number, section)


def circuit_of(scenario: Scenario) -> tuple[OneMesa, ...]:
    """Return the mesas that the run follows: one alone, or all that are parallel or in series."""
    mesas = mesas_of(scenario)
    leading = [mesa for mesa in mesas if isinstance(mesa.section, LeadingMesa)]
    return (*leading,) or tuple(m for m in mesas if m.section is None or m.section.word in ("parallel", "series"))


def are_in_series(scenario: Scenario) -> bool:
    """Return whether the run follows mesas in series."""
    return any(section.word == "series" for section in scenario.mesas)


def mesa_area_um2(scenario: Scenario) -> float:
    """Return the area of all mesas together (µm²)."""
    return sum(mesa.patch.area_um2 for mesa in mesas_of(scenario))


def mesa_room_um(scenario: Scenario, x: float, y: float) -> float:
    """Return the distance from a place to the edge of the mesa that it lies on or next to (µm), negative outside."""
    return max(mesa.patch.room_um(x, y) for mesa in mesas_of(scenario))


def lies_on(outline: Outline | Patch, patch: Patch, slack: float) -> bool:
    """Return whether a patch lies inside an outline; touching its edge up to `slack` (µm) is allowed."""
    if isinstance(patch.shape, Disc):
        return patch.radius_um <= outline.room_um(patch.x_um, patch.y_um) + slack
    shape = outline.shape if isinstance(outline, Patch) else outline
    corners = outline.corners if isinstance(shape, Polygon) else ()
    return polygon.holds(outline.room_um, corners, patch.corners, slack)
