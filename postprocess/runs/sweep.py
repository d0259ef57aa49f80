"""A sweep: its jumps, its hysteresis, whether it closes, and sweep.png."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import page, scene, style
from hotmesa.postprocess.jumps import Jump, jumps, source_column
from hotmesa.postprocess.map import plot_map
from hotmesa.postprocess.merit import DEVICE_NUMBERS, Finding, curve_of, run_numbers
from hotmesa.postprocess.results import Run
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import Table, column
from hotmesa.postprocess.walls import ELEMENTS, PINNED, elements, finer_words
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ENDS = {
    "source_mA": "source",
    "source_mV": "source",
    "V_mV": "voltage",
    "I_mA": "current",
    "T_max_K": "largest temperature",
    "hot_fraction": "hot-spot area fraction",
}
_JUMP = {
    "leg": "its leg",
    "settling_us": "time until 1 % of the way to the state behind it is left",
    **{f"from.{name}": f"{text} before it" for name, text in _ENDS.items()},
    **{f"to.{name}": f"{text} behind it" for name, text in _ENDS.items()},
}
NUMBERS = {
    "hysteresis_area_uW": "area between the legs of a closed sweep",
    "T_max_K": "largest temperature",
    "largest_growth_per_us": "largest growth rate of a state",
    "losses_not_resolved": "states that are lost on the mesh and not on the device: `jump_cause` begins with `pinned`",
    "heat_balance_error": "largest magnitude",
    **ELEMENTS,
    "legs": "number of legs",
    "load_resistance_ohm": "of the circuit",
    **DEVICE_NUMBERS,
    **{f"jumps.<n>.{name}": f"jump n: {text}" for name, text in _JUMP.items()},
    **{f"continuous_transitions.<n>.{name}": f"continuous transition n: {text}" for name, text in _JUMP.items()},
}
"""Numbers in summary.json of a sweep."""


def hysteresis(rows: Table) -> Finding:
    """Return the area between the legs of a closed sweep in µW: of V over I under a current source, else of I over V.

    For a load line V is the voltage of the device, so that the area is one of its I(V).
    """
    V, I = column(rows, "V_mV"), column(rows, "I_mA")  # noqa: E741
    source = column(rows, source_column(rows))
    if source[0] != source[-1]:
        return Finding(None, "the sweep does not end where it began")
    x, y = (I, V) if source_column(rows) == "source_mA" else (V, I)
    return Finding(abs(_integral(x, y)), "")


def _integral(x: Array, y: Array) -> float:
    return float(np.sum(0.5 * (y[1:] + y[:-1]) * np.diff(x)))


def summarise(run: Run) -> dict[str, Any]:
    """Return the figures of a sweep; numbers that do not exist are None and say why under `reasons`."""
    rows, bias = run.rows, run.scenario.bias
    area = hysteresis(rows)
    result = jumps(rows)
    sizes, reasons = elements(run.provenance)
    reasons |= {"hysteresis_area_uW": area.reason} if area.reason else {}
    return run_numbers(run) | {
        **sizes,
        "bias": bias.kind,
        "load_resistance_ohm": bias.series_ohm or None,
        "legs": int(column(rows, "leg")[-1]),
        "jumps": [_jump(rows, jump) for jump in result if not jump.continuous],
        "continuous_transitions": [_jump(rows, jump) for jump in result if jump.continuous],
        "hysteresis_area_uW": area.value,
        "T_max_K": float(column(rows, "T_max_K").max()),
        "largest_growth_per_us": float(column(rows, "growth_per_us").max()),
        "losses_not_resolved": _not_resolved(rows),
        "heat_balance_error": float(column(rows, "heat_balance_error").max()),
        "reasons": reasons,
    }


def _jump(rows: Table, jump: Jump) -> dict[str, Any]:
    source = source_column(rows)
    names = (source, "V_mV", "I_mA", "T_max_K", "hot_fraction")
    place = {
        end: {name: float(column(rows, name)[row]) for name in names}
        for end, row in (("from", jump.before), ("to", jump.after))
    }
    settling = float(column(rows, "settling_us")[jump.after])
    leg = int(column(rows, "leg")[jump.before])
    told = {"settling_by": str(rows["settling_by"][jump.after])} if "settling_by" in rows else {}
    return {"leg": leg, "cause": jump.cause, **place, "settling_us": settling, **told}


def sentences(run: Run) -> list[str]:
    """Return what a person is told about the jumps of a sweep: where, from what voltage to what, and how long."""
    rows, source = run.rows, source_column(run.rows)
    lines = []
    for jump in jumps(rows):
        result = _jump(rows, jump)
        before, after = result["from"], result["to"]
        cause = "a fold" if jump.cause == "fold" else "a growing mode"
        how = ", estimated by the growth rate" if result.get("settling_by") == "rate" else ""
        lines.append(
            f"leg {result['leg']}: state lost by {cause} at {before[source]:.5g} {source[-2:]}, "
            f"V {before['V_mV']:.5g} to {after['V_mV']:.5g} mV, settles in {_time(result['settling_us'])}{how}"
        )
    count = _not_resolved(rows)
    if count:
        lines.append(
            f"warning: {count} states are lost on the mesh, whose rows of elements hold the wall of the hot spot, and "
            f'not on the device ("{PINNED}"): {finer_words(run.scenario, 2.0, run.provenance)}'
        )
    return lines


def _not_resolved(rows: Table) -> int:
    return sum(str(cause).startswith(PINNED) for cause in rows["jump_cause"])


def _time(us: float) -> str:
    """Return a time in the unit that suits it."""
    unit, scale = next(((u, f) for u, f in (("s", 1e6), ("ms", 1e3)) if us >= f), ("µs", 1.0))
    return f"{us / scale:.2g} {unit}"


UP_COLOUR = style.BRANCH_COLOUR
DOWN_COLOUR = style.HOT_COLOUR
CURVE_COLOUR = "#b5b5b5"


@style.styled
def plot_sweep(run: Run, ax: Axes | None = None) -> Figure:
    """Return a figure of a sweep: left I(V), right the hottest temperature over the source.

    Legs that lead away from zero are solid, those towards it dashed, jumps are dashed arrows, continuous transitions
    circles, and the curve of steady states connected to rest, stable or not, lies grey behind them.

    Args:
        run: a sweep.
        ax: axes for I(V) alone, in a figure of the caller.
    """
    V, I, T = (column(run.rows, name) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741
    if ax is not None:
        _draw_current(ax, run, V, I)
        return style.figure_of(ax)
    figure, left, right = page.pair(11.0, 5.2, ratios=(1.15, 1.0))
    _draw_current(left, run, V, I)
    _draw_curve(None, right, run)
    _draw_states(right, run, column(run.rows, source_column(run.rows)), T)
    right.set(xlabel=_source_label(run), ylabel="hottest place of the junctions (K)")
    count = _not_resolved(run.rows)
    told = f"{count} states are lost on the mesh alone ({PINNED})" if count else ""
    page.heading(figure, title_of(run.scenario), told)
    return figure


def _draw_current(axes: Axes, run: Run, V: Array, I: Array) -> None:  # noqa: E741
    _draw_curve(axes, None, run)
    _draw_states(axes, run, V, I)
    axes.set(xlabel="voltage V (mV)", ylabel="current I (mA)")
    axes.legend(loc="upper left")


def _draw_states(axes: Axes, run: Run, x: Array, y: Array) -> None:
    result = jumps(run.rows)
    _draw_legs(axes, run, x, y, result)
    for number, jump in enumerate(result):
        _draw_jump(axes, x, y, jump, first=all(not other.continuous for other in result[:number]))
    style.tidy(axes)


def _source_label(run: Run) -> str:
    bias = run.scenario.bias
    if bias.series_ohm:
        return f"source V + {bias.series_ohm:g} Ω · I (mV)"
    return f"{bias.describe()} of the source ({bias.unit})"


def _draw_curve(left: Axes | None, right: Axes | None, run: Run) -> None:
    """Draw the curve of all steady states where the run has it, mirrored where the sweep goes below zero."""
    table = run.tables.get("iv.csv")
    if table is None:
        return
    V, I, T = (column(table, name) for name in ("V_mV", "I_mA", "T_max_K"))  # noqa: E741
    curve = curve_of(table, run.normal_resistance_ohm)
    bias = run.scenario.bias
    held = I if bias.unit == "mA" else V + bias.series_ohm * I
    x, y = (V, I) if curve is None else (curve.V_mV(curve.dense()), curve.I_mA(curve.dense()))
    sources = column(run.rows, source_column(run.rows))
    signs = [sign for sign in (1.0, -1.0) if np.any(sign * sources > 0)]
    look: dict[str, Any] = {"color": CURVE_COLOUR, "linewidth": 4.0, "zorder": 1, "solid_capstyle": "round"}
    for number, sign in enumerate(signs):
        label = "steady states from rest, stable or not" if number == 0 else None
        if left is not None:
            left.plot(sign * x, sign * y, label=label, **look)
        if right is not None:
            right.plot(sign * held, T, **look)


def _draw_legs(axes: Axes, run: Run, x: Array, y: Array, result: tuple[Jump, ...]) -> None:
    """Draw the stable states between jumps; both directions keep their label once."""
    legs = column(run.rows, "leg")
    source = column(run.rows, source_column(run.rows))
    labels = {True: "source goes up", False: "source goes down"}
    broken = {jump.after for jump in result}
    for first, last in _segments(legs, broken):
        up = bool(abs(source[last]) >= abs(source[first]))
        axes.plot(
            x[first : last + 1], y[first : last + 1], marker=".", markersize=4.5, linewidth=1.3, zorder=3 if up else 4,
            color=UP_COLOUR if up else DOWN_COLOUR, linestyle="-" if up else (0, (5, 2)), label=labels.pop(up, None),
        )  # fmt: skip


def _segments(legs: Array, broken: set[int]) -> list[tuple[int, int]]:
    """Return first and last row of each stretch: a leg begins at the last row of the one before, a jump breaks it."""
    segments, first = [], 0
    for row in range(1, len(legs)):
        if row in broken or legs[row] != legs[row - 1]:
            if row - 1 > first or row in broken:
                segments.append((first, row - 1))
            first = row if row in broken else row - 1
    return [*segments, (first, len(legs) - 1)]


def _draw_jump(axes: Axes, x: Array, y: Array, jump: Jump, first: bool) -> None:
    if jump.continuous:
        label = "continuous transition" if first else None
        axes.plot(
            x[jump.before], y[jump.before], marker="o", linestyle="none", markerfacecolor="white",
            markeredgecolor="black", zorder=5, label=label,
        )  # fmt: skip
        return
    look = {"arrowstyle": "-|>", "linestyle": (0, (3, 2)), "color": "black", "linewidth": 1.2}
    look |= {"shrinkA": 0, "shrinkB": 0}
    ends = (x[jump.before], y[jump.before]), (x[jump.after], y[jump.after])
    axes.annotate("", xy=ends[1], xytext=ends[0], arrowprops=look, zorder=5)


FIGURES = {"sweep.png": plot_sweep, "map.png": plot_map, **scene.FIGURE}
"""Figures by file name; a figure is added by a function and an entry here."""
