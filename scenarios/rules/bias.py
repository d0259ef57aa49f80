"""Rules of the bias: sweeps that a source can make on the device."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema import Scenario

_KIND = (("bias", "kind"),)


def sweep_findings(scenario: Scenario) -> Iterator[Finding]:
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
    if bias.parallel_nF > 0:
        text = 'a sweep takes the stable states of the source without a capacitance; set 0, or use mode = "transient"'
        yield Finding(("bias", "capacitance_nF"), text, uses)
    if legs:
        yield from _range(scenario, max(legs, key=abs))


def _range(scenario: Scenario, largest: float) -> Iterator[Finding]:
    """The largest value of the source against the end of the law table, beyond which no I(V) is known."""
    if not scenario.law.ends_with_table or scenario.mesh.file is not None:
        return  # other laws know their own range, and a mesh file its own area
    bias, mesa = scenario.bias, scenario.mesa
    junctions = resistive_junctions(scenario)
    area = mesa.area_um2
    if area == 0.0:
        return
    V = junctions * scenario.numerics.table_max_mV
    I = V / (junctions * mesa.specific_resistance_ohm_um2 / area + scenario.law.series_ohm)  # noqa: E741
    R = bias.series_ohm
    limit = {"current": I, "voltage": V, "load-line": V + R * I}[bias.kind]
    if abs(largest) <= limit:
        return
    what = {
        "current": f"the current {largest:g} mA is",
        "voltage": f"the voltage {largest:g} mV is",
        "load-line": f"the load line V + {R:g} Ω · I = {largest:g} mV never meets the device: it runs",
    }[bias.kind]
    text = (
        f"{what} beyond the range of the device, which ends at {V:.4g} mV and {I:.4g} mA "
        f"(numerics.table_max_mV on each of {junctions} junctions); stay within {limit:.4g} {bias.unit}"
    )
    uses = (*_KIND, ("bias", "load_resistance_ohm"), ("numerics", "table_max_mV"), ("mesa",), ("mode",))
    yield Finding(("bias", bias.legs_key), text, uses)
