"""The numbers of a scenario as parameters: which there are, their values, and a scenario with one varied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.overrides import Path
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.scenarios.schema import Contact, Curve, Scenario
from hotmesa.scenarios.schema.device import UPRIGHT_DEG
from hotmesa.scenarios.schema.section import Section
from hotmesa.scenarios.units import unit_of

SECTIONS = ("mesa", "crystal", "layers", "materials", "contacts", "sinks", "electrode", "heaters", "bath", "law")
"""Those that a steady state depends on."""
NUMERICAL = {"sublayers", "first_sublayer_um", "set", "vertices_um", "heat_capacity_J_per_m3K", "from_us", "to_us"}
"""Keys that choose a mesh or a word, or that no steady state depends on."""
PLACES = ("x_um", "y_um")
SHAPES = ("width_um", "depth_um", "radius_um", "angle_deg", *PLACES)
"""Keys that move the nodes of the mesh."""
OF_ANY_SHAPE = tuple(key for keys in Contact.OF_SHAPE.values() for key in keys)
"""Keys that a contact has by its shape."""
SIGNED = (*PLACES, "angle_deg", "momentum_weight")
"""Those that may be negative."""
STEP = 1e-5
"""Relative change by which what is cheap to evaluate is differentiated: its square is 1e-10."""


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario, or a curve that is multiplied as a whole.

    Attributes:
        path: of its key.
        value: the number; 1 for a curve.
        is_factor: whether it multiplies a curve.
    """

    path: Path
    value: float
    is_factor: bool = False

    @property
    def key(self) -> str:
        """Its key with dots."""
        return ".".join(map(str, self.path))

    @property
    def unit(self) -> str:
        """Its unit; "" for a pure number."""
        return "" if self.is_factor else unit_of(self.key)

    @property
    def moves_nodes(self) -> bool:
        """Whether it is a place or a size in the plane."""
        return self.path[0] in ("mesa", "crystal", "contacts") and self.path[-1] in SHAPES

    def ends(self, step: float = STEP) -> tuple[float, float]:
        """Return the two values between which a difference is taken: around its own, or from a zero that is a limit.

        Args:
            step: relative to the value; absolute for one that is zero.
        """
        h = step * (abs(self.value) or 1.0)
        return (0.0, h) if self.value == 0.0 and self.path[-1] not in SIGNED else (self.value - h, self.value + h)

    def varied(self, scenario: Scenario, value: float) -> Scenario:
        """Return the scenario with another value: nothing is checked, and a whole number may become a broken one."""
        found: Scenario = _with(scenario, self.path, self._curve(scenario, value) if self.is_factor else value)
        return found

    def _curve(self, scenario: Scenario, factor: float) -> Curve:
        curve: Curve = _at(scenario, self.path)
        return curve.model_copy(update={"values": tuple(factor * y for y in curve.values)})


def parameters(scenario: Scenario) -> tuple[Parameter, ...]:
    """Return every number that a steady state of a scenario may depend on, in the order of its keys.

    Lengths along a direction that its geometry does not have, and what its mesa or contacts do not use, are left out.
    """
    found = [item for name in SECTIONS for item in _numbers(getattr(scenario, name), (name,))]
    used = {layer.material for layer in scenario.layers}
    return tuple(item for item in found if _matters(scenario, item.path, used))


def chosen(scenario: Scenario, keys: Sequence[str] = ()) -> tuple[Parameter, ...]:
    """Return the parameters with these keys; without any all that are no zeros, and places.

    Raises:
        ScenarioError: a key is unknown, or holds no number that a steady state depends on.
    """
    every = parameters(scenario)
    if not keys:
        return tuple(item for item in every if item.value != 0.0 or item.path[-1] in PLACES)
    known = {item.key: item for item in every}
    wrong = [_unknown(scenario, key, known) for key in keys if key not in known]
    if wrong:
        raise ScenarioError(wrong)
    return tuple(known[key] for key in dict.fromkeys(keys))


def number_of(scenario: Scenario, key: str, more: Sequence[str] = ()) -> Parameter:
    """Return the parameter with a key.

    Args:
        scenario: whose number it is.
        key: with dots.
        more: sections whose numbers count besides.

    Raises:
        ScenarioError: the key is unknown, or holds no number that a steady state depends on.
    """
    further = [item for name in more for item in _numbers(getattr(scenario, name), (name,))]
    known = {item.key: item for item in (*parameters(scenario), *further)}
    if key not in known:
        raise ScenarioError([_unknown(scenario, key, known)])
    return known[key]


def _unknown(scenario: Scenario, key: str, known: Collection[str]) -> str:
    return f"{key}: no number of {scenario.name} that its steady states depend on{did_you_mean(key, known)}"


def _numbers(node: object, path: Path) -> Iterator[Parameter]:
    """Yield the numbers and curves inside a value, by the order of their keys."""
    if isinstance(node, Curve):
        yield Parameter(path, 1.0, is_factor=True)
    elif isinstance(node, Section):
        for name in type(node).model_fields:
            if name not in NUMERICAL:
                yield from _numbers(getattr(node, name), (*path, name))
    elif isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _numbers(inner, (*path, name))
    elif isinstance(node, tuple):
        for number, inner in enumerate(node):
            yield from _numbers(inner, (*path, number))
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield Parameter(path, float(node))


def _matters(scenario: Scenario, path: Path, materials: set[str]) -> bool:
    """Return whether a number has any effect in the geometry of the scenario."""
    head, name = path[0], path[-1]
    if head == "materials":
        # Nearly all conduct alike along x and y: that is no number of the device.
        alike = name == "conductivity_ratio_xy" and _at(scenario, path) == 1.0
        return path[1] in materials and not alike
    if name == "resistance_above_Tc":
        return False  # its value at T_c stands for r: a factor on the whole curve is none
    if name == "wall_angle_deg":
        return scenario.mesa.wall_angle_deg != UPRIGHT_DEG
    if head == "contacts" and name == "wire_diameter_um":
        return scenario.contacts[int(path[1])].wire_length_mm is not None
    if head == "contacts" and name in OF_ANY_SHAPE and name not in scenario.contacts[int(path[1])].shape_keys:
        return False
    if scenario.geometry == "plan":
        return True
    if head == "crystal" and name == "depth_um":
        return False
    off_line = ("y_um", "depth_um", "angle_deg")
    return not (head in ("contacts", "heaters") and name in (PLACES if scenario.geometry == "disc" else off_line))


def _at(node: Any, path: Path) -> Any:
    for part in path:
        node = getattr(node, str(part)) if isinstance(node, Section) else node[part]
    return node


def _with(node: Any, path: Path, value: object) -> Any:
    """Return a section, list or table with the value at a path replaced."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(node, tuple):
        number = int(head)
        return (*node[:number], _with(node[number], rest, value), *node[number + 1 :])
    if isinstance(node, Mapping):
        return {**node, head: _with(node[head], rest, value)}
    return node.model_copy(update={str(head): _with(getattr(node, str(head)), rest, value)})
