"""A transient of a scenario, moment by moment: what `hotmesa run` does with mode = "transient"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hotmesa.postprocess.results import Point
from hotmesa.postprocess.tables import Row
from hotmesa.scenarios import Scenario, ScenarioError
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.schema import Numerics
from hotmesa.solver.model import Model
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import Fields
from hotmesa.solver.states.observables import Measure, bias, observe
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.states.stored import Start, start_from
from hotmesa.solver.time.integrator import Tolerances
from hotmesa.solver.time.source import build_circuit
from hotmesa.solver.time.transient import Moment, StoredHeat, Transient

NOISE_WAVES = 400
"""Random waves in the noise: their sum is Gaussian to a few per cent."""
FIRST_DECADE = 1e-4
"""Saving by decades begins at this part of the run."""


def goal(scenario: Scenario) -> tuple[str, float]:
    """Return the column along which a transient goes, and its last value."""
    return "t_us", scenario.transient.end_us


def unfolded(scenario: Scenario) -> Scenario:
    """Return a scenario with all its heat capacities: numerics.path = "auto" means "sparse" in a transient."""
    numerics = Numerics(**(scenario.numerics.model_dump() | {"path": "sparse"}))
    return scenario.model_copy(update={"numerics": numerics})


def sparse_model(scenario: Scenario, tagged: Any) -> Model:
    """Return the model of a scenario with all its heat capacities."""
    return Model(unfolded(scenario), tagged)


def points(model: Model, observables: Sequence[Measure] = ()) -> Iterator[Point]:
    """Yield the moments of a scenario's transient. Collective.

    Args:
        model: the device.
        observables: functions `(model, evaluation) -> {name: number}` whose numbers become columns beside the others.

    Raises:
        ScenarioError: the state to start from is one of another device or mesh, or lies after the end.
        SolveError: the integration could not be continued; the moments before stay valid.
    """
    scenario = model.scenario
    spec = scenario.transient
    circuit = build_circuit(scenario)
    start = _start(model, circuit.bias, circuit.source(0.0 if spec.begin_us is None else spec.begin_us))
    t0 = _first_time(scenario, start)
    times = save_times(scenario, t0)
    tolerances = Tolerances(
        spec.atol_K, spec.rtol, spec.first_step_us, np.inf if spec.max_step_us is None else spec.max_step_us
    )
    fields = Fields(model)
    heat = StoredHeat(model)
    before: Moment | None = None
    for moment in Transient(model, circuit, tolerances).run(noisy(model, start.u), t0, spec.end_us, times):
        # The fields of the last moment are always kept, so that it can be continued from there.
        kept = moment.asked or before is None
        yield Point(_row(model, heat, moment, before, observables), fields.of(moment.e), kept, fields.leads)
        before = moment


def _row(
    model: Model, heat: StoredHeat, moment: Moment, before: Moment | None, observables: Sequence[Measure]
) -> Row:
    e = moment.e
    row: Row = {"t_us": moment.t} | bias(model, e) | {f"source_{model.scenario.bias.unit}": moment.source}
    row |= observe(model, e, observables, steady=False)
    sinks_mW = sum(float(value) for key, value in row.items() if key.startswith("Q_"))
    row |= heat.row(moment.t, e, sinks_mW)
    row["step_us"] = 0.0 if before is None else moment.t - before.t
    row["newton_steps"] = moment.newton_steps
    row["asked"] = int(moment.asked)
    return row


def _start(model: Model, held: Bias, value: float) -> Start:
    spec = model.scenario.transient
    if spec.start == "rest" or (spec.start == "steady" and value == 0.0):
        return Start(np.concatenate([*model.cold(), [0.0]]), None, "at rest")
    if spec.start == "steady":
        e = solve_steady(model, held, value)
        return Start(np.concatenate([e.T, e.wires, [e.V]]), None, f"steady state at {value:g} {held.unit}")
    return start_from(model, model.scenario)


def _first_time(scenario: Scenario, start: Start) -> float:
    spec = scenario.transient
    t0 = spec.begin_us if spec.begin_us is not None else start.t_us or 0.0
    if not t0 < spec.end_us:
        text = f"transient.end_us: {spec.end_us:g} µs is not after the start at {t0:g} µs ({start.text}); "
        raise ScenarioError([text + "raise it, or set transient.begin_us = 0 to start the clock anew"])
    return float(t0)


def save_times(scenario: Scenario, t0: float) -> tuple[float, ...]:
    """Return the times (us) at which fields are kept, the last time among them."""
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
