"""The uniform model alone: figures of merit of its curve, the cooling that it needs; iv.png and cooling.png."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, style
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.runs import branch
from hotmesa.postprocess.tables import column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERS = branch.NUMBERS | {
    "loop_gain_max": "largest loop gain λ along the curve, which folds if it exceeds 1",
    "loop_gain_max_at_K": "temperature at that place",
    "exponent_needed_max": "largest power n_req of T with which the cooling would have to grow for no fold",
    "exponent_needed_max_at_K": "temperature at that place",
    "cooling_too_slow_from_K": "lowest temperature at which the cooling grows more slowly than is needed (λ > 1)",
    "cooling_too_slow_to_K": "highest such temperature",
}


def summarise(run: Run) -> dict[str, Any]:
    """Return the figures of merit of the curve, and where and how fast its cooling would have to grow."""
    values = branch.summarise(run)
    if "loop_gain" not in run.rows:  # of an earlier version
        return values
    T, gain, needed = (column(run.rows, name) for name in ("T_max_K", "loop_gain", "exponent_needed"))
    most, steepest = int(np.argmax(gain)), int(np.argmax(needed))
    # At a fold the gain is 1 but for rounding.
    slow = T[(gain > 1.0) | (column(run.rows, "dV_dI_ohm") == 0.0)]
    if not len(slow):
        text = "the loop gain nowhere exceeds 1"
        values["reasons"] |= {"cooling_too_slow_from_K": text, "cooling_too_slow_to_K": text}
    return values | {
        "loop_gain_max": float(gain[most]),
        "loop_gain_max_at_K": float(T[most]),
        "exponent_needed_max": float(needed[steepest]),
        "exponent_needed_max_at_K": float(T[steepest]),
        "cooling_too_slow_from_K": float(slow.min()) if len(slow) else None,
        "cooling_too_slow_to_K": float(slow.max()) if len(slow) else None,
    }


def sentences(run: Run) -> list[str]:
    """Return in words which cooling the stack needs."""
    if "loop_gain" not in run.rows:
        return []
    result = summarise(run)
    need = f"T^{result['exponent_needed_max']:.2f} (at {result['exponent_needed_max_at_K']:.3g} K)"
    first, last = result["cooling_too_slow_from_K"], result["cooling_too_slow_to_K"]
    if first is None:
        return [f"no fold: λ ≤ {result['loop_gain_max']:.2f}; the current asks for cooling that grows like {need}"]
    return [
        f"between {first:.3g} and {last:.3g} K the cooling grows too slowly and I(V) folds; at the same voltages this "
        f"stack needs cooling that grows faster than {need}"
    ]


@style.styled
def plot_cooling(run: Run) -> Figure | None:
    """Return a figure of the cooling that the stack needs and has, and of the loop gain, against temperature.

    Left the exponents d ln C/d ln T of the cooling and T ∂ ln i/∂T of the current; where the second exceeds the first
    the curve folds. Right their ratio, the loop gain. None for tables of earlier versions.
    """
    if "loop_gain" not in run.rows:
        return None
    T, gain, has, needs = (
        column(run.rows, name)[1:] for name in ("T_max_K", "loop_gain", "cooling_exponent", "exponent_needed")
    )
    figure, left, right = page.pair(9.0, 4.2)
    folds: Any = needs > has
    left.plot(T, needs, color=style.ORANGE, linewidth=2.0, label="current: needed")
    left.plot(T, has, color=style.BLUE, linewidth=1.8, linestyle="--", label="cooling: there is")
    left.fill_between(T, has, needs, where=folds, color=style.ORANGE, alpha=0.25, label="I(V) turns back")
    end = float(T[np.flatnonzero(needs > 0.01 * needs.max())[-1]])
    left.set(xlim=(0, 1.3 * end), ylim=(0, 1.3 * max(float(needs.max()), float(has[-1]))))
    left.set(xlabel="temperature T (K)", ylabel="d ln C/d ln T and d ln I/d ln T (1)")
    left.legend(loc="upper left")
    right.plot(T, gain, color=style.BLUE, linewidth=2.0)
    right.axhline(1.0, color="black", linestyle=":", linewidth=1.0)
    right.annotate("folds above", (0.98, 1.0), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    right.set(xlim=left.get_xlim(), ylim=(0, 1.2 * max(float(gain.max()), 1.0)))
    right.set(xlabel="temperature T (K)", ylabel="loop gain λ (1)")
    for axes in (left, right):
        style.tidy(axes)
    page.heading(figure, style.title_of(run.scenario), f"uniform heating, {run.scenario.uniform.describe()}")
    return figure


FIGURES = {"iv.png": branch.plot_iv, "cooling.png": plot_cooling}
