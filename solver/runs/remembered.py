"""The branches of a diagram that was cut short, as arrays and back: their points are not computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.runs.growing import COUNTED, Counted
from hotmesa.solver.stability.bifurcation import RatedPoint
from hotmesa.solver.stability.stability import Modes
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.continuation import Ahead, point_at
from hotmesa.solver.states.packing import ahead_from, pack, pack_ahead, unpack
from hotmesa.solver.states.problem import ThermalBranch

_AHEAD = "ahead_"
_BIASES = (Bias.voltage(), Bias.current())


@dataclass(frozen=True)
class Remembered:
    """What is known of the branches of a diagram, by their numbers.

    Attributes:
        points: that were followed, in order.
        ahead: where the last branch goes on; the others are complete.
        failures: why branches stopped early.
        counted: the same points with the growing modes of the device.
    """

    points: Mapping[int, Sequence[RatedPoint]] = field(default_factory=dict)
    ahead: Mapping[int, Ahead] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    counted: Mapping[int, Sequence[Counted]] = field(default_factory=dict)

    @property
    def known(self) -> tuple[Mapping[int, Sequence[RatedPoint]], Mapping[int, Sequence[Counted]]]:
        """Points, and the same counted."""
        return self.points, self.counted


def pack_branches(
    problem: ThermalBranch,
    points: Sequence[tuple[int, RatedPoint]],
    counted: Sequence[Counted],
    ahead: Ahead,
    failures: Mapping[int, str],
) -> dict[str, Array]:
    """Return points with the numbers of their branches, and where the last one goes on, as arrays. Collective."""
    curves = [point.curve for _, point in points]
    there = {_AHEAD + name: values for name, values in pack_ahead(problem.model, ahead).items()}
    modes = [(point.voltage, point.current) for _, point in points]
    most = max(len(m.rates) for pair in modes for m in pair)
    rates = np.full((len(points), len(_BIASES), most), np.nan)
    for k, pair in enumerate(modes):
        for j, m in enumerate(pair):
            rates[k, j, : len(m.rates)] = m.rates
    return pack(problem.model, [flat for curve in curves for flat in (curve.u, curve.tangent)]) | there | {
        "branch": np.array([number for number, _ in points]),
        "s": np.array([curve.s for curve in curves]),
        "newton_steps": np.array([curve.newton_steps for curve in curves]),
        "control": np.array([curve.control for curve in curves]),
        "fold": np.array([curve.fold for curve in curves], dtype=np.str_),
        "rates": rates,
        "resolution": np.array([[m.resolution for m in pair] for pair in modes]),
        "growing": np.array([point.growing for _, point in points]),
        **{key: np.array([point.pack()[key] for point in counted]) for key in COUNTED},
        "pinned": np.array([point.pinned for point in counted]),
        "failed": np.array(list(failures), dtype=np.int64),
        "reasons": np.array(list(failures.values()), dtype=np.str_),
    }  # fmt: skip


def remembered_from(problem: ThermalBranch, arrays: Arrays) -> Remembered:
    """Return what `pack_branches` was given; of the modes their rates are known, not their shapes. Collective."""
    flats = unpack(problem.model, arrays)
    points: dict[int, list[RatedPoint]] = {}
    counted: dict[int, list[Counted]] = {}
    for k, number in enumerate(arrays["branch"].tolist()):
        u, tangent = flats[2 * k : 2 * k + 2]
        steps, s = int(arrays["newton_steps"][k]), float(arrays["s"][k])
        curve = point_at(problem, u, problem.evaluate(u), tangent, s, steps)
        curve = replace(curve, control=float(arrays["control"][k]), fold=str(arrays["fold"][k]))
        told = zip(_BIASES, arrays["rates"][k], arrays["resolution"][k], strict=True)
        voltage, current = (_modes(bias, rates, float(resolution)) for bias, rates, resolution in told)
        growing = tuple(int(count) for count in arrays["growing"][k])
        points.setdefault(number, []).append(RatedPoint(curve, voltage, current, (growing[0], growing[1])))
        own = {key: arrays[key][k] for key in COUNTED}
        counted.setdefault(number, []).append(Counted.unpack(curve, own, bool(arrays["pinned"][k])))
    ahead = ahead_from(problem, {k.removeprefix(_AHEAD): v for k, v in arrays.items() if k.startswith(_AHEAD)})
    failures = zip(arrays["failed"].tolist(), arrays["reasons"].tolist(), strict=True)
    return Remembered(points, {max(points): ahead}, dict(failures), counted)


def _modes(bias: Bias, rates: Array, resolution: float) -> Modes:
    return Modes(bias, rates[np.isfinite(rates)], np.zeros((0, 0)), resolution)
