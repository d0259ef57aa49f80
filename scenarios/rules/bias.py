"""Rules of the bias: what belongs to which source, and sweeps that a source can make on the device."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hotmesa.scenarios.geometry import mesa_area_um2
from hotmesa.scenarios.rules.findings import Finding
from hotmesa.scenarios.schema import Bias, Scenario

_KIND = (("bias", "kind"),)


def bias_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions of the bias; legs count in mode "sweep" only, so that the same file gives the branch too."""
    yield from _circuit(scenario.bias)
    if scenario.mode == "sweep":
        yield from _sweep(scenario)


def legs_key(bias: Bias) -> str:
    """The key that holds the legs of a sweep of this kind of source: "legs_mA" or "legs_mV"."""
    return "legs_mA" if bias.kind == "current" else "legs_mV"


def sweep_legs(bias: Bias) -> tuple[float, ...]:
    """The turning values of the sweep in the unit of its source (mA or mV); empty where none are given."""
    return (bias.legs_mA if bias.kind == "current" else bias.legs_mV) or ()


def _circuit(bias: Bias) -> Iterator[Finding]:
    if bias.kind == "load-line" and bias.load_resistance_ohm is None:
        text = 'is missing; kind = "load-line" needs the resistance R_L of V + R_L I = V_s in Ω'
        yield Finding(("bias", "load_resistance_ohm"), text, _KIND)
    if bias.kind != "load-line" and bias.load_resistance_ohm is not None:
        text = f'has no effect with kind = "{bias.kind}"; set kind = "load-line" or leave it out'
        yield Finding(("bias", "load_resistance_ohm"), text, _KIND)
    if bias.kind == "voltage" and bias.capacitance_nF > 0:
        text = 'has no effect with kind = "voltage": an ideal source charges it at once; leave it out'
        yield Finding(("bias", "capacitance_nF"), text, _KIND)


def _sweep(scenario: Scenario) -> Iterator[Finding]:
    bias, uses = scenario.bias, (*_KIND, ("mode",))
    key = legs_key(bias)
    other = "legs_mV" if key == "legs_mA" else "legs_mA"
    legs, unit = sweep_legs(bias), key[-2:]
    if getattr(bias, other) is not None:
        quantity = {"current": "a current", "voltage": "a voltage", "load-line": "the voltage V_s of the source"}
        text = f'is in the wrong unit: kind = "{bias.kind}" sweeps {quantity[bias.kind]}; give {key}'
        yield Finding(("bias", other), text, uses)
    elif len(legs) < 2:
        text = f'is missing; mode = "sweep" needs turning values in {unit}, for example {key} = [0.0, 4.0, 0.0]'
        yield Finding(("bias", key), text, uses)
    for number, (start, end) in enumerate(pairwise(legs), start=1):
        if start == end:
            text = f"leg {number} has zero length: it goes from {start:g} {unit} to {end:g} {unit}"
            yield Finding(("bias", key), text, uses)
    if bias.capacitance_nF > 0:
        text = 'a sweep takes the stable states of the source without a capacitance; set 0, or use mode = "transient"'
        yield Finding(("bias", "capacitance_nF"), text, uses)
    if legs and (bias.kind != "load-line" or bias.load_resistance_ohm is not None):
        yield from _range(scenario, key, max(legs, key=abs))


def _range(scenario: Scenario, key: str, largest: float) -> Iterator[Finding]:
    """The largest value of the source against the end of the law table, beyond which no I(V) is known."""
    if scenario.law.kind != "d-wave" or scenario.mesh.file is not None:
        return  # other laws know their own range, and a mesh file its own area
    bias, mesa = scenario.bias, scenario.mesa
    junctions = mesa.resistive_junctions or mesa.junctions
    area = mesa_area_um2(mesa)
    if area == 0.0:
        return
    V = junctions * scenario.numerics.table_max_mV
    I = V / (junctions * mesa.specific_resistance_ohm_um2 / area + scenario.law.sin_contact_ohm)  # noqa: E741
    R = bias.load_resistance_ohm or 0.0
    limit = {"current": I, "voltage": V, "load-line": V + R * I}[bias.kind]
    if abs(largest) <= limit:
        return
    unit = key[-2:]
    what = {
        "current": f"the current {largest:g} mA is",
        "voltage": f"the voltage {largest:g} mV is",
        "load-line": f"the load line V + {R:g} Ω · I = {largest:g} mV never meets the device: it runs",
    }[bias.kind]
    text = (
        f"{what} beyond the range of the device, which ends at {V:.4g} mV and {I:.4g} mA "
        f"(numerics.table_max_mV on each of {junctions} junctions); stay within {limit:.4g} {unit}"
    )
    uses = (*_KIND, ("bias", "load_resistance_ohm"), ("numerics", "table_max_mV"), ("mesa",), ("mode",))
    yield Finding(("bias", key), text, uses)
