"""A transient of a scenario, moment by moment: what `hotmesa run` does with mode = "transient"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Numerics
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure, bias, observe
from hotmesa.solver.states.packing import pack, unpack
from hotmesa.solver.states.problem import ThermalBranch
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.states.stored import Start, start_from
from hotmesa.solver.time.integrator import History, Tolerances
from hotmesa.solver.time.source import build_circuit
from hotmesa.solver.time.transient import StoredHeat, TimePoint, Transient, heated_at

NOISE_WAVES = 400
"""Random waves in the noise: their sum is Gaussian to a few per cent."""
FIRST_DECADE = 1e-4
"""Saving by decades begins at this part of the run."""


def control(scenario: Scenario) -> tuple[str, float]:
    """Return the time, a column of the table, and its last value."""
    return "t_us", scenario.transient.end_us


def prepare(scenario: Scenario) -> Scenario:
    """Return a scenario with all its heat capacities: numerics.path = "auto" means "sparse" in a transient."""
    numerics = Numerics(**(scenario.numerics.model_dump() | {"path": "sparse"}))
    return scenario.model_copy(update={"numerics": numerics})


def ready(model: Model) -> None:
    """Do what comes before the first solution: read the source, and the state to start from. Collective.

    Raises:
        ScenarioError: the state to start from is one of another device or mesh, or lies after the end.
    """
    scenario = model.scenario
    build_circuit(scenario)
    stored = scenario.transient.start not in ("rest", "steady")
    _first_time(scenario, start_from(model, scenario) if stored else Start(np.empty(0), None, scenario.transient.start))


def points(model: Model, observables: Sequence[Measure] = (), checkpoint: Checkpoint | None = None) -> Iterator[Point]:
    """Yield the moments of a scenario's transient. Collective.

    Args:
        model: the device.
        observables: functions `(model, state) -> {name: number}` whose numbers become columns beside the others.
        checkpoint: behind which it goes on; None from its start.

    Raises:
        ScenarioError: the state to start from is one of another device or mesh, or lies after the end.
        SolveError: the integration could not be continued; the moments before stay valid.
    """
    scenario = model.scenario
    spec = scenario.transient
    circuit = build_circuit(scenario)
    tolerances = Tolerances(
        spec.atol_K, spec.rtol, spec.first_step_us, np.inf if spec.max_step_us is None else spec.max_step_us
    )
    fields, heat = Fields(model), StoredHeat(model)
    history: History | None = None
    if checkpoint is None:
        begin = 0.0 if spec.begin_us is None else spec.begin_us
        start = _start(heated_at(model, begin), circuit.bias, circuit.source(begin))
        t0, t_before, u = _first_time(scenario, start), None, noisy(model, start.u)
    else:
        arrays = checkpoint.arrays
        history, t0, t_before = _history(model, arrays), float(arrays["t0"]), float(arrays["sums"][0])
        heat.sums, u = arrays["sums"], history.states[-1]
    for moment in Transient(model, circuit, tolerances).run(u, t0, spec.end_us, save_times(scenario, t0), history):
        # The fields of the last moment are always kept, so that it can be continued from there.
        saved = moment.requested or t_before is None
        row = _row(model, heat, moment, t_before, observables)
        behind = None if moment.history is None else partial(_behind, model, moment.history, heat.sums, t0)
        yield Point(row, fields.of(moment.e), saved, fields.leads, checkpoint=behind)
        t_before = moment.t


def _behind(model: Model, history: History, sums: Array, t0: float) -> Arrays:
    """Return what the transient needs to go on. Collective."""
    numbers = {"times": np.array(history.times), "t0": np.array(t0), "sums": sums, "begin": np.array(history.begin)}
    numbers |= {"next_us": np.array(history.next_us), "shift": np.array(history.shift)}
    return pack(model, [*history.states, *history.factored]) | numbers


def _history(model: Model, arrays: Arrays) -> History:
    """Return what `_behind` has put down. Collective."""
    *states, u, rate = unpack(model, arrays)
    begin, next_us, shift = (float(arrays[name]) for name in ("begin", "next_us", "shift"))
    return History(begin, tuple(map(float, arrays["times"])), tuple(states), next_us, (u, rate), shift)


def _row(
    model: Model, heat: StoredHeat, moment: TimePoint, t_before: float | None, observables: Sequence[Measure]
) -> Row:
    e = moment.e
    row: Row = {"t_us": moment.t} | bias(model, e) | {f"source_{model.scenario.bias.unit}": moment.source}
    row |= observe(model, e, observables, steady=False)
    sinks_mW = sum(float(value) for key, value in row.items() if key.startswith("Q_"))
    row |= heat.row(moment.t, e, sinks_mW)
    row["step_us"] = 0.0 if t_before is None else moment.t - t_before
    row["newton_steps"] = moment.newton_steps
    row["asked"] = int(moment.requested)
    return row


def _start(model: Model, source: Bias, value: float) -> Start:
    spec = model.scenario.transient
    if spec.start == "rest":
        return Start(np.concatenate([*model.cold(), [0.0]]), None, "at rest")
    if spec.start == "steady" and value == 0.0:
        return Start(ThermalBranch(model).cold_start()[0], None, "at rest")
    if spec.start == "steady":
        e = solve_steady(model, source, value)
        return Start(e.u, None, f"steady state at {value:g} {source.unit}")
    return start_from(model, model.scenario)


def _first_time(scenario: Scenario, start: Start) -> float:
    spec = scenario.transient
    t0 = spec.begin_us if spec.begin_us is not None else start.t_us or 0.0
    if not t0 < spec.end_us:
        text = f"transient.end_us: {spec.end_us:g} µs is not after the start at {t0:g} µs ({start.text}); "
        raise ScenarioError([text + "raise it, or set transient.begin_us = 0 to start the clock anew"])
    return float(t0)


def save_times(scenario: Scenario, t0: float) -> tuple[float, ...]:
    """Return the times (µs) at which fields are kept, the last time among them."""
    spec = scenario.transient
    if spec.save_at_us:
        return (*sorted(set(spec.save_at_us)), spec.end_us)
    span = spec.end_us - t0
    parts: Array = np.arange(1, spec.saves + 1) / spec.saves
    if spec.spread == "decades":
        parts = np.geomspace(FIRST_DECADE, 1.0, spec.saves) if spec.saves > 1 else np.ones(1)
    return (*(float(t0 + span * part) for part in parts[:-1]), spec.end_us)


def noisy(model: Model, u: Array) -> Array:
    """Return a flat state with the random temperature of the scenario added to all mesa sublayers.

    It is a Gaussian random field, a sum of cosines with random wave vectors: the same on every mesh and on any number
    of processes. It never cools a node below half the bath temperature or out of the law table.
    """
    spec, layout = model.scenario.transient, model.layout
    if spec.noise_K == 0.0:
        return u
    length = spec.noise_length_um or math.sqrt(model.area) / 20.0
    random = np.random.default_rng(spec.seed)
    waves = random.standard_normal((NOISE_WAVES, 2)) / length
    phases = random.uniform(0.0, 2.0 * np.pi, NOISE_WAVES)
    angles = model.operators.xy[layout.mesa_nodes] @ waves.T + phases
    kicks = spec.noise_K * np.sqrt(2.0 / NOISE_WAVES) * np.cos(angles).sum(axis=1)
    lowest = max(model.junctions.law.T_range[0], 0.5 * model.bath)
    changed: Array = u.copy()
    for k, _ in enumerate(layout.mesa_layers):
        rows = layout.rows(k)
        changed[rows] = np.maximum(changed[rows] + kicks, lowest)
    return changed
