"""What a diagram consists of: the branches found and their bifurcations, and their lines in its tables."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_row
from hotmesa.solver.runs.growing import Counted, Growing, turns
from hotmesa.solver.stability.bifurcation import BIASES, Bifurcation, RatedPoint

LOG = logging.getLogger(__name__)


@dataclass
class BranchRecord:
    """One branch of the diagram.

    Attributes:
        number: 0 for the one from rest.
        origin: "rest", "bifurcation K" or "deflation at X mA".
        images: directions that led to it or to mirror images of it.
        points: its points in order.
        end: why it ends: "end current", "bifurcation K", "closed", "out of range", or the reason of a failure.
        kind: place of the hot spot at most of its points.
        depth: number of bifurcations between rest and this branch.
        failed: whether it stopped because of an error.
        counted: its points with the growing modes of the device.
        growing: counts these along it.
    """

    number: int
    origin: str
    images: int
    depth: int
    points: list[RatedPoint] = field(default_factory=list)
    end: str = ""
    kind: str = ""
    failed: bool = False
    counted: list[Counted] = field(default_factory=list)
    growing: Growing = field(kw_only=True)


@dataclass(frozen=True)
class NumberedBifurcation:
    """A bifurcation of the diagram with its number and the branch it lies on.

    Attributes:
        pinned: it is of the mesh, whose rows of elements hold a wall; no branch is looked for there.
    """

    number: int
    branch: int
    bifurcation: Bifurcation
    pinned: bool = False


def branch_folder(number: int) -> str:
    """Return the folder of a branch inside that of its diagram; the branch from rest is in the folder itself."""
    return f"branch_{number:02d}" if number else "."


def branch_line(record: BranchRecord) -> Row:
    """Return the line of a branch in diagram.csv."""
    I = [p.curve.evaluation.I for p in record.points]  # noqa: E741 - the symbol of the field
    V = [p.curve.evaluation.V for p in record.points]
    return {
        "branch": record.number,
        "kind": record.kind or "unknown",
        "origin": record.origin,
        "end": record.end or "interrupted",
        "images": record.images,
        "rows": len(record.points),
        "I_min_mA": min(I),
        "I_max_mA": max(I),
        "V_min_mV": min(V),
        "V_max_mV": max(V),
        "rows_stable_under_voltage_bias": sum(c.held[0] == 0 for c in record.counted),
        "rows_stable_under_current_bias": sum(c.held[1] == 0 for c in record.counted),
        "folder": branch_folder(record.number),
    }


def bifurcation_lines(model: Model, crossings: Sequence[NumberedBifurcation]) -> list[Row]:
    """Return the lines of bifurcations.csv."""
    n = model.circuit.junctions_in_series
    return [
        {
            "bifurcation": c.number,
            "branch": c.branch,
            "I_mA": c.bifurcation.current,
            "I_last_mode_mA": float(c.bifurcation.currents[-1]),
            "V_mV": c.bifurcation.point.evaluation.V,
            "V_per_junction_mV": c.bifurcation.point.evaluation.V / n,
            "T_mean_K": float(branch_row(model, c.bifurcation.point)["T_mean_K"]),
            "modes": len(c.bifurcation.modes),
            "half_waves": " + ".join(f"{across} x {along}" for across, along in c.bifurcation.waves),
            "change": PINNED if c.pinned else "appears" if c.bifurcation.appears else "disappears",
        }
        for c in crossings
    ]


def of_device(found: Sequence[Bifurcation], counted: Sequence[Counted]) -> list[bool]:
    """Return which bifurcations of a branch are of the device: those where the number of its growing modes changes.

    A mesh shows one change of the device several times, as far as its rows shift it, and then the nearest is that of
    the device.

    Args:
        found: bifurcations between points of a branch.
        counted: these points.
    """
    left = [len(b.modes) for b in found]
    for j in range(1, len(counted)):
        a, b = counted[j - 1], counted[j]
        k = int(not turns(a.curve, b.curve, BIASES[1]))  # the source under which bifurcations are looked for
        change = b.held[k] - a.held[k]
        if not change or turns(a.curve, b.curve, BIASES[k]):
            continue
        while j > 1 and counted[j - 1].likely[k] == b.held[k] and counted[j - 1].open[k]:
            j -= 1
        for _ in range(abs(change)):
            alike = [n for n, f in enumerate(found) if left[n] and f.appears == (change > 0)]
            if alike:
                left[min(alike, key=lambda n: _apart(found[n], counted[j - 1], counted[j]))] -= 1
            else:
                LOG.warning("a bifurcation near %.6g mA was not located on this mesh", b.curve.evaluation.I)
    return [count < len(b.modes) for count, b in zip(left, found, strict=True)]


def _apart(found: Bifurcation, a: Counted, b: Counted) -> float:
    """Return how far a bifurcation is from a step of its branch, in arclength."""
    s = found.point.s
    return max(a.curve.s - s, s - b.curve.s, 0.0)
