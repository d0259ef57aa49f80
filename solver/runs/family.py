"""Families of partial stacks: the quasiparticle branches of a mesa of which n = 1, 2, ... junctions carry voltage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from typing import Literal

import numpy as np
from scipy.interpolate import CubicSpline

from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.runs.family import counts_of
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.errors import SolveError
from hotmesa.solver.model import Model, State
from hotmesa.solver.parallel import global_max, global_min, global_sums
from hotmesa.solver.runs.branch import branch_options, branch_row
from hotmesa.solver.runs.branch import ready as ready
from hotmesa.solver.states.continuation import Ahead, Course, follow
from hotmesa.solver.states.observables import Measure, junction_temperatures
from hotmesa.solver.states.packing import ahead_from, pack_ahead
from hotmesa.solver.states.problem import ThermalBranch


@dataclass(frozen=True)
class CriticalCurrents:
    """Currents (mA) at which a junction of the mesa would change its state.

    Attributes:
        switching: of a junction at zero voltage, its critical current at the temperatures of the mesa.
        hottest, coldest: the same if the whole mesa had its highest or lowest temperature; they bracket it.
        retrapping: of a junction with voltage; NaN where the damping is not known.
    """

    switching: float
    hottest: float
    coldest: float
    retrapping: float


@dataclass(frozen=True)
class Josephson:
    """I_c(T) of one junction.

    Attributes:
        voltage: I_c R_N at low temperature (mV).
        T_c: temperature (K) at which I_c vanishes.
        dependence: "two-fluid" (Gorter and Casimir: 1 - (T/T_c)^4, as the superfluid density) or "constant".
        mccumber: beta_c = 2 pi I_c R^2 C / Phi_0 at low temperature, or None.
    """

    voltage: float
    T_c: float
    dependence: Literal["two-fluid", "constant"]
    mccumber: float | None

    def reduced(self, T: Array) -> Array:
        """Return I_c(T)/I_c(0)."""
        if self.dependence == "constant":
            return np.where(T < self.T_c, 1.0, 0.0)
        return np.asarray(np.maximum(1.0 - (T / self.T_c) ** 4, 0.0))

    def currents(self, model: Model, e: State) -> CriticalCurrents:
        """Return the currents at a state. Collective.

        Local critical current density j_c(T) = I_c R_N / r times `reduced`, integrated over the mesa: the whole of
        a junction short against the Josephson length switches at once. Of several sublayers the weakest counts, where
        walls lean by its own area.
        """
        density = self.voltage / model.junctions.resistance
        T = junction_temperatures(model, e)
        cold = density * model.area
        whole = global_sums(model.comm, self.reduced(T) @ model.junction_mass)
        areas = model.junctions.areas
        weakest = float((whole if areas is None else areas * whole).min()) * density
        hottest = global_max(model.comm, T.max(initial=0.0))
        coldest = global_min(model.comm, T.min(initial=np.inf))
        bounds = cold * self.reduced(np.array([hottest, coldest]))
        retrapping = float("nan")
        if self.mccumber is not None:
            # 4 I_c / (pi sqrt(beta_c)) for beta_c >> 1 (Stewart, McCumber 1968); beta_c falls with I_c.
            retrapping = 4.0 / np.pi * float(np.sqrt(weakest * cold / self.mccumber))
        return CriticalCurrents(weakest, float(bounds[0]), float(bounds[1]), retrapping)


def build_josephson(scenario: Scenario) -> Josephson | None:
    """Return I_c(T) of a scenario, None where it gives no critical voltage."""
    keys = scenario.josephson
    if keys.critical_voltage_mV is None:
        return None
    return Josephson(
        keys.critical_voltage_mV, scenario.critical_temperature_K, keys.temperature_dependence, keys.mccumber_parameter
    )


LOG = logging.getLogger(__name__)
SAME_POINT = 1e-4
"""Points closer than this part of the whole arc length are taken as one."""
SWITCHED, RETRAPPED = "switch", "retrap"


@dataclass(frozen=True)
class Change:
    """Where a junction of a branch would change its state; outside the thermal model.

    Attributes:
        n: junctions that carry voltage.
        kind: "switch" (one of the others leaves zero voltage) or "retrap" (one of the n returns to it).
        V_mV, V_per_junction_mV, I_mA, T_max_K: of the state.
    """

    n: int
    kind: str
    V_mV: float
    V_per_junction_mV: float
    I_mA: float
    T_max_K: float


def points(model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None) -> Iterator[Point]:
    """Yield the points of the branches that [family] names, one branch after the other. Collective.

    A branch that stops early does not stop the others.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns beside the others.
        checkpoint: behind which it goes on; None from the beginning.

    Raises:
        SolveError: at the end, where branches stopped early; what was yielded stays valid.
    """
    before = checkpoint.rows if checkpoint is not None else ()
    members = [list(rows) for _, rows in groupby(before, key=lambda row: int(row["n"]))]
    at = -1 if checkpoint is None else int(checkpoint.arrays["n"])
    leads = bool(model.comm.rank == 0)
    failed = [] if checkpoint is None else [str(text) for text in checkpoint.arrays["failed"]]
    beside = partial(_changes, members, model.scenario.mesa.junctions)
    for n in counts_of(model.scenario):
        if n < at:
            continue
        if n > at:
            members.append([])
        rows, course = members[-1], Course()
        try:
            for row in trace_member(model, n, observables, course, checkpoint if n == at else None):
                rows.append(row)
                yield Point(row, leads=leads, beside=beside, checkpoint=_behind(model, n, tuple(failed), course.ahead))
        except SolveError as error:
            failed.append(f"n = {n}: stopped after {len(rows)} points: {error}")
            LOG.warning("%s", failed[-1])
    if failed:
        raise SolveError(f"{len(failed)} of {len(members)} branches stopped early; {'; '.join(failed)}")


def _behind(model: Model, n: int, failed: Sequence[str], ahead: Ahead | None) -> Callable[[], Arrays] | None:
    """Return what gives the checkpoint behind a point; None at a fold."""
    if ahead is None:
        return None
    return lambda: pack_ahead(model, ahead) | {"n": np.array(n), "failed": np.array(failed, dtype=np.str_)}


def control(scenario: Scenario) -> tuple[str, float]:
    """Return the control parameter of each branch, a column of the table, and its last value."""
    return "I_mA", scenario.branch.end_current_mA


def _changes(members: Sequence[Sequence[Row]], junctions: int) -> dict[str, list[Row]]:
    return {"changes.csv": [asdict(change) for rows in members for change in changes(rows, junctions)]}


def trace_member(
    model: Model, n: int, observables: Sequence[Measure] = (), course: Course | None = None,
    checkpoint: Checkpoint | None = None,
) -> Iterator[Row]:
    """Yield the rows of the branch with n junctions that carry voltage, from rest to branch.end_current_mA. Collective.

    To the columns of iv.csv (without stability) come n, and where the scenario gives a critical voltage I_c_mA (at
    the temperatures of the mesa), I_c_hottest_mA and I_c_coldest_mA (all of it at T_max or T_min), I_r_mA
    (retrapping), and `josephson`: "switch" above I_c while a junction without voltage is left, "retrap" below I_r.

    Args:
        model: the device.
        n: junctions that carry voltage.
        observables: see `points`.
        course: tells after every row where the branch goes on.
        checkpoint: behind which it goes on; None from rest.

    Raises:
        SolveError: the branch could not be continued; the rows before it stay valid.
    """
    member = model.variant(resistive_junctions=n)
    josephson = build_josephson(model.scenario)
    some = n < model.scenario.mesa.junctions
    problem = ThermalBranch(member)
    start, direction = problem.cold_start()
    course = course or Course()
    if checkpoint is not None:
        course.ahead = ahead_from(problem, checkpoint.arrays)
    for curve in follow(problem, start, direction, branch_options(member), course):
        row: Row = {"n": n} | branch_row(member, curve, observables)
        if josephson is not None:
            at = josephson.currents(member, curve.evaluation)
            I = float(row["I_mA"])  # noqa: E741 - the symbol of the field
            mark = SWITCHED if some and at.switching < I else RETRAPPED if at.retrapping > I else ""
            row |= {"I_c_mA": at.switching, "I_c_hottest_mA": at.hottest, "I_c_coldest_mA": at.coldest}
            row |= {"I_r_mA": at.retrapping, "josephson": mark}
        yield row


def changes(rows: Sequence[Row], junctions: int) -> tuple[Change, ...]:
    """Return where the rows of one branch first pass I = I_r and (partial stacks) I = I_c on the way up.

    Between the points everything is interpolated by cubic splines over the arc length.
    """
    if len(rows) < 4 or "I_c_mA" not in rows[0]:
        return ()
    n, s = int(rows[0]["n"]), _column(rows, "arclength")
    # Points that lie close together (a fold beside its neighbour) would turn rounding into slopes.
    apart = np.append(True, np.diff(s) > SAME_POINT * s[-1])
    result = []
    for kind, limit in ((RETRAPPED, "I_r_mA"), (SWITCHED, "I_c_mA")):
        excess = (_column(rows, "I_mA") - _column(rows, limit))[apart]
        if (kind == SWITCHED and n == junctions) or not np.isfinite(excess).all():
            continue
        curve = CubicSpline(s[apart], excess)
        upwards = [place for place in curve.solve(0.0, extrapolate=False) if curve(place, 1) > 0.0]
        if upwards:
            names = ("V_mV", "V_per_junction_mV", "I_mA", "T_max_K")
            values = (float(CubicSpline(s[apart], _column(rows, name)[apart])(min(upwards))) for name in names)
            result.append(Change(n, kind, *values))
    return tuple(result)


def _column(rows: Sequence[Row], name: str) -> Array:
    return np.array([float(row[name]) for row in rows])
