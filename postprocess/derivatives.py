"""derivatives.npz: what a branch that was computed for a fit has of its derivatives, and what data make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.postprocess.results import load_run
from hotmesa.postprocess.sensitivity import BranchSensitivity, derivative_at, figures, one_sided
from hotmesa.postprocess.states import DERIVATIVES, read_arrays
from hotmesa.postprocess.tables import ResultError, Table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.overrides import Path as KeyPath
from hotmesa.scenarios.parameters import Parameter
from hotmesa.scenarios.plans.observables import parse_at
from hotmesa.scenarios.writing import whole_file

_PLAIN = ("x_s", "y_s", "scale_ohm", "across", "junctions", "resistance_ohm")
_BY_NAME = ("rates", "others", "sides")


@dataclass(frozen=True)
class Kept:
    """What derivatives.npz holds.

    Attributes:
        keys: parameters that were asked for.
        branch: the branch with its derivatives; None where there are none.
        refused: why not, by key.
    """

    keys: tuple[str, ...]
    branch: BranchSensitivity | None
    refused: Mapping[str, str]

    @cached_property
    def columns(self) -> dict[str, int]:
        """Places of the parameters that there are derivatives by, by key."""
        return {} if self.branch is None else {item.key: k for k, item in enumerate(self.branch.parameters)}

    @cached_property
    def _figures(self) -> dict[str, float]:
        return {} if self.branch is None else _of(self.branch)

    @cached_property
    def _sides(self) -> list[dict[str, tuple[float, float]]]:
        """One-sided derivatives of all figures of merit, by parameter."""
        found = self.branch
        return [] if found is None else [one_sided(found, k, self._figures) for k in range(len(found.parameters))]

    def knows(self, name: str) -> bool:
        """Return whether the derivatives of an observable are known."""
        if self.branch is None:
            return False
        at = parse_at(name)
        if at is None:
            return name in self._figures
        return {at.column, at.along} <= set(self.branch.along)

    def of_number(self, name: str, key: str) -> float:
        """Return the derivative of an observable by a parameter; the mean of both sides at a kink.

        Raises:
            ResultError: the branch does not reach the place.
        """
        at, k = parse_at(name), self.columns[key]
        sides = self._sides[k].get(name) if at is None else derivative_at(self._branch, k, at, name)[1]
        return float("nan") if sides is None else 0.5 * (sides[0] + sides[1])

    def of_table(self, key: str, residual: Callable[[Table], Array]) -> Array:
        """Return the derivative by a parameter of what a function makes of the table of the branch."""
        k = self.columns[key]
        h = self._branch.step(k)
        low, high = (residual(self._branch.displaced(k, by)[0]) for by in (-h, h))
        return np.asarray((high - low) / (2.0 * h))

    @property
    def _branch(self) -> BranchSensitivity:
        if self.branch is None:
            raise ResultError("no derivatives are known")
        return self.branch


def _of(found: BranchSensitivity) -> dict[str, float]:
    return figures(found, found.table, float(found.resistance_ohm[0]), float(found.junctions[0]))


def save(folder: Path, keys: Sequence[str], found: BranchSensitivity | None, problem: str = "") -> Path:
    """Write derivatives.npz into the folder of a run, whole or not at all, and return its path.

    Args:
        folder: of the run.
        keys: what was asked for.
        found: the branch with its derivatives; None where there are none.
        problem: why not.

    Raises:
        OSError: it cannot be written.
    """
    refused = dict.fromkeys(keys, problem) if found is None else dict(found.refused)
    arrays: dict[str, Any] = {
        "keys": np.array(keys, dtype=np.str_),
        "refused": np.array(list(refused.items()), dtype=np.str_).reshape(-1, 2),
    }
    if found is not None:
        arrays |= {name: np.asarray(getattr(found, name)) for name in _PLAIN}
        arrays |= {f"{kind}.{name}": array for kind in _BY_NAME for name, array in getattr(found, kind).items()}
        arrays |= {
            "varied": np.array([item.key for item in found.parameters], dtype=np.str_),
            "values": np.array([item.value for item in found.parameters]),
            "factors": np.array([item.is_factor for item in found.parameters]),
        }
    path = folder / DERIVATIVES
    with whole_file(path) as stream:
        np.savez_compressed(stream, **arrays)
    return path


def answers(folder: Path, keys: Sequence[str], columns: Sequence[str]) -> bool:
    """Return whether derivatives.npz of a run has these derivatives, or why they cannot be."""
    try:
        arrays = _read(folder)
    except (OSError, ResultError):
        return False
    here = {name.removeprefix("others.") for name in arrays}
    return set(keys) <= set(map(str, arrays.get("keys", ()))) and ("across" not in arrays or set(columns) <= here)


def load(folder: Path) -> Kept | None:
    """Return what derivatives.npz of a run holds; None where there is none.

    Raises:
        ResultError: the file, or the run, is damaged.
    """
    try:
        arrays = _read(folder)
    except FileNotFoundError:
        return None
    try:
        return _kept(folder, arrays)
    except (KeyError, IndexError, ValueError) as error:
        raise ResultError(f"{folder / DERIVATIVES}: damaged ({error})") from error


def _read(folder: Path) -> dict[str, Any]:
    path = folder / DERIVATIVES
    with path.open("rb") as stream:
        return read_arrays(path, stream)


def _kept(folder: Path, arrays: Mapping[str, Any]) -> Kept:
    keys = tuple(map(str, arrays["keys"]))
    refused = {str(key): str(reason) for key, reason in arrays["refused"]}
    if "across" not in arrays:
        return Kept(keys, None, refused)
    run = load_run(folder)
    by_name: dict[str, dict[str, Array]] = {kind: {} for kind in _BY_NAME}
    for name, array in arrays.items():
        kind, _, inner = name.partition(".")
        if inner and kind in by_name:
            by_name[kind][inner] = array
    plain: dict[str, Any] = {name: arrays[name] for name in _PLAIN} | {"scale_ohm": float(arrays["scale_ohm"])}
    varied = zip(arrays["varied"], arrays["values"], arrays["factors"], strict=True)
    parameters = tuple(Parameter(_path(str(key)), float(value), bool(factor)) for key, value, factor in varied)
    if len(plain["x_s"]) != len(run):
        raise ValueError(f"{len(plain['x_s'])} points, the table has {len(run)}")
    every: dict[str, Any] = plain | by_name
    branch = BranchSensitivity(scenario=run.scenario, table=run.rows, parameters=parameters, refused=refused, **every)
    return Kept(keys, branch, refused)


def _path(key: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))
