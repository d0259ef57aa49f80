"""The kinds of run: one word each, and what is derived from it (files, progress, messages)."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = ("V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K")
"""Columns that the table of every kind has."""
SLOPE = "dV_dI_ohm"

_FINER = (
    "What often helps: a finer mesh (--set mesh.refine=2), the other linear algebra (--set numerics.path=sparse), "
    "or an end before the difficult place (--set branch.end_current_mA=...)."
)


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    Attributes:
        name: the word after `mode`, in messages, and of its modules in solver/runs and postprocess/runs.
        table: file of its points.
        text: what it is, in a line.
        points: how they call its points.
        advice: what often helps where a run stops early.
        columns: those that its table must have.
        words: columns that hold words.
        beside: further tables in its folder.
        prefix: what stands before V and I where a point is shown, as a format of its row.
        steady: whether its points are steady states.
        spatial: whether it needs layers and a mesh.
        shown: whether each point is worth a line on the terminal and in the log.
        parts: pattern of the folders of further runs inside its own; "" for none.
    """

    name: str
    table: str
    text: str
    points: str = "points"
    advice: str = _FINER
    columns: tuple[str, ...] = (*COLUMNS, SLOPE)
    words: tuple[str, ...] = ("fold",)
    beside: tuple[str, ...] = ()
    prefix: str = ""
    steady: bool = True
    spatial: bool = True
    shown: bool = True
    parts: str = ""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "branch",
            "iv.csv",
            "the branch of steady states from rest",
            words=("fold", "place", "reason"),
            beside=("uniform.csv", "accuracy.csv"),
        ),
        Kind(
            "uniform",
            "uniform.csv",
            "the uniform model alone",
            points="points of the uniform model",
            spatial=False,
            shown=False,
        ),
        Kind(
            "sweep",
            "sweep.csv",
            "a sweep as in an experiment",
            points="states",
            advice="What often helps: a finer mesh (--set mesh.refine=2), more points (--set bias.points_per_leg=100), "
            "or an end before the difficult place.",
            columns=(*COLUMNS, SLOPE, "jump", "jump_cause", "leg"),
            words=("jump", "jump_cause", "fold"),
            beside=("iv.csv",),
        ),
        Kind(
            "transient",
            "transient.csv",
            "in time",
            points="moments",
            advice="What often helps: other tolerances (--set transient.rtol=1e-5), a smaller step "
            "(--set transient.max_step_us=...), or a smaller mesa.junctions if the voltage runs out of the law table.",
            columns=("t_us", *COLUMNS),
            words=(),
            steady=False,
            prefix="t {t_us:8.4g} µs  ",
        ),
        Kind(
            "diagram",
            "iv.csv",
            "all branches that can be found",
            advice="What often helps: smaller steps (--set diagram.step=0.1), another first distance "
            "(--set diagram.amplitude_K=0.5), or a finer mesh (--set mesh.refine=2).",
            words=("fold", "kind", "origin", "end", "folder"),
            beside=("uniform.csv", "diagram.csv", "bifurcations.csv"),
            parts="branch_[0-9]*",
        ),
        Kind(
            "family",
            "family.csv",
            "branches with n = 1, 2, ... of the junctions carrying voltage",
            columns=("n", *COLUMNS, SLOPE, "arclength"),
            words=("fold", "josephson", "kind"),
            beside=("changes.csv",),
            prefix="n = {n:3d}: ",
        ),
    )
}
"""Kinds of run by the word after `mode`."""
