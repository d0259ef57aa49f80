"""A sweep as an experiment makes it: facts, words, and legs that a source cannot make on the device."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hotmesa.scenarios.geometry import circuit_junctions, circuit_resistance_ohm
from hotmesa.scenarios.kinds import COLUMNS, SLOPE, Kind
from hotmesa.scenarios.mesas import are_odd
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.runs import branch
from hotmesa.scenarios.schema import Scenario

_KIND = (("bias", "kind"),)


def findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of a sweep."""
    bias, uses = scenario.bias, (*_KIND, ("mode",))
    key, legs, unit = bias.legs_key, bias.legs, bias.unit
    if len(legs) < 2:
        text = f'is missing; mode = "sweep" needs turning values in {unit}, for example {key} = [0.0, 4.0, 0.0]'
        yield Finding(("bias", key), text, (*uses, ("bias",)))
    for number, (start, end) in enumerate(pairwise(legs), start=1):
        if start == end:
            text = f"leg {number} has zero length: it goes from {start:g} {unit} to {end:g} {unit}"
            yield Finding(("bias", bias.legs_key), text, uses)
    if bias.max_steps <= bias.points_per_leg:
        text = f"{bias.max_steps} must be above bias.points_per_leg ({bias.points_per_leg})"
        yield Finding(("bias", "max_steps"), text, (*uses, ("bias", "points_per_leg")))
    if bias.parallel_nF > 0:
        text = 'a sweep takes the stable states of the source without a capacitance; set 0, or use mode = "transient"'
        yield Finding(("bias", "capacitance_nF"), text, uses)
    if legs:
        yield from _range(scenario, max(legs, key=abs))


def _range(scenario: Scenario, largest: float) -> Iterator[Finding]:
    """The largest value of the source against the end of the law table, beyond which no I(V) is known."""
    if not scenario.law.ends_with_table or scenario.mesh.file is not None:
        return  # other laws know their own range, and a mesh file its own area
    bias = scenario.bias
    junctions = circuit_junctions(scenario)
    if scenario.mesa.area_um2 == 0.0 or are_odd(scenario):
        return
    V = junctions * scenario.numerics.table_max_mV
    I = V / (circuit_resistance_ohm(scenario) + scenario.law.series_ohm)  # noqa: E741
    R = bias.series_ohm
    limit = I if bias.unit == "mA" else V + R * I
    if abs(largest) <= limit:
        return
    what = f"the {bias.describe()} {largest:g} {bias.unit} is"
    if R:
        what = f"the load line V + {R:g} Ω · I = {largest:g} mV never meets the device: it runs"
    text = (
        f"{what} beyond the range of the device, which ends at {V:.4g} mV and {I:.4g} mA "
        f"(numerics.table_max_mV on each of {junctions} junctions); stay within {limit:.4g} {bias.unit}"
    )
    uses = (*_KIND, ("bias", "load_resistance_ohm"), ("numerics", "table_max_mV"), ("mesa",), ("mode",))
    yield Finding(("bias", bias.legs_key), text, uses)


def describe(scenario: Scenario) -> list[str]:
    """The sweep, and the branch that is followed beside it, in words."""
    bias = scenario.bias
    turns = " to ".join(f"{value:g}" for value in bias.legs)
    legs = f"sweep of the {bias.describe()} from {turns} {bias.unit}, at least {bias.points_per_leg} points a leg"
    return [legs, *branch.describe(scenario)]


KIND = Kind(
    "sweep",
    "sweep.csv",
    "a sweep as in an experiment",
    points="states",
    advice="What often helps: a finer mesh (--set mesh.refine=2), more points (--set bias.points_per_leg=100), "
    "or an end before the difficult place.",
    columns=(*COLUMNS, SLOPE, "jump", "jump_cause", "leg"),
    meanings={
        "leg": "number of the leg",
        "source_mA": "value of a current source",
        "source_mV": "value of a voltage source or of that of a load line",
        "travel_mA": "way of the source up to here; always grows",
        "travel_mV": "the same of a voltage source",
        **branch.SLOPE,
        "growth_per_us": "largest growth rate of the state under the source",
        "jump": "`from` at the last state before a jump, `to` at the first behind it, else empty",
        "jump_cause": "`fold` or `mode`: how the state before the jump was lost; `pinned fold` or `pinned mode` where "
        "the mesh loses a state that the device holds, and the sweep goes on",
        "settling_us": "time until 1 % of the way to the state behind a jump is left",
        "settling_by": "`time` where that was integrated, `rate` where it is estimated by the growth rate",
        **branch.NEWTON,
    },
    words=("jump", "jump_cause", "settling_by", "fold"),
    beside=("iv.csv",),
    stable=True,
    in_time=True,
    walls=True,
    findings=findings,
    describe=describe,
)
