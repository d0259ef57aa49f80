"""What a diagram consists of: the branches found and their bifurcations, and their lines in its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hotmesa.postprocess.tables import Row
from hotmesa.postprocess.walls import PINNED
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_row
from hotmesa.solver.stability.bifurcation import Bifurcation, RatedPoint


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
    """

    number: int
    origin: str
    images: int
    depth: int
    points: list[RatedPoint] = field(default_factory=list)
    end: str = ""
    kind: str = ""
    failed: bool = False


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
        "rows_stable_under_voltage_bias": sum(p.growing[0] == 0 for p in record.points),
        "rows_stable_under_current_bias": sum(p.growing[1] == 0 for p in record.points),
        "folder": branch_folder(record.number),
    }


def bifurcation_lines(model: Model, crossings: Sequence[NumberedBifurcation]) -> list[Row]:
    """Return the lines of bifurcations.csv."""
    n = float(model.junctions.counts.sum())
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
