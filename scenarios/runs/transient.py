"""A device in time: facts, words, and contradictions between its source, its start and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotmesa.scenarios.kinds import COLUMNS, Kind
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.runs.branch import NEWTON
from hotmesa.scenarios.schema import Levels, Pulses, Scenario, SourceTable, Step, TimeTable, Transient
from hotmesa.scenarios.source_table import source_points

_MODE: tuple[Where, ...] = (("mode",),)
_END: Where = ("transient", "end_us")


def findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of a transient."""
    yield from _path(scenario)
    yield from _unit(scenario)
    yield from _waveform(scenario)
    yield from _times(scenario.transient)
    yield from _start(scenario.transient)


def _path(scenario: Scenario) -> Iterator[Finding]:
    if scenario.numerics.path == "condensed":
        text = (
            '"condensed" does not apply to mode = "transient": a condensed crystal has no heat capacity; '
            'set "auto" or "sparse"'
        )
        yield Finding(("numerics", "path"), text, _MODE)


def _unit(scenario: Scenario) -> Iterator[Finding]:
    transient, unit = scenario.transient, scenario.bias.unit
    other = "mV" if unit == "mA" else "mA"
    uses: tuple[Where, ...] = (("bias", "kind"), *_MODE)
    for stem in ("before", "level", "table"):
        if getattr(transient, f"{stem}_{other}", None) is not None:
            text = f'is in the wrong unit: with bias.kind = "{scenario.bias.kind}" the source is in {unit}; '
            yield Finding(("transient", f"{stem}_{other}"), text + f"give {stem}_{unit}", uses)
    if isinstance(transient, Levels) and transient.level_mA is None and transient.level_mV is None:
        text = f'is missing; with bias.kind = "{scenario.bias.kind}" the source needs its level in {unit}'
        yield Finding(("transient", f"level_{unit}"), text, uses)


def _waveform(scenario: Scenario) -> Iterator[Finding]:
    transient = scenario.transient
    if isinstance(transient, Pulses):
        problems = list(_pulses(transient))
        yield from problems
        if problems:
            return
    if isinstance(transient, TimeTable) and transient.table is not None:
        if any(transient.contradictions()) or not Path(transient.table).is_file():
            return
    try:
        points = source_points(scenario)
    except ValueError as error:
        key = "table" if getattr(transient, "table", None) is not None else "table_us"
        yield Finding(("transient", key), str(error), (("transient", "waveform"), *_MODE))
        return
    yield from _corners(transient, points)


def _pulses(transient: Pulses) -> Iterator[Finding]:
    where: Where = ("transient", "width_us")
    whole = transient.width_us + 2 * transient.rise_us
    if transient.at_us + whole > transient.end_us:
        text = (
            f"the pulse is longer than the run: with its edges it lasts {whole:g} µs from {transient.at_us:g} µs on, "
            f"but the run ends at {transient.end_us:g} µs"
        )
        yield Finding(where, text, (_END, ("transient", "rise_us"), ("transient", "at_us"), *_MODE))
    elif transient.pulses > 1 and transient.period_us is None:
        text = f"is missing; {transient.pulses} pulses need the time from one to the next in µs"
        yield Finding(("transient", "period_us"), text, (("transient", "pulses"), *_MODE))
    elif transient.pulses > 1 and (transient.period_us or 0.0) < whole:
        text = f"{transient.period_us:g} µs is shorter than one pulse with its edges ({whole:g} µs)"
        yield Finding(("transient", "period_us"), text, (where, ("transient", "rise_us"), *_MODE))


def _corners(transient: Transient, points: SourceTable) -> Iterator[Finding]:
    last = points.t_us[-1]
    if last > transient.end_us or (last == transient.end_us and isinstance(transient, Step)):
        name = transient.last_corner if isinstance(transient, Levels) else "the last time of the table"
        text = f"{transient.end_us:g} µs lies before a corner of the source: {name} is at {last:g} µs"
        yield Finding(_END, text, (("transient", "waveform"), ("transient", "at_us"), *_MODE))


def _times(transient: Transient) -> Iterator[Finding]:
    begin = transient.begin_us or 0.0
    if begin >= transient.end_us:
        text = f"{begin:g} µs must be before transient.end_us ({transient.end_us:g} µs)"
        yield Finding(("transient", "begin_us"), text, (_END, *_MODE))
    outside = [t for t in transient.save_at_us if not begin <= t <= transient.end_us]
    if outside:
        text = f"{outside[0]:g} µs lies outside the run, which goes from {begin:g} to {transient.end_us:g} µs"
        yield Finding(("transient", "save_at_us"), text, (_END, ("transient", "begin_us"), *_MODE))
    if transient.max_step_us is not None and transient.max_step_us < transient.first_step_us:
        text = f"{transient.max_step_us:g} µs is below transient.first_step_us ({transient.first_step_us:g} µs)"
        yield Finding(("transient", "max_step_us"), text, (("transient", "first_step_us"), *_MODE))


def _start(transient: Transient) -> Iterator[Finding]:
    where: Where = ("transient", "start")
    chosen = [key for key in ("start_at_us", "start_at_mA") if getattr(transient, key) is not None]
    if transient.start in ("rest", "steady"):
        for key in chosen:
            text = f'has no effect with start = "{transient.start}"; it chooses among the states of another run'
            yield Finding(("transient", key), text, (where, *_MODE))
        return
    if not (Path(transient.start) / "states.npz").is_file():
        text = f'"{transient.start}" is no folder of a run with states.npz; or say "rest" or "steady"'
        yield Finding(where, text, _MODE)
    if len(chosen) > 1:
        text = "given together with start_at_us; a state is chosen by time or by current, keep one"
        yield Finding(("transient", "start_at_mA"), text, _MODE)


def describe(scenario: Scenario) -> list[str]:
    """The source, the start and the end in words."""
    spec, points = scenario.transient, source_points(scenario)
    bias = scenario.bias
    behind = f" behind {bias.series_ohm:g} Ω" if bias.series_ohm else ""
    if bias.parallel_nF > 0:
        behind += f" with {bias.parallel_nF:g} nF parallel to the mesa"
    start = spec.start if spec.start in ("rest", "steady") else f"a state of {spec.start}"
    top = f"up to {max(points.values):g} {bias.unit}{behind}"
    return [f"transient: {spec.waveform} of the source {top}, from {start} to {spec.end_us:g} µs"]


KIND = Kind(
    "transient",
    "transient.csv",
    "in time",
    points="moments",
    advice="What often helps: other tolerances (--set transient.rtol=1e-5), a smaller step "
    "(--set transient.max_step_us=...), or a smaller mesa.junctions if the voltage runs out of the law table.",
    columns=("t_us", *COLUMNS),
    meanings={
        "t_us": "time; at a jump of the source there are two rows, before and after it",
        "source_mA": "value of a current source",
        "source_mV": "value of a voltage source or of that of a load line",
        "E_joule_nJ": "Joule energy since the start",
        "E_sinks_nJ": "heat into the sinks since the start",
        "E_stored_nJ": "heat stored in the layers since the start",
        "E_heaters_nJ": "heat of the heaters since the start; only with [[heaters]]",
        "step_us": "time since the row before",
        **NEWTON,
        "asked": "1 at the times asked for",
    },
    words=(),
    steady=False,
    in_time=True,
    prefix="t {t_us:8.4g} µs  ",
    findings=findings,
    describe=describe,
)
