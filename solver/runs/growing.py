"""How many modes grow on the device itself, along a branch: those that rows of elements under a wall make do not count.

The rate of a shift of a wall is the smallest of all, 1e-6 to 1e-4 per µs where others are 1e-2, and rows of elements
add to it with either sign. Where the number of growing modes changes without a fold of the device, and the wall is not
many elements wide, it is asked for on the mesh with all edges halved; see `Pinning.growing`. As long as that leaves it
open, the number stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays
from hotmesa.postprocess.walls import PINNED_MODE
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import CurvePoint

_FOLDS = {Bias.voltage(): "V", Bias.current(): "I"}
COUNTED = ("on_mesh", "held", "likely", "open")


class Bounds(NamedTuple):
    """How many modes of a state may grow on the device, and how many are most likely to."""

    least: float
    likely: int
    most: float


Ask = Callable[[CurvePoint, Sequence[Bias], Sequence[int]], Sequence[Bounds]]
"""Returns for a point, some sources and the growing modes on the mesh how many grow on the device. Collective."""


@dataclass(frozen=True)
class Counted:
    """A point of a branch with the numbers of its growing modes, one for each source.

    Attributes:
        curve: the point.
        on_mesh: growing modes on the mesh.
        held: those of the device.
        likely: those of the device as far as the finer mesh can be believed.
        open: whether more or fewer are possible.
        pinned: whether there is a fold which is of the mesh.
    """

    curve: CurvePoint
    on_mesh: tuple[int, ...]
    held: tuple[int, ...]
    likely: tuple[int, ...]
    open: tuple[bool, ...]
    pinned: bool = False

    @classmethod
    def certain(cls, curve: CurvePoint, counts: Sequence[int]) -> Counted:
        """Return a point whose growing modes are known."""
        return cls(curve, tuple(counts), tuple(counts), tuple(counts), (False,) * len(counts))

    @property
    def word(self) -> str:
        """What is told of the point."""
        return PINNED_MODE if self.on_mesh != self.held else ""

    def pack(self) -> Arrays:
        """Return all but the point of the curve."""
        return {key: np.array(getattr(self, key)) for key in COUNTED}

    @classmethod
    def unpack(cls, curve: CurvePoint, arrays: Arrays, pinned: bool = False) -> Counted:
        """Return what `pack` was given."""
        on_mesh, held, likely = (tuple(int(n) for n in arrays[key]) for key in COUNTED[:3])
        return cls(curve, on_mesh, held, likely, tuple(bool(o) for o in arrays["open"]), pinned)


class Growing:
    """Counts the growing modes of the device along one branch, point by point.

    Attributes:
        last: the point before; None at the beginning.
    """

    def __init__(self, ask: Ask, biases: Sequence[Bias]) -> None:
        """Begin a branch under some sources."""
        self._ask, self._biases = ask, tuple(biases)
        self.last: Counted | None = None

    def take(self, curve: CurvePoint, on_mesh: Sequence[int], pinned: bool = False) -> Counted:
        """Return the next point, counted. Collective.

        Args:
            curve: the point.
            on_mesh: growing modes on the mesh under each source.
            pinned: whether a fold there is of the mesh.
        """
        known = [self._known(k, curve, count, pinned) for k, count in enumerate(on_mesh)]
        asked = [k for k, found in enumerate(known) if found is None]
        told = self._ask(curve, [self._biases[k] for k in asked], [on_mesh[k] for k in asked]) if asked else ()
        bounds = {k: Bounds(found, found, found) for k, found in enumerate(known) if found is not None}
        bounds |= dict(zip(asked, told, strict=True))
        before = tuple(on_mesh) if self.last is None else self.last.held
        held = [int(np.clip(count, bounds[k].least, bounds[k].most)) for k, count in enumerate(before)]
        likely = [bounds[k].likely for k in range(len(held))]
        unsure = [bounds[k].least < bounds[k].most for k in range(len(held))]
        self.last = Counted(curve, tuple(on_mesh), tuple(held), tuple(likely), tuple(unsure), pinned)
        return self.last

    def _known(self, k: int, curve: CurvePoint, on_mesh: int, pinned: bool) -> int | None:
        """Return how many modes of the device grow under a source as far as the point before tells, else None."""
        before = self.last
        if before is None:
            return None
        held, count = before.held[k], before.on_mesh[k]
        if turns(before.curve, curve, self._biases[k]):
            return held if pinned or before.pinned else max(held + on_mesh - count, 0)
        return held if on_mesh == held == count and not before.open[k] else None

    def pack(self) -> Arrays:
        """Return what the branch needs to go on behind its last point, which is no fold."""
        return {} if self.last is None else self.last.pack()

    def restore(self, curve: CurvePoint, arrays: Arrays) -> None:
        """Go on behind a point."""
        if COUNTED[0] in arrays:
            self.last = Counted.unpack(curve, arrays)


def turns(a: CurvePoint, b: CurvePoint, bias: Bias) -> bool:
    """Return whether a source has an extremum between two points of a curve or at one of them."""
    names = {"source", _FOLDS.get(bias, "source")}
    if any(names & set(point.fold.split("+")) for point in (a, b)):
        return True
    first, second = (p.rates.get("source", bias.value(p.rates.get("V", 0.0), p.rates.get("I", 0.0))) for p in (a, b))
    return first * second < 0.0
